package line

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// decisions are what a station tells of its readings, as "code: why".
type decisions []string

func (d *decisions) of(s Station) Station {
	s.(interface{ listen(func(Scan, string)) }).listen(func(s Scan, why string) {
		if *d = append(*d, code.Visible(s.Code)+": "+why); s.At.IsZero() {
			panic("a reading without a moment")
		}
	})
	return s
}

// Every kind of station tells of each reading once, in their order, what it has decided.
func TestReads_areJudged(t *testing.T) {
	put := func(o ...ledger.Outcome) Puts {
		p := Puts{}
		for _, o := range o {
			p.Outcomes = append(p.Outcomes, ledger.PutOutcome{Verdict: ledger.Verdict{Outcome: o}, Packed: o == ledger.Good})
		}
		return p
	}
	all := func(s ...Scan) Scans { return Scans{Scans: s} }
	unread := Scan{Seq: 9, NoRead: true}
	bad := Scan{Seq: 8, Code: "x", Bad: "the frame is too long"}
	picture := all(Scan{Code: "a", More: true}, Scan{Code: "b"})
	noted := ledger.Verdict{Outcome: ledger.Duplicate, Note: "used long ago"}
	for _, c := range []struct {
		name    string
		station Station
		events  []Event
		want    []string
	}{
		{"verify", NewVerify(VerifyConfig{StopAfter: 9, Window: 9}),
			[]Event{all(Scan{Code: "a"}, bad, Scan{Code: "b"}, unread), verdicts(good(1), noted), scans(3), Verdicts{Err: errDisk}},
			[]string{"a: ", "x: the frame is too long", "b: duplicate: used long ago", ": no read", "code-3: the ledger did not answer: the disk is full"}},
		{"verify with a quality", NewVerify(VerifyConfig{StopAfter: 9, Window: 9, Quality: Quality{Grade: 3}}),
			[]Event{all(Scan{Code: "a", Grade: Grade{Text: "D", Value: 1, Known: true}}, Scan{Code: "b", Grade: Grade{Text: "A", Value: 4, Known: true}}), verdicts(good(1))},
			[]string{"a: print quality D is below 3.0", "b: "}},
		{"verify with a handshake", NewVerify(VerifyConfig{StopAfter: 9, Window: 9, Match: time.Second}),
			[]Event{all(Scan{Code: codeNo(1), At: clock.Add(-time.Minute)}), Tick{}, verdicts(good(1))}, // announced by nobody
			[]string{"code-1: a good product was rejected, its verdict came too late"}},
		{"pack", NewPack(PackConfig{Capacity: 9}),
			[]Event{scans(1, 2), Opened{Container: 1}, put(ledger.Good, ledger.Unknown), all(unread, bad, Scan{Code: "c"}), Puts{Err: errDisk}},
			[]string{"code-1: ", "code-2: unit refused: unknown code", ": the ledger did not answer: the disk is full", "x: the ledger did not answer: the disk is full", "c: the ledger did not answer: the disk is full"}},
		{"pack of what cannot be read", NewPack(PackConfig{Capacity: 9}),
			[]Event{all(unread, bad, Scan{Code: "c"}), Opened{Container: 1}, put(ledger.Good)},
			[]string{": a unit could not be read", "x: the frame is too long", "c: "}},
		{"pack by the picture", NewFrame(PackConfig{Capacity: 2}),
			[]Event{picture, PackedFrame{Container: 1, Outcomes: put(ledger.Good, ledger.Good).Outcomes}, picture, PackedFrame{Err: errDisk}, all(Scan{Code: "c"}), all(Scan{Code: "d", More: true}), ScannerState{Why: "gone"}},
			[]string{"a: ", "b: ", "a: the ledger did not answer: the disk is full", "b: the ledger did not answer: the disk is full", "c: 1 code of 2", "d: the scanner went away after 1 code of it"}},
		{"pack by the picture, one not good", NewFrame(PackConfig{Capacity: 2}),
			[]Event{picture, PackedFrame{Outcomes: put(ledger.Good, ledger.Unknown).Outcomes}},
			[]string{"a: 1 of 2 codes not good:  unknown code", "b: 1 of 2 codes not good:  unknown code"}},
		{"pack by hand", NewBench(PackConfig{Capacity: 2, Own: func(c code.Code) bool { return c == "box" }, Cards: map[code.Code]Do{"undo": Undo}}),
			[]Event{Tick{}, FoundOpen{}, all(Scan{Code: "undo"}), scans(1), Opened{Container: 1}, put(ledger.Good), scans(1), put(ledger.Duplicate), scans(2), put(ledger.Good), scans(3), all(unread), all(Scan{Code: "box"}), Recorded{Effect: CloseRead{Container: 1}}},
			[]string{"code-1: ", "code-1: duplicate", "code-2: ", "code-3: container 1 is full: its own code comes first", ": it could not be read", "box: "}},
		{"drop", NewDrop(HandheldConfig{}),
			[]Event{all(Scan{Code: "a"}, unread, Scan{Code: "b"}), DroppedCodes{Outcomes: []ledger.DropOutcome{{Codes: 1}, {Why: "it is in a container"}}}},
			[]string{"a: ", ": no read", "b: it is in a container"}},
		{"rework", NewRework(HandheldConfig{}, false),
			[]Event{all(Scan{Code: "a"}, Scan{Code: "b"}), verdicts(good(1), ledger.Verdict{Outcome: ledger.Duplicate})},
			[]string{"a: ", "b: a product with this code is verified already"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got decisions
			s := got.of(c.station)
			for _, ev := range c.events {
				s.Step(clock, ev)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("\n got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestReads_theNewestAreKept(t *testing.T) {
	var b notebook
	if got := b.newest(); got == nil || len(got) != 0 {
		t.Errorf("at first %v", got)
	}
	for i := range 30 {
		b.note(Scan{Code: codeNo(i), At: clock, Grade: Grade{Text: "B"}}, fmt.Sprint(i))
		got := b.newest()
		if len(got) != min(i+1, keptReads) {
			t.Fatalf("%d are kept of %d", len(got), i+1)
		}
		for j, r := range got {
			if want := (Read{At: clock, Code: codeNo(i - j), Why: fmt.Sprint(i - j), Grade: "B"}); r != want {
				t.Errorf("the reading %d back is %+v, want %+v", j, r, want)
			}
		}
	}
	if n := testing.AllocsPerRun(1000, func() { b.note(Scan{Code: "c"}, "no read") }); n != 0 {
		t.Errorf("a reading costs %v allocations", n)
	}
}

// A running line tells the readings of each station, and how many were bad in a row.
func TestReads_ofALine(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &tray{}
		r := run(t, dir, markAndCheck(p, &wires{}))
		r.post("mark", PrinterUp{Session: 1})
		r.post("check", ScannerState{Up: true}, PLCState{Up: true})
		time.Sleep(time.Second)
		inARow := func() int { return r.Status()[1].InARow }
		began := time.Now()
		r.post("check", noRead(1))
		time.Sleep(time.Second)
		r.post("check", read(2, "nonsense"))
		time.Sleep(time.Second)
		if n := inARow(); n != 2 {
			t.Errorf("%d in a row", n)
		}
		r.post("check", read(3, p.codes()[0]))
		time.Sleep(time.Second)
		got := r.Reads("check")
		if len(got) != 3 || got[0].Code != p.codes()[0] || got[0].Why != "" || got[1].Code != "nonsense" || got[1].Why == "" || got[2].Why != "no read" {
			t.Fatalf("read were %+v", got)
		}
		if at := got[2].At; at.Before(began) || at.After(began.Add(time.Second)) || inARow() != 0 {
			t.Errorf("read at %v, %d in a row", at, inARow())
		}
		if r.Reads("nobody") != nil || len(r.Reads("mark")) != 0 {
			t.Error("who reads nothing has read something")
		}
	})
}

// BenchmarkReads is a good product at the check, with nobody listening and with the newest readings kept.
func BenchmarkReads(b *testing.B) {
	for _, listens := range []bool{false, true} {
		b.Run(fmt.Sprintf("kept=%v", listens), func(b *testing.B) {
			v, kept := NewVerify(VerifyConfig{StopAfter: 3, Window: 64}), &notebook{}
			if listens {
				v.listen(kept.note)
			}
			scan, answer := scans(1), verdicts(good(1))
			b.ReportAllocs()
			for b.Loop() {
				v.Step(clock, scan)
				v.Step(clock, answer)
			}
		})
	}
}
