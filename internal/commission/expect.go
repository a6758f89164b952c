package commission

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"linemark/drivers"
	"linemark/internal/config"
)

// place is where a number lies in the registers of a PLC: AREA:ADDRESS:TYPE.
type place struct {
	area    string
	address int
	typ     string
}

func placeOf(s string) (place, error) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return place{}, fmt.Errorf("%q is no number in registers: only such a one can lie in another order", s)
	}
	address, err := strconv.Atoi(parts[1])
	return place{parts[0], address, parts[2]}, err
}

// orders are the ways in which the bytes of a number may lie in registers. Each says where byte i of
// four, the highest first, stands; longer numbers go the same way.
var orders = []string{"ABCD", "CDAB", "BADC", "DCBA"}

// types of numbers, by their registers.
var numbers = []struct {
	name  string
	words int
}{{"uint16", 1}, {"int16", 1}, {"uint32", 2}, {"int32", 2}, {"float32", 2}, {"uint64", 4}, {"int64", 4}, {"float64", 4}}

// fit is one way to read a number that gives the one that is known to stand there.
type fit struct {
	place
	order string
}

// looked is how many registers around a number are looked at: from the one before it on.
const looked = 6

// expect tries to find a number that the engineer has put into the PLC: at the configured address and
// beside it, in every order and type.
func expect(ctx context.Context, cfg *config.Config, d config.Device, name, want string) (configured place, fits []fit, err error) {
	inputs, _ := d.Options["inputs"].(map[string]any)
	outputs, _ := d.Options["outputs"].(map[string]any)
	spec, ok := inputs[name].(string)
	if !ok {
		spec, ok = outputs[name].(string)
	}
	if !ok {
		return place{}, nil, fmt.Errorf("the PLC has no point %s", name)
	}
	if configured, err = placeOf(spec); err != nil {
		return configured, nil, err
	}
	number, err := strconv.ParseFloat(want, 64)
	if err != nil {
		return configured, nil, fmt.Errorf("%q is no number", want)
	}
	registers, err := around(ctx, cfg, d, configured)
	if err != nil {
		return configured, nil, err
	}
	for _, shift := range []int{0, -1, 1} {
		for _, t := range numbers {
			b, ok := gather(registers, configured.address+shift, t.words)
			if !ok {
				continue
			}
			for _, order := range orders {
				if t.words == 1 && order != "ABCD" {
					break // a single register is always high byte first
				}
				if decode(t.name, arranged(order, b)) == number {
					fits = append(fits, fit{place{configured.area, configured.address + shift, t.name}, order})
				}
			}
		}
	}
	// As configured first, then what differs least.
	slices.SortStableFunc(fits, func(a, b fit) int { return a.distance(configured) - b.distance(configured) })
	return configured, fits, nil
}

func (f fit) distance(from place) int {
	n := 0
	if f.typ != from.typ {
		n++
	}
	if f.address != from.address {
		n += 2
	}
	return n
}

// around reads the registers near a place, one by one as far as the PLC has them.
func around(ctx context.Context, cfg *config.Config, d config.Device, at place) (map[int]uint16, error) {
	all := map[string]any{}
	for i := max(0, at.address-1); i < at.address-1+looked && i < 1<<16; i++ {
		all[strconv.Itoa(i)] = fmt.Sprintf("%s:%d:uint16", at.area, i)
	}
	values, refused, err := readSome(ctx, cfg, only(d, all))
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("the PLC refuses all registers around: %s", strings.Join(refused, "; "))
	}
	registers := map[int]uint16{}
	for name, v := range values {
		if i, err := strconv.Atoi(name); err == nil {
			registers[i] = uint16(v)
		}
	}
	return registers, nil
}

// only is a PLC with these inputs and no outputs, and nothing that names others.
func only(d config.Device, inputs map[string]any) config.Device {
	options := map[string]any{"inputs": inputs}
	for _, key := range []string{"unit", "timeout", "quiet", "max_gap", "max_registers", "poll"} {
		if v, ok := d.Options[key]; ok {
			options[key] = v
		}
	}
	d.Options = options
	return d
}

// readSome reads all inputs of a PLC; where it refuses, one after another, so that the others are read.
func readSome(ctx context.Context, cfg *config.Config, d config.Device) (drivers.Values, []string, error) {
	values, err := readOnce(ctx, cfg, d)
	if err == nil {
		return values, nil, nil
	}
	if !refusal(err) {
		return nil, nil, err
	}
	inputs, _ := d.Options["inputs"].(map[string]any)
	all := drivers.Values{}
	var refused []string
	for name, spec := range inputs {
		one, err := readOnce(ctx, cfg, only(d, map[string]any{name: spec}))
		switch {
		case err == nil:
			all[name] = one[name]
		case refusal(err):
			refused = append(refused, err.Error())
		default:
			return nil, nil, err
		}
	}
	slices.Sort(refused)
	return all, refused, nil
}

func readOnce(ctx context.Context, cfg *config.Config, d config.Device) (drivers.Values, error) {
	driver, err := drivers.NewPLC(d.Driver, cfg.DeviceSettings(d))
	if err != nil {
		return nil, err
	}
	session, err := driver.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = session.Close() }() // what it has read is what counts
	return session.Read(ctx)
}

func gather(registers map[int]uint16, at, words int) ([]byte, bool) {
	var b []byte
	for i := range words {
		r, ok := registers[at+i]
		if !ok {
			return nil, false
		}
		b = binary.BigEndian.AppendUint16(b, r)
	}
	return b, true
}

// arranged puts the bytes of a number high byte first.
func arranged(order string, registers []byte) []byte {
	b := slices.Clone(registers)
	if order == "CDAB" || order == "DCBA" {
		slices.Reverse(b)
	}
	if order == "CDAB" || order == "BADC" {
		for i := 0; i+1 < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
	}
	return b
}

// decode reads a number of a type; float64 holds every number that a person would try.
func decode(typ string, b []byte) float64 {
	switch typ {
	case "uint16":
		return float64(binary.BigEndian.Uint16(b))
	case "int16":
		return float64(int16(binary.BigEndian.Uint16(b)))
	case "uint32":
		return float64(binary.BigEndian.Uint32(b))
	case "int32":
		return float64(int32(binary.BigEndian.Uint32(b)))
	case "float32":
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	case "uint64":
		return float64(binary.BigEndian.Uint64(b))
	case "int64":
		return float64(int64(binary.BigEndian.Uint64(b)))
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b))
}
