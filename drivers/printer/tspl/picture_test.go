package tspl

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/drawtest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/graphics"
	"linemark/drivers/printer/tspl/tspltest"
)

const shipment = "SIZE 100 mm,80 mm\nGAP 2 mm,0\nCLS\nTEXT 40,20,\"3\",0,1,1,\"{waybill}\"\nBITMAP 50,60,{picture:40}\nPRINT 1,1\n"

var dot = &drivers.Picture{Width: 3, Height: 2, Black: []byte{0xa0, 0x40}}

func TestPictureRefuses(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(shipment, old, new, 1) }
	for _, c := range []struct{ name, text, want string }{
		{"no width", change(":40", ""), "{picture} does not say how wide"},
		{"too wide", change(":40", ":201"), "{picture:201} does not say how wide"},
		{"two", change("PRINT", "BITMAP 50,400,{picture:40}\nPRINT"), "more than one {picture}"},
		{"no place", change("50,60,", ""), "BITMAP {picture:40} is no place for a picture"},
		{"complete", change("50,60,", "50,60,40,320,0,"), "is no place for a picture"},
		{"something behind it", change("{picture:40}", "{picture:40},0"), "is no place for a picture"},
		{"without a picture", change("{picture:40}", "1,1,0,x"), "is no place for a picture"},
		{"far away", change("50,60", "50,32001"), "50,32001 is no place of a label"},
		{"in a text", change("{waybill}", "{picture:40}"), "{picture:40} is not in a BITMAP"},
		{"before CLS", "BITMAP 50,60,{picture:40}\nCLS\nPRINT 1,1", "BITMAP stands before CLS"},
		{"after PRINT", change("PRINT 1,1\n", "PRINT 1,1\nBITMAP 50,60,{picture:40}"), "stands after PRINT"},
	} {
		_, faults := compile(c.text, rule{gs1: true})
		found := false
		for _, f := range faults {
			found = found || strings.Contains(f.problem, c.want) && f.hint != ""
		}
		if !found {
			t.Errorf("%s: %v, want %q", c.name, faults, c.want)
		}
	}
	_, err := New(settings(t, shipment, nil))
	drivertest.WantProblem(t, "no resolution", err, "dpi", "the label has {picture:40}", 0)
	_, err = New(settings(t, shipment, map[string]any{"dpi": int64(203), "black": "white"}))
	drivertest.WantProblem(t, "black", err, "black", "unknown", 0)
}

func TestPictureBytes(t *testing.T) {
	compiled := func(text string) *label {
		l, faults := compile(text, rule{gs1: true})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		l.picture.DPI = 203
		return l
	}
	v := drivers.Label{Fields: map[string]string{"waybill": "W-1"}, Picture: dot}
	// 1 mm is 8 dots: two for each of the three modules. A black dot is a 0.
	l := compiled("CLS\nBITMAP 50, 60, {picture:1}\nPRINT 1,1")
	for ones, want := range map[bool]string{false: "\x33\x33\xcf\xcf", true: "\xcc\xcc\x30\x30"} {
		l.picture.ones = ones
		got, err := l.render([]byte("x"), v)
		if want = "xCLS\r\nBITMAP 50,60,1,4,0," + want + "\r\nPRINT 1,1\r\n"; err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	// 10 mm are 80 dots, of which three modules take 78: 10 bytes a row, and 52 rows. 200 mm are 1598.
	got, err := compiled("CLS\nBITMAP 50,60,{picture:200}\nPRINT 1,1").render(nil, v)
	if err != nil || !bytes.Contains(got, []byte("CLS\r\nBITMAP 50,60,200,10,0,")) || !bytes.Contains(got, []byte("\r\nBITMAP 50,70,200,10,0,")) {
		t.Errorf("%.40q, %v", got, err)
	}
	for name, c := range map[string]struct {
		text string
		v    drivers.Label
		want string
	}{
		"no picture": {shipment, drivers.Label{Fields: v.Fields}, "there is no picture for {picture:40}"},
		"no place":   {strings.Replace(shipment, "BITMAP 50,60,{picture:40}\n", "", 1), v, "the label has no place for it"},
		"no field":   {shipment, drivers.Label{Picture: dot}, "no value for {waybill}"},
	} {
		if got, err := compiled(c.text).render(nil, c.v); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

// No picture holds what the printer would obey at once.
func TestNoCommandInAPicture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := picture{ones: rapid.Bool().Draw(t, "ones")}
		dots := &drivers.Picture{Width: 24, Height: rapid.IntRange(1, 900).Draw(t, "height")}
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{"\x1b!?", "\x1b\x1b!", "!?\x1b", "\xe4\xde\xc0", "\xe4\xe4\xde", "abc"}), 1, 9).Draw(t, "pieces")
		for len(dots.Black) < 3*dots.Height {
			dots.Black = append(dots.Black, pieces[len(dots.Black)/3%len(pieces)]...)
		}
		if out := p.draw(nil, place{}, dots); bytes.Contains(out, []byte("\x1b!")) {
			t.Fatalf("%q", out)
		}
	})
}

// And no picture of modules loses a dot by that.
func TestModulesAreSentAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := picture{ones: rapid.Bool().Draw(t, "ones")}
		side, across := rapid.IntRange(2, 5).Draw(t, "dots of a module"), rapid.IntRange(1, 40).Draw(t, "modules")
		left := rapid.IntRange(0, 9).Draw(t, "margin")
		dots := &drivers.Picture{Width: left + side*across, Height: side}
		row := make([]byte, (dots.Width+7)/8)
		for x := left; x < dots.Width; x++ {
			if (x-left)%side == 0 && rapid.Bool().Draw(t, "black") || (x-left)%side > 0 && row[(x-1)/8]&(0x80>>((x-1)%8)) != 0 {
				row[x/8] |= 0x80 >> (x % 8)
			}
		}
		want := bytes.Repeat(row, side)
		dots.Black = bytes.Clone(want)
		if !p.ones {
			for i := range want {
				want[i] = ^want[i]
			}
		}
		if out := p.draw(nil, place{}, dots); !bytes.HasSuffix(out, append([]byte(",0,"), want...)) {
			t.Fatalf("%q, want %q", out, want)
		}
	})
}

// What comes out of the printer is the picture in its resolution, dot for dot, and reads as it did.
func TestPicturePrinted(t *testing.T) {
	for dpi, ones := range map[int64]bool{203: false, 300: true, 600: false} {
		e := servetest.Start(t, tspltest.New(tspltest.Options{Trigger: true, Ones: ones}))
		s := settings(t, shipment, map[string]any{"dpi": dpi, "settle": "1ms", "black": map[bool]string{false: "0", true: "1"}[ones]})
		s.Dial = drivertest.NewTap(t, func(_ string, c net.Conn) { e.ServeConn(c) }).Dial
		p, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		if !p.Traits().Pictures {
			t.Error("the label has a place for a picture, and the driver does not say so")
		}
		for i, level := range []string{"L", "M", "Q", "H"} {
			text := strings.Repeat("https://edi.example/waybill/3f2504e0-4f89-11d3-9a0c-0305e82c3301 ", 1+i)
			came := drivertest.QR(t, text, level, 300+i*50)
			s := drivertest.Open(t, p)
			if err := s.Send(t.Context(), []drivers.Label{{Fields: map[string]string{"waybill": "W-1"}, Picture: came}}); err != nil {
				t.Fatal(err)
			}
			drivertest.WantPrinted(t, s, 0)
			out, ok := e.Print()
			if !ok {
				t.Fatal("nothing is printed")
			}
			want, err := graphics.Scale(came, 40, int(dpi))
			if err != nil {
				t.Fatal(err)
			}
			drivertest.WantDrawn(t, out.Drawn, 50, 60, want)
			if got, err := drivertest.ReadQR(drivertest.Paper(drawtest.Join(out.Drawn))); err != nil || got != text {
				t.Errorf("%d dpi, level %s: reads %q, %v", dpi, level, got, err)
			}
			s.Close()
		}
	}
}

// A connection that went away in the midst of a picture does not keep the next session from its work.
func TestUnfinishedPicture(t *testing.T) {
	e := servetest.Start(t, tspltest.New(tspltest.Options{Trigger: true}))
	s := settings(t, shipment, map[string]any{"dpi": int64(203), "settle": "1ms"})
	s.Dial = drivertest.NewTap(t, func(_ string, c net.Conn) { e.ServeConn(c) }).Dial
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	served := make(chan struct{})
	go func() { e.ServeConn(far); close(served) }()
	v := drivers.Label{Fields: map[string]string{"waybill": "W-1"}, Picture: drivertest.QR(t, "W-1", "L", 300)}
	whole, err := p.label.render(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	half := bytes.Index(whole, []byte("BITMAP")) + 30
	if _, err := near.Write(whole[:half]); err != nil {
		t.Fatal(err)
	}
	near.Close()
	<-served
	session := drivertest.Open(t, p)
	if err := session.Send(t.Context(), []drivers.Label{v}); err != nil {
		t.Fatal(err)
	}
	drivertest.WantPrinted(t, session, 0)
	out, _ := e.Print()
	want, err := graphics.Scale(v.Picture, 40, 203)
	if err != nil {
		t.Fatal(err)
	}
	drivertest.WantDrawn(t, out.Drawn, 50, 60, want)
}
