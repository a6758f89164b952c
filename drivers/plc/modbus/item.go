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

// valueType is how a value lies in registers.
type valueType struct {
	name   string
	words  int
	signed bool
}

var (
	bit        = valueType{"bit", 1, false}
	valueTypes = map[string]valueType{
		"uint16": {"uint16", 1, false}, "int16": {"int16", 1, true},
		"uint32": {"uint32", 2, false}, "int32": {"int32", 2, true},
		"uint64": {"uint64", 4, false}, "int64": {"int64", 4, true},
	}
)

// item is one configured input or output.
type item struct {
	name    string
	output  bool
	space   *space
	address int // zero-based, as on the wire
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
		return cmp.Or(cmp.Compare(a.space.digit, b.space.digit), cmp.Compare(a.address, b.address), cmp.Compare(a.key(), b.key()))
	})
	for i := 1; i < len(items); i++ {
		a, b := items[i-1], items[i]
		if a.space == b.space && b.address < a.end() {
			k.Fail(b.key(), "it lies over "+a.key(), fmt.Sprintf("%s takes %s", a.key(), span(a.space, a.address, a.words)))
		}
	}
	return items
}

// parse reads "coil:0" or "holding:100:uint32".
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
	example := fmt.Sprintf(`write it like "%s:100:uint32"`, sp.name)
	if sp.bits {
		example = fmt.Sprintf(`write it like "%s:0"`, sp.name)
	}
	if len(parts) < 2 {
		return "the address is missing", example
	}
	address, err := strconv.ParseUint(parts[1], 10, 16)
	if err != nil {
		return fmt.Sprintf("%q is no address from 0 to 65535", parts[1]), example + ", counted from zero"
	}
	it.address = int(address)
	switch {
	case sp.bits && len(parts) > 2:
		return sp.name + " is a single bit and has no type", example
	case sp.bits:
		it.valueType = bit
	case len(parts) < 3:
		return "the type is missing", example
	case len(parts) > 3:
		return fmt.Sprintf("%q cannot be read", text), example
	default:
		if it.valueType, ok = valueTypes[parts[2]]; !ok {
			return fmt.Sprintf("type %q is unknown", parts[2]), "uint16, int16, uint32, int32, uint64 and int64 are known"
		}
	}
	if it.end() > 1<<16 {
		return "it ends behind the last register", "65535 is the last"
	}
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
