package line

import (
	"testing"

	"linemark/internal/ledger"
)

func TestPrint_steps(t *testing.T) {
	allowed := Permit{OK: true}
	up := PrinterUp{Session: 7}
	two := Claimed{Claims: claims(1, 2)}
	confirm := ConfirmCodes{IDs: []int64{1, 2}, Evidence: ledger.ByCount}
	doubt := DoubtCodes{IDs: []int64{1, 2}, Cause: "paper out"}
	try(t, func() Station { return NewPrint(PrintConfig{Ahead: 2, Label: bare}) }, []rule{
		{name: "a printer without a permit gets no codes", event: up, state: "waiting"},
		{name: "a permit without a printer claims nothing", event: allowed, state: "waiting"},
		{name: "a ready printer and a permit claim as many codes as it takes ahead", history: []Event{allowed}, event: up,
			want: []Effect{ClaimCodes{N: 2}}},
		{name: "what was claimed is sent to the printer's session", history: []Event{allowed, up}, event: two,
			want: []Effect{SendLabels{Session: 7, Labels: labels(1, 2)}}, state: "running"},
		{name: "an empty stock is waited for", history: []Event{allowed, up}, event: Claimed{}, state: "waiting"},
		{name: "a claim that failed sends nothing", history: []Event{allowed, up}, event: Claimed{Err: errDisk}, state: "stopped"},
		{name: "a claim that failed is tried again", history: []Event{allowed, up, Claimed{Err: errDisk}}, event: Tick{},
			want: []Effect{ClaimCodes{N: 2}}},
		{name: "a full printer gets no more", history: []Event{allowed, up, two}, event: Tick{}, state: "running"},
		{name: "a count confirms the oldest labels and makes room", history: []Event{allowed, up, two}, event: PrintedCount{Session: 7, Count: 1},
			want: []Effect{ConfirmCodes{IDs: []int64{1}, Evidence: ledger.ByCount}, ClaimCodes{N: 1}}},
		{name: "the same count again says nothing new", history: []Event{allowed, up, two, PrintedCount{Session: 7, Count: 1}, Claimed{Claims: claims(3, 1)}},
			event: PrintedCount{Session: 7, Count: 1}},
		{name: "a count above what was sent is no evidence for later labels",
			history: []Event{allowed, up, two, PrintedCount{Session: 7, Count: 4}, Claimed{Claims: claims(3, 2)}}, event: PrintedCount{Session: 7, Count: 4}},
		{name: "a count of another session is not believed", history: []Event{allowed, up, two}, event: PrintedCount{Session: 6, Count: 2}},
		{name: "a count without a session is not believed", history: []Event{allowed}, event: PrintedCount{Session: 0, Count: 2}},
		{name: "the end of a session puts what is outstanding into doubt", history: []Event{allowed, up, two}, event: PrinterDown{Session: 7, Why: "paper out"},
			want: []Effect{doubt, Alarm{}}, state: "waiting"},
		{name: "the end of an unnumbered session is the end of this one", history: []Event{allowed, up, two}, event: PrinterDown{Why: "paper out"},
			want: []Effect{doubt, Alarm{}}, state: "waiting"},
		{name: "only what was not counted goes into doubt", history: []Event{allowed, up, two, PrintedCount{Session: 7, Count: 1}}, event: PrinterDown{Session: 7, Why: "paper out"},
			want: []Effect{DoubtCodes{IDs: []int64{2}, Cause: "paper out"}, Alarm{}}},
		{name: "the end of an older session changes nothing", history: []Event{allowed, up, two}, event: PrinterDown{Session: 6, Why: "paper out"}, state: "running"},
		{name: "a session without outstanding labels ends quietly", history: []Event{allowed, up, Claimed{}}, event: PrinterDown{Session: 7, Why: "paper out"}, state: "waiting"},
		{name: "a new session doubts what the old one left and starts afresh", history: []Event{allowed, up, two}, event: PrinterUp{Session: 8},
			want: []Effect{DoubtCodes{IDs: []int64{1, 2}, Cause: "the printer's session began anew"}, Alarm{}, ClaimCodes{N: 2}}},
		{name: "a new session counts from zero", history: []Event{allowed, up, two, PrintedCount{Session: 7, Count: 2}, PrinterUp{Session: 8}, Claimed{Claims: claims(3, 2)}},
			event: PrintedCount{Session: 8, Count: 1}, want: []Effect{ConfirmCodes{IDs: []int64{3}, Evidence: ledger.ByCount}, ClaimCodes{N: 1}}},
		{name: "without a permit nothing more is claimed", history: []Event{allowed, up, two, Permit{Why: "the scanner behind: gone"}}, event: PrintedCount{Session: 7, Count: 2},
			want: []Effect{confirm}, state: "waiting"},
		{name: "a record that failed stops the feeding", history: []Event{allowed, up, two, Recorded{Effect: confirm, Err: errDisk}}, event: PrintedCount{Session: 7, Count: 2},
			want: []Effect{confirm}, state: "stopped"},
		{name: "a record that failed is made again", history: []Event{allowed, up, two, PrintedCount{Session: 7, Count: 2}, Recorded{Effect: confirm, Err: errDisk}}, event: Tick{},
			want: []Effect{confirm}},
		{name: "records are made again in their order", history: []Event{Recorded{Effect: confirm, Err: errDisk}, Recorded{Effect: doubt, Err: errDisk}}, event: Tick{},
			want: []Effect{confirm, doubt}},
		{name: "a record on disk lets the feeding go on", history: []Event{allowed, up, Recorded{Effect: confirm, Err: errDisk}, Tick{}, Recorded{Effect: confirm}}, event: Tick{},
			want: []Effect{ClaimCodes{N: 2}}},
	})
}

func TestPrint_aPrinterThatIsAloneConfirmsByIdentity(t *testing.T) {
	try(t, func() Station { return NewPrint(PrintConfig{Ahead: 1, Alone: true, Label: bare}) }, []rule{
		{name: "the only outstanding label", history: []Event{Permit{OK: true}, PrinterUp{Session: 1}, Claimed{Claims: claims(1, 1)}}, event: PrintedCount{Session: 1, Count: 1},
			want: []Effect{ConfirmCodes{IDs: []int64{1}, Evidence: ledger.ByIdentity}, ClaimCodes{N: 1}}},
	})
}

func TestPrint_viewCounts(t *testing.T) {
	p := NewPrint(PrintConfig{Ahead: 3, Label: bare})
	for _, ev := range []Event{Permit{OK: true}, PrinterUp{Session: 1}, Claimed{Claims: claims(1, 3)}, PrintedCount{Session: 1, Count: 2}, PrinterDown{Session: 1, Why: "power"}} {
		p.Step(clock, ev)
	}
	view := p.View()
	if view.Count["sent"] != 3 || view.Count["printed"] != 2 || view.Count["doubtful"] != 1 {
		t.Errorf("the view counts %v, want 3 sent, 2 printed, 1 doubtful", view.Count)
	}
	view.Count["sent"] = 99
	if p.View().Count["sent"] != 3 {
		t.Error("a view that was handed out is not a copy")
	}
}
