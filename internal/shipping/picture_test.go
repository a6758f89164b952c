package shipping

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func encoded(t interface{ Fatal(...any) }, m image.Image, as string) []byte {
	var b bytes.Buffer
	var err error
	switch as {
	case "png":
		err = png.Encode(&b, m)
	case "jpeg":
		err = jpeg.Encode(&b, m, &jpeg.Options{Quality: 50})
	case "gif":
		err = gif.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// squares is a picture of modules in two colours, such as a QR code is.
func squares(w, h, module int, dark, bright color.Color, black func(x, y int) bool) image.Image {
	m := image.NewNRGBA(image.Rect(3, 5, 3+w*module, 5+h*module))
	for y := range h * module {
		for x := range w * module {
			c := bright
			if black(x/module, y/module) {
				c = dark
			}
			m.Set(3+x, 5+y, c)
		}
	}
	return m
}

// Every picture of two colours that differ comes out as it went in, in every format that is taken.
func TestDecodesTwoColours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(21, 40).Draw(t, "w"), rapid.IntRange(21, 40).Draw(t, "h")
		as := rapid.SampledFrom([]string{"png", "gif", "jpeg"}).Draw(t, "as")
		bits := rapid.SliceOfN(rapid.Bool(), w*h, w*h).Draw(t, "bits")
		bits[0], bits[1] = true, false
		black := func(x, y int) bool { return bits[y*w+x] }
		dark := color.NRGBA{A: 255, R: uint8(rapid.IntRange(0, 60).Draw(t, "r")), B: uint8(rapid.IntRange(0, 90).Draw(t, "b"))}
		var bright color.Color = color.White
		if rapid.Bool().Draw(t, "clear") && as == "png" {
			bright = color.NRGBA{} // black that nobody sees
		}
		module := 1
		if as == "jpeg" {
			module = 8
		}
		p, err := Decode(encoded(t, squares(w, h, module, dark, bright, black), as))
		if err != nil || p.Width != w*module || p.Height != h*module || len(p.Black) != (p.Width+7)/8*p.Height {
			t.Fatalf("%d x %d, %v", p.Width, p.Height, err)
		}
		for y := range h {
			for x := range w {
				px, py := x*module+module/2, y*module+module/2
				if got := p.Black[py*((p.Width+7)/8)+px/8]&(0x80>>(px%8)) != 0; got != black(x, y) {
					t.Fatalf("%s: %d, %d is %v", as, x, y, got)
				}
			}
		}
	})
}

func TestDecodeRefuses(t *testing.T) {
	chess := func(x, y int) bool { return (x+y)%2 == 0 }
	good := encoded(t, squares(30, 30, 1, color.Black, color.White, chess), "png")
	for what, c := range map[string]struct {
		content []byte
		want    string
	}{
		"nothing":     {nil, "the picture is empty"},
		"PDF":         {[]byte("%PDF-1.4 ..."), "it is a picture of another format: labels take PNG, JPEG and GIF"},
		"BMP":         {append([]byte("BM"), make([]byte, 60)...), "it is a picture of another format: labels take PNG, JPEG and GIF"},
		"words":       {[]byte("not found"), "it is a picture of another format: labels take PNG, JPEG and GIF"},
		"half":        {good[:len(good)/2], "the png picture is damaged: "},
		"a beginning": {good[:12], "the picture is damaged: "},
		"small":       {encoded(t, squares(20, 30, 1, color.Black, color.White, chess), "png"), "the picture has 20 by 30 pixels, and a QR code on a label has 21 to 4096"},
		"large":       {encoded(t, image.NewGray(image.Rect(0, 0, 4097, 30)), "png"), "the picture has 4097 by 30 pixels, and a QR code on a label has 21 to 4096"},
		"white":       {encoded(t, squares(30, 30, 1, color.White, color.White, chess), "png"), "the picture is all of one colour"},
		"clear":       {encoded(t, image.NewNRGBA(image.Rect(0, 0, 30, 30)), "png"), "the picture is all of one colour"},
	} {
		p, err := Decode(c.content)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || p.Black != nil {
			t.Errorf("%s: %v, want %s", what, err, c.want)
		}
	}
}

// Whatever the bytes are, it is a picture of its size or an error.
func FuzzDecode(f *testing.F) {
	chess := func(x, y int) bool { return (x+y)%2 == 0 }
	for _, as := range []string{"png", "gif", "jpeg"} {
		f.Add(encoded(f, squares(30, 30, 1, color.Black, color.White, chess), as))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if p, err := Decode(content); err == nil && (p.Width < smallest || p.Width > largest || len(p.Black) != (p.Width+7)/8*p.Height) {
			t.Fatalf("%d x %d in %d bytes", p.Width, p.Height, len(p.Black))
		}
	})
}
