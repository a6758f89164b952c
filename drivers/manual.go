package drivers

import (
	"cmp"
	"slices"
	"strings"
)

// Manual is what a driver tells people: its README, whose first line says what it is for, and its
// part of a configuration with every key.
type Manual struct {
	Kind   string // printer, scanner, plc
	Name   string // as the configuration names the driver
	README string
	Sample string
}

// Title is the first line of the README, without its mark.
func (m Manual) Title() string {
	line, _, _ := strings.Cut(m.README, "\n")
	_, about, found := strings.Cut(line, ": ")
	if !found {
		return strings.TrimLeft(line, "# ")
	}
	return about
}

var manuals []Manual

// Describe adds a driver's manual to those that linemark drivers shows. It is called beside
// RegisterPrinter and its like.
func Describe(m Manual) { manuals = append(manuals, m) }

// Manuals returns the manuals of all drivers: printers, scanners, PLCs, each by name.
func Manuals() []Manual {
	order := []string{"printer", "scanner", "plc"}
	all := slices.Clone(manuals)
	slices.SortFunc(all, func(a, b Manual) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(a.Name, b.Name))
	})
	return all
}
