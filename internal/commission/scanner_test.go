package commission

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/scanner/text/texttest"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
)

const scanner = `
[[scanner]]
name    = "cam-1"
driver  = "text"
address = "tcp://CAM"
SETTINGS
[[line]]
name = "3"
  [[line.station]]
  name    = "box"
  kind    = "pack"
  product = "water-05"
  scanner = "cam-1"
  capacity = 6
  unit    = "sscc"
  sscc_prefix = "0301234567"
`

const unit = "010478001234567721aBz&Yy<%Z/\"A_\x1d93aB1/"

// told keeps what is told.
type told struct {
	t     *testing.T
	mu    sync.Mutex
	lines []string
}

func (l *told) tell(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
	l.t.Logf(format, args...)
}

func (l *told) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.lines, func(s string) bool { return strings.Contains(s, text) })
}

// hold lets an emulated scanner with these settings send what a test wants, and tests it.
func hold(t *testing.T, opt texttest.Options, settings string, o ScannerOptions, send func(*texttest.Scanner)) (ScannerResult, *told, error) {
	t.Helper()
	cfg := scannerConfig(t, settings)
	d, _ := cfg.Scanner("cam-1")
	sc := texttest.New(opt)
	l, err := net.Listen("tcp", strings.TrimPrefix(d.Address, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		sc.Serve(l)
	}()
	defer func() { sc.Close(); l.Close(); <-served }()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		select {
		case <-sc.Connected():
			send(sc)
		case <-t.Context().Done():
		}
	}()
	say := &told{t: t}
	o.Tell = say.tell
	if o.For == 0 {
		o.For = 10 * time.Second
	}
	r, err := TestScanner(t.Context(), cfg, d, o)
	<-sent
	return r, say, err
}

func scannerConfig(t *testing.T, settings string) *config.Config {
	t.Helper()
	return configured(t, strings.Replace(head, "template_id = 3", "template_id = 3\npreprinted = true", 1)+strings.Replace(scanner, "SETTINGS", settings, 1))
}

// What is set wrong in a reader is told from the bytes that it sends.
func TestScannerAdvice(t *testing.T) {
	noGS := strings.ReplaceAll(unit, "\x1d", "")
	sscc, err := code.SSCC("0301234567", 1)
	if err != nil {
		t.Fatal(err)
	}
	raw := func(frames ...string) func(*texttest.Scanner) {
		return func(s *texttest.Scanner) {
			for _, f := range frames {
				s.Raw([]byte(f))
			}
		}
	}
	for name, c := range map[string]struct {
		settings string
		opt      texttest.Options
		send     func(*texttest.Scanner)
		o        ScannerOptions
		keys     string // of the advice, in order
		want     string // told
	}{
		"as it should be": {`aim = "require"`, texttest.Options{}, raw("]d2\x1d" + unit + "\r\n"), ScannerOptions{Codes: 1}, "", "serial aBz&Yy<%Z/\"A_: product water-05"},
		"what is told": {`aim = "require"
template = "{code}@{grade}({place})"`, texttest.Options{}, raw("]d2" + unit + "@A(12,7)\r\n"), ScannerOptions{Codes: 1}, "", "AIM ]d2 GS1 Data Matrix, grade A, place 12,7"},
		"the bytes":             {"", texttest.Options{}, raw(unit + "\r\n"), ScannerOptions{Codes: 1}, "", "41 5F 1D 39 33 61 42 31 2F 0D 0A"},
		"the control code":      {"", texttest.Options{}, raw(strings.Replace(unit, "04780012345677", nobody, 1) + "\r\n"), ScannerOptions{Codes: 1}, "", "the control code, byte for byte"},
		"a transport code":      {"", texttest.Options{}, raw(string(sscc) + "\r\n"), ScannerOptions{Codes: 1}, "", "a transport code (SSCC)"},
		"no AIM":                {"", texttest.Options{}, raw(unit + "\r\n"), ScannerOptions{Codes: 1}, "", `note: the reader sends no AIM identifier`},
		"an unknown product":    {"", texttest.Options{}, raw(strings.Replace(unit, "04780012345677", "04601234567893", 1) + "\r\n"), ScannerOptions{Codes: 1}, "", "note: GTIN 04601234567893 is of no product"},
		"no GS":                 {"", texttest.Options{}, raw(noGS + "\r\n"), ScannerOptions{Codes: 1}, "gs", "set the reader to send GS"},
		"no GS, with AIM":       {`aim = "none"`, texttest.Options{}, raw("]d2" + noGS + "\r\n"), ScannerOptions{Codes: 1}, "aim gs", `set aim = "optional" or "require"`},
		"a stand-in":            {"", texttest.Options{}, raw(strings.ReplaceAll(unit, "\x1d", "{GS}") + "\r\n"), ScannerOptions{Codes: 1}, "gs", `set gs = "{GS}" for this scanner`},
		"a byte for it":         {"", texttest.Options{}, raw(strings.ReplaceAll(unit, "\x1d", "\xe8") + "\r\n"), ScannerOptions{Codes: 1}, "gs", `set gs = "\u00e8" for this scanner`},
		"an escape for it":      {"", texttest.Options{}, raw(strings.ReplaceAll(unit, "\x1d", `\x1D`) + "\r\n"), ScannerOptions{Codes: 1}, "gs", `set gs = "\\x1D" for this scanner`},
		"an impossible one":     {"", texttest.Options{}, raw(strings.ReplaceAll(unit, "\x1d", "<GS>") + "\r\n"), ScannerOptions{Codes: 1}, "gs", "set the reader to send GS as it is, or another mark"},
		"a mark for FNC1":       {"", texttest.Options{}, raw("{FNC1}" + unit + "\r\n"), ScannerOptions{Codes: 1}, "fnc1", `set fnc1 = "{FNC1}" for this scanner`},
		"a plain symbol":        {"", texttest.Options{}, raw("]d1" + unit + "\r\n"), ScannerOptions{Codes: 1}, "plain symbol", "the symbol has no leading FNC1"},
		"AIM required":          {`aim = "require"`, texttest.Options{}, raw(unit + "\r\n"), ScannerOptions{Codes: 1}, "aim", `set aim = "optional"`},
		"another terminator":    {"frame_timeout = \"0s\"", texttest.Options{}, raw(unit + "\t"), ScannerOptions{For: 700 * time.Millisecond}, "terminator", `set terminator = "\t"`},
		"another kind of it":    {`terminator = "#|"`, texttest.Options{}, raw(unit + "\r\n"), ScannerOptions{For: 700 * time.Millisecond}, "terminator", `set terminator = "\r\n"`},
		"none at all":           {"", texttest.Options{}, raw(unit), ScannerOptions{For: 700 * time.Millisecond}, "terminator", "set the reader's suffix to CR LF"},
		"sent twice":            {"", texttest.Options{}, raw(unit+"\r\n", unit+"\r\n"), ScannerOptions{Codes: 2}, "double", `duplicate_window = "100ms"`},
		"two as one":            {"", texttest.Options{}, raw(unit + unit + "\r\n"), ScannerOptions{Codes: 1}, "a scanner without a terminator, or one that was triggered twice, sends them so", "these are two codes"},
		"small letters":         {"", texttest.Options{}, raw(strings.ToLower(strings.Replace(unit, "04780012345677", nobody, 1)) + "\r\n"), ScannerOptions{Codes: 1}, "case", "Caps Lock"},
		"a German keyboard":     {"", texttest.Options{}, raw(strings.NewReplacer("04780012345677", nobody, "z", "y", "y", "z", "Y", "Z", "Z", "Y").Replace(unit) + "\r\n"), ScannerOptions{Codes: 1}, "layout", `"y" in place of "z"`},
		"something before":      {"", texttest.Options{}, raw("CAM7:" + unit + "\r\n"), ScannerOptions{Codes: 1}, "prefix", `prefix = "CAM7:"`},
		"something behind":      {"", texttest.Options{}, raw(unit + "@A\r\n"), ScannerOptions{Codes: 1}, "suffix", `template = "{code}@A"`},
		"a word":                {"", texttest.Options{}, raw("ERROR\r\n"), ScannerOptions{Codes: 1}, "word ERROR", `set no_read = "ERROR"`},
		"garbage":               {"", texttest.Options{}, raw("\x81\xfe\xe0\x99\x80\xf8\x9c\xff\x86\x80"), ScannerOptions{For: 700 * time.Millisecond}, "garbage", "what comes is no text"},
		"UTF-16":                {`terminator = "#|"`, texttest.Options{}, raw("0\x001\x000\x004\x007\x008\x000\x00\r\x00\n\x00"), ScannerOptions{For: 700 * time.Millisecond}, "garbage", "UTF-16"},
		"silence":               {"", texttest.Options{}, raw(), ScannerOptions{For: 300 * time.Millisecond}, "silence", "not one byte came"},
		"a heartbeat is no end": {`heartbeat = "ALIVE"`, texttest.Options{}, raw("ALIVE\r\n"), ScannerOptions{For: 700 * time.Millisecond}, "", "{CR}{LF}"},
		"a no-read":             {`no_read = "ERROR"`, texttest.Options{}, raw("ERROR\r\n"), ScannerOptions{Codes: 1}, "", "no-read: the reader saw a product"},
	} {
		t.Run(name, func(t *testing.T) {
			r, say, err := hold(t, c.opt, c.settings, c.o, c.send)
			if err != nil {
				t.Fatal(err)
			}
			var keys []string
			for _, a := range r.Advice {
				keys = append(keys, a.Key)
			}
			if got := strings.Join(keys, " "); got != c.keys {
				t.Errorf("advice on %q, want %q", got, c.keys)
			}
			if !say.has(c.want) {
				t.Errorf("nobody said %q", c.want)
			}
			if r.Passed() != (c.keys == "" && r.Good > 0) {
				t.Errorf("passed %v: %+v", r.Passed(), r)
			}
		})
	}
}

func TestScannerTrigger(t *testing.T) {
	opt := texttest.Options{Trigger: "LON\r"}
	there := make(chan *texttest.Scanner, 1)
	opt.OnTrigger = func(bool) {
		s := <-there
		s.Read([]byte(unit))
		there <- s
	}
	r, say, err := hold(t, opt, `trigger = "LON\r"`, ScannerOptions{Codes: 2, Trigger: true}, func(s *texttest.Scanner) { there <- s })
	if err != nil || !r.Passed() || r.Good != 2 || !say.has("ms after the trigger") || !say.has("> LON{CR}") {
		t.Errorf("%+v, %v", r, err)
	}
	if _, _, err := hold(t, texttest.Options{}, "", ScannerOptions{Trigger: true}, func(*texttest.Scanner) {}); err != ErrNoTrigger {
		t.Errorf("a scanner that takes no trigger: %v", err)
	}
}

// A reader that hangs up after each reading is heard again when it is back.
func TestScannerComesBack(t *testing.T) {
	cfg := scannerConfig(t, "")
	d, _ := cfg.Scanner("cam-1")
	l, err := net.Listen("tcp", strings.TrimPrefix(d.Address, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			conn.Write([]byte(unit + "\r\n"))
			conn.Close()
		}
	}()
	defer func() { l.Close(); <-over }()
	say := &told{t: t}
	r, err := TestScanner(t.Context(), cfg, d, ScannerOptions{For: 10 * time.Second, Codes: 2, Tell: say.tell})
	if err != nil || r.Good != 2 || !say.has("the connection has ended") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestScannerRefuses(t *testing.T) {
	cfg := scannerConfig(t, "")
	d, _ := cfg.Scanner("cam-1")
	if _, err := TestScanner(t.Context(), cfg, d, ScannerOptions{For: time.Second, Tell: t.Logf}); err == nil || !strings.Contains(err.Error(), "scanner cam-1: connecting to") {
		t.Errorf("nobody is there: %v", err)
	}
	l, err := ledger.Open(t.Context(), cfg.Agent.DataDir, ledger.Options{Agent: "line-3"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := TestScanner(t.Context(), cfg, d, ScannerOptions{For: time.Second, Tell: t.Logf}); err != ErrRunning {
		t.Errorf("while the agent runs: %v", err)
	}
}

// Whatever a reader sends is told without harm, and only whole codes count as good.
func TestAnyReading(t *testing.T) {
	cfg := scannerConfig(t, "")
	d, _ := cfg.Scanner("cam-1")
	rapid.Check(t, func(t *rapid.T) {
		l, err := newListener(cfg, d)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			text := rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "text")
			if rapid.Bool().Draw(t, "code") {
				at := rapid.IntRange(0, len(unit)).Draw(t, "at")
				text = slices.Concat([]byte(unit[:at]), text[:min(len(text), 2)], []byte(unit[at:]))
			}
			l.heard(time.Now(), text)
			l.scan(time.Now(), drivers.Scan{Raw: text, Code: text})
			l.quiet(time.Now().Add(time.Second))
			if m := l.reader.of(code.Code(text)); m.good && string(text) != unit && len(m.advice) == 0 && len(text) < len(unit) {
				if _, _, err := code.ParseSSCC(code.Code(text)); err != nil {
					t.Fatalf("%q is good: %s", text, m.text)
				}
			}
		}
	})
}

func TestControlCodes(t *testing.T) {
	cfg := scannerConfig(t, "")
	controls, err := ControlCodes(cfg)
	if err != nil || len(controls) != 1 {
		t.Fatalf("%v, %v", controls, err)
	}
	for _, p := range cfg.Table.Profiles() {
		c := control(p)
		parts, err := p.Parse(c)
		if err != nil || len(parts.Warnings) > 0 || parts.GTIN != nobody || parts.GSLost {
			t.Errorf("%s %s: %q: %v %v", p.Group, p.Type, c, err, parts.Warnings)
		}
	}
}
