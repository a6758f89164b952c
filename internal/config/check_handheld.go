package config

import (
	"fmt"
	"strings"

	"linemark/drivers"
)

// Where reworked products are put back onto the belt.
const (
	reenterBehind = "behind"
	reenterBefore = "before"
)

// dropReasons are those of dictionary 5.1 of LEGACY-API v1.10.0.
var dropReasons = []string{"DESTRUCTION", "DEFECT", "EXPIRY", "QA_SAMPLES", "PRODUCT_RECALL", "COMPLAINTS", "PRODUCT_TESTING", "DEMO_SAMPLES", "OTHER"}

// ReenterBefore says whether reworked products pass the check station again.
func (s Station) ReenterBefore() bool { return s.Reenter == reenterBefore }

func (c *checker) drop(at *place, s Station) {
	c.handheld(at, s)
	if c.needs(at, "reason", "a dropout report must say why: "+strings.Join(dropReasons, ", ")) {
		c.oneOf(at.at("reason"), s.Reason, dropReasons...)
	}
	c.longerThanZero(at.at("every"), s.Every)
	izkm := c.root.at("izkm")
	if here := izkm.at("address"); c.ok(izkm) && !c.bad[here.path] && strings.TrimSpace(c.cfg.IZKM.Address) == "" {
		c.add(here, "is missing", `dropout reports must say where, and a station drops codes: add address = "..." `+izkm.header())
	}
}

func (c *checker) rework(at *place, s Station) {
	c.handheld(at, s)
	c.oneOf(at.at("reenter"), s.Reenter, reenters...)
	if grade := at.at("grade"); c.given(grade) && !c.bad[grade.path] {
		if n, ok := drivers.ParseGrade(s.Grade); !ok || n == 0 {
			c.add(grade, fmt.Sprintf("%q is no grade", s.Grade), "write a letter from A to D, or a number from 4.0 to 0.1")
		}
	}
}

// handheld checks what the stations have in common at which a person shows products.
func (c *checker) handheld(at *place, s Station) {
	if c.needs(at, "scanner", "a "+s.Kind+" station reads with it") {
		c.device(at.at("scanner"), "scanner", s.Scanner)
	}
	c.packSignals(at, s)
}

// comebacks asks whether what comes back over a rework place has passed all that the line asks for.
func (c *checker) comebacks(at *place, l Line) {
	var check *Station
	for j, s := range l.Stations {
		if s.Kind == kindVerify {
			check = &l.Stations[j]
		}
		if c.bad[at.at("station").element(j).at("kind").path] {
			return // it may have been meant as the verify station
		}
	}
	for j, s := range l.Stations {
		here := at.at("station").element(j)
		switch {
		case s.Kind != kindRework || c.bad[here.at("reenter").path]:
		case s.ReenterBefore() && check == nil:
			c.add(here.at("reenter"), "the line has no verify station", `write reenter = "behind": the rework place verifies the products itself`)
		case !s.ReenterBefore() && check != nil && check.Grade != "" && s.Grade == "":
			c.add(here.at("grade"), fmt.Sprintf("is missing: station %q asks for print quality %s, and what it rejected for it would pass here", check.Name, check.Grade),
				`add grade = "`+check.Grade+`" `+here.header()+`, or reenter = "before"`)
		}
	}
}
