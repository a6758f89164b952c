package symbol

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix/decoder"
	"github.com/makiuchi-d/gozxing/datamatrix/encoder"
	"pgregory.net/rapid"

	"linemark/internal/code"
)

// The example of ISO/IEC 16022, annex O.
func TestExampleOfTheStandard(t *testing.T) {
	words := encoded("123456", false)
	if want := []byte{142, 164, 186}; !bytes.Equal(words, want) {
		t.Fatalf("codewords %d, want %d", words, want)
	}
	if got, want := sizes[0].corrected(words), []byte{142, 164, 186, 114, 25, 5, 88, 102}; !bytes.Equal(got, want) {
		t.Errorf("with check words %d, want %d", got, want)
	}
	g, err := DataMatrix("123456", false)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(`
		#.#.#.#.#.
		##..#.##.#
		##.....#..
		##...###.#
		##....#...
		#.....####
		###.##....
		####.##..#
		#..###.#..
		##########`)
	if got := lines(g); !slices.Equal(got, want) {
		t.Errorf("\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func lines(g Grid) (rows []string) {
	for y := range g.Size {
		row := make([]byte, g.Size)
		for x := range row {
			row[x] = '.'
			if g.Dark(x, y) {
				row[x] = '#'
			}
		}
		rows = append(rows, string(row))
	}
	return rows
}

// modules is a symbol as another's decoder takes it.
func modules(g Grid) (rows [][]bool) {
	for y := range g.Size {
		var row []bool
		for x := range g.Size {
			row = append(row, g.Dark(x, y))
		}
		rows = append(rows, row)
	}
	return rows
}

func TestEncodation(t *testing.T) {
	for _, test := range []struct {
		code code.Code
		gs1  bool
		want []byte
	}{
		{"1", false, []byte{50}},
		{"A12b3", false, []byte{66, 142, 99, 52}},
		{"123", false, []byte{142, 52}},
		{"00/99", false, []byte{130, 48, 229}},
		{"\x00\x7f\x80\xff", false, []byte{1, 128, 235, 1, 235, 128}},
		{"0104780012345677\x1d93", true, []byte{232, 131, 134, 208, 130, 142, 164, 186, 207, 232, 223}},
		{"0104780012345677\x1d93", false, []byte{131, 134, 208, 130, 142, 164, 186, 207, 30, 223}},
	} {
		if got := encoded(test.code, test.gs1); !bytes.Equal(got, test.want) {
			t.Errorf("%s: %d, want %d", code.Visible(test.code), got, test.want)
		}
	}
	largest, err := gozxing.NewDimension(144, 144)
	if err != nil {
		t.Fatal(err)
	}
	want, err := encoder.EncodeHighLevel("12", encoder.SymbolShapeHint_FORCE_SQUARE, largest, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := padded(encoded("12", false), 1558); !bytes.Equal(got, want) {
		t.Errorf("padded %d, want %d", got, want)
	}
}

// capacities is how many data words and check words the square symbols have (ISO/IEC 16022, table 7).
var capacities = map[int][2]int{
	10: {3, 5}, 12: {5, 7}, 14: {8, 10}, 16: {12, 12}, 18: {18, 14}, 20: {22, 18}, 22: {30, 20}, 24: {36, 24}, 26: {44, 28},
	32: {62, 36}, 36: {86, 42}, 40: {114, 48}, 44: {144, 56}, 48: {174, 68}, 52: {204, 84}, 64: {280, 112}, 72: {368, 144},
	80: {456, 192}, 88: {576, 224}, 96: {696, 272}, 104: {816, 336}, 120: {1050, 408}, 132: {1304, 496}, 144: {1558, 620},
}

func TestSizes(t *testing.T) {
	if len(sizes) != len(capacities) {
		t.Fatalf("%d sizes", len(sizes))
	}
	for _, s := range sizes {
		if got := [2]int{s.data(), s.checks * s.blocks}; got != capacities[s.side] {
			t.Errorf("%d: data and check words %v, want %v", s.side, got, capacities[s.side])
		}
		full := code.Code(strings.Repeat("07", s.data()))
		g, err := DataMatrix(full, false)
		if err != nil || g.Size != s.side {
			t.Errorf("%d digits: size %d, %v, want %d", len(full), g.Size, err, s.side)
		}
		more, err := DataMatrix(full+"0", false)
		if last := s.side == 144; (err != nil) != last || !last && more.Size <= s.side {
			t.Errorf("%d digits: size %d, %v", len(full)+1, more.Size, err)
		}
	}
	if _, err := DataMatrix("", true); err == nil {
		t.Error("a symbol of nothing")
	}
}

// peerWords is data words with the check words of another's encoder.
func peerWords(t *rapid.T, s size, data []byte) []byte {
	info, err := encoder.SymbolInfo_Lookup(s.data(), encoder.SymbolShapeHint_FORCE_SQUARE, nil, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	words, err := encoder.ErrorCorrection_EncodeECC200(data, info)
	if err != nil {
		t.Fatal(err)
	}
	if s.side != 144 {
		return words
	}
	// Its encoder begins the check words of this size with the first block, though its own decoder wants the ninth.
	moved := bytes.Clone(words)
	for i := range 620 {
		moved[1558+i/10*10+(i+2)%10] = words[1558+i]
	}
	return moved
}

// Any code, of every size: another's error correction and placement give the same modules, and another's decoder reads
// the same bytes.
func TestP8OthersReadOurMatrix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		longest := rapid.SampledFrom([]int{1, 5, 30, 100, 300, 775}).Draw(t, "longest")
		alphabet := rapid.SampledFrom([]string{code.Set82 + "\x1d", "0123456789", "01234567890123456789a\x1d", ""}).Draw(t, "alphabet")
		b := rapid.Byte()
		if alphabet != "" {
			b = rapid.SampledFrom([]byte(alphabet))
		}
		c := code.Code(rapid.SliceOfN(b, 1, longest).Draw(t, "code"))
		gs1 := rapid.Bool().Draw(t, "gs1")
		g, err := DataMatrix(c, gs1)
		if err != nil {
			t.Fatal(err)
		}
		s := sizes[slices.IndexFunc(sizes[:], func(s size) bool { return s.side == g.Size })]
		data := padded(encoded(c, gs1), s.data())
		words := peerWords(t, s, data)
		if got := s.corrected(data); !bytes.Equal(got, words) {
			t.Fatalf("size %d: check words %d\nwant %d", s.side, got[len(data):], words[len(data):])
		}
		placement := encoder.NewDefaultPlacement(words, s.mapping(), s.mapping())
		placement.Place()
		mapping := placed(s.mapping(), words)
		for i, dark := range mapping {
			if x, y := i%s.mapping(), i/s.mapping(); dark != placement.GetBit(x, y) {
				t.Fatalf("size %d: module %d, %d is dark: %v", s.side, x, y, dark)
			}
		}
		read, err := decoder.NewDecoder().DecodeBoolMap(modules(g))
		if err != nil {
			t.Fatalf("size %d: %v", g.Size, err)
		}
		want, modifier := string(c), 1
		if gs1 {
			want, modifier = "\x1d"+want, 2
		}
		if read.GetText() != want || read.GetSymbologyModifier() != modifier {
			t.Fatalf("size %d is read as %q, ]d%d", g.Size, read.GetText(), read.GetSymbologyModifier())
		}
	})
}

// A symbol survives as much damage as its check words are for.
func TestDamagedMatrixReads(t *testing.T) {
	for _, s := range sizes {
		text := code.Code("DAMAGED")[:min(7, s.data())]
		data := padded(encoded(text, false), s.data())
		words := s.corrected(data)
		for b := range s.blocks { // half of the check words of each block
			for i := range s.checks / 2 {
				words[b+i*s.blocks] ^= 0x5a
			}
		}
		g := s.framed(placed(s.mapping(), words))
		read, err := decoder.NewDecoder().DecodeBoolMap(modules(g))
		if err != nil || read.GetText() != string(text) {
			t.Errorf("size %d: %v, %v", s.side, read, err)
		}
	}
}
