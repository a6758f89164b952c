package replay

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/internal/code"
	"linemark/internal/label"
	"linemark/internal/ledger"
	"linemark/internal/line"
	"linemark/internal/record"
)

// Everything that a station or the one who carries its effects out tells apart can be read back.
func TestEveryKindIsKnown(t *testing.T) {
	files, err := parser.ParseDir(token.NewFileSet(), "../../line", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(files["line"], func(n ast.Node) bool {
		if s, ok := n.(*ast.TypeSwitchStmt); ok {
			for _, clause := range s.Body.List {
				for _, of := range clause.(*ast.CaseClause).List {
					name, ok := of.(*ast.Ident)
					if !ok {
						continue // *Print: a station
					}
					if found++; kinds[name.Name] == nil {
						t.Errorf("line.%s is missing in kinds", name.Name)
					}
				}
			}
		}
		return true
	})
	for _, d := range files["line"].Files {
		for _, decl := range d.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Name.Name != "Step" || f.Recv == nil {
				continue
			}
			star, ok := f.Recv.List[0].Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			if name := star.X.(*ast.Ident).Name; stations[name] == nil {
				t.Errorf("line.%s is missing in stations", name)
			}
		}
	}
	if found < 60 {
		t.Errorf("only %d cases were found", found)
	}
}

// A value of any kind comes back as it was: bytes that are no UTF-8, moments, errors, what is nested.
func TestValuesComeBack(t *testing.T) {
	base := time.Unix(1_700_000_000, 5)
	no := &ledger.StateError{What: "full"}
	for _, ev := range []any{
		line.Scans{Scans: []line.Scan{{Seq: 3, Code: "01\x1d\xff\x00\"\\é", At: base.Add(1500), Grade: line.Grade{Text: "A", Value: 3.5, Known: true}}, {NoRead: true}}},
		line.Claimed{Claims: []ledger.Claim{{ID: 1 << 60, Code: "\x00b", Seq: -2, Number: 7}}},
		line.Recorded{Effect: line.CloseContainer{Container: 9, Claim: ledger.Claim{ID: 4}, Evidence: ledger.ByScan}},
		line.Failed{Effect: line.Signal{Accepted: true}},
		line.Requested{Seq: 1<<64 - 1, At: base},
		line.Asked{No: 2, Ask: line.Ask{Do: line.Exchange, Code: "a", For: "b", Because: "c"}},
		line.Tick{},
	} {
		text := appendAny(nil, reflect.ValueOf(ev), base)
		got, err := readAny(text, base)
		if err != nil || !reflect.DeepEqual(got, ev) {
			t.Errorf("%s\n gave %#v, %v\n want %#v", text, got, err, ev)
		}
	}
	for _, err := range []error{errors.New("disk"), no, fmt.Errorf("container 3: %w", no)} {
		got, readErr := readAny(appendAny(nil, reflect.ValueOf(line.Recorded{Effect: line.Tick{}, Err: err}), base), base)
		if readErr != nil {
			t.Fatal(readErr)
		}
		back := got.(line.Recorded).Err
		var was, is *ledger.StateError
		if back.Error() != err.Error() || errors.As(err, &was) != errors.As(back, &is) || was != nil && *was != *is {
			t.Errorf("%v came back as %v", err, back)
		}
	}
}

var profile = code.Profile{Group: "water", Type: code.Unit, AIs: true, Serial: 13, Tail: [3]code.Field{{AI: "93", Length: 4}}, Full: 38, Lost: 37, KI: 31}

// anyStation draws a station of any kind and the events that it may meet. Which effect an event answers does not matter here.
func anyStation(t *rapid.T) (line.Station, line.Origin, func(now time.Time) line.Event) {
	o := line.Origin{GTIN: "04780012345677", Profile: profile}
	ids := rapid.SliceOfN(rapid.Int64Range(1, 50), 0, 5)
	any := func(all ...line.Event) line.Event { return rapid.SampledFrom(all).Draw(t, "event") }
	scan := func(now time.Time) line.Scan {
		return line.Scan{Seq: rapid.Int64Range(1, 90).Draw(t, "seq"), Code: code.Code(rapid.StringN(1, 3, -1).Draw(t, "code")), NoRead: rapid.Bool().Draw(t, "noread"), At: now.Add(-time.Duration(rapid.IntRange(0, 300).Draw(t, "ms")) * time.Millisecond)}
	}
	switch rapid.IntRange(0, 2).Draw(t, "station") {
	case 0:
		s := line.NewPrint(line.PrintConfig{Ahead: 4, TellGiven: true, Silent: rapid.Bool().Draw(t, "silent")})
		return s, o, func(time.Time) line.Event {
			n := rapid.IntRange(0, 4).Draw(t, "n")
			var claims []ledger.Claim
			for range n {
				claims = append(claims, ledger.Claim{ID: int64(n), Seq: int64(n), Code: "\xfe0104780012345677215abcdefghijkl\x1d93dGVz"})
			}
			return any(line.Tick{}, line.PrinterUp{Session: n}, line.PrinterDown{Session: n, Why: "gone"}, line.PrintedCount{Session: n, Count: n}, line.Seen{Claim: 3}, line.Lend{No: 1, Session: n}, line.GivenBack{},
				line.Permit{OK: n > 0, Why: "no"}, line.Claimed{Claims: claims}, line.Recorded{Effect: line.ConfirmCodes{IDs: []int64{2}}, Err: errors.New("disk")})
		}
	case 1:
		s := line.NewVerify(line.VerifyConfig{StopAfter: 3, Within: time.Second, SilentAfter: 4, Window: 6, HealAfter: 2, StopShare: 3, StopOf: 9, Match: time.Duration(rapid.IntRange(0, 1).Draw(t, "match")) * 100 * time.Millisecond})
		return s, o, func(now time.Time) line.Event {
			if rapid.IntRange(0, 2).Draw(t, "what") == 0 {
				bad := scan(now)
				bad.NoRead = true
				return line.Scans{Scans: []line.Scan{bad}}
			}
			return any(line.Tick{}, line.ScannerState{Up: true}, line.ScannerState{Why: "off"}, line.PLCState{Up: true}, line.PLCState{Why: "off"}, line.CountedProducts{N: 2}, line.CountedRejects{N: 1},
				line.StopOutput{Set: true}, line.StopOutput{}, line.Given{Claims: ids.Draw(t, "given")}, line.Requested{Seq: 7, At: now}, line.TooLate{Seq: 4}, line.Overtaken{N: 2, Told: "x"}, line.Failed{Effect: line.StopLine{}, Err: errors.New("away")})
		}
	}
	s := line.NewPack(line.PackConfig{Capacity: 3, Refused: true, Label: line.LabelConfig{Printer: true, Check: true, CheckWithin: time.Second}})
	return s, o, func(now time.Time) line.Event {
		n := rapid.IntRange(0, 3).Draw(t, "n")
		return any(line.Tick{}, line.Packed{Container: ledger.ContainerID(n + 1)}, line.PrinterUp{Session: n}, line.PrinterDown{Session: n, Why: "gone"}, line.Opened{Container: ledger.ContainerID(n + 1)}, line.Opened{Err: errors.New("disk")},
			line.ScannerState{Why: "off"}, line.ScannerState{Up: true}, line.Scans{Scans: []line.Scan{scan(now), scan(now)}}, line.PrintedCount{Session: n, Count: n}, line.Lend{No: 1, Session: n}, line.GivenBack{}, line.Asked{No: 3, Ask: line.Ask{Do: line.CloseNow}},
			line.Recorded{Effect: line.FillContainer{Container: 2}}, line.Recorded{Effect: line.FillContainer{Container: 2}, Err: &ledger.StateError{What: "closed"}})
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// A recorded history of a station is run without a difference, also from a state in its middle on; and a
// setting changed shows one where it was decisive.
func TestReplayEqualsTheStation(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		data := fmt.Sprintf("%s/%d", dir, run)
		r := record.New(record.Options{DataDir: data, Log: quiet()})
		s, o, next := anyStation(t)
		var batch label.Batch
		o.Revive(s, func() label.Batch { return batch })
		tape := NewTape(r, "3/x", o, s)
		now := time.Now()
		for n := range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "pass")) * time.Millisecond)
			ev := next(now)
			batch.Name = fmt.Sprint("B", n/7)
			effects, failed := tried(s, now, ev)
			if failed {
				break // an answer to nothing that was asked
			}
			tape.Stepped(now, ev, effects, batch)
			if rapid.IntRange(0, 9).Draw(t, "a state") == 0 {
				tape.state(now, false)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		found, err := Run(record.InFolder(data), Options{})
		if err != nil || found.Different != 0 || len(found.Stations) != 1 || found.Stations[0].Skipped != 0 || found.Stations[0].Steps != int(tape.steps) {
			t.Fatalf("%+v of %d steps, %v\n%+v", found.Stations, tape.steps, err, found.Differences)
		}
	})
}

func tried(s line.Station, now time.Time, ev line.Event) (effects []line.Effect, failed bool) {
	defer func() { failed = recover() != nil }()
	return s.Step(now, ev), false
}

// verify records a verify station that three unreadable products stop.
func verify(t *testing.T, drop int) *record.Reader {
	t.Helper()
	data := t.TempDir()
	r := record.New(record.Options{DataDir: data, Log: quiet()})
	s := line.NewVerify(line.VerifyConfig{StopAfter: 3, Window: 64})
	r.Mark(record.MarkStop, "3/check", "before")
	r.Flush() // the first file is there: a new one has states taken anew
	tape := NewTape(r, "3/check", line.Origin{}, s)
	now := time.Now()
	for n, ev := range []line.Event{line.ScannerState{Up: true}, line.PLCState{Up: true}, line.Tick{}, noRead(1), line.Tick{}, line.Tick{}, noRead(2), noRead(3), line.Tick{}} {
		now = now.Add(time.Second)
		effects := s.Step(now, ev)
		if n == drop {
			tape.steps++ // as if the recorder had no room for it
			continue
		}
		tape.Stepped(now, ev, effects, label.Batch{})
	}
	tape.state(now, false)
	tape.Stepped(now, line.Tick{}, s.Step(now, line.Tick{}), label.Batch{})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return record.InFolder(data)
}

func noRead(seq int64) line.Event { return line.Scans{Scans: []line.Scan{{Seq: seq, NoRead: true}}} }

// What a changed setting would have done is the first difference; without a change there is none.
func TestChangedSetting(t *testing.T) {
	from := verify(t, -1)
	found, err := Run(from, Options{})
	if err != nil || found.Different != 0 || found.Stations[0].Steps != 10 || found.Stations[0].States != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	found, err = Run(from, Options{Set: map[string]map[string]string{"3/check": {"stopafter": "2"}}})
	if err != nil || found.Different == 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	if d := found.Differences[0]; d.N != 6 || strings.Contains(d.Then, "StopLine") || !strings.Contains(d.Now, `"StopLine":{"Cause":"2 failures in a row`) {
		t.Errorf("the first difference is %+v", d)
	}
	if _, err = Run(from, Options{Set: map[string]map[string]string{"3/check": {"speed": "2"}}}); err == nil {
		t.Error("a setting that does not exist was set")
	}
	if stop, ok, err := record.LastStop(from); err != nil || !ok || stop.Source != "3/check" || stop.Mark.Kind != record.MarkStop {
		t.Errorf("the last stop is %+v, %v, %v", stop, ok, err)
	}
}

// A step that was dropped ends what can be run, until the next recorded state.
func TestGap(t *testing.T) {
	found, err := Run(verify(t, 3), Options{})
	if err != nil || found.Different != 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	if h := found.Stations[0]; h.Steps != 4 || h.Skipped != 5 || h.States != 0 {
		t.Errorf("%+v", h)
	}
}

// A panic of a station leaves the event that it died of.
func TestDeath(t *testing.T) {
	data := t.TempDir()
	r := record.New(record.Options{DataDir: data, Log: quiet()})
	s := line.NewVerify(line.VerifyConfig{StopAfter: 3})
	tape := NewTape(r, "3/check", line.Origin{}, s)
	now := time.Now()
	tape.Stepped(now, noRead(1), s.Step(now, noRead(1)), label.Batch{})
	tape.Died(now, line.Verdicts{Verdicts: []ledger.Verdict{{}}}, label.Batch{}, "index out of range")
	// Nobody closes it: the process has died.
	from := record.InFolder(data)
	stop, ok, err := record.LastStop(from)
	if err != nil || !ok || stop.Mark.Kind != record.MarkDeath || !strings.Contains(stop.Mark.Text, "index out of range") {
		t.Errorf("the last stop is %+v, %v, %v", stop, ok, err)
	}
	found, err := Run(from, Options{})
	if err != nil || found.Stations[0].Steps != 2 {
		t.Errorf("%+v, %v", found, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
