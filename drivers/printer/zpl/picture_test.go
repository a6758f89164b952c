package zpl

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/drawtest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/graphics"
	"linemark/drivers/printer/zpl/zpltest"
)

const shipment = "^XA^FO40,20^A0N,30^FD{waybill}^FS^FO50,60{picture:40}^FS^PQ1^XZ"

var dot = &drivers.Picture{Width: 3, Height: 2, Black: []byte{0xa0, 0x40}}

func TestPictureRefuses(t *testing.T) {
	for name, c := range map[string]struct{ zpl, problem, hint string }{
		"no width":            {"^XA^FO50,60{picture}^FS^XZ", "{picture} does not say how wide", "{picture:40}"},
		"too wide":            {"^XA^FO50,60{picture:201}^FS^XZ", "{picture:201} does not say how wide", "200"},
		"two":                 {"^XA^FO50,60{picture:40}^FS^FO50,460{picture:40}^FS^XZ", "more than one {picture}", "leave"},
		"no place":            {"^XA{picture:40}^FS^XZ", "not stand right behind its ^FO", "^FO50,50{picture:40}^FS"},
		"half a place":        {"^XA^FO50{picture:40}^FS^XZ", "not stand right behind its ^FO", "^FO50,50"},
		"far away":            {"^XA^FO32001,0{picture:40}^FS^XZ", "^FO32001,0 is no place", "^FO50,50"},
		"on the base line":    {"^XA^FT50,60{picture:40}^FS^XZ", "not stand right behind its ^FO", "^FO"},
		"in a field":          {"^XA^FO50,60^FD{picture:40}^FS^XZ", "no data of a field", "^FO"},
		"in a ^GF":            {"^XA^FO50,60^GFA,8,8,1,{picture:40}^FS^XZ", "not stand right behind", "^FO"},
		"with a text":         {"^XA^FO50,60{picture:40}^FDx^FS^XZ", "^FD stands between the picture and its ^FS", "^FS"},
		"without end":         {"^XA^FO50,60{picture:40}^XZ", "^XZ stands between the picture and its ^FS", "^FS"},
		"a slip":              {"^XA^FO50,60{pictur:40}^FS^XZ", "unknown placeholder {pictur:40}", ""},
		"something behind it": {"^XA^FO50,60{picture:40}x^FS^XZ", "not stand right behind", "^FO"},
	} {
		_, faults := compile([]byte(c.zpl), hash)
		found := false
		for _, f := range faults {
			found = found || strings.Contains(f.problem, c.problem) && strings.Contains(f.hint, c.hint)
		}
		if !found {
			t.Errorf("%s: %+v, want %q with %q", name, faults, c.problem, c.hint)
		}
	}
	for name, c := range map[string]struct {
		options      map[string]any
		key, problem string
	}{
		"no resolution":    {nil, "dpi", "the label has {picture:40}"},
		"wrong resolution": {map[string]any{"dpi": int64(96)}, "dpi", "out of range"},
		"stored":           {map[string]any{"dpi": int64(203), "format": "stored"}, "label", "{picture:MM} is not the same on every label"},
	} {
		_, err := New(settings(t, shipment, c.options))
		drivertest.WantProblem(t, name, err, c.key, c.problem, 0)
	}
}

func TestPictureBytes(t *testing.T) {
	compiled := func(zpl string) *label {
		l, faults := compile([]byte(zpl), hash)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		l.picture.DPI = 203
		return l
	}
	v := drivers.Label{Fields: map[string]string{"waybill": "W-1"}, Picture: dot}
	// 1 mm is 8 dots: two for each of the three modules.
	got, err := compiled("^XA^FO50,60{picture:1}^FS^FO0,9^FD{waybill}^FS^XZ").render([]byte("x"), v)
	if want := "x^XA^FO50,60^GFA,4,4,1,CCCC3030^FS^FO0,9^FDW-1^FS^XZ"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	l := compiled("^XA^FO50,60,1{picture:200}^FS^XZ")
	l.picture.DPI = 600
	if got, err = l.render(nil, v); err != nil {
		t.Fatal(err)
	}
	// 3 modules of 1574 dots are 591 bytes a row: 169 rows in the largest field of 99999 bytes.
	for _, want := range []string{"^XA^FO50,60,1^GFA,99879,99879,591,", "^FS^FO50,229,1^GFA,99879,99879,591,", "^FS^FO50,398,1^GFA,"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is not in it", want)
		}
	}
	for name, c := range map[string]struct {
		zpl  string
		v    drivers.Label
		want string
	}{
		"no picture": {shipment, drivers.Label{Fields: v.Fields}, "there is no picture for {picture:40}"},
		"no place":   {"^XA^FD{waybill}^FS^XZ", v, "the label has no place for it"},
		"too fine":   {"^XA^FO50,60{picture:1}^FS^XZ", drivers.Label{Picture: drivertest.QR(t, "01", "L", 100)}, "the picture of 34 modules, its white margin with them, needs at least 8.6 mm at 203 dpi"},
		"no field":   {shipment, drivers.Label{Picture: dot}, "no value for {waybill}"},
	} {
		if got, err := compiled(c.zpl).render(nil, c.v); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

// What comes out of the printer is the picture in its resolution, dot for dot, and reads as it did.
func TestPicturePrinted(t *testing.T) {
	for _, dpi := range []int64{203, 300, 600} {
		e := servetest.Start(t, zpltest.New(zpltest.Options{Trigger: true}))
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "unit.zpl"), []byte(shipment), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := New(drivers.Settings{Name: "p", Address: "emulator", Dir: dir, Options: map[string]any{"label": "unit.zpl", "dpi": dpi, "settle": "1ms"},
			Dial: drivertest.NewTap(t, func(_ string, c net.Conn) { e.ServeConn(c) }).Dial})
		if err != nil {
			t.Fatal(err)
		}
		if traits := p.Traits(); !traits.Pictures {
			t.Error("the label has a place for a picture, and the driver does not say so")
		}
		for i, level := range []string{"L", "M", "Q", "H"} {
			text := strings.Repeat("https://edi.example/waybill/3f2504e0-4f89-11d3-9a0c-0305e82c3301 ", 1+i)
			came := drivertest.QR(t, text, level, 300+i*50)
			v := drivers.Label{Fields: map[string]string{"waybill": "W-1"}, Picture: came}
			if err := p.Traits().CheckLabel(v); err != nil {
				t.Fatal(err)
			}
			s := drivertest.Open(t, p)
			if err := s.Send(t.Context(), []drivers.Label{v}); err != nil {
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

// A label without a place for a picture says so before anything is printed.
func TestNoPlace(t *testing.T) {
	p, err := New(settings(t, unit, nil))
	if err != nil {
		t.Fatal(err)
	}
	if p.Traits().Pictures {
		t.Error("the driver says that the label has a place for a picture")
	}
	if err := p.Traits().CheckLabel(drivers.Label{Code: []byte("01"), Picture: dot}); err == nil || !strings.Contains(err.Error(), "no place") {
		t.Errorf("CheckLabel = %v", err)
	}
}
