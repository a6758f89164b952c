package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"linemark/drivers/link"
)

// byID is where Linux keeps the names of USB ports that stay the same in whatever order the devices
// are plugged in.
const byID = "/dev/serial/by-id"

// runPorts lists the serial ports.
func runPorts(_ context.Context, c *console, args []string) error {
	if err := noArguments(c, "ports", args, func(*flag.FlagSet) {}); err != nil {
		return err
	}
	ports, err := link.Ports()
	if err != nil {
		return failed(err, "look into the system's own list of devices")
	}
	if len(ports) == 0 {
		return failed(errors.New("there is no serial port"), "plug the device in; a user must be in the group dialout on Linux")
	}
	return listPorts(c, ports, lasting(byID))
}

// listPorts writes a line for each port, with the address that a configuration would have.
func listPorts(c *console, ports []link.Port, lasting map[string]string) error {
	t := tabwriter.NewWriter(c.out, 2, 8, 2, ' ', 0)
	for _, p := range ports {
		name := p.Name
		if known, ok := lasting[name]; ok {
			name = known
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\tserial://%s?baud=SPEED\n", p.Name, p.USB, p.Product, p.Serial, name)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "SPEED is what the device is set to, such as 9600 or 115200; for a PLC write rtu:// in place of serial://")
	return nil
}

// lasting returns the lasting names in a folder of links by what they stand for. A system without
// the folder has none.
func lasting(folder string) map[string]string {
	links, _ := filepath.Glob(filepath.Join(folder, "*")) // the pattern is a good one
	names := map[string]string{}
	for _, l := range links {
		target, err := filepath.EvalSymlinks(l)
		if err != nil {
			continue // unplugged just now
		}
		if _, ok := names[target]; !ok {
			names[target] = l
		}
	}
	return names
}
