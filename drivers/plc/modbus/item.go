package modbus

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"linemark/drivers/link/option"
)

// space is one of the four address spaces of Modbus.
type space struct {
	name     string
	bits     bool // of one bit, not of a 16-bit register
	writable bool
	digit    int // manuals write a space's addresses with this digit in front, counted from one
}

var (
	coil     = &space{"coil", true, true, 0}
	discrete = &space{"discrete", true, false, 1}
	input    = &space{"input", false, false, 3}
	holding  = &space{"holding", false, true, 4}
)

var spaces = map[string]*space{"coil": coil, "discrete": discrete, "input": input, "holding": holding}

// item is one configured input or output.
type item struct {
	name    string
	output  bool
	space   *space
	address int // zero-based, as on the wire
	bit     int // of a single bit of a register: which, 0 being the lowest
	valueType
}

// key is where the configuration names the item.
func (it item) key() string {
	if it.output {
		return "outputs." + it.name
	}
	return "inputs." + it.name
}

// end is the address behind the item.
func (it item) end() int { return it.address + it.words }

// inRegister tells a bit of a register from a coil and a discrete input.
func (it item) inRegister() bool { return it.valueType == bit && !it.space.bits }

// where names the item's place in both ways of counting.
func (it item) where() string {
	place := span(it.space, it.address, it.words)
	if it.inRegister() {
		return fmt.Sprintf("%s bit %d", place, it.bit)
	}
	return place
}

// value reads the item out of an answer that holds it at this distance from its beginning.
func (it item) value(o wordOrder, answer []byte, at int) uint64 {
	if it.space.bits {
		return uint64(answer[at/8] >> (at % 8) & 1)
	}
	v := it.decode(o, answer[2*at:2*(at+it.words)])
	if it.inRegister() {
		return v >> it.bit & 1
	}
	return v
}

// parseItems reads both tables, in the order of spaces and addresses.
func parseItems(k *option.Keys) []item {
	inputs, outputs := k.Texts("inputs"), k.Texts("outputs")
	var items []item
	for _, table := range []struct {
		texts  map[string]string
		output bool
	}{{inputs, false}, {outputs, true}} {
		for _, name := range slices.Sorted(maps.Keys(table.texts)) {
			it := item{name: name, output: table.output}
			if problem, hint := it.parse(table.texts[name]); problem != "" {
				k.Fail(it.key(), problem, hint)
				continue
			}
			if _, both := inputs[name]; both && it.output {
				k.Fail(it.key(), "an input has this name too", "an output is read back under its own name: leave the input out")
				continue
			}
			items = append(items, it)
		}
	}
	if len(inputs)+len(outputs) == 0 {
		k.Fail("inputs", "there are neither inputs nor outputs", `name at least one, such as products = "holding:100:uint32"`)
	}
	slices.SortFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.space.digit, b.space.digit), cmp.Compare(a.address, b.address),
			cmp.Compare(b.words, a.words), cmp.Compare(a.bit, b.bit), cmp.Compare(a.key(), b.key()))
	})
	for i, b := range items {
		if at := slices.IndexFunc(items[:i], b.clashes); at >= 0 {
			a := items[at]
			hint := fmt.Sprintf("%s takes %s", a.key(), a.where())
			if a.inRegister() != b.inRegister() {
				hint = "a bit may lie in a number that is only read, not in one that is written"
			}
			k.Fail(b.key(), "it lies over "+a.key(), hint)
		}
	}
	return items
}

// clashes tells whether two items take the same place. The bits of a register may share it
// with each other, and with a number that is only read.
func (it item) clashes(other item) bool {
	if it.space != other.space || it.address >= other.end() || other.address >= it.end() {
		return false
	}
	switch {
	case it.inRegister() && other.inRegister():
		return it.bit == other.bit
	case it.inRegister():
		return other.output
	case other.inRegister():
		return it.output
	}
	return true
}

// parse reads "coil:0", "holding:100:uint32" or "holding:100.3".
func (it *item) parse(text string) (problem, hint string) {
	if it.name == "" || strings.Contains(it.name, ".") {
		return "a name must not be empty or hold a dot", "stations name it as plc.name"
	}
	parts := strings.Split(text, ":")
	sp, ok := spaces[parts[0]]
	if !ok {
		return fmt.Sprintf("%q is unknown", parts[0]), "coil, discrete, input and holding are known"
	}
	it.space = sp
	if it.output && !sp.writable {
		return sp.name + " cannot be written", "coil and holding can"
	}
	example := fmt.Sprintf(`write it like "%s:100:uint32", or "%s:100.3" for one bit`, sp.name, sp.name)
	if sp.bits {
		example = fmt.Sprintf(`write it like "%s:0"`, sp.name)
	}
	if len(parts) < 2 {
		return "the address is missing", example
	}
	place, digit, single := strings.Cut(parts[1], ".")
	if sp.bits {
		place, single = parts[1], true
	}
	address, err := strconv.ParseUint(place, 10, 16)
	if err != nil {
		return fmt.Sprintf("%q is no address from 0 to 65535", place), example + ", counted from zero"
	}
	it.address = int(address)
	switch {
	case single && len(parts) > 2:
		return "a single bit has no type", example
	case single:
		it.valueType = bit
		return it.parseBit(digit)
	case len(parts) < 3:
		return "the type is missing", example
	case len(parts) > 3:
		return fmt.Sprintf("%q cannot be read", text), example
	}
	if it.valueType, ok = valueTypes[parts[2]]; !ok {
		return fmt.Sprintf("type %q is unknown", parts[2]), typeNames + " are known"
	}
	if it.end() > 1<<16 {
		return "it ends behind the last register", "65535 is the last"
	}
	return "", ""
}

func (it *item) parseBit(digit string) (problem, hint string) {
	if it.space.bits {
		return "", ""
	}
	n, err := strconv.ParseUint(digit, 10, 8)
	if err != nil || n > 15 {
		return fmt.Sprintf("%q is no bit of a register", digit), "0, the lowest, to 15 are possible"
	}
	it.bit = int(n)
	return "", ""
}

// span writes addresses in both ways of counting: as on the wire, and as in manuals.
func span(sp *space, address, count int) string {
	document := func(a int) string {
		if a < 9999 {
			return fmt.Sprintf("%d%04d", sp.digit, a+1)
		}
		return fmt.Sprintf("%d%05d", sp.digit, a+1)
	}
	if count == 1 {
		return fmt.Sprintf("%s %d (%s)", sp.name, address, document(address))
	}
	last := address + count - 1
	return fmt.Sprintf("%s %d to %d (%s to %s)", sp.name, address, last, document(address), document(last))
}
