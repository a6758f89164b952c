package line

import (
	"errors"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

func good(claim int64) ledger.Verdict { return ledger.Verdict{Outcome: ledger.Good, Claim: claim} }

func byWindow(claim int64) OvertakenBefore {
	return OvertakenBefore{Claim: claim, Cause: overtaken, Told: "printed codes were never read while the products behind were"}
}

func verdicts(v ...ledger.Verdict) Verdicts { return Verdicts{Verdicts: v} }

func noRead(seq int64) Scans { return Scans{Scans: []Scan{{Seq: seq, NoRead: true}}} }

func badFrame(seq int64) Scans { return Scans{Scans: []Scan{{Seq: seq, Bad: "the frame is too long"}}} }

func TestVerify_steps(t *testing.T) {
	unknown := ledger.Verdict{Outcome: ledger.Unknown}
	scanner, plc := ScannerState{Up: true}, PLCState{Up: true}
	stopped := func(cause string) []Effect { return []Effect{StopLine{Cause: cause}, Alarm{}} }
	rejected := func(seq int64) []Effect { return []Effect{Reject{Seq: seq}, Alarm{}} }
	gone := ScannerState{Why: "no route"}
	first := StopLine{Cause: "the scanner is gone: no route"}
	tooLate := "the verdict on product 1 came after the next product was read: it has passed the rejector"
	try(t, func() Station {
		return NewVerify(VerifyConfig{StopAfter: 3, SilentAfter: 5, Within: time.Second, Window: 4})
	}, []rule{
		{name: "a reading is asked about", event: scans(1), want: []Effect{VerifyCodes{Codes: []code.Code{codeNo(1)}}}},
		{name: "readings that wait are asked about together, in order", event: scans(1, 2, 3), want: []Effect{VerifyCodes{Codes: []code.Code{codeNo(1), codeNo(2), codeNo(3)}}}},
		{name: "a good product passes", history: []Event{scanner, plc, scans(1)}, event: verdicts(good(1)), state: "running"},
		{name: "an unknown code is rejected", history: []Event{scans(1)}, event: verdicts(unknown), want: rejected(1)},
		{name: "a duplicate is rejected", history: []Event{scans(1)}, event: verdicts(ledger.Verdict{Outcome: ledger.Duplicate}), want: rejected(1)},
		{name: "a note is told with the rejection", history: []Event{scans(1)}, event: verdicts(ledger.Verdict{Outcome: ledger.Unreadable, Note: "3 bytes"}),
			want: []Effect{Reject{Seq: 1}, Alarm{Text: "product rejected: not a code of this group: 3 bytes"}}},
		{name: "a no-read is rejected without asking", event: noRead(5), want: rejected(5)},
		{name: "a frame that can be no code is rejected without asking", event: badFrame(5), want: []Effect{Reject{Seq: 5}, Alarm{Text: "product rejected: the frame is too long"}}},
		{name: "an older bad product of a batch stops the line", history: []Event{scans(1, 2)}, event: verdicts(unknown, good(2)),
			want: stopped("product 1 (unknown code) had passed the rejector before its verdict")},
		{name: "the newest bad product of a batch is rejected", history: []Event{scans(1, 2)}, event: verdicts(good(1), unknown), want: rejected(2)},
		{name: "verdicts go to the readings that were asked about",
			history: []Event{Scans{Scans: []Scan{{Seq: 1, Code: codeNo(1)}, {Seq: 2, NoRead: true}, {Seq: 3, Code: codeNo(3)}}}}, event: verdicts(good(1), good(3)),
			want: stopped("product 2 (no read) had passed the rejector before its verdict")},
		{name: "without the ledger's answer nothing passes", history: []Event{scans(1)}, event: Verdicts{Err: errDisk},
			want: append(rejected(1), stopped("the ledger did not answer: the disk is full")...), state: "stopped"},
		{name: "so many failures in a row stop the line", history: []Event{noRead(1), noRead(2)}, event: noRead(3),
			want: append(rejected(3), stopped("3 failures in a row, the last: no read")...), state: "stopped"},
		{name: "a good product ends the row", history: []Event{noRead(1), noRead(2), scans(3), verdicts(good(3))}, event: noRead(4), want: rejected(4)},
		{name: "a stopped line still rejects", history: []Event{noRead(1), noRead(2), noRead(3)}, event: noRead(4), want: rejected(4), state: "stopped"},
		{name: "a verdict that came too late stops the line", event: TooLate{Seq: 1}, want: stopped(tooLate)},
		{name: "a second cause does not set the stop again", history: []Event{TooLate{Seq: 1}}, event: TooLate{Seq: 2},
			want: []Effect{Alarm{Text: "while the line stands: the verdict on product 2 came after the next product was read: it has passed the rejector"}}, state: "stopped"},
		{name: "a rejector that cannot be set stops the line", history: []Event{noRead(1)}, event: Failed{Effect: Reject{Seq: 1}, Err: errors.New("timeout")},
			want: stopped("the reject output could not be set: timeout")},
		{name: "a rejection not counted in time stops the line", history: []Event{noRead(1)}, event: later{1001 * time.Millisecond, Tick{}},
			want: stopped("1 rejection not counted within 1s: the product may have passed")},
		{name: "a rejection has its time", history: []Event{noRead(1)}, event: later{time.Second, Tick{}}},
		{name: "a counted rejection is settled", history: []Event{noRead(1), CountedRejects{N: 1}}, event: later{time.Minute, Tick{}}},
		{name: "each rejection has its own count", history: []Event{noRead(1), noRead(2), CountedRejects{N: 1}}, event: later{time.Minute, Tick{}},
			want: stopped("1 rejection not counted within 1s: the product may have passed")},
		{name: "a product thrown out unasked is told", history: []Event{noRead(1)}, event: CountedRejects{N: 3},
			want: []Effect{Alarm{Text: "2 products thrown out that nobody asked to reject"}}},
		{name: "a camera that says nothing stops the line", history: []Event{scanner, plc, CountedProducts{N: 4}}, event: CountedProducts{N: 1},
			want: stopped("5 products passed without a reading"), state: "stopped"},
		{name: "a reading shows that the camera lives", history: []Event{scanner, plc, CountedProducts{N: 4}, scans(1), verdicts(good(1)), CountedProducts{N: 30}}, event: CountedProducts{N: 4}},
		{name: "a scanner that goes stops the line", history: []Event{scanner, plc}, event: gone, want: stopped(first.Cause), state: "stopped"},
		{name: "a scanner that was never there does not", history: []Event{plc}, event: gone, state: "waiting"},
		{name: "a scanner that is still away after readings does", history: []Event{noRead(1)}, event: gone, want: stopped(first.Cause)},
		{name: "a scanner that stays away does not hide the stop", history: []Event{scanner, plc, gone}, event: gone, state: "stopped"},
		{name: "a scanner that comes back does not lift the stop", history: []Event{scanner, plc, gone}, event: scanner, state: "stopped"},
		{name: "a PLC that is gone stops without being told", history: []Event{scanner, plc}, event: PLCState{Why: "timeout"}, state: "stopped"},
		{name: "scanner and PLC together run the line", history: []Event{scanner}, event: plc, state: "running"},
		{name: "a PLC without the scanner waits", event: plc, state: "waiting"},
		{name: "a scanner without the PLC waits", event: scanner, state: "waiting"},
		{name: "a stop that the PLC did not take is set when the PLC answers", history: []Event{scanner, plc, gone, Failed{Effect: first, Err: errDisk}, PLCState{}}, event: plc,
			want: []Effect{first}, state: "stopped"},
		{name: "a stop that a present PLC refused is set again", history: []Event{scanner, plc, gone, Failed{Effect: first, Err: errDisk}}, event: Tick{},
			want: []Effect{first}, state: "stopped"},
		{name: "a stop that the PLC took is not set again", history: []Event{scanner, plc, gone, PLCState{}}, event: plc, state: "stopped"},
		{name: "a stop output read back as set is only noted", history: []Event{TooLate{Seq: 1}}, event: StopOutput{Set: true}, state: "stopped"},
		{name: "a stop output not set yet is no restart", history: []Event{TooLate{Seq: 1}}, event: StopOutput{}, state: "stopped"},
		{name: "a stop output that is cleared is a restart", history: []Event{scanner, plc, TooLate{Seq: 1}, StopOutput{Set: true}}, event: StopOutput{}, state: "running"},
		{name: "a restart without the scanner does not run", history: []Event{scanner, plc, gone, StopOutput{Set: true}}, event: StopOutput{}, state: "waiting"},
		{name: "a restart without the scanner that was there stops again", history: []Event{scanner, plc, scans(1), verdicts(good(11)), gone, StopOutput{Set: true}}, event: StopOutput{},
			want: stopped("restarted while the scanner is gone: no route"), state: "stopped"},
		{name: "after a restart the next cause stops again", history: []Event{TooLate{Seq: 2}, StopOutput{Set: true}, StopOutput{}}, event: TooLate{Seq: 1}, want: stopped(tooLate)},
		{name: "after a restart failures count anew", history: []Event{noRead(1), noRead(2), noRead(3), StopOutput{Set: true}, StopOutput{}}, event: noRead(4), want: rejected(4)},
		{name: "after a restart old rejections are nobody's", history: []Event{noRead(1), TooLate{Seq: 1}, StopOutput{Set: true}, StopOutput{}}, event: later{time.Minute, Tick{}}},
		{name: "a restart is seen where the output was set before the cause came", history: []Event{StopOutput{Set: true}, TooLate{Seq: 2}, StopOutput{}}, event: TooLate{Seq: 1},
			want: stopped(tooLate), state: "stopped"},
		{name: "an output that others set and cleared says nothing of a later stop", history: []Event{StopOutput{Set: true}, StopOutput{}, TooLate{Seq: 1}}, event: StopOutput{}, state: "stopped"},
		{name: "overtaken codes are looked for when the window is full", history: []Event{scans(1, 2, 3), verdicts(good(11), good(14), good(12)), scans(4)}, event: verdicts(good(13)),
			want: []Effect{byWindow(11)}},
		{name: "the window forgets what is older", history: []Event{scans(1, 2, 3, 4), verdicts(good(11), good(12), good(13), good(14)), scans(5)}, event: verdicts(good(15)),
			want: []Effect{byWindow(12)}},
		{name: "overtaken codes are told", event: Overtaken{N: 2, Told: "so and so"},
			want: []Effect{Alarm{Text: "so and so; set aside as doubtful: 2 codes"}}},
		{name: "no overtaken codes are no news", event: Overtaken{Told: "so and so"}},
		{name: "codes that the rejected products explain are no news", event: Overtaken{N: 2}},
		{name: "a look for overtaken codes that failed changes nothing", event: Overtaken{Err: errDisk}},
		{name: "a tick with nothing due does nothing", history: []Event{scanner, plc}, event: Tick{}, state: "running"},
	})
}

func TestVerify_withoutACounterNoRejectionIsWaitedFor(t *testing.T) {
	try(t, func() Station { return NewVerify(VerifyConfig{StopAfter: 9, Window: 1}) }, []rule{
		{name: "no deadline", history: []Event{noRead(1)}, event: later{time.Hour, Tick{}}},
		{name: "counts mean nothing", event: CountedRejects{N: 3}},
	})
}

func TestVerify_permit(t *testing.T) {
	for _, c := range []struct {
		name         string
		scanner, plc bool
		want         Permit
	}{
		{"both are down", false, false, Permit{Why: "the scanner behind: gone"}},
		{"no scanner", false, true, Permit{Why: "the scanner behind: gone"}},
		{"no PLC", true, false, Permit{Why: "the PLC: gone"}},
		{"both are up", true, true, Permit{OK: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := NewVerify(VerifyConfig{StopAfter: 1, Window: 1})
			if v.Permit().OK {
				t.Error("a station that knows nothing yet permits marking")
			}
			v.Step(clock, ScannerState{Up: c.scanner, Why: "gone"})
			v.Step(clock, PLCState{Up: c.plc, Why: "gone"})
			if got := v.Permit(); !c.want.OK && got != c.want || c.want.OK != got.OK {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
