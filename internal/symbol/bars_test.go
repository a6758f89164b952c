package symbol

import (
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"pgregory.net/rapid"

	"linemark/internal/code"
)

// Another's encoder makes the same bars of any transport code.
func TestOthersMakeTheSameBars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sscc, err := code.SSCC(rapid.StringMatching(`[0-9]{10}`).Draw(t, "prefix"), rapid.Uint64Range(0, 9_999_999).Draw(t, "serial"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Bars(sscc)
		if err != nil {
			t.Fatal(err)
		}
		hints := map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_MARGIN: 0, gozxing.EncodeHintType_FORCE_CODE_SET: "C"}
		want, err := oned.NewCode128Writer().Encode("\u00f1"+string(sscc), gozxing.BarcodeFormat_CODE_128, 0, 1, hints)
		if err != nil {
			t.Fatal(err)
		}
		if r.Size != want.GetWidth() || r.Size != 156 {
			t.Fatalf("%d modules, want %d", r.Size, want.GetWidth())
		}
		for x := range r.Size {
			if r.Dark(x) != want.Get(x, 0) {
				t.Fatalf("%s: module %d is dark: %v", sscc, x, r.Dark(x))
			}
		}
	})
}

func TestBarsRefuse(t *testing.T) {
	for _, c := range []code.Code{"", "00123", "003012345670000000", "00301234567000000018x", "013012345670000000", "00030123456700000018"} {
		if r, err := Bars(c); err == nil || r.Size != 0 {
			t.Errorf("%q has bars: %d, %v", c, r.Size, err)
		}
	}
}
