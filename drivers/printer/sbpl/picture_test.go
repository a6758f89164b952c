package sbpl

import (
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/drawtest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/graphics"
	"linemark/drivers/printer/sbpl/sbpltest"
)

const shipment = "<ESC>A<ESC>V0020<ESC>H0040<ESC>L0202<ESC>XS{waybill}\n<ESC>V0060<ESC>H0050<ESC>L0101<ESC>GH{picture:40}\n<ESC>Q1<ESC>Z\n"

var dot = &drivers.Picture{Width: 3, Height: 2, Black: []byte{0xa0, 0x40}}

func TestPictureRefuses(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(shipment, old, new, 1) }
	for _, c := range []struct{ name, text, want string }{
		{"no width", change(":40", ""), "{picture} does not say how wide"},
		{"too wide", change(":40", ":201"), "{picture:201} does not say how wide"},
		{"two", change("<ESC>Q1", "<ESC>GH{picture:40}<ESC>Q1"), "more than one {picture}"},
		{"binary", change("GH", "GB"), "not the whole of a <ESC>GH"},
		{"complete", change("GH", "GH040040"), "not the whole of a <ESC>GH"},
		{"something behind it", change("{picture:40}", "{picture:40}FF"), "not the whole of a <ESC>GH"},
		{"in a text", change("{waybill}", "{picture:40}"), "not the whole of a <ESC>GH"},
		{"made larger", change("<ESC>L0101", ""), "<ESC>L0202 is in force"},
		{"made wider", change("<ESC>L0101", "<ESC>L0201"), "<ESC>L0201 is in force"},
	} {
		_, faults := compile(c.text, "20", tilde)
		found := false
		for _, f := range faults {
			found = found || strings.Contains(f.problem, c.want) && f.hint != ""
		}
		if !found {
			t.Errorf("%s: %v, want %q", c.name, faults, c.want)
		}
	}
	for _, text := range []string{shipment, change("<ESC>L0202", ""), change("<ESC>L0101", "<ESC>L0101 ")} {
		if _, faults := compile(text, "20", tilde); len(faults) > 0 {
			t.Errorf("%q: %v", text, faults)
		}
	}
	_, err := New(settings(t, shipment, nil))
	drivertest.WantProblem(t, "no resolution", err, "dpi", "the label has {picture:40}", 0)
}

func TestPictureBytes(t *testing.T) {
	compiled := func(text string) *label {
		l, faults := compile(text, "20", tilde)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		l.picture.DPI = 203
		return l
	}
	v := drivers.Label{Fields: map[string]string{"waybill": "W-1"}, Picture: dot}
	// 2 mm are 16 dots: five for each of the three modules, in two rows of modules: ten rows, filled up to 16.
	got, err := compiled("<ESC>A<ESC>V0060<ESC>GH{picture:2}<ESC>Q1<ESC>Z").render(7, v)
	want := "\x02\x1bA\x1bID07\x1bV0060\x1bGH002002" + strings.Repeat("F83E", 5) + strings.Repeat("07C0", 5) + strings.Repeat("0000", 6) + "\x1bQ1\x1bZ\x03"
	if err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for name, c := range map[string]struct {
		text string
		v    drivers.Label
		want string
	}{
		"no picture": {shipment, drivers.Label{Fields: v.Fields}, "there is no picture for {picture:40}"},
		"no place":   {strings.Replace(shipment, "<ESC>GH{picture:40}", "", 1), v, "the label has no place for it"},
		"no field":   {shipment, drivers.Label{Picture: dot}, "no value for {waybill}"},
	} {
		if got, err := compiled(c.text).render(0, c.v); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

// What comes out of the printer is the picture in its resolution, dot for dot, and reads as it did.
func TestPicturePrinted(t *testing.T) {
	for _, dpi := range []int64{203, 300, 600} {
		e := &plant{Printer: servetest.Start(t, sbpltest.New(sbpltest.Options{Trigger: true, LastID: true}))}
		s := settings(t, shipment, map[string]any{"dpi": dpi, "settle": "100ms"})
		s.Dial = drivertest.NewTap(t, e.serve).Dial
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
