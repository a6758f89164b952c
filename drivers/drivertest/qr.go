package drivertest

import (
	"image"
	"image/color"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"

	"linemark/drivers"
	"linemark/drivers/link/linktest/drawtest"
)

// QR is the picture of a QR code with its quiet zone, of so many pixels, as a web system makes it. The level of
// error correction is L, M, Q or H.
func QR(t testing.TB, text, level string, pixels int) *drivers.Picture {
	t.Helper()
	correction, err := decoder.ErrorCorrectionLevel_ValueOf(level)
	if err != nil {
		t.Fatal(err)
	}
	hints := map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_ERROR_CORRECTION: correction}
	m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, pixels, pixels, hints)
	if err != nil {
		t.Fatal(err)
	}
	row := (m.GetWidth() + 7) / 8
	p := &drivers.Picture{Width: m.GetWidth(), Height: m.GetHeight(), Black: make([]byte, row*m.GetHeight())}
	for y := range p.Height {
		for x := range p.Width {
			if m.Get(x, y) {
				p.Black[y*row+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return p
}

// Paper is what a printer has drawn, on white paper around it.
func Paper(d drawtest.Dots) *image.Gray {
	const around = 16
	g := image.NewGray(image.Rect(0, 0, d.Width+2*around, d.Height+2*around))
	for y := range g.Rect.Dy() {
		for x := range g.Rect.Dx() {
			c := color.Gray{255}
			if d.At(d.X+x-around, d.Y+y-around) {
				c.Y = 0
			}
			g.SetGray(x, y, c)
		}
	}
	return g
}

// ReadQR reads a QR code that has a picture to itself, with a decoder that knows nothing of printers.
func ReadQR(m image.Image) (string, error) {
	b, err := gozxing.NewBinaryBitmapFromImage(m)
	if err != nil {
		return "", err
	}
	alone := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true} // there is nothing to search for
	r, err := qrcode.NewQRCodeReader().Decode(b, alone)
	if err != nil {
		return "", err
	}
	return r.GetText(), nil
}

// WantDrawn fails the test where a printer has not drawn the picture, dot for dot with its upper left corner at
// x, y, or something black besides.
func WantDrawn(t testing.TB, drawn []drawtest.Dots, x, y int, want *drivers.Picture) {
	t.Helper()
	got, picture := drawtest.Join(drawn), drawtest.Dots{X: x, Y: y, Width: want.Width, Height: want.Height, Black: want.Black}
	if got.X != x || got.Y != y || got.Width < want.Width || got.Height < want.Height {
		t.Fatalf("%d x %d dots are drawn at %d, %d, want %d x %d at %d, %d", got.Width, got.Height, got.X, got.Y, want.Width, want.Height, x, y)
	}
	for py := y; py < y+got.Height; py++ {
		for px := x; px < x+got.Width; px++ {
			if got.At(px, py) != picture.At(px, py) {
				t.Fatalf("the dot at %d, %d of the label is not what it should be", px, py)
			}
		}
	}
}
