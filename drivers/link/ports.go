package link

import (
	"cmp"
	"fmt"
	"slices"

	"go.bug.st/serial/enumerator"
)

// Port is a serial port of this machine.
type Port struct {
	Name    string // as an address names it: /dev/ttyUSB0, COM3
	USB     string // vendor and product id, "0403:6001"; empty for a port that is not on USB
	Product string // what the USB device calls itself; may be empty
	Serial  string // its serial number; may be empty
}

// Ports lists the serial ports, in the order of their names.
func Ports() ([]Port, error) {
	found, err := enumerator.GetDetailedPortsList()
	if err != nil {
		return nil, fmt.Errorf("listing the serial ports: %w", err)
	}
	ports := make([]Port, len(found))
	for i, p := range found {
		ports[i] = Port{Name: p.Name, Product: p.Product, Serial: p.SerialNumber}
		if p.IsUSB {
			ports[i].USB = p.VID + ":" + p.PID
		}
	}
	slices.SortFunc(ports, func(a, b Port) int { return cmp.Compare(a.Name, b.Name) })
	return ports, nil
}
