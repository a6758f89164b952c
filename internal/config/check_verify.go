package config

import (
	"fmt"

	"linemark/drivers"
)

func (c *checker) verify(at *place, s Station) {
	if c.needs(at, "scanner", "a verify station reads with it") {
		c.device(at.at("scanner"), "scanner", s.Scanner)
	}
	reject, stop := at.at("reject"), at.at("stop")
	if c.given(at.at("request")) {
		c.handshake(at, s)
	} else if c.needs(at, "reject", "a product that cannot be verified must be taken off") {
		c.point(reject, s.Reject, "output")
	}
	if c.needs(at, "stop", "without it a line that cannot reject could not be stopped") {
		c.point(stop, s.Stop, "output")
	}
	c.ownPoint(reject, s.Reject, "output")
	c.ownPoint(stop, s.Stop, "output")
	if confirm, _, ok := SplitPoint(s.Confirm); ok && c.ok(stop) {
		if plc, _, ok := SplitPoint(s.Stop); ok && plc != confirm {
			c.add(at.at("confirm"), fmt.Sprintf("%q is not of the PLC that stops the line, %q", s.Confirm, plc), "count rejections on the PLC that has the stop output")
		}
	}
	if from, _, ok := SplitPoint(s.Reject); ok && c.ok(reject) && c.ok(stop) {
		if plc, _, ok := SplitPoint(s.Stop); ok && plc != from {
			c.add(reject, fmt.Sprintf("%q is not of the PLC that stops the line, %q", s.Reject, plc), "reject and stop by one PLC")
		}
	}
	if c.ok(reject) && c.ok(stop) && s.Reject == s.Stop {
		c.add(stop, fmt.Sprintf("%q is the reject output too", s.Stop), "give the stop an output of its own")
	}
	if c.ok(at.at("confirm")) {
		c.point(at.at("confirm"), s.Confirm, "input")
		c.ownPoint(at.at("confirm"), s.Confirm, "counter")
	}
	c.atLeastOne(at.at("stop_after"), s.StopAfter)
	c.atLeastOne(at.at("silent_after"), s.SilentAfter)
	c.atLeastOne(at.at("window"), s.Window)
	c.atLeastOne(at.at("heal_after"), s.HealAfter)
	c.share(at, s)
	if grade := at.at("grade"); c.given(grade) && !c.bad[grade.path] {
		if n, ok := drivers.ParseGrade(s.Grade); !ok || n == 0 {
			c.add(grade, fmt.Sprintf("%q is no grade", s.Grade), "write a letter from A to D, or a number from 4.0 to 0.1")
		}
	}

	pulse, within := at.at("pulse"), at.at("within")
	c.longerThanZero(pulse, s.Pulse)
	c.longerThanZero(within, s.Within)
	if s.Pulse >= s.Within && !c.bad[pulse.path] && !c.bad[within.path] {
		here := pulse
		if !c.given(pulse) {
			here = within
		}
		c.add(here, fmt.Sprintf("the pulse of %v is not shorter than %v, in which its rejection must be counted", s.Pulse, s.Within),
			"write a shorter pulse or a longer within")
	}
}

// share checks how many failures among how many products stop the line.
func (c *checker) share(at *place, s Station) {
	share, of := at.at("stop_share"), at.at("stop_of")
	switch {
	case c.bad[share.path] || c.bad[of.path]:
	case c.given(share) != c.given(of):
		missing, other := share, of
		if c.given(share) {
			missing, other = of, share
		}
		c.add(missing, "goes together with "+other.key, "write both, such as stop_share = 10 and stop_of = 200")
	case c.given(share) && (s.StopShare < 1 || s.StopShare > s.StopOf):
		c.add(share, fmt.Sprintf("is %d of %d", s.StopShare, s.StopOf), "write a number from 1 to stop_of")
	case s.StopOf > maxStopOf:
		c.add(of, fmt.Sprintf("is %d", s.StopOf), fmt.Sprintf("write at most %d", maxStopOf))
	}
}

// maxStopOf bounds how many products are remembered.
const maxStopOf = 100_000

// handshake checks the points by which the PLC and the agent speak of each product by its number.
func (c *checker) handshake(at *place, s Station) {
	if reject := at.at("reject"); c.ok(reject) {
		c.add(reject, "stands beside request", "keep one: a pulse on reject, or a verdict for each product that the PLC announces on request")
	}
	c.point(at.at("request"), s.Request, "input")
	c.wide(at.at("request"), s.Request, "the number of a product")
	for _, p := range []struct{ key, ref, reason string }{
		{"verdict", s.Verdict, "the verdict on a product goes there"},
		{"acknowledge", s.Acknowledge, "the product's number goes there when the verdict is out"},
	} {
		if !c.needs(at, p.key, p.reason) {
			continue
		}
		here := at.at(p.key)
		c.point(here, p.ref, "output")
		c.ownPoint(here, p.ref, "output")
		c.wide(here, p.ref, map[string]string{"verdict": "a verdict", "acknowledge": "the number of a product"}[p.key])
		announced, _, known := SplitPoint(s.Request)
		if plc, _, ok := SplitPoint(p.ref); ok && known && plc != announced && !c.bad[here.path] {
			c.add(here, fmt.Sprintf("%q is not of the PLC that announces the products, %q", p.ref, announced), "name an output of that PLC")
		}
	}
	if stop, _, ok := SplitPoint(s.Stop); ok && c.ok(at.at("stop")) {
		if plc, _, ok := SplitPoint(s.Request); ok && plc != stop {
			c.add(at.at("request"), fmt.Sprintf("%q is not of the PLC that stops the line, %q", s.Request, stop), "announce the products on the PLC that has the stop output")
		}
	}
	c.ownPoint(at.at("request"), s.Request, "input")
	c.longerThanZero(at.at("match"), s.Match)
	for _, v := range []struct {
		key string
		n   int
	}{{"verdict_good", s.VerdictGood}, {"verdict_reject", s.VerdictReject}} {
		if here := at.at(v.key); v.n < 0 || v.n > maxVerdict {
			c.add(here, fmt.Sprintf("is %d", v.n), fmt.Sprintf("write a number from 0 to %d", maxVerdict))
		}
	}
	if here := at.at("verdict_reject"); s.VerdictGood == s.VerdictReject && !c.bad[here.path] {
		c.add(here, "is the value of verdict_good too", "give the two verdicts different values")
	}
}

// maxVerdict is what a register of 16 bits holds.
const maxVerdict = 65535

// wide refuses a single bit where a number goes.
func (c *checker) wide(at *place, ref, what string) {
	plc, name, ok := SplitPoint(ref)
	if p := c.plcs[plc]; ok && p != nil && c.ok(at) {
		if point, ok := p.Points()[name]; ok && (point.Bits == 1 || point.Float) {
			c.add(at, fmt.Sprintf("%q (%s) cannot hold %s", ref, point.Where, what), `give it a whole number of 16 bits or more, such as "holding:110:uint16"`)
		}
	}
}
