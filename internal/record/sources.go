package record

import (
	"maps"
	"slices"
	"strings"
)

// Sources returns the names of the devices and of the lines that a recording holds anything of, in order.
func Sources(from *Reader) (devices, lines []string, err error) {
	ofDevices, ofLines := map[string]bool{}, map[string]bool{}
	err = from.Each(func(r Record) error {
		switch {
		case r.Kind.ofDevice():
			ofDevices[r.Source] = true
		case r.Kind.ofStation():
			if i := strings.LastIndexByte(r.Source, '/'); i > 0 {
				ofLines[r.Source[:i]] = true
			}
		}
		return nil
	})
	return slices.Sorted(maps.Keys(ofDevices)), slices.Sorted(maps.Keys(ofLines)), err
}
