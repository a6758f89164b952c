package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"

	"linemark/drivers"
)

// runDrivers lists the drivers, or shows one's manual.
func runDrivers(_ context.Context, c *console, args []string) error {
	var kind string
	var sample bool
	rest, err := flags(c, "drivers", args, func(fs *flag.FlagSet) {
		fs.StringVar(&kind, "kind", "", "printer, scanner or plc: for a `name` that several have")
		fs.BoolVar(&sample, "sample", false, "only the driver's part of a configuration")
	})
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		t := tabwriter.NewWriter(c.out, 2, 8, 2, ' ', 0)
		for _, m := range drivers.Manuals() {
			fmt.Fprintf(t, "%s\t%s\t%s\n", m.Kind, m.Name, m.Title())
		}
		return t.Flush()
	}
	if len(rest) > 1 {
		return wrong(fmt.Errorf("one driver is shown, not %d", len(rest)), "linemark drivers lists them")
	}
	var found []drivers.Manual
	for _, m := range drivers.Manuals() {
		if m.Name == rest[0] && (kind == "" || m.Kind == kind) {
			found = append(found, m)
		}
	}
	switch {
	case len(found) == 0:
		return wrong(fmt.Errorf("there is no driver %q", rest[0]), "linemark drivers lists them")
	case len(found) > 1:
		return wrong(fmt.Errorf("there are a %s and a %s driver %s", found[0].Kind, found[1].Kind, rest[0]), "add --kind "+found[0].Kind)
	}
	m := found[0]
	if sample {
		fmt.Fprintln(c.out, strings.TrimSpace(m.Sample))
		return nil
	}
	fmt.Fprintf(c.out, "%s\n\n## Its part of a configuration\n\n%s\n", strings.TrimSpace(m.README), strings.TrimSpace(m.Sample))
	return nil
}
