package line

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

func TestPrint_lends(t *testing.T) {
	up, no := PrinterUp{Session: 7}, Permit{Why: "the next batch"}
	two := Claimed{Claims: claims(1, 2)}
	ask := Lend{No: 3, Session: 7}
	given := []Event{no, up, ask}
	printed := []Event{Permit{OK: true}, up, two, no, PrintedCount{Session: 7, Count: 2}}
	try(t, func() Station { return NewPrint(PrintConfig{Ahead: 2, Label: bare}) }, []rule{
		{name: "a printer with nothing outstanding is given away", history: []Event{no, up}, event: ask, want: []Effect{Reply{No: 3}}},
		{name: "when all labels are counted it is given away", history: printed, event: ask, want: []Effect{Reply{No: 3}}},
		{name: "with labels outstanding it is not", history: []Event{Permit{OK: true}, up, two, no, PrintedCount{Session: 7, Count: 1}}, event: ask,
			want: []Effect{Reply{No: 3, Why: "the printer holds labels with 1 code"}}},
		{name: "another session's is not", history: []Event{no, up}, event: Lend{No: 3, Session: 6},
			want: []Effect{Reply{No: 3, Why: "the printer's session has just ended, or begun anew"}}},
		{name: "one that is down is not", history: []Event{no}, event: Lend{No: 3},
			want: []Effect{Reply{No: 3, Why: "the printer's session has just ended, or begun anew"}}},
		{name: "one that is given away is not", history: given, event: ask, want: []Effect{Reply{No: 3, Why: "the printer is given away already"}}},
		{name: "a permit feeds no printer that is given away", history: given, event: Permit{OK: true}},
		{name: "neither does time", history: append(given, Permit{OK: true}), event: Tick{}},
		{name: "given back it is fed", history: append(given, Permit{OK: true}), event: GivenBack{}, want: []Effect{ClaimCodes{N: 2}}},
		{name: "the end of its session doubts nothing", history: given, event: PrinterDown{Session: 7, Why: "a test label is printed"}, state: "waiting"},
		{name: "its next session is fed", history: append(given, Permit{OK: true}, PrinterDown{Session: 7}), event: PrinterUp{Session: 8}, want: []Effect{ClaimCodes{N: 2}}},
	})
}

func TestPack_lends(t *testing.T) {
	ask := Lend{No: 3, Session: 7}
	up, full := PrinterUp{Session: 7}, Recorded{Effect: FillContainer{Container: 4}}
	config := PackConfig{Capacity: 2, Label: LabelConfig{Printer: true, Group: bare}}
	for name, station := range map[string]func() Station{
		"stream": func() Station { return NewPack(config) },
		"frame":  func() Station { return NewFrame(config) },
		"hand":   func() Station { return NewBench(config) },
	} {
		t.Run(name, func(t *testing.T) {
			try(t, station, []rule{
				{name: "a printer without work is given away", history: []Event{up}, event: ask, want: []Effect{Reply{No: 3}}},
				{name: "with a container to label it is not", history: []Event{up, full}, event: ask, want: []Effect{Reply{No: 3, Why: "1 container must get a label first"}}},
				{name: "a container waits for one that is given away", history: []Event{up, ask}, event: full},
				{name: "given back it labels that", history: []Event{up, ask, full}, event: GivenBack{}, want: []Effect{ClaimCodes{N: 1}}},
				{name: "nor while a label is printed once more", history: []Event{up, PrintAgain{No: 8, Label: Label{Code: "own"}}}, event: ask, want: []Effect{Reply{No: 3, Why: busyPrinting}}},
				{name: "given away it prints no label once more", history: []Event{up, ask}, event: PrintAgain{No: 8, Label: Label{Code: "own"}}, want: []Effect{Reply{No: 8, Why: busyPrinting}}},
				{name: "so does its next session", history: []Event{up, ask, full, PrinterDown{Session: 7, Why: "a test label is printed"}}, event: PrinterUp{Session: 8}, want: []Effect{ClaimCodes{N: 1}}},
			})
		})
	}
}

// A line keeps its printers while it marks; a station that has ended, or has no printer, gives none away.
func TestLend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t.TempDir(), 20, 0, nil)
		defer s.Close()
		p := &tray{}
		l := must(New(t.Context(), Config{Name: "3", Ledger: s.Ledger, Log: slog.New(slog.DiscardHandler), Alarm: func(string, string) {}, Stations: []StationConfig{
			{Name: "mark", Kind: KindPrint, Product: s.bottle, Printer: p, Ahead: 2},
			{Name: "drop", Kind: KindDrop},
		}}))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); l.Run(ctx) }()
		refused := func(station string, session int) string {
			t.Helper()
			giveBack, err := l.Lend(t.Context(), station, session)
			giveBack()
			var no *RefusedError
			if err == nil || !errors.As(err, &no) && !errors.Is(err, ErrNoStation) {
				t.Fatalf("%s is given away: %v", station, err)
			}
			return err.Error()
		}
		fine(l.SetBatch(t.Context(), ledger.Batch{Name: "1"}, ""))
		l.Post(ctx, "mark", PrinterUp{Session: 1})
		synctest.Wait()
		if why := refused("mark", 1); why != "line 3 is marking" {
			t.Error(why)
		}
		fine(l.SetBatch(t.Context(), ledger.Batch{Name: "1"}, "the next batch"))
		if why := refused("mark", 1); why != "the printer holds labels with 2 codes" {
			t.Error(why)
		}
		refused("drop", 1)
		refused("nothing", 1)
		l.Post(ctx, "mark", PrintedCount{Session: 1, Count: 2})
		giveBack := must(l.Lend(t.Context(), "mark", 1))
		fine(l.SetBatch(t.Context(), ledger.Batch{Name: "2"}, ""))
		time.Sleep(time.Second)
		if n := len(p.codes()); n != 2 {
			t.Errorf("%d codes went to a printer that was given away after 2", n)
		}
		giveBack()
		time.Sleep(time.Second)
		if n := len(p.codes()); n != 4 {
			t.Errorf("%d codes were sent, want 2 more", n)
		}
		cancel()
		<-ended
		fine(l.SetBatch(t.Context(), ledger.Batch{Name: "2"}, "the next batch"))
		refused("mark", 1)
		seen := map[code.Code]bool{}
		for _, c := range p.codes() {
			if seen[c] {
				t.Errorf("%q was sent twice", c)
			}
			seen[c] = true
		}
	})
}
