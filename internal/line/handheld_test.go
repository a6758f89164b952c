package line

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

var bothSignals = HandheldConfig{Refused: true, Accepted: true}

func codesNo(ids ...int) []code.Code {
	var all []code.Code
	for _, id := range ids {
		all = append(all, codeNo(id))
	}
	return all
}

func TestDrop_rules(t *testing.T) {
	took := Signal{Accepted: true}
	no := Alarm{Text: "not dropped: code-2: it is in a container"}
	try(t, func() Station { return NewDrop(bothSignals) }, []rule{
		{"a scan is asked for", nil, scans(1), []Effect{DropCodes{Codes: codesNo(1)}}, ""},
		{"nothing is accepted before the ledger has it", []Event{scans(1)}, Tick{}, nil, ""},
		{"withdrawn", []Event{scans(1)}, DroppedCodes{Outcomes: []ledger.DropOutcome{{Codes: 1}}}, []Effect{took}, "running"},
		{"not withdrawn", []Event{scans(2)}, DroppedCodes{Outcomes: []ledger.DropOutcome{{Why: "it is in a container"}}}, []Effect{Signal{}, no}, "running"},
		{"each of several", []Event{scans(1, 2, 3)}, DroppedCodes{Outcomes: []ledger.DropOutcome{{Codes: 1}, {Why: "it is in a container"}, {Codes: 7}}}, []Effect{took, Signal{}, no, took}, "running"},
		{"the ledger fails", []Event{scans(2)}, DroppedCodes{Err: errDisk}, []Effect{Signal{}, Alarm{Text: "not dropped: code-2: the ledger did not answer: the disk is full"}}, "stopped"},
		{"the ledger is back", []Event{scans(1), DroppedCodes{Err: errDisk}, scans(2)}, DroppedCodes{Outcomes: []ledger.DropOutcome{{Codes: 1}}}, []Effect{took}, "running"},
		{"no code", nil, noRead(1), []Effect{Signal{}, Alarm{Text: "not dropped: no read"}}, "running"},
		{"no code among codes", []Event{Scans{Scans: []Scan{{NoRead: true}, {Code: codeNo(1)}, {Code: "x", Bad: "too long"}}}}, DroppedCodes{Outcomes: []ledger.DropOutcome{{Codes: 1}}},
			[]Effect{Signal{}, Alarm{Text: "not dropped: no read"}, took, Signal{}, Alarm{Text: "not dropped: x: too long"}}, "running"},
		{"an output that is dead", []Event{scans(1)}, Failed{Effect: took, Err: errors.New("no answer")}, []Effect{Alarm{Text: "the signal accepted could not be given: no answer"}}, ""},
		{"the scanner is there", nil, ScannerState{Up: true}, nil, "running"},
		{"the scanner is gone", []Event{ScannerState{Up: true}}, ScannerState{Why: "no route"}, nil, "waiting"},
	})
	try(t, func() Station { return NewDrop(HandheldConfig{}) }, []rule{
		{"without outputs", []Event{scans(1, 2)}, DroppedCodes{Outcomes: []ledger.DropOutcome{{Codes: 1}, {Why: "it is in a container"}}}, []Effect{no}, "running"},
	})
}

func TestRework_rules(t *testing.T) {
	took := Signal{Accepted: true}
	cfg := bothSignals
	cfg.Quality = Quality{GS1: true, Grade: 2}
	read := Scans{Scans: []Scan{{Code: codeNo(1), AIM: "]d2", Grade: Grade{"B", 3, true}}}}
	says := func(o ledger.Outcome, note string) Verdicts {
		return Verdicts{Verdicts: []ledger.Verdict{{Outcome: o, Note: note}}}
	}
	stays := func(why string) []Effect { return []Effect{Signal{}, Alarm{Text: "stays out: code-1: " + why}} }
	try(t, func() Station { return NewRework(cfg, false) }, []rule{
		{"a scan is asked for", nil, read, []Effect{ReworkCodes{Codes: codesNo(1)}}, ""},
		{"good", []Event{read}, says(ledger.Good, "was in doubt"), []Effect{took}, "running"},
		{"P1: a copy", []Event{read}, says(ledger.Duplicate, ""), stays("a product with this code is verified already"), "running"},
		{"still wrong", []Event{read}, says(ledger.Mangled, ""), stays("verification part differs"), "running"},
		{"no code of the group", []Event{read}, says(ledger.Unreadable, "no GTIN"), stays("not a code of this group: no GTIN"), "running"},
		{"the ledger fails", []Event{read}, Verdicts{Err: errDisk}, stays("the ledger did not answer: the disk is full"), "stopped"},
		{"too bad to read", nil, Scans{Scans: []Scan{{Code: codeNo(1), AIM: "]d2", Grade: Grade{"D", 1, true}}}}, stays("print quality D is below 2.0"), "running"},
		{"no GS1 symbol", nil, Scans{Scans: []Scan{{Code: codeNo(1), AIM: "]d1", Grade: Grade{"A", 4, true}}}}, stays("the symbol is no GS1 symbol (]d1): its leading FNC1 is missing"), "running"},
	})
}

// desks are the two stations at a desk of their own, behind a line that marks and checks.
func desks(p PrintPort, w SignalPort, again bool) func(*store) []StationConfig {
	return func(s *store) []StationConfig {
		all := markAndCheck(p, w)(s)
		signals := PackSettings{Refused: "red", Accepted: "green", SignalFor: time.Second}
		return append(all,
			StationConfig{Name: "rework", Kind: KindRework, Signals: w, PackSettings: signals, HandheldSettings: HandheldSettings{Again: again}},
			StationConfig{Name: "drop", Kind: KindDrop, Signals: w, PackSettings: signals, HandheldSettings: HandheldSettings{Reason: "QA_SAMPLES", WithChild: true, Every: time.Minute}})
	}
}

func mangled(c code.Code) code.Code { return c[:len(c)-1] + "~" }

// A product whose code was read wrong comes back when it is read right, once; what was withdrawn does not.
func TestRunner_dropAndRework(t *testing.T) {
	for _, again := range []bool{false, true} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			p, w := &tray{}, &wires{}
			r := run(t, dir, desks(p, w, again))
			r.post("mark", PrinterUp{Session: 1})
			r.post("check", ScannerState{Up: true}, PLCState{Up: true})
			time.Sleep(time.Second)
			c := p.codes()
			r.post("mark", PrintedCount{Session: 1, Count: 4})
			seq := 0
			step := func(station string, c code.Code, pulse string, want ledger.State) {
				t.Helper()
				seq++
				before := w.pulsed()
				r.post(station, read(seq, c))
				time.Sleep(100 * time.Millisecond)
				synctest.Wait()
				if got := strings.Join(w.pulses[before:], " "); got != pulse {
					t.Errorf("%s of %s: outputs %q, want %q", station, code.Visible(c), got, pulse)
				}
				if life := must(r.Trace(context.Background(), c)); life.State != want {
					t.Errorf("after %s of %s it is %s, want %s", station, code.Visible(c), life.State, want)
				}
			}
			back, checked := ledger.Verified, "reject"
			if again {
				back, checked = ledger.Printed, ""
			}
			step("check", mangled(c[0]), "reject", ledger.Rejected)
			step("check", c[1], "", ledger.Verified)
			step("rework", mangled(c[0]), "red", ledger.Rejected)
			step("rework", c[0], "green", back)
			step("check", c[0], checked, ledger.Verified)
			step("rework", c[0], "red", ledger.Verified)
			step("drop", c[1], "green", ledger.Dropped)
			step("drop", c[1], "red", ledger.Dropped)
			step("rework", c[1], "red", ledger.Dropped)
			step("drop", c[2], "green", ledger.Dropped)
			if got := r.view("drop").Count; got["read"] != 3 || got["dropped"] != 2 || got["refused"] != 1 || got["were_verified"] != 1 {
				t.Errorf("the drop station counts %v", got)
			}
			due := must(r.DueDropouts(context.Background(), "VERIFIED", func(string) bool { return false }))
			if len(due) != 1 || due[0].Count != 2 || due[0].Drop.Reason != "QA_SAMPLES" || !due[0].Gathering || due[0].Line != "3" || due[0].Batch != "B1" {
				t.Errorf("due: %+v", due)
			}
		})
	}
}

// A drop station may be a line of its own: what is withdrawn there is of other lines, and of any product.
func TestRunner_aDropDesk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &tray{}
		r := run(t, dir, func(s *store) []StationConfig {
			return []StationConfig{{Name: "drop", Kind: KindDrop, HandheldSettings: HandheldSettings{Reason: "DEFECT", Every: time.Minute}}}
		})
		lot := must(r.Lot(context.Background(), "7", r.bottle.ID, "B7"))
		claims := must(r.Claim(context.Background(), "7/mark", lot, 2))
		r.post("drop", ScannerState{Up: true}, read(1, claims[0].Code), read(2, r.bottles[9]))
		time.Sleep(time.Second)
		due := must(r.DueDropouts(context.Background(), "VERIFIED", func(string) bool { return false }))
		if len(due) != 1 || due[0].Count != 1 || due[0].Line != "7" || due[0].Batch != "B7" || len(p.codes()) != 0 {
			t.Errorf("due: %+v", due)
		}
		if v := r.view("drop"); v.State != "running" || v.Count["refused"] != 1 {
			t.Errorf("the station is %+v", v)
		}
		if err := r.SetBatch(context.Background(), ledger.Batch{Name: "B8"}, ""); err != nil {
			t.Error(err)
		}
	})
}
