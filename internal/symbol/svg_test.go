package symbol_test

import (
	"image"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/code"
	"linemark/internal/symbol"
	"linemark/internal/symbol/symboltest"
)

// compare holds a painted picture against what each dot should be.
func compare(t *rapid.T, svg, label string, width, height int, dark func(x, y int) bool) {
	const dots = 2
	picture, heard, err := symboltest.Paint(svg, dots)
	if err != nil {
		t.Fatalf("%v\n%s", err, svg)
	}
	if heard != label {
		t.Fatalf("the label is %q, want %q", heard, label)
	}
	if picture.Rect != image.Rect(0, 0, width*dots, height*dots) {
		t.Fatalf("the picture is %v", picture.Rect)
	}
	for y := range height * dots {
		for x := range width * dots {
			want := uint8(255)
			if dark(x/dots, y/dots) {
				want = 0
			}
			if got := picture.GrayAt(x, y).Y; got != want {
				t.Fatalf("dot %d, %d is %d, want %d\n%s", x, y, got, want, svg)
			}
		}
	}
}

// A picture shows the modules and white around them, and says its label.
func TestPictureShowsTheSymbol(t *testing.T) {
	labels := rapid.StringMatching(`[ -~а-яё«»ʻ]{0,40}`)
	rapid.Check(t, func(t *rapid.T) {
		c := code.Code(rapid.StringMatching(`[!-Z]{1,99}`).Draw(t, "code"))
		label := labels.Draw(t, "label")
		g, err := symbol.DataMatrix(c, true)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, g.SVG(label), label, g.Size+4, g.Size+4, func(x, y int) bool { return g.Dark(x-2, y-2) })
		sscc, err := code.SSCC("3301234567", rapid.Uint64Range(0, 9_999_999).Draw(t, "serial"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := symbol.Bars(sscc)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, r.SVG(label), label, r.Size+20, 40, func(x, _ int) bool { return r.Dark(x - 10) })
	})
}

// A label may be whatever text.
func TestLabelOfAnyText(t *testing.T) {
	g, err := symbol.DataMatrix("1", false)
	if err != nil {
		t.Fatal(err)
	}
	const label = "<svg onload=\"a()\">&'\x1d\n\xff\u00a0é"
	if _, heard, err := symboltest.Paint(g.SVG(label), 1); err != nil || heard != "<svg onload=\"a()\">&'\ufffd\ufffd\ufffd\ufffdé" {
		t.Errorf("the label is %q, %v", heard, err)
	}
}

// The runs of a row are one rectangle each.
func TestRunsAreMerged(t *testing.T) {
	g, err := symbol.DataMatrix("123456", false)
	if err != nil {
		t.Fatal(err)
	}
	svg := g.SVG("")
	if want := "M2 11h10v1h-10z"; !strings.Contains(svg, want) { // the solid border below
		t.Errorf("no %s in %s", want, svg)
	}
}
