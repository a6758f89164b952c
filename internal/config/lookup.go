package config

import (
	"maps"
	"path/filepath"
	"strings"

	"linemark/drivers"
)

// SSCC as a pack station's unit means a transport code made on the spot, not a product.
const SSCC = "sscc"

// Product returns the product of that name.
func (c *Config) Product(name string) (Product, bool) {
	return find(c.Products, name, func(p Product) string { return p.Name })
}

// Printer returns the printer of that name.
func (c *Config) Printer(name string) (Device, bool) { return find(c.Printers, name, deviceName) }

// Scanner returns the scanner of that name.
func (c *Config) Scanner(name string) (Device, bool) { return find(c.Scanners, name, deviceName) }

// PLC returns the PLC of that name.
func (c *Config) PLC(name string) (Device, bool) { return find(c.PLCs, name, deviceName) }

// GroupOr returns the product's own group, or that of [izkm] or [smartone].
func (p Product) GroupOr(c *Config) string {
	if p.Group != "" {
		return p.Group
	}
	return c.Group()
}

// PathOf returns a path of the file: it starts at the file's folder.
func (c *Config) PathOf(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.Dir, path)
}

// AskWhenInDoubt says whether a report in doubt waits for a person.
func (r Report) AskWhenInDoubt() bool { return r.WhenInDoubt == doubtAsk }

// limitUnsaid is the CountLimit of a line whose configuration gives none.
const limitUnsaid = -1

// usualLimit is as many products as silent_after lets pass between the sensor and the camera.
const usualLimit = 20

// LimitOfCounts returns count_limit. Without the setting it is 20 where the PLC counts the products:
// the plant then wants them accounted for, and has told by its sensor where they come from. Elsewhere it
// is 0, since a buffer between the printer and the camera may hold hundreds.
func (l Line) LimitOfCounts(counted bool) int {
	switch {
	case l.CountLimit >= 0:
		return l.CountLimit
	case counted:
		return usualLimit
	}
	return 0
}

// CounterOf returns the PLC that counts the products of a line: the one that stops it and has the input
// "products". There is none ("") if several could be it, or if the PLC stops several lines: then nobody knows
// whose products it counts.
func (c *Config) CounterOf(l Line) string {
	found := ""
	for name := range l.StopPLCs() {
		d, _ := c.PLC(name)
		inputs, _ := d.Options["inputs"].(map[string]any)
		if _, counts := inputs["products"]; !counts {
			continue
		}
		if found != "" {
			return ""
		}
		found = name
	}
	for _, other := range c.Lines {
		if other.Name != l.Name && other.StopPLCs()[found] {
			return ""
		}
	}
	return found
}

// StopPLCs are the PLCs that stop a line, by its verify stations.
func (l Line) StopPLCs() map[string]bool {
	all := map[string]bool{}
	for _, s := range l.Stations {
		if name, _, ok := SplitPoint(s.Stop); ok {
			all[name] = true
		}
	}
	return all
}

// HasBatch says whether the configuration itself describes the line's batch.
func (l Line) HasBatch() bool {
	return l.Batch != "" || l.ProductionDate != "" || l.ExpirationDate != "" || l.Series != ""
}

// DeviceSettings is what the device's driver is created with. The options are a copy; Dial
// and Log are left to the caller.
func (c *Config) DeviceSettings(d Device) drivers.Settings {
	return drivers.Settings{Name: d.Name, Address: d.Address, Dir: c.Dir, Options: maps.Clone(d.Options)}
}

// SplitPoint takes a reference such as "plc-1.reject" apart. A PLC's name may hold dots, that
// of an input or output may not.
func SplitPoint(ref string) (plc, point string, ok bool) {
	dot := strings.LastIndexByte(ref, '.')
	if dot <= 0 || dot == len(ref)-1 {
		return "", "", false
	}
	return ref[:dot], ref[dot+1:], true
}

func deviceName(d Device) string { return d.Name }

func find[T any](list []T, name string, nameOf func(T) string) (T, bool) {
	for _, e := range list {
		if nameOf(e) == name {
			return e, true
		}
	}
	var none T
	return none, false
}

func namesOf[T any](list []T, nameOf func(T) string) []string {
	names := make([]string, 0, len(list))
	for _, e := range list {
		if name := nameOf(e); name != "" {
			names = append(names, name)
		}
	}
	return names
}
