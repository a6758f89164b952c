package zpl

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/zpl/zpltest"
)

func TestStoredLabel(t *testing.T) {
	fields := map[string]string{"batch": "A_5E", "gtin": "04601234567893", "expiration_date": "2027-03-09"}
	for name, c := range map[string]struct{ zpl, definition, recall string }{
		"the code alone": {unit,
			"^XA^DFR:LM.ZPL^FS^FO20,20^BXN,4,200,,,,#^FN1^FS^XZ",
			"^XA^XFR:LM.ZPL^FS^FN1^FD#10104601234567893215\"<&'_1>=,;%/#193dGVz^FS^PQ1^XZ"},
		"what changes and what does not": {
			"^XA^LL300^FO1,1^A0N,20^FDWATER 0.5 L^FS^BXN,4,200,,,,#^FD{code}^FS^FO9,9^A0N,20^FDLOT {batch}, EXP {expiration_date:MM/yyyy}^FS^FO5,5^GB9,9,1^FS^XZ",
			"^XA^DFR:LM.ZPL^FS^LL300^FO1,1^A0N,20^FDWATER 0.5 L^FS^BXN,4,200,,,,#^FN1^FS^FO9,9^A0N,20^FN2^FS^FO5,5^GB9,9,1^FS^XZ",
			"^XA^XFR:LM.ZPL^FS^FN1^FD#10104601234567893215\"<&'_1>=,;%/#193dGVz^FS^FN2^FDLOT A_5E, EXP 03/2027^FS^PQ1^XZ"},
		"one value, three fields": {
			"^XA^BXN,4,200,,,,#^FD{code}^FS^FD{gtin}^FS^BCN^FD{gtin}^FS^FD({gtin})^FS^XZ",
			"^XA^DFR:LM.ZPL^FS^BXN,4,200,,,,#^FN1^FS^FN2^FS^BCN^FN2^FS^FN3^FS^XZ",
			"^XA^XFR:LM.ZPL^FS^FN1^FD#10104601234567893215\"<&'_1>=,;%/#193dGVz^FS^FN2^FD04601234567893^FS^FN3^FD(04601234567893)^FS^PQ1^XZ"},
		"lines, lower case, the rest of ^PQ": {
			"~SD20\r\n^xa\r\n^bxN,4,200,,,,#\r\n^fd{code}^fs\r\n^pq1,1\r\n^xz\r\n",
			"~SD20\r\n^XA^DFR:LM.ZPL^FS\r\n^bxN,4,200,,,,#\r\n^FN1^fs\r\n^xz\r\n",
			"^XA^XFR:LM.ZPL^FS^FN1^FD#10104601234567893215\"<&'_1>=,;%/#193dGVz^FS^PQ1,1^XZ"},
		"UTF-8 of ASCII": {
			"^XA^CI28^BXN,4,200,,,,#^FD{code}^FS^FD{batch}^FS^XZ",
			"^XA^DFR:LM.ZPL^FS^CI28^BXN,4,200,,,,#^FN1^FS^FN2^FS^XZ",
			"^XA^XFR:LM.ZPL^FS^FN1^FD#10104601234567893215\"<&'_1>=,;%/#193dGVz^FS^FN2^FDA_5E^FS^PQ1^XZ"},
		"UTF-8": {
			"^XA^CI28^BXN,4,200,,,,#^FD{code}^FS^FDпартия {batch}^FS^FD{gtin}^FS^XZ",
			"^XA^DFR:LM.ZPL^FS^CI28^BXN,4,200,,,,#^FN1^FS^FN2^FS^FN3^FS^XZ",
			"^XA^XFR:LM.ZPL^FS^FN1^FD#10104601234567893215\"<&'_1>=,;%/#193dGVz^FS^CI28^FN2^FDпартия A_5E^FS^FN3^FD04601234567893^FS^PQ1^XZ"},
		"two encodings": {
			"^XA^CI28^BXN,4,200,,,,#^FD{code}^FS^CI13^FD{batch}^FS^CI28^FD{batch}^FS^XZ",
			"^XA^DFR:LM.ZPL^FS^CI28^BXN,4,200,,,,#^FN1^FS^CI13^FN2^FS^CI28^FN3^FS^XZ",
			"^XA^XFR:LM.ZPL^FS^FN1^FD#10104601234567893215\"<&'_1>=,;%/#193dGVz^FS^CI13^FN2^FDA_5E^FS^CI28^FN3^FDA_5E^FS^PQ1^XZ"},
	} {
		l, faults := compile([]byte(c.zpl), hash)
		if faults = append(faults, l.storable()...); len(faults) > 0 {
			t.Errorf("%s: %+v", name, faults)
			continue
		}
		if got := string(l.definition(defaultStore)); got != c.definition {
			t.Errorf("%s: stored as\n%q, want\n%q", name, got, c.definition)
		}
		got, err := l.recall(nil, defaultStore, drivers.Label{Code: []byte(nasty), Fields: fields})
		if err != nil || string(got) != c.recall {
			t.Errorf("%s: recalled by\n%q, %v, want\n%q", name, got, err, c.recall)
		}
	}
}

func TestStoredLabelRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		zpl, problem string
		label        drivers.Label
	}{
		"own numbers": {strings.Replace(unit, "^PQ1", "^FN1^FS^PQ1", 1), "^FN", drivers.Label{}},
		"recall":      {strings.Replace(unit, "^PQ1", "^XFR:A.ZPL^FS^PQ1", 1), "^XF", drivers.Label{}},
		"a rest":      {unit + "\r\n~DGR:A.GRF,1,1,FF", `"~DGR:A.GRF,1,1,FF" stands after ^XZ`, drivers.Label{}},
		"rest of ^XZ": {unit + " now", `"now" stands after ^XZ`, drivers.Label{}},
		"no code":     {unit, "empty", drivers.Label{}},
		"bad code":    {unit, "5E", drivers.Label{Code: []byte("01^")}},
		"no value":    {"^XA^BCN^FD{sscc}^FS^XZ", "no value for {sscc}", drivers.Label{}},
		"bad value":   {"^XA^BCN^FD{sscc}^FS^XZ", "byte 1 is ^", drivers.Label{Fields: map[string]string{"sscc": "^"}}},
	} {
		l, faults := compile([]byte(c.zpl), hash)
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", name, faults)
		}
		if faults = l.storable(); len(faults) > 0 {
			if len(faults) > 1 || !strings.Contains(faults[0].problem, c.problem) || faults[0].hint == "" {
				t.Errorf("%s: %+v, want %q", name, faults, c.problem)
			}
			continue
		}
		if got, err := l.recall(nil, defaultStore, c.label); err == nil || !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.problem)
		}
	}
}

var stored = map[string]any{"format": "stored"}

func TestOpenStoresTheLabel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		p.stored = true // another label, of yesterday
		s, err := printer(t, p, stored).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		want := []string{"~JA", "^XA^JZN^XZ", "~HS", getvar,
			"^XA^IDR:LM.ZPL^FS^XZ", "^XA^HWR:LM.ZPL^XZ",
			"^XA^DFR:LM.ZPL^FS^FO20,20^BXN,4,200,,,,#^FN1^FS^XZ", "^XA^HWR:LM.ZPL^XZ",
			"~HS", getvar, "~HS", getvar}
		if got := p.commands(); !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
		if err := s.Send(t.Context(), labels("01A")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := p.commands()[len(want):]; !slices.Equal(got, []string{"^XA^XFR:LM.ZPL^FS^FN1^FD#101A^FS^PQ1^XZ"}) {
			t.Errorf("sent %q", got)
		}
	})
}

func TestOpenRefusesToStore(t *testing.T) {
	for name, c := range map[string]struct {
		listing func() string
		want    string
	}{
		"not deleted":    {directory(true), "does not delete its format R:LM.ZPL"},
		"not stored":     {directory(false), "did not store the label as R:LM.ZPL"},
		"no answer":      {func() string { return "" }, `a printer that knows no ^HW needs format = "whole"`},
		"another answer": {healthy, "keeps silent"},
		"half an answer": {func() string { return directory(true)()[:30] }, "keeps silent"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer()
				p.listing = c.listing
				s, err := printer(t, p, stored).Open(t.Context())
				if err == nil {
					s.Close()
				}
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("Open = %v, want %q", err, c.want)
				}
			})
		})
	}
}

func TestContains(t *testing.T) {
	for line, want := range map[string]bool{
		"* R:LM.ZPL       214          ": true, // a ZD230
		"*R:LM.ZPL 49140":                true, // the Guide's example
		"* LM      .ZPL     214     ":    true, // the Guide's form, with a name of fixed length
		"* lm.zpl 214":                   true,
		"* R:LM.ZPL":                     true,
		"- DIR R:LM.ZPL ":                false,
		"R:LM.ZPL 214":                   false,
		"* E:LM.ZPL 214":                 false,
		"* R:LM.GRF 214":                 false,
		"* R:LMX.ZPL 214":                false,
		"* R:XLM.ZPL 214":                false,
		"* R:LM.ZPLX 214":                false,
		"*":                              false,
		"":                               false,
	} {
		if got := contains("\r\n- DIR R:*.* \r\n"+line+"\r\n\r\n-  7467008 bytes free R: RAM \r\n", defaultStore); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
	for text, want := range map[string]bool{
		"\r\n- DIR R:*.* \r\n": true, "\r\nDIR R: \r\n": true, "-DIR R:*.*\r\n": true, idle1: false, "": false, "- DIRT": false,
	} {
		if isDirectory(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// Whatever stands in a directory, it never breaks the driver, and a name is found only on its line.
func FuzzContains(f *testing.F) {
	f.Add("\r\n- DIR R:*.* \r\n* R:LBL.ZPL       214          \r\n* R:LM.ZPL     49924          \r\n")
	f.Add("*LM .ZPL\r\n* R:R:LM.ZPL\x03\xff")
	f.Fuzz(func(t *testing.T, text string) {
		if contains(text, defaultStore) && !strings.Contains(strings.ToUpper(text), ".ZPL") || isDirectory(text) && !strings.Contains(text, "DIR ") {
			t.Errorf("%q", text)
		}
		if !contains(text+"\n* R:LM.ZPL 1\r\n", defaultStore) {
			t.Errorf("not found behind %q", text)
		}
	})
}

// site is a driver with a label of its own at an emulated printer, without a buffer between them.
func site(t *testing.T, e *zpltest.Printer, zpl string, options map[string]any) *Printer {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "unit.zpl"), []byte(zpl), 0o600); err != nil {
		t.Fatal(err)
	}
	s := drivers.Settings{Name: "p", Address: "emulator", Dir: dir, Options: map[string]any{"label": "unit.zpl"}}
	for k, v := range options {
		s.Options[k] = v
	}
	s.Dial = func(context.Context, string) (link.Conn, error) { return servetest.Pipe(t, e.ServeConn), nil }
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// P3: a label of another product under the same name is never printed, and neither is one that
// a power cycle has taken away.
func TestP3StoredLabelIsTheRightOne(t *testing.T) {
	for _, store := range []string{"R:LM.ZPL", "E:LM.ZPL"} {
		e := servetest.Start(t, zpltest.New(zpltest.Options{Trigger: true}))
		options := map[string]any{"format": "stored", "store": store}
		for n, zpl := range []string{
			"^XA^FO1,1^A0N,20^FDWATER^FS^BXN,4,200,,,,#^FD{code}^FS^XZ",
			"^XA^BXN,4,200,,,,#^FD{code}^FS^BCN,50^FD{batch}^FS^XZ",
			"^XA^BCN,50^FD{batch}^FS^BXN,4,200,,,,#^FD{code}^FS^XZ",
		} {
			for range 2 {
				s, err := site(t, e, zpl, options).Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				label := drivers.Label{Code: []byte(nasty), Fields: map[string]string{"batch": "B7"}}
				if err := s.Send(t.Context(), []drivers.Label{label}); err != nil {
					t.Fatal(err)
				}
				for e.Waiting() == 0 {
					<-e.Labelled()
				}
				l, _ := e.Print()
				want := [][]zpltest.Symbol{
					{{Kind: "datamatrix", Data: []byte(nasty), GS1: true}},
					{{Kind: "datamatrix", Data: []byte(nasty), GS1: true}, {Kind: "code128", Data: []byte("B7")}},
					{{Kind: "code128", Data: []byte("B7")}, {Kind: "datamatrix", Data: []byte(nasty), GS1: true}},
				}[n]
				if got, want := fmt.Sprint(l.Symbols), fmt.Sprint(want); got != want {
					t.Errorf("%s, label %d: printed %s, want %s", store, n, got, want)
				}
				if n, err := s.Printed(t.Context()); n != 1 || err != nil {
					t.Errorf("Printed = %d, %v", n, err)
				}
				s.Close()
				e.PowerCycle()
			}
		}
	}
}

// The printer's answers wait while the driver writes: neither waits for the other.
func TestSendWhileThePrinterAnswers(t *testing.T) {
	e := servetest.Start(t, zpltest.New(zpltest.Options{}))
	out := make(chan struct{}, 100)
	e.OnPrinted(func(zpltest.Label) { out <- struct{}{} })
	s, err := site(t, e, unit, nil).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const most = 20
	for n := range most {
		if err := s.Send(t.Context(), labels(fmt.Sprintf("01%dA", n), fmt.Sprintf("01%dB", n))); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 * most {
		<-out
	}
	if n, err := s.Printed(t.Context()); n != 2*most || err != nil {
		t.Errorf("Printed = %d, %v, want %d", n, err, 2*most)
	}
}
