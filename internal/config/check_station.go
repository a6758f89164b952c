package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"linemark/drivers"
	"linemark/internal/code"
	"linemark/internal/label"
)

const (
	kindPrint  = "print"
	kindVerify = "verify"
	kindPack   = "pack"
	kindDrop   = "drop"
	kindRework = "rework"
)

// keysOf returns the keys that a kind of station has beside name and kind.
func keysOf(kind string) []string {
	switch kind {
	case kindPrint:
		return []string{"product", "printer", "ahead"}
	case kindVerify:
		return []string{"product", "scanner", "reject", "confirm", "stop", "stop_after", "stop_share", "stop_of", "silent_after", "pulse", "within", "window", "heal_after",
			"grade", "plain_symbol", "request", "verdict", "acknowledge", "verdict_good", "verdict_reject", "match"}
	case kindDrop:
		return []string{"scanner", "reason", "with_child", "every", "refused", "accepted", "signal_for"}
	case kindRework:
		return []string{"product", "scanner", "reenter", "grade", "plain_symbol", "refused", "accepted", "signal_for"}
	default:
		return []string{"product", "scanner", "of", "capacity", "unit", "sscc_prefix", "pack", "pack_id", "printer", "check", "mode", "unverified", "refused", "accepted", "signal_for", "partial", "undo_code", "close_code", "empty_code"}
	}
}

func (c *checker) stations() {
	lines := map[string]*place{}
	for i, l := range c.cfg.Lines {
		at := c.root.at("line").element(i)
		c.unique(lines, at.at("name"), l.Name, "the name of the line")
		names := map[string]*place{}
		for j, s := range l.Stations {
			here := at.at("station").element(j)
			c.unique(names, here.at("name"), s.Name, "the name of the station")
			c.station(here, s, l.Stations[:j])
		}
		if here := at.at("count_limit"); c.ok(here) && l.CountLimit < 0 {
			c.add(here, fmt.Sprintf("is %d", l.CountLimit), "write as many products as lie between two neighbours of the line, or 0 for no alarms")
		}
		c.evidence(at, l)
		c.comebacks(at, l)
	}
}

// evidence asks whether the line can ever see what its reports are to state.
func (c *checker) evidence(at *place, l Line) {
	if c.cfg.Report.Utilisation.UsageType != usageVerified || c.given(c.root.at("smartone")) {
		return
	}
	has := func(kind string) bool {
		return slices.ContainsFunc(l.Stations, func(s Station) bool { return s.Kind == kind })
	}
	for j := range l.Stations {
		if c.bad[at.at("station").element(j).at("kind").path] {
			return // it may have been meant as the verify station
		}
	}
	if has(kindPrint) && !has(kindVerify) {
		c.add(at.at("station"), `no verify station, but usage_type is "VERIFIED": nothing of this line would ever be reported`,
			`add a verify station, or write usage_type = "PRINTED" under [report.utilisation]`)
	}
}

func (c *checker) station(at *place, s Station, before []Station) {
	kind := at.at("kind")
	if !c.ok(kind) {
		return
	}
	c.oneOf(kind, s.Kind, stationKinds...)
	if c.bad[kind.path] {
		return
	}
	for _, other := range stationKinds {
		for _, key := range keysOf(other) {
			if here := at.at(key); c.ok(here) && !slices.Contains(keysOf(s.Kind), key) {
				c.add(here, "is no setting of a "+s.Kind+" station", "remove it; it has "+strings.Join(keysOf(s.Kind), ", "))
			}
		}
	}
	if s.Kind != kindDrop {
		c.units(at, s, slices.DeleteFunc(slices.Clone(before), func(b Station) bool { return b.Kind == kindDrop }))
	}
	switch s.Kind {
	case kindPrint:
		c.print(at, s)
	case kindVerify:
		c.verify(at, s)
	case kindPack:
		c.pack(at, s, before)
	case kindDrop:
		c.drop(at, s)
	case kindRework:
		c.rework(at, s)
	}
}

func (c *checker) print(at *place, s Station) {
	if c.needs(at, "product", "a print station prints the codes of one product") {
		c.product(at.at("product"), s.Product, code.Unit)
	}
	if c.needs(at, "printer", "a print station prints on it") {
		c.device(at.at("printer"), "printer", s.Printer)
	}
	ahead := at.at("ahead")
	c.atLeastOne(ahead, s.Ahead)
	printer, ok := c.printers[s.Printer]
	if !ok || c.bad[ahead.path] {
		return
	}
	traits := printer.Traits()
	c.carries(at.at("printer"), s.Printer, traits, s.Product)
	printed := c.cfg.Report.Utilisation.UsageType == usagePrinted
	switch {
	case printed && traits.Confirms == drivers.ConfirmsNothing:
		c.add(at.at("printer"), fmt.Sprintf(`%q confirms nothing, but usage_type is "PRINTED": nothing would ever be reported`, s.Printer),
			`write usage_type = "VERIFIED" under [report.utilisation] and add a verify station`)
	case printed && traits.Confirms == drivers.ConfirmsCount && s.Ahead != 1:
		c.add(ahead, fmt.Sprintf(`is %d, but usage_type is "PRINTED" and %q confirms only that something was printed, not which code`, s.Ahead, s.Printer),
			"write ahead = 1")
	case traits.MaxAhead > 0 && s.Ahead > traits.MaxAhead && c.given(ahead): // the usual one is cut down by itself
		c.add(ahead, fmt.Sprintf("is %d, more than %q holds", s.Ahead, s.Printer), fmt.Sprintf("write at most %d", traits.MaxAhead))
	}
}

// carries asks the driver whether the printer and its label can carry the codes of a product.
func (c *checker) carries(at *place, printer string, traits drivers.PrinterTraits, product string) {
	p, ok := c.cfg.Product(product)
	if !ok || traits.CheckCode == nil {
		return
	}
	profile, err := c.cfg.Table.Profile(p.GroupOr(c.cfg), code.Type(p.CISType))
	if err != nil {
		return // said of the product
	}
	if err := traits.CheckCode([]byte(plainCode)); err != nil { // not even this one
		c.add(at, fmt.Sprintf("%s: %s takes no code of %s: %v", printer, c.labelOf(printer), product, err), "put {code} into it, or name another label")
		c.problems[len(c.problems)-1].Printer = printer
		return
	}
	if err := label.Carries(profile, p.GTIN, traits.CheckCode); err != nil {
		what := fmt.Sprintf("codes of %s: %v", product, err)
		if file := c.labels[printer]; file != "" {
			what = file + ": " + what
		}
		c.add(at, printer+": "+what, "linemark drivers shows how each printer takes such characters, and which settings help")
		c.problems[len(c.problems)-1].Printer = printer
	}
}

// needs reports an absent key of a kind of station and says whether it can be looked at.
func (c *checker) needs(at *place, key, reason string) bool {
	here := at.at(key)
	if !c.given(here) {
		c.add(here, "is missing", fmt.Sprintf(`%s: add %s = "..." %s`, reason, key, at.header()))
	}
	return c.ok(here)
}

// product checks a reference to a product that has codes of the type.
func (c *checker) product(at *place, name string, want code.Type) {
	if c.bad[c.root.at("product").path] {
		return
	}
	p, ok := c.cfg.Product(name)
	if !ok {
		known := namesOf(c.cfg.Products, func(p Product) string { return p.Name })
		if len(known) < len(c.cfg.Products) {
			return // one has no name: it is reported, and may be the one meant
		}
		if want == code.Group {
			known = append(known, SSCC)
		}
		c.add(at, fmt.Sprintf("no product named %q", name), suggest(name, known, "add a [[product]] table"))
		return
	}
	if p.CISType != string(want) && (p.CISType == string(code.Unit) || p.CISType == string(code.Group)) {
		c.add(at, fmt.Sprintf("the codes of %q are of type %s, this station needs %s", name, p.CISType, want),
			fmt.Sprintf("name a product with cis_type = %q", want))
	}
}

// device checks a reference to a printer or scanner and that no other station has it.
func (c *checker) device(at *place, section, name string) {
	if c.bad[c.root.at(section).path] {
		return
	}
	devices := c.cfg.Printers
	if section == "scanner" {
		devices = c.cfg.Scanners
	}
	if _, ok := find(devices, name, deviceName); !ok {
		c.unknownDevice(at, section, name, devices)
		return
	}
	key := section + " " + name
	if first := c.taken[key]; first != nil {
		c.add(at, fmt.Sprintf("%q belongs to the station in line %d already", name, c.lines.of(first.parent)),
			"give each station a "+section+" of its own")
		return
	}
	c.taken[key] = at
}

func (c *checker) unknownDevice(at *place, section, name string, devices []Device) {
	known := namesOf(devices, deviceName)
	if len(known) < len(devices) {
		return // one has no name: it is reported, and may be the one meant
	}
	c.add(at, fmt.Sprintf("no %s named %q", section, name), suggest(name, known, "add a [["+section+"]] table"))
}

// ownPoint checks that no other station uses an output or a counter, and that it is not the beat:
// one line's verdict must not move another line.
func (c *checker) ownPoint(at *place, ref, what string) {
	if !c.ok(at) {
		return
	}
	if _, name, ok := SplitPoint(ref); ok && what == "output" && name == "beat" {
		c.add(at, fmt.Sprintf("%q shows the PLC that the agent lives", ref), "write another output")
		return
	} else if ok && what == "counter" && name == "products" {
		c.add(at, fmt.Sprintf("%q counts every product, not the rejected ones", ref), "write the input that the rejector counts on")
		return
	}
	key := what + " " + ref
	if first := c.taken[key]; first != nil && first.parent.path != at.parent.path {
		c.add(at, fmt.Sprintf("%q belongs to the station in line %d already", ref, c.lines.of(first.parent)), "give each station an "+what+" of its own")
		return
	}
	c.taken[key] = at
}

// point checks a reference to an input or output of a PLC.
func (c *checker) point(at *place, ref, direction string) {
	if c.bad[c.root.at("plc").path] {
		return
	}
	plc, name, ok := SplitPoint(ref)
	if !ok {
		c.add(at, fmt.Sprintf("%q names no %s of a PLC", ref, direction),
			fmt.Sprintf(`write the PLC's name, a dot and the %s's name, such as "plc-1.%s"`, direction, direction))
		return
	}
	d, ok := c.cfg.PLC(plc)
	if !ok {
		c.unknownDevice(at, "plc", plc, c.cfg.PLCs)
		return
	}
	points, _ := d.Options[direction+"s"].(map[string]any)
	if _, ok := points[name]; !ok {
		c.add(at, fmt.Sprintf("%q has no %s named %q", plc, direction, name),
			suggest(name, slices.Collect(maps.Keys(points)), "add it under [plc."+direction+"s]"))
	}
}
