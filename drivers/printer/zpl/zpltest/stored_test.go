package zpltest

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
)

// stored is vector taken apart: the layout, and what recalls it.
const (
	layout = "^XA^DFR:LABEL.ZPL^FS^FO20,20^BXN,4,200,,,,#^FN1^FS^XZ"
	recall = "^XA^XFR:LABEL.ZPL^FS^FN1^FD#10104601234567893215\"<&'_1>=,;%/#193dGVz^FS^PQ1^XZ"
)

// listing returns the lines of the answer to ^HW that name an object.
func (h *host) listing(object string) (names []string) {
	h.t.Helper()
	h.send("^XA^HW" + object + "^XZ")
	h.hurry()
	text, err := h.in.ReadString(3)
	if err != nil || !strings.HasPrefix(text, "\x02\r\n- DIR ") || !strings.HasSuffix(text, " \r\n\x03") {
		h.t.Fatalf("the directory is %q, %v", text, err)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "* ") {
			names = append(names, strings.Fields(line)[1])
		}
	}
	return names
}

// The examples of the Guide, and what the other commands mean in a stored format.
func TestStoredFormats(t *testing.T) {
	dm := func(data string) string { return "datamatrix " + data }
	for _, c := range []struct{ name, layout, recall, want string }{
		{"vector", layout, recall, dm(code)},
		{"one value in several fields", "^XA^DFR:A.ZPL^FS^FO1,1^BXN,4,200,,,,#^FN1^FS^FO9,9^BCN,50^FN1^FS^XZ",
			"^XA^XFR:A.ZPL^FS^FN1^FDab^FS^XZ", dm("ab") + " code128 ab"},
		{"values in another order", "^XA^DFR:A.ZPL^FS^FO1,1^BXN,4,200,,,,#^FN7^FS^FO9,9^BXN,4,200,,,,#^FN2^FS^XZ",
			"^XA^XFR:A.ZPL^FS^FN2^FDtwo^FS^FN7^FDseven^FS^XZ", dm("seven") + " " + dm("two")},
		{"values before the recall", "^XA^DFR:A.ZPL^FS^FO1,1^BXN,4,200,,,,#^FN1^FS^XZ", "^XA^FN1^FDab^FS^XFR:A.ZPL^FS^XZ", dm("ab")},
		{"a constant beside it", "^XA^DFR:A.ZPL^FS^BXN,4,200,,,,#^FD#1c^FS^BXN,4,200,,,,#^FN1^FS^XZ", "^XA^XFR:A.ZPL^FS^FN1^FDab^FS^XZ", dm("c") + " " + dm("ab")},
		{"more on the label itself", layout, "^XA^BXN,4,200,,,,#^FDown^FS^XFR:LABEL.ZPL^FS^FN1^FDab^FS^XZ", dm("own") + " " + dm("ab")},
		{"two formats", layout + "^XA^DFR:B.ZPL^FS^BXN,4,200,,,,#^FN2^FS^XZ", "^XA^XFR:LABEL.ZPL^FS^XFR:B.ZPL^FS^FN1^FDa^FS^FN2^FDb^FS^XZ", dm("a") + " " + dm("b")},
		{"no value", layout, "^XA^XFR:LABEL.ZPL^FS^FN2^FDab^FS^XZ", ""},
		{"unknown format", layout, "^XA^XFR:OTHER.ZPL^FS^FN1^FDab^FS^XZ", ""},
		{"another drive", layout, "^XA^XFE:LABEL.ZPL^FS^FN1^FDab^FS^XZ", ""},
		{"any drive", "^XA^DFE:A.ZPL^FS^BXN,4,200,,,,#^FN1^FS^XZ", "^XA^XFA^FS^FN1^FDab^FS^XZ", dm("ab")},
		{"RAM before flash", "^XA^DFE:A.ZPL^FS^BCN^FN1^FS^XZ^XA^DFA.ZPL^FS^BXN,4,200,,,,#^FN1^FS^XZ", "^XA^XFA.ZPL^FS^FN1^FDab^FS^XZ", dm("ab")},
		{"no name", "^XA^DF^FS^BXN,4,200,,,,#^FN1^FS^XZ", "^XA^XFR:UNKNOWN.ZPL^FS^FN1^FDab^FS^XZ", dm("ab")},
		{"lower case, other extension", "^xa^dfr:label.grf^fs^bxn,4,200,,,,#^fn1^fs^xz", "^XA^XFR:LABEL^FS^FN1^FDab^FS^XZ", dm("ab")},
		{"a newer one in its place", "^XA^DFR:LABEL.ZPL^FS^BCN^FN1^FS^XZ" + layout, recall, dm(code)},
		{"the last field open", "^XA^DFR:A.ZPL^FS\r\n^BXN,4,200,,,,#^FN1\r\n^XZ", "^XA^XFR:A.ZPL^FS^FN1^FDab^FS^XZ", dm("ab")},
		{"a prompt", "^XA^DFR:A.ZPL^FS^BXN,4,200,,,,#^FN12\"First Name\"^FS^XZ", "^XA^XFR:A.ZPL^FS^FN12^FDab^FS^XZ", dm("ab")},
		{"^FH of the layout", "^XA^DFR:A.ZPL^FS^BXN,4,200,,,,#^FH\\^FN1^FS^XZ", "^XA^XFR:A.ZPL^FS^FN1^FDa\\5Eb^FS^XZ", dm("a^b")},
		{"^FH of the value", layout, "^XA^XFR:LABEL.ZPL^FS^FN1^FH^FDa_5Eb^FS^XZ", dm("a^b")},
		{"truncated", layout, "^XA^XFR:LABEL.ZPL^FS^FN1^FD" + strings.Repeat("a", 3073) + "^FS^XZ", dm(strings.Repeat("a", 3072))},
		{"a number in its own format", "", "^XA^BXN,4,200,,,,#^FN1^FS^FN1^FDab^FS^XZ", dm("ab")},
		{"a numbered field with its data", "", "^XA^BXN,4,200,,,,#^FN1^FDab^FS^BCN^FN1^FS^XZ", dm("ab") + " code128 ab"},
		{"a stored format that recalls itself", "^XA^DFR:A.ZPL^FS^BXN,4,200,,,,#^FN1^FS^XFR:A.ZPL^FS^XZ", "^XA^XFR:A.ZPL^FS^FN1^FDab^FS^XZ", dm("ab")},
		{"deleted", layout + "^XA^IDR:L*.ZPL^FS^XZ", recall, ""},
		{"something else deleted", layout + "^XA^IDR:LABEL.GRF^FS^IDE:*.*^FS^IDR:LABEL^FS^XZ", recall, dm(code)},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, Options{Trigger: true})
			h := connect(t, p)
			h.send(c.layout)
			h.sync()
			if n := len(p.Received()); n != 0 || p.Waiting() != 0 {
				t.Fatalf("storing has made %d labels", n)
			}
			h.send(c.recall)
			h.sync()
			if n := p.Waiting(); n != 1 {
				t.Fatalf("%d labels are waiting, want 1", n)
			}
			l, _ := p.Print()
			var got []string
			for _, s := range l.Symbols {
				got = append(got, fmt.Sprintf("%s %s", s.Kind, s.Data))
			}
			if g := strings.Join(got, " "); g != c.want || string(l.ZPL) != c.recall {
				t.Errorf("printed %.200q by %.80q, want %.200q", g, l.ZPL, c.want)
			}
			if s := h.status(); s[0][7] != "0" {
				t.Error("a format is still shown as partial")
			}
		})
	}
}

// ^PQ counts wherever it stands.
func TestStoredQuantity(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	h.send("^XA^DFR:A.ZPL^FS^BXN,4,200,,,,#^FN1^FS^PQ3^XZ^XA^XFR:A.ZPL^FS^FN1^FDab^FS^XZ")
	h.sync()
	if n := p.Waiting(); n != 3 {
		t.Errorf("%d labels, want 3", n)
	}
}

func TestDirectory(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	if got := h.listing("R:*.*"); len(got) != 0 {
		t.Errorf("a new printer holds %q", got)
	}
	h.send(layout + strings.Replace(layout, "R:LABEL", "E:LOGO", 1) + strings.Replace(layout, "R:LABEL", "R:OTHER", 1))
	for pattern, want := range map[string][]string{
		"R:LABEL.ZPL": {"R:LABEL.ZPL"}, "R:L?B*.*": {"R:LABEL.ZPL"}, "": {"R:LABEL.ZPL", "R:OTHER.ZPL"},
		"E:": {"E:LOGO.ZPL"}, "R:*.GRF": nil, "R:LABE.ZPL": nil, "B:*.*": nil,
	} {
		if got := h.listing(pattern); !slices.Equal(got, want) {
			t.Errorf("%q lists %q, want %q", pattern, got, want)
		}
	}
	if zpl, ok := p.Stored("r:label.zpl"); !ok || string(zpl) != layout {
		t.Errorf("stored %q", zpl)
	}
	h.send("^XA^HWR:LABEL.ZPL^XZ")
	h.hurry()
	const want = "\x02\r\n- DIR R:LABEL.ZPL \r\n* R:LABEL.ZPL        33          \r\n\r\n-   1048510 bytes free R: RAM \r\n\x03"
	if text, err := h.in.ReadString(3); text != want {
		t.Errorf("the directory is %q, %v, want %q", text, err, want)
	}
	h.send("^XA^HWX:*.*^XZ~HI")
	h.frames(1) // the first answer is that to ~HI: there is no drive X
	p.SetFault(HeadOpen)
	h.send("^XA^HWR:*.*^XZ~HI")
	h.frames(1)
}

func TestPowerCycleForgetsRAM(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	h.send(layout + strings.Replace(layout, "R:", "E:", 1))
	h.sync()
	p.PowerCycle()
	h = connect(t, p)
	if ram, flash := h.listing("R:*.*"), h.listing("E:*.*"); len(ram) != 0 || !slices.Equal(flash, []string{"E:LABEL.ZPL"}) {
		t.Errorf("RAM holds %q, flash %q", ram, flash)
	}
	h.send(recall)
	h.sync()
	if got := p.Received()[0].Symbols; len(got) != 0 {
		t.Errorf("printed %+v", got)
	}
}

// A format is stored when it is whole, and only then.
func TestNotStored(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	h.send(layout[:len(layout)-3] + "~JA^XZ")
	h.send(layout[:len(layout)-1])
	h.sync()
	h.conn.Close()
	h = connect(t, p)
	if got := h.listing("R:*.*"); len(got) != 0 {
		t.Errorf("half a format is stored as %q", got)
	}
	conn, far := net.Pipe()
	defer far.Close()
	s := newStream(p, conn)
	p.PowerCycle()
	h = connect(t, p)
	h.send(strings.Replace(layout, "R:", "B:", 1))
	h.sync()
	if err := s.feed([]byte(layout + strings.Replace(layout, "R:", "E:", 1) + "^XA^IDB:*.*^XZ")); err != nil {
		t.Fatal(err)
	}
	if got := slices.Concat(h.listing("R:"), h.listing("E:"), h.listing("B:")); !slices.Equal(got, []string{"B:LABEL.ZPL"}) {
		t.Errorf("a dropped connection has stored or deleted: %q", got)
	}
	big := "^FX" + strings.Repeat("x", driveSize*2/3)
	h.send(strings.Replace(layout, "^FO", big+"^FO", 1))
	h.send(strings.Replace(strings.Replace(layout, "^FO", big+"^FO", 1), "LABEL", "SECOND", 1))
	h.send(strings.Replace(strings.Replace(layout, "^FO", big+"^FO", 1), "4,200", "5,200", 1))
	if got := h.listing("R:"); !slices.Equal(got, []string{"R:LABEL.ZPL"}) {
		t.Errorf("a full memory holds %q", got)
	}
	if zpl, _ := p.Stored("R:LABEL.ZPL"); !strings.Contains(string(zpl), "5,200") {
		t.Error("a format does not fit in the place of its forerunner")
	}
}
