package peers

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"linemark/drivers/printer/zpl/zpltest"
	"linemark/internal/code"
	"linemark/internal/symbol"
	"linemark/internal/symbol/symboltest"
)

// painted draws a picture of the page and returns its file.
func painted(t *testing.T, svg string) string {
	t.Helper()
	picture, _, err := symboltest.Paint(svg, 4)
	if err != nil {
		t.Fatal(err)
	}
	return save(t, picture, "symbol.png")
}

// P8: the page's picture of a code of any product group reads as that code, byte for byte, and is a GS1 symbol where
// the code is a GS1 element string.
func TestP8PageSymbolsReadBack(t *testing.T) {
	for _, b := range batches(t) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			for _, want := range b.codes[:len(b.codes)-randomEach/2] { // each takes three processes
				g, err := symbol.DataMatrix(want, b.gs1)
				if err != nil {
					t.Fatal(err)
				}
				file := painted(t, g.SVG(code.Visible(want)))
				for _, d := range decoders {
					if err := reads(t, d, file, want, b.gs1); err != nil {
						t.Errorf("%s: %v", code.Visible(want), err)
					}
				}
			}
		})
	}
}

// Another's writer, told to use the same encodation, makes the same modules of a code.
func TestOthersMakeThePageSymbols(t *testing.T) {
	for _, b := range batches(t) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range b.codes {
				same(t, c, b.gs1)
			}
		})
	}
}

// ... and of texts that need each of the sizes. The largest is made and read in two ways, of which dmtxwrite and
// dmtxread have the other one.
func TestOthersMakeEverySize(t *testing.T) {
	text, done := strings.Repeat("0123456789aB?xx77/", 130), map[int]bool{}
	for n := 1; n < 2300; n += max(1, n/12) {
		g, err := symbol.DataMatrix(code.Code(text[:n]), n%2 == 0)
		if err != nil {
			t.Fatal(err)
		}
		if done[g.Size] {
			continue
		}
		done[g.Size] = true
		if g.Size < 144 {
			same(t, code.Code(text[:n]), n%2 == 0)
		}
		file := painted(t, g.SVG(""))
		for _, d := range decoders {
			if g.Size == 144 && d.name == "dmtxread" {
				continue
			}
			if err := reads(t, d, file, code.Code(text[:n]), n%2 == 0); err != nil {
				t.Errorf("size %d: %v", g.Size, err)
			}
		}
	}
	if len(done) != 24 {
		t.Errorf("%d sizes: %v", len(done), done)
	}
}

// same compares the modules of a code's symbol with those that dmtxwrite makes.
func same(t *testing.T, c code.Code, gs1 bool) {
	t.Helper()
	g, err := symbol.DataMatrix(c, gs1)
	if err != nil {
		t.Fatal(err)
	}
	file, text := filepath.Join(t.TempDir(), "written.png"), string(c)
	args := []string{"-e", "a", "-s", "s", "-d", "1", "-m", "1", "-o", file}
	if gs1 {
		text, args = "\x1d"+text, append(args, "-G", "29")
	}
	write := exec.CommandContext(t.Context(), Need(t, "dmtxwrite"), args...)
	write.Stdin = strings.NewReader(text)
	if said, err := write.CombinedOutput(); err != nil {
		t.Fatalf("dmtxwrite: %v\n%s", err, said)
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.Decode(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	if size := want.Bounds().Size(); size.X != g.Size+2 || size.Y != g.Size+2 {
		t.Fatalf("%s: size %d, want that of %v with a margin", code.Visible(c), g.Size, size)
	}
	for y := range g.Size {
		for x := range g.Size {
			if light, _, _, _ := want.At(x+1, y+1).RGBA(); g.Dark(x, y) != (light < 0x8000) {
				t.Fatalf("%s: size %d: module %d, %d is dark: %v", code.Visible(c), g.Size, x, y, g.Dark(x, y))
			}
		}
	}
}

// The page's bars of a transport code read as that code, and another's renderer of ZPL draws the same.
func TestPageBarsReadBack(t *testing.T) {
	var texts []code.Code
	var labels []zpltest.Label
	for _, serial := range []uint64{0, 1, 27, 1_234_567, 7_654_321, 9_999_999} {
		for _, prefix := range []string{"3301234567", "0301234567", "9999999999", "0000000000"} {
			sscc, err := code.SSCC(prefix, serial)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, sscc)
			labels = append(labels, zpltest.Label{ZPL: fmt.Appendf(nil, "^XA^FO40,40^BY2^BCN,80,N,N,N^FD>;>8%s^FS^XZ", sscc)})
		}
	}
	files := draws(t, labels)
	for i, sscc := range texts {
		r, err := symbol.Bars(sscc)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := line128(t, painted(t, r.SVG(string(sscc)))); err != nil || got != string(sscc) {
			t.Errorf("%s: reads %q, %v", sscc, got, err)
		}
		label, err := opened(files[i])
		if err != nil {
			t.Fatal(err)
		}
		for x := -10; x < r.Size+10; x++ {
			if r.Dark(x) != dark(label, 40+2*x, 60) {
				t.Fatalf("%s: module %d is dark: %v", sscc, x, r.Dark(x))
			}
		}
	}
}
