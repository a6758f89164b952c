package demo

import (
	"errors"
	"image"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"pgregory.net/rapid"
)

// texts are such as a web system puts into a QR code, of every length that fits.
var texts = rapid.StringMatching(`[ -~]{1,106}`)

// What is made here, another's decoder reads.
func TestOthersReadOurQR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := texts.Draw(t, "text")
		s, err := newQR(text)
		if err != nil {
			t.Fatal(err)
		}
		b, err := gozxing.NewBinaryBitmapFromImage(s.picture(rapid.IntRange(2, 6).Draw(t, "dots")))
		if err != nil {
			t.Fatal(err)
		}
		r, err := qrcode.NewQRCodeReader().Decode(b, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true}) // there is nothing to search for
		if err != nil || r.GetText() != text {
			t.Fatalf("version %d of %q: read %v, %v", s.version, text, r, err)
		}
	})
}

// What another's encoder makes, with the mask of its choice, is read here; a damaged one is not.
func TestWeReadOthersQR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "a" + rapid.StringMatching(`[ -~]{0,105}`).Draw(t, "text") // a small letter is in no other mode than bytes
		m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 1, 1, map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_MARGIN: 0})
		if err != nil {
			t.Fatal(err)
		}
		dots := rapid.IntRange(1, 6).Draw(t, "dots")
		dark := func(x, y int) bool { return m.Get(x/dots, y/dots) }
		if got, err := readModules(m.GetWidth()*dots, dark); got != text || err != nil {
			t.Fatalf("%q of %d modules is read as %q, %v", text, m.GetWidth(), got, err)
		}
		at := image.Pt(rapid.IntRange(9, m.GetWidth()-1).Draw(t, "x"), rapid.IntRange(9, m.GetHeight()-1).Draw(t, "y"))
		s := newSymbol((m.GetWidth() - 17) / 4)
		if fixed, _ := s.fixed(at.Y, at.X); fixed {
			return
		}
		if got, err := readModules(m.GetWidth(), func(x, y int) bool { return m.Get(x, y) != (x == at.X && y == at.Y) }); err == nil {
			// The bits behind the last codeword mean nothing.
			beyond := true
			s.eachWord(func(bit, row, column int) {
				beyond = beyond && (bit/8 >= wordsOf[s.version] || row != at.Y || column != at.X)
			})
			if !beyond {
				t.Fatalf("with another dot at %v it is still read: %q", at, got)
			}
		}
	})
}

func TestNoQR(t *testing.T) {
	for name, drawn := range map[string]func(x, y int) bool{"white": func(int, int) bool { return false }, "black": func(int, int) bool { return true }, "stripes": func(x, _ int) bool { return x < 7 }} {
		if text, err := readModules(21, drawn); !errors.Is(err, errNoQR) {
			t.Errorf("%s is read as %q, %v", name, text, err)
		}
	}
	if _, err := newQR(string(make([]byte, 107))); err == nil {
		t.Error("107 bytes fit")
	}
}
