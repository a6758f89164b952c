package modbus

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

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
		for _, r := range plan(c.items) {
			got = append(got, fmt.Sprintf("%s %d+%d", r.space.name, r.address, r.count))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Whatever the map is, every item is read once and whole, within the limits, and no two
// requests could have been one.
func TestPlanReadsEverythingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sp := rapid.SampledFrom([]*space{coil, holding}).Draw(t, "space")
		limit, sizes := maxRegisters, []int{1, 2, 4}
		if sp.bits {
			limit, sizes = maxBits, []int{1}
		}
		var items []item
		address := 0
		for range rapid.IntRange(0, 300).Draw(t, "items") {
			address += rapid.SampledFrom([]int{0, 0, 0, 1, maxGap, maxGap + 1, 50}).Draw(t, "gap")
			it := item{space: sp, address: address, valueType: valueType{words: rapid.SampledFrom(sizes).Draw(t, "words")}}
			items = append(items, it)
			address = it.end()
		}
		var read []item
		all := plan(items)
		for i, r := range all {
			if r.count < 1 || r.count > limit {
				t.Fatalf("request of %d", r.count)
			}
			for _, it := range r.items {
				if it.address < r.address || it.end() > r.address+r.count {
					t.Fatalf("%+v lies outside %d+%d", it, r.address, r.count)
				}
			}
			if i > 0 {
				before, first := all[i-1], r.items[0]
				if r.address-(before.address+before.count) <= maxGap && first.end()-before.address <= limit {
					t.Fatalf("%d+%d could hold %+v", before.address, before.count, first)
				}
			}
			read = append(read, r.items...)
		}
		if !slices.Equal(read, items) {
			t.Fatalf("read %d items of %d", len(read), len(items))
		}
	})
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
