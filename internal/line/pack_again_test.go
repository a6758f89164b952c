package line

import (
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// The label of a closed container is printed once more between two others, and what the printer says of it closes no
// container.
func TestPack_printsLabelsAgain(t *testing.T) {
	up := PrinterUp{Session: 1}
	own := Label{Code: "own"}
	ask := PrintAgain{No: 7, Label: own}
	send := SendLabels{Session: 1, Labels: []Label{own}}
	done := Reply{No: 7, Said: "the label of own is printed again"}
	unsure := func(why string) Reply {
		return Reply{No: 7, Why: "whether the label came out is not known, look at the printer: " + why}
	}
	no := func(why string) []Effect { return []Effect{Reply{No: 7, Why: why}} }
	full := []Event{scans(1), Opened{Container: 5}, packed(1)}
	waits := Recorded{Effect: FillContainer{Container: 5}} // a container wants its label
	claimed := Claimed{Claims: []ledger.Claim{{ID: 1, Code: "next"}}}
	next := SendLabels{Session: 1, Labels: []Label{{Code: "next"}}}
	join := func(parts ...any) []Event {
		var all []Event
		for _, p := range parts {
			if more, ok := p.([]Event); ok {
				all = append(all, more...)
			} else {
				all = append(all, p)
			}
		}
		return all
	}
	label := LabelConfig{Printer: true, Group: func(c ledger.Claim) Label { return Label{Code: c.Code} }}
	try(t, func() Station { return NewPack(PackConfig{Capacity: 1, Label: label}) }, []rule{
		{name: "it goes to the printer", history: join(up), event: ask, want: []Effect{send}},
		{name: "the printer's count answers", history: join(up, ask), event: PrintedCount{Session: 1, Count: 1}, want: []Effect{done}},
		{name: "without a printer's session it is refused", event: ask, want: no("the label printer is not there")},
		{name: "while another label is under way it is refused", history: join(up, full, waits, claimed), event: ask, want: no("another label is being printed: ask again in a moment")},
		{name: "while it is under way another is refused", history: join(up, ask), event: PrintAgain{No: 8, Label: own}, want: []Effect{Reply{No: 8, Why: "another label is being printed: ask again in a moment"}}},
		{name: "a container waits for it", history: join(up, ask, full), event: waits},
		{name: "and comes next", history: join(up, ask, full, waits), event: PrintedCount{Session: 1, Count: 1}, want: []Effect{done, ClaimCodes{N: 1}}},
		{name: "its count closes no container", history: join(up, ask, PrintedCount{Session: 1, Count: 1}, full, waits, claimed), event: PrintedCount{Session: 1, Count: 1}},
		{name: "the container's own count does", history: join(up, ask, PrintedCount{Session: 1, Count: 1}, full, waits, claimed), event: PrintedCount{Session: 1, Count: 2},
			want: []Effect{CloseContainer{Container: 5, Claim: ledger.Claim{ID: 1, Code: "next"}, Evidence: ledger.ByIdentity}}},
		{name: "behind it the container's label is sent", history: join(up, ask, full, waits, PrintedCount{Session: 1, Count: 1}), event: claimed, want: []Effect{next}},
		{name: "a printer that goes away leaves it open", history: join(up, ask), event: PrinterDown{Session: 1, Why: "cut"}, want: []Effect{unsure("cut")}},
		{name: "so does one that says nothing", history: join(up, ask), event: later{againWithin + time.Millisecond, Tick{}}, want: []Effect{unsure("the printer has said nothing for 30s")}},
		{name: "it has its time", history: join(up, ask), event: later{againWithin - time.Millisecond, Tick{}}},
	})
	label.Check, label.CheckWithin = true, time.Second
	read := func(text string) CheckScan { return CheckScan{Scan: Scan{Code: code.Code(text)}} }
	try(t, func() Station { return NewPack(PackConfig{Capacity: 1, Label: label}) }, []rule{
		{name: "its reading answers, too", history: join(up, ask), event: read("own"), want: []Effect{done}},
		{name: "its reading behind its count is no surprise", history: join(up, ask, PrintedCount{Session: 1, Count: 1}), event: read("own")},
		{name: "much later it is one", history: join(up, ask, PrintedCount{Session: 1, Count: 1}, later{againWithin + time.Millisecond, Tick{}}), event: read("own"), want: []Effect{Alarm{Text: "a container label was read while none was expected: own"}}},
		{name: "another reading is told", history: join(up, ask), event: read("other"), want: []Effect{unsure("its label was read as something else: other")}},
	})
	try(t, func() Station { return NewPack(PackConfig{Capacity: 1, Label: LabelConfig{SSCC: true}}) }, []rule{
		{name: "a station without a printer says so", event: ask, want: no("this station has no printer")},
	})
}
