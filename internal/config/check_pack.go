package config

import (
	"fmt"
	"strings"

	"linemark/drivers"
	"linemark/internal/code"
)

func (c *checker) pack(at *place, s Station, before []Station) {
	if here := at.at("capacity"); !c.given(here) {
		c.add(here, "is missing", "say how many units a container holds: add capacity = 1 or more "+at.header())
	} else {
		c.atLeastOne(here, s.Capacity)
	}
	c.packMode(at, s, before)
	c.packSource(at, s, before)
	if c.given(at.at("printer")) && c.ok(at.at("printer")) {
		c.device(at.at("printer"), "printer", s.Printer)
	}
	if check := at.at("check"); c.ok(check) {
		c.device(check, "scanner", s.Check)
		if !c.given(at.at("printer")) {
			c.add(check, "there is no printer whose label it could read", "add a printer, or remove check")
		}
	}
	if !c.needs(at, "unit", `a container needs a code: the name of a GROUP product, or "sscc"`) {
		return
	}
	prefix := at.at("sscc_prefix")
	if s.Unit == SSCC {
		c.ssccPrefix(at, s)
		c.carriesSSCC(at.at("printer"), s.Printer)
		return
	}
	if c.ok(prefix) {
		c.add(prefix, `is only for unit = "sscc"`, "remove it")
	}
	c.product(at.at("unit"), s.Unit, code.Group)
	if p, ok := c.cfg.Product(s.Unit); ok && p.Preprinted == Yes && c.given(at.at("printer")) {
		c.add(at.at("unit"), fmt.Sprintf("the labels of %q come printed (preprinted = true)", s.Unit), "remove printer, or name another product")
	}
	if s.PackMode == PackHand && !c.given(at.at("printer")) {
		return // the labels are printed before, and read
	}
	if !c.needs(at, "printer", "the container's code from stock has to be printed") {
		return
	}
	if p, ok := c.printers[s.Printer]; ok {
		c.carries(at.at("printer"), s.Printer, p.Traits(), s.Unit)
	}
	if !c.given(at.at("check")) {
		if p, ok := c.printers[s.Printer]; ok && p.Traits().Confirms == drivers.ConfirmsNothing {
			c.add(at.at("printer"), fmt.Sprintf("%q confirms nothing: no container's code would ever be reported", s.Printer),
				"add check, a scanner that reads the printed label")
		}
	}
}

// carriesSSCC refuses a label that waits for a marking code, which no SSCC has.
func (c *checker) carriesSSCC(at *place, printer string) {
	p, ok := c.printers[printer]
	if !ok || p.Traits().CheckCode == nil || p.Traits().CheckCode([]byte(plainCode)) != nil {
		return
	}
	c.add(at, printer+": "+c.labelOf(printer)+` has {code}, and unit = "sscc" gives none`, "name a label with {sscc} in its place")
	c.problems[len(c.problems)-1].Printer = printer
}

// plainCode is a code that every printer can carry whose label has one.
const plainCode = "010000000000000021A"

func (c *checker) ssccPrefix(at *place, s Station) {
	here := at.at("sscc_prefix")
	if c.needs(at, "sscc_prefix", "an SSCC begins with an extension digit and the taxpayer number") &&
		(len(s.SSCCPrefix) != 10 || strings.Trim(s.SSCCPrefix, "0123456789") != "") {
		c.add(here, fmt.Sprintf("%q is not 10 digits", s.SSCCPrefix), "write an extension digit and the 9 digits of the taxpayer number")
	}
}

// packSource checks where the units come from: a scanner, or an earlier pack station.
func (c *checker) packSource(at *place, s Station, before []Station) {
	scanner, of := at.at("scanner"), at.at("of")
	if s.PackMode == PackHand {
		if c.needs(at, "scanner", "a person reads with it what is packed") {
			c.device(scanner, "scanner", s.Scanner)
		}
		if !c.given(of) {
			return
		}
	}
	switch {
	case s.PackMode == PackHand: // of says whose containers they are
	case c.given(scanner) && c.given(of):
		c.add(of, "stands beside scanner", "keep one of the two: scanner reads units, of takes another station's containers")
		return
	case !c.given(scanner) && !c.given(of):
		c.add(scanner, "is missing", "say which units are packed: add scanner = \"...\", or of = \"...\" with a pack station's name, "+at.header())
		return
	case c.ok(scanner):
		c.device(scanner, "scanner", s.Scanner)
		return
	}
	if !c.ok(of) {
		return
	}
	var known []string
	source := false
	for _, b := range before {
		if b.Name == "" || b.Kind == "" {
			return // it is reported, and may be the one meant
		}
		if b.Kind != kindPack {
			continue
		}
		if s.Of != "" && b.Of == s.Of {
			c.add(of, fmt.Sprintf("station %q packs the containers of %q already", b.Name, s.Of), "name another station")
			return
		}
		if b.Name == s.Of {
			source = true
		}
		known = append(known, b.Name)
	}
	if source {
		return
	}
	c.add(of, fmt.Sprintf("no pack station named %q before this one", s.Of),
		suggest(s.Of, known, "put the station whose containers are packed before this one"))
}
