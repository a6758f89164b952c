package commission

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"linemark/drivers"
)

// understood writes a point's value as people do.
func understood(p drivers.Point, v uint64) string { return p.Text(v) }

// raw writes the bits of a value as it was read.
func raw(p drivers.Point, v uint64) string {
	switch {
	case p.Float:
		return fmt.Sprintf("float bits %X", v)
	case p.Bits == 1:
		return strconv.FormatUint(v, 10)
	case p.Bits < 64:
		v &= 1<<p.Bits - 1
	}
	return fmt.Sprintf("%0*X", (p.Bits+3)/4, v)
}

// kind names a point's type.
func kind(p drivers.Point) string { return p.Type() }

func way(p drivers.Point) string {
	if p.Output {
		return "output"
	}
	return "input"
}

// value reads what a person gives for a point: a number, or on and off for a bit.
func value(p drivers.Point, s string) (uint64, error) {
	if p.Bits == 1 {
		switch strings.ToLower(s) {
		case "1", "on", "true":
			return 1, nil
		case "0", "off", "false":
			return 0, nil
		}
		return 0, fmt.Errorf("%q is neither on nor off", s)
	}
	if p.Float {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no number", s)
		}
		return math.Float64bits(f), nil
	}
	if p.Signed {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no whole number", s)
		}
		return uint64(n), nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no whole number of 0 or more", s)
	}
	return n, nil
}

// sorted returns the names of points, inputs first.
func sorted(points map[string]drivers.Point) []string {
	names := slices.Sorted(maps.Keys(points))
	slices.SortStableFunc(names, func(a, b string) int {
		switch in, out := points[a], points[b]; {
		case in.Output == out.Output:
			return 0
		case in.Output:
			return 1
		}
		return -1
	})
	return names
}

// Assignment is NAME=VALUE as a person gives it.
type Assignment struct{ Name, Value string }

// ParseAssignment reads NAME=VALUE.
func ParseAssignment(s string) (Assignment, error) {
	name, v, ok := strings.Cut(s, "=")
	if !ok || name == "" || v == "" {
		return Assignment{}, fmt.Errorf("%q is not NAME=VALUE", s)
	}
	return Assignment{name, v}, nil
}

func (a Assignment) String() string { return a.Name + "=" + a.Value }

// pointOf finds a point, and says which there are if it is none of them.
func pointOf(points map[string]drivers.Point, name string, output bool) (drivers.Point, error) {
	p, ok := points[name]
	if ok && (p.Output || !output) {
		return p, nil
	}
	var names []string
	for _, n := range sorted(points) {
		if points[n].Output || !output {
			names = append(names, n)
		}
	}
	if ok {
		return p, fmt.Errorf("%s is an input; outputs are %s", name, strings.Join(names, ", "))
	}
	return p, fmt.Errorf("the PLC has no %s; there are %s", name, strings.Join(names, ", "))
}
