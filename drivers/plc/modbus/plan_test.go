package modbus

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var usual = limits{defaultGap, maxRegisters}

func TestPlan(t *testing.T) {
	at := func(sp *space, address, words int) item {
		return item{space: sp, address: address, valueType: valueType{words: words}}
	}
	var full []item // 126 registers without a gap
	for i := range 63 {
		full = append(full, at(holding, 2*i, 2))
	}
	for name, c := range map[string]struct {
		items []item
		want  []string
	}{
		"neighbours":     {[]item{at(holding, 100, 2), at(holding, 102, 2)}, []string{"holding 100+4"}},
		"gap of eight":   {[]item{at(holding, 0, 1), at(holding, 9, 1)}, []string{"holding 0+10"}},
		"gap of nine":    {[]item{at(holding, 0, 1), at(holding, 10, 1)}, []string{"holding 0+1", "holding 10+1"}},
		"spaces":         {[]item{at(coil, 0, 1), at(discrete, 1, 1), at(input, 2, 1), at(holding, 3, 1)}, []string{"coil 0+1", "discrete 1+1", "input 2+1", "holding 3+1"}},
		"125 registers":  {full[:62], []string{"holding 0+124"}},
		"126 registers":  {full, []string{"holding 0+124", "holding 124+2"}},
		"a word over":    {append(slices.Clone(full[:62]), at(holding, 124, 2)), []string{"holding 0+124", "holding 124+2"}},
		"bits, not 125":  {[]item{at(coil, 0, 1), at(coil, 9, 1), at(coil, 18, 1)}, []string{"coil 0+19"}},
		"nothing":        {nil, nil},
		"the last place": {[]item{at(holding, 65534, 2)}, []string{"holding 65534+2"}},
	} {
		var got []string
		for _, r := range plan(c.items, usual) {
			got = append(got, fmt.Sprintf("%s %d+%d", r.space.name, r.address, r.count))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// A PLC that takes fewer registers takes fewer bits too, and one with gaps that it refuses has none read.
func TestLimits(t *testing.T) {
	var coils, registers []item
	for i := range 40 {
		coils = append(coils, item{space: coil, address: i, valueType: bit})
		registers = append(registers, item{space: input, address: 2 * i, valueType: valueTypes["int16"]})
	}
	for _, c := range []struct {
		items  []item
		limits limits
		first  int // addresses in the first request
		all    int // requests
	}{
		{coils, limits{0, 2}, 32, 2}, {coils, limits{0, 125}, 40, 1}, {coils, limits{-1, 125}, 1, 40},
		{registers, limits{1, 16}, 15, 5}, {registers, limits{1, 125}, 79, 1}, {registers, limits{0, 125}, 1, 40},
	} {
		if got := plan(c.items, c.limits); len(got) != c.all || got[0].count != c.first {
			t.Errorf("%+v of %s: %d requests, the first of %d, want %d and %d", c.limits, c.items[0].space.name, len(got), got[0].count, c.all, c.first)
		}
	}
}

// Whatever the map is, every item is read once and whole, within the limits, and no two
// requests could have been one. So it is of the parts of each request that is refused.
func TestPlanReadsEverythingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := limits{rapid.IntRange(-1, 20).Draw(t, "max_gap"), rapid.IntRange(4, maxRegisters).Draw(t, "max_registers")}
		sp := rapid.SampledFrom([]*space{coil, holding}).Draw(t, "space")
		limit := l.registers
		if sp.bits {
			limit = min(16*l.registers, maxBits)
		}
		items := drawItems(t, sp)
		all := plan(items, l)
		for i, r := range all {
			if r.count < 1 || r.count > limit {
				t.Fatalf("request of %d", r.count)
			}
			if i > 0 {
				before, first := all[i-1], r.items[0]
				if r.address-before.end() <= l.gap && first.end()-before.address <= limit {
					t.Fatalf("%d+%d could hold %+v", before.address, before.count, first)
				}
			}
			parts := r.split()
			single := len(plan(r.items, limits{-1, maxRegisters})) == 1
			if (parts == nil) != single {
				t.Fatalf("%+v is taken apart into %+v", r, parts)
			}
			if parts != nil {
				covers(t, parts, r.items)
			}
		}
		covers(t, all, items)
		if len(items) == 0 {
			return
		}
		if p, ok := probe(all); ok && p.space == all[0].space && p.size() == all[0].size() {
			t.Fatalf("the probe %+v looks like %+v", p, all[0])
		} else if !ok && all[0].size() > 2 {
			t.Fatalf("there is no probe for %+v", all)
		}
	})
}

// drawItems draws items of one space in order, some of them bits in one register.
func drawItems(t *rapid.T, sp *space) (items []item) {
	address := 0
	for range rapid.IntRange(0, 300).Draw(t, "items") {
		address += rapid.SampledFrom([]int{0, 0, 0, 1, defaultGap, defaultGap + 1, 50}).Draw(t, "gap")
		typ := bit
		if !sp.bits {
			typ = valueTypes[rapid.SampledFrom(slices.Sorted(maps.Keys(valueTypes))).Draw(t, "type")]
		}
		it := item{space: sp, address: address, valueType: typ}
		items = append(items, it)
		if !sp.bits && rapid.IntRange(0, 9).Draw(t, "bits") == 0 {
			items = append(items, item{space: sp, address: it.end() - 1, valueType: bit}, item{space: sp, address: it.end() - 1, bit: 3, valueType: bit})
		}
		address = it.end()
	}
	return items
}

// covers fails unless the requests hold the items, each once and whole.
func covers(t *rapid.T, requests []request, items []item) {
	var read []item
	for _, r := range requests {
		for _, it := range r.items {
			if it.address < r.address || it.end() > r.end() {
				t.Fatalf("%+v lies outside %d+%d", it, r.address, r.count)
			}
		}
		read = append(read, r.items...)
	}
	if !slices.Equal(read, items) {
		t.Fatalf("read %d items of %d", len(read), len(items))
	}
}

func TestDecode(t *testing.T) {
	for name, c := range map[string]struct {
		typ   string
		order wordOrder
		bytes []byte
		want  uint64
	}{
		"123456":            {"uint32", abcd, []byte{0x00, 0x01, 0xE2, 0x40}, 123456},
		"low word first":    {"uint32", cdab, []byte{0xE2, 0x40, 0x00, 0x01}, 123456},
		"bytes swapped":     {"uint32", badc, []byte{0x01, 0x00, 0x40, 0xE2}, 123456},
		"low byte first":    {"uint32", dcba, []byte{0x40, 0xE2, 0x01, 0x00}, 123456},
		"16 bits, no order": {"uint16", dcba, []byte{0x12, 0x34}, 0x1234},
		"-2 in 16 bits":     {"int16", abcd, []byte{0xFF, 0xFE}, 0xFFFFFFFFFFFFFFFE},
		"-2 in 32 bits":     {"int32", cdab, []byte{0xFF, 0xFE, 0xFF, 0xFF}, 0xFFFFFFFFFFFFFFFE},
		"unsigned":          {"uint32", abcd, []byte{0xFF, 0xFF, 0xFF, 0xFE}, 0xFFFFFFFE},
		"64 bits":           {"uint64", abcd, []byte{1, 2, 3, 4, 5, 6, 7, 8}, 0x0102030405060708},
		"64 bits, words":    {"uint64", cdab, []byte{7, 8, 5, 6, 3, 4, 1, 2}, 0x0102030405060708},
		"64 bits, bytes":    {"int64", badc, []byte{2, 1, 4, 3, 6, 5, 8, 7}, 0x0102030405060708},
		"1.5":               {"float32", abcd, []byte{0x3F, 0xC0, 0, 0}, math.Float64bits(1.5)},
		"-1.5, words":       {"float32", cdab, []byte{0, 0, 0xBF, 0xC0}, math.Float64bits(-1.5)},
		"1.5, bytes":        {"float32", badc, []byte{0xC0, 0x3F, 0, 0}, math.Float64bits(1.5)},
		"double pi":         {"float64", abcd, []byte{0x40, 0x09, 0x21, 0xFB, 0x54, 0x44, 0x2D, 0x18}, math.Float64bits(math.Pi)},
		"double, words":     {"float64", cdab, []byte{0x2D, 0x18, 0x54, 0x44, 0x21, 0xFB, 0x40, 0x09}, math.Float64bits(math.Pi)},
		"double, reversed":  {"float64", dcba, []byte{0x18, 0x2D, 0x44, 0x54, 0xFB, 0x21, 0x09, 0x40}, math.Float64bits(math.Pi)},
		"64 bits, reversed": {"int64", dcba, []byte{8, 7, 6, 5, 4, 3, 2, 1}, 0x0102030405060708},
	} {
		typ := valueTypes[c.typ]
		if got := typ.decode(c.order, c.bytes); got != c.want {
			t.Errorf("%s: %#x, want %#x", name, got, c.want)
		}
		if got, err := typ.encode(c.order, c.want); err != nil || !slices.Equal(got, c.bytes) {
			t.Errorf("%s: encoded % x, %v", name, got, err)
		}
	}
}

// What is written reads back the same, and what would not is refused.
func TestEncodeKeepsTheValue(t *testing.T) {
	names := []string{"uint16", "int16", "uint32", "int32", "uint64", "int64"}
	rapid.Check(t, func(t *rapid.T) {
		typ := valueTypes[rapid.SampledFrom(names).Draw(t, "type")]
		order := rapid.SampledFrom([]wordOrder{abcd, cdab, badc, dcba}).Draw(t, "order")
		v := rapid.Uint64().Draw(t, "value")
		b, err := typ.encode(order, v)
		bits := 16 * typ.words
		fits := bits == 64 || v>>bits == 0
		if typ.signed {
			fits = int64(v)>>(bits-1) == 0 || int64(v)>>(bits-1) == -1
		}
		if (err == nil) != fits {
			t.Fatalf("%d as %s: %v", v, typ.name, err)
		}
		if err == nil && (len(b) != 2*typ.words || typ.decode(order, b) != v) {
			t.Fatalf("%d as %s %s became % x", v, typ.name, order, b)
		}
	})
}

// A float is written as the nearest that the type has; what is no number is not written.
func TestEncodeFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := valueTypes[rapid.SampledFrom([]string{"float32", "float64"}).Draw(t, "type")]
		order := rapid.SampledFrom([]wordOrder{abcd, cdab, badc, dcba}).Draw(t, "order")
		f := rapid.Float64().Draw(t, "value")
		b, err := typ.encode(order, math.Float64bits(f))
		if typ.words == 2 && math.IsInf(float64(float32(f)), 0) {
			if err == nil {
				t.Fatalf("%g was put into % x", f, b)
			}
			return
		}
		want := f
		if typ.words == 2 {
			want = float64(float32(f))
		}
		if err != nil || len(b) != 2*typ.words || typ.decode(order, b) != math.Float64bits(want) {
			t.Fatalf("%g as %s %s became % x, %v", f, typ.name, order, b, err)
		}
	})
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, typ := range []string{"float32", "float64"} {
			if b, err := valueTypes[typ].encode(abcd, math.Float64bits(f)); err == nil {
				t.Errorf("%g was put into % x", f, b)
			}
		}
	}
	if v := valueTypes["float32"].decode(abcd, []byte{0x7F, 0xC0, 0, 0}); !math.IsNaN(math.Float64frombits(v)) {
		t.Errorf("a NaN reads %g", math.Float64frombits(v))
	}
}

// Any text is a place within the PLC, which its parts write again, or is refused with a hint.
func FuzzItem(f *testing.F) {
	for _, s := range []string{"coil:0", "discrete:65535", "input:7:int16", "holding:100:uint32", "holding:65532:float64", "holding:100.3", "holding:1.16",
		"coil:1.1", "holding:", "holding:1:uint16:", "", ":", "holding:65535:uint32"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, text string, output bool) {
		it := item{name: "a", output: output}
		problem, hint := it.parse(text)
		if problem != "" {
			if hint == "" {
				t.Errorf("%q: %s, and no hint", text, problem)
			}
			return
		}
		if it.words < 1 || it.words > 4 || it.address < 0 || it.end() > 1<<16 || it.bit < 0 || it.bit > 15 || output && !it.space.writable {
			t.Errorf("%q became %+v", text, it)
		}
		again := fmt.Sprintf("%s:%d:%s", it.space.name, it.address, it.valueType.name)
		if it.valueType == bit {
			again = fmt.Sprintf("%s:%d", it.space.name, it.address)
		}
		if it.inRegister() {
			again += fmt.Sprintf(".%d", it.bit)
		}
		other := item{name: "a", output: output}
		if problem, _ := other.parse(again); problem != "" || other != it {
			t.Errorf("%q became %+v, and %q %+v (%s)", text, it, again, other, problem)
		}
	})
}
