package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"linemark/drivers"
	"linemark/drivers/link"
)

func (c *checker) devices() {
	addresses := map[string]*place{}
	c.section("printer", c.cfg.Printers, addresses, func(d Device) error {
		s := c.cfg.DeviceSettings(d)
		s.Asked = func(asked drivers.Setting) {
			if file, ok := asked.Value.(string); ok && asked.Kind == drivers.SettingFile && file != "" {
				c.labels[d.Name] = file
			}
		}
		p, err := drivers.NewPrinter(d.Driver, s)
		if err == nil {
			c.printers[d.Name] = p
		}
		return err
	})
	c.section("scanner", c.cfg.Scanners, addresses, func(d Device) error {
		_, err := drivers.NewScanner(d.Driver, c.cfg.DeviceSettings(d))
		return err
	})
	c.section("plc", c.cfg.PLCs, addresses, func(d Device) error {
		p, err := drivers.NewPLC(d.Driver, c.cfg.DeviceSettings(d))
		if err == nil {
			c.plcs[d.Name] = p
		}
		return err
	})
}

func (c *checker) section(section string, devices []Device, addresses map[string]*place, create func(Device) error) {
	names := map[string]*place{}
	for i, d := range devices {
		at := c.root.at(section).element(i)
		c.unique(names, at.at("name"), d.Name, "the name of the "+section)
		if here := at.at("address"); c.ok(here) {
			if first := addresses[sameAddress(d.Address)]; first != nil {
				hint := "give each device an address of its own"
				if first.parent.parent.path == at.parent.path && linkAddress(d.Address) != d.Address {
					hint = "one bus serves one PLC: give each PLC a port of its own, or connect it by Modbus TCP"
				}
				c.add(here, fmt.Sprintf("%q is the address of the device in line %d already", d.Address, c.lines.of(first)), hint)
			} else {
				addresses[sameAddress(d.Address)] = here
			}
		}
		// What is missing is reported already; a driver would only say it again.
		if c.ok(at.at("driver")) && c.given(at.at("address")) && d.Address != "" {
			before := len(c.problems)
			c.driverFaults(at, create(d))
			if section == "printer" && c.given(at.at("label")) {
				c.labelFaults(at.at("label"), d.Name, c.problems[before:])
			}
		}
	}
}

// sameAddress is equal for two ways of writing one address: settings of a serial port behind
// the question mark and letter case do not make it another port.
func sameAddress(address string) string {
	u, err := url.Parse(linkAddress(address))
	if err != nil || u.Host == "" && u.Path == "" {
		return address
	}
	return u.Scheme + "://" + strings.ToLower(u.Host) + strings.TrimSuffix(u.Path, "/")
}

// linkAddress is the address of the connection that a device is reached by: Modbus RTU goes
// over a serial port, or over the network to one.
func linkAddress(address string) string {
	if rest, ok := strings.CutPrefix(address, "rtu+tcp://"); ok {
		return "tcp://" + rest
	}
	if rest, ok := strings.CutPrefix(address, "rtu://"); ok {
		return "serial://" + rest
	}
	return address
}

// driverFaults takes the errors of a driver apart; each names the key that it is about.
func (c *checker) driverFaults(at *place, err error) {
	const hint = "the README in the driver's folder says what it takes"
	var option *drivers.OptionError
	var address *link.AddressError
	switch e := err.(type) {
	case nil:
	case *drivers.OptionError:
		what := e.Problem
		if e.File != "" {
			what = e.File + ": " + what
		}
		c.add(c.option(at, e.Key), what, cmp.Or(e.Hint, hint))
	case *link.AddressError:
		c.add(at.at("address"), e.Problem, e.Hint)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			c.driverFaults(at, one)
		}
	default:
		switch {
		case errors.As(err, &option):
			c.driverFaults(at, option)
			return
		case errors.As(err, &address):
			c.driverFaults(at, address)
			return
		}
		c.add(at, err.Error(), hint)
	}
}

// labelFaults says of which printer a label is wrong: labels are files of their own, changed by other
// people at other times, and a bad one must not hold the other lines.
func (c *checker) labelFaults(at *place, printer string, found Problems) {
	for i := range found {
		if found[i].Key == at.key {
			found[i].Printer, found[i].What = printer, printer+": "+found[i].What
		}
	}
}

// labelOf names a printer's label for people: by its file, where it has one.
func (c *checker) labelOf(printer string) string {
	return cmp.Or(c.labels[printer], "its label")
}

// option finds the key a driver means: one key, or a way into its sub-tables.
func (c *checker) option(at *place, key string) *place {
	if key == "" {
		return at
	}
	if here := at.at(key); c.given(here) {
		return here
	}
	for part := range strings.SplitSeq(key, ".") {
		at = at.at(part)
	}
	return at
}
