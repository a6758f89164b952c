package line

import (
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// packed are outcomes of good units that were verified before.
func packed(n int) Puts {
	p := Puts{}
	for range n {
		p.Outcomes = append(p.Outcomes, ledger.PutOutcome{Verdict: ledger.Verdict{Was: ledger.Verified}, Packed: true})
	}
	return p
}

func refused(o ledger.Outcome) Puts {
	return Puts{Outcomes: []ledger.PutOutcome{{Verdict: ledger.Verdict{Outcome: o}}}}
}

func put(container int, ids ...int) PutUnits {
	p := PutUnits{Container: ledger.ContainerID(container)}
	for _, id := range ids {
		p.Codes = append(p.Codes, codeNo(id))
	}
	return p
}

func TestPack_fillsContainers(t *testing.T) {
	opened := Opened{Container: 5}
	half := []Event{scans(1), opened, packed(1)} // one of two units is in container 5
	join := func(a []Event, b ...Event) []Event { return append(a[:len(a):len(a)], b...) }
	up, gone := ScannerState{Up: true}, ScannerState{Why: "no route"}
	away := "the scanner was away: units may have passed unread"
	try(t, func() Station {
		return NewPack(PackConfig{Capacity: 2, Label: LabelConfig{SSCC: true}})
	}, []rule{
		{name: "the first unit opens a container", event: scans(1), want: []Effect{OpenContainer{}}},
		{name: "the unit goes into the opened container", history: []Event{scans(1)}, event: opened, want: []Effect{put(5, 1)}},
		{name: "a container that could not be opened is tried again", history: []Event{scans(1), Opened{Err: errDisk}}, event: Tick{}, want: []Effect{OpenContainer{}}},
		{name: "a container that could not be opened stops the station", history: []Event{scans(1)}, event: Opened{Err: errDisk}, state: "stopped"},
		{name: "no more units than fit are put at once", history: []Event{scans(1, 2, 3)}, event: opened, want: []Effect{put(5, 1, 2)}},
		{name: "units beyond a full container wait for the next", history: []Event{scans(1, 2, 3), opened}, event: packed(2),
			want: []Effect{FillContainer{Container: 5}, OpenContainer{}}},
		{name: "a unit that comes while others are put waits", history: []Event{scans(1), opened}, event: scans(2)},
		{name: "a full container of known units is filled", history: join(half, scans(2)), event: packed(1), want: []Effect{FillContainer{Container: 5}}},
		{name: "an unreadable unit is not asked about, but lies in the container", history: half, event: noRead(2), want: []Effect{PutUnits{Container: 5}}},
		{name: "a container with an unreadable unit is set aside", history: join(half, noRead(2)), event: Puts{},
			want: []Effect{Alarm{}, AsideContainer{Container: 5, Cause: "a unit could not be read"}}},
		{name: "a container with a damaged reading is set aside", history: join(half, badFrame(2)), event: Puts{},
			want: []Effect{Alarm{}, AsideContainer{Container: 5, Cause: "the frame is too long"}}},
		{name: "a container with an unknown unit is set aside", history: join(half, scans(2)), event: refused(ledger.Unknown),
			want: []Effect{Alarm{}, AsideContainer{Container: 5, Cause: "unit refused: unknown code"}}},
		{name: "a container with a unit twice is set aside", history: join(half, scans(1)), event: refused(ledger.Duplicate),
			want: []Effect{Alarm{}, AsideContainer{Container: 5, Cause: "unit refused: duplicate"}}},
		{name: "a spoiled container goes on until it is full", history: []Event{scans(1), opened}, event: refused(ledger.Unknown), want: []Effect{Alarm{}}},
		{name: "the first reason is the one that is told", history: []Event{noRead(1), opened, Puts{}, scans(2)}, event: refused(ledger.Unknown),
			want: []Effect{AsideContainer{Container: 5, Cause: "a unit could not be read"}}},
		{name: "after a ledger error nobody knows what lies in the container", history: []Event{scans(1, 2), opened}, event: Puts{Err: errDisk},
			want: []Effect{Alarm{}, AsideContainer{Container: 5, Cause: "the ledger did not answer: the disk is full"}}, state: "stopped"},
		{name: "units of a failed call are not put again", history: []Event{scans(1), opened, Puts{Err: errDisk}}, event: scans(2), want: []Effect{put(5, 2)}},
		{name: "a unit verified only here is told", history: []Event{scans(1), opened},
			event: Puts{Outcomes: []ledger.PutOutcome{{Verdict: ledger.Verdict{Was: ledger.Printed}, Packed: true}}}, want: []Effect{Alarm{}}},
		{name: "units that passed an absent scanner spoil the container of the next one", history: join(half, up, gone, up, scans(2)), event: packed(1),
			want: []Effect{Alarm{}, AsideContainer{Container: 5, Cause: away}}},
		{name: "and that is the next container when none was open", history: join(half, up, scans(2), packed(1), Recorded{Effect: FillContainer{Container: 5}}, gone, up, scans(3), Opened{Container: 6}), event: packed(1),
			want: []Effect{Alarm{Text: "container 6 will be set aside: " + away}}},
		{name: "a scanner that was never there spoils nothing", history: []Event{gone, up, scans(1), opened}, event: packed(1)},
		{name: "an absent scanner is told", history: []Event{up}, event: gone, state: "waiting"},
		{name: "a record that failed holds everything back", history: join(half, scans(2), packed(1), Recorded{Effect: FillContainer{Container: 5}, Err: errDisk}), event: scans(3), state: "stopped"},
		{name: "a record that failed is made again", history: join(half, scans(2), packed(1), Recorded{Effect: FillContainer{Container: 5}, Err: errDisk}), event: Tick{},
			want: []Effect{FillContainer{Container: 5}}},
		{name: "all records are in before the work goes on, or a later container would be labelled first",
			history: join(half, scans(2), packed(1), Recorded{Effect: CloseContainer{Container: 4}, Err: errDisk}, Recorded{Effect: FillContainer{Container: 5}, Err: errDisk}, scans(3), Tick{}), event: Recorded{Effect: AsideContainer{Container: 4}}},
		{name: "once it is on disk the work goes on", history: join(half, scans(2), packed(1), Recorded{Effect: FillContainer{Container: 5}, Err: errDisk}, scans(3), Tick{}), event: Recorded{Effect: FillContainer{Container: 5}},
			want: []Effect{TakeSSCC{}, OpenContainer{}}},
	})
}

func TestPack_containersInContainers(t *testing.T) {
	into := PutContainer{Parent: 9, Child: 5}
	try(t, func() Station {
		return NewPack(PackConfig{Capacity: 2, Label: LabelConfig{SSCC: true}})
	}, []rule{
		{name: "the first closed container opens a pallet", event: Packed{Container: 5}, want: []Effect{OpenContainer{}}},
		{name: "it goes onto the pallet", history: []Event{Packed{Container: 5}}, event: Opened{Container: 9}, want: []Effect{into}},
		{name: "the next one waits for its record", history: []Event{Packed{Container: 5}, Opened{Container: 9}}, event: Packed{Container: 6}},
		{name: "and follows it", history: []Event{Packed{Container: 5}, Opened{Container: 9}, Packed{Container: 6}}, event: Recorded{Effect: into},
			want: []Effect{PutContainer{Parent: 9, Child: 6}}},
		{name: "a record that failed is made again", history: []Event{Packed{Container: 5}, Opened{Container: 9}, Recorded{Effect: into, Err: errDisk}}, event: Tick{}, want: []Effect{into}},
		{name: "nothing overtakes it", history: []Event{Packed{Container: 5}, Opened{Container: 9}, Recorded{Effect: into, Err: errDisk}}, event: Packed{Container: 6}, state: "stopped"},
		{name: "a full pallet is filled", history: []Event{Packed{Container: 5}, Opened{Container: 9}, Recorded{Effect: into}, Packed{Container: 6}}, event: Recorded{Effect: PutContainer{Parent: 9, Child: 6}},
			want: []Effect{FillContainer{Container: 9}}},
	})
}

func TestPack_labelsWithoutPrinter(t *testing.T) {
	fill := Recorded{Effect: FillContainer{Container: 5}}
	closing := CloseContainer{Container: 5, SSCC: "00-1", Evidence: ledger.ByIdentity}
	try(t, func() Station {
		return NewPack(PackConfig{Capacity: 1, Label: LabelConfig{SSCC: true}})
	}, []rule{
		{name: "a full container takes a transport code", event: fill, want: []Effect{TakeSSCC{}}},
		{name: "without a printer the code is the container's at once", history: []Event{fill}, event: TakenSSCC{SSCC: "00-1"}, want: []Effect{closing}},
		{name: "a transport code that could not be taken is tried again", history: []Event{fill, TakenSSCC{Err: errDisk}}, event: Tick{}, want: []Effect{TakeSSCC{}}},
		{name: "a closed container is announced and the next takes its code", history: []Event{fill, TakenSSCC{SSCC: "00-1"}, Recorded{Effect: FillContainer{Container: 6}}}, event: Recorded{Effect: closing},
			want: []Effect{Announce{Container: 5}, TakeSSCC{}}},
		{name: "a closing that failed is made again with the same code", history: []Event{fill, TakenSSCC{SSCC: "00-1"}, Recorded{Effect: closing, Err: errDisk}}, event: Tick{}, want: []Effect{closing}},
		{name: "and the next container waits for it", history: []Event{fill, TakenSSCC{SSCC: "00-1"}, Recorded{Effect: closing, Err: errDisk}}, event: Recorded{Effect: FillContainer{Container: 6}}},
	})
}

func TestPack_labelsWithPrinter(t *testing.T) {
	up := PrinterUp{Session: 3}
	fill, fillNext := Recorded{Effect: FillContainer{Container: 5}}, Recorded{Effect: FillContainer{Container: 6}}
	taken := Claimed{Claims: claims(21, 1)}
	closing := CloseContainer{Container: 5, Claim: claim(21), Evidence: ledger.ByIdentity}
	send := func(session, id int) []Effect {
		return []Effect{SendLabels{Session: session, Labels: labels(id)}}
	}
	lost := func(why string) []Effect {
		return []Effect{AsideContainer{Container: 5, Cause: "label in doubt: " + why}, DoubtCodes{IDs: []int64{21}, Cause: why}, Alarm{}}
	}
	try(t, func() Station {
		return NewPack(PackConfig{Capacity: 1, Label: LabelConfig{Printer: true, Group: func(c ledger.Claim) Label { return bare(c) }}})
	}, []rule{
		{name: "without its printer no code is taken", event: fill},
		{name: "a printer that comes lets the waiting container take its code", history: []Event{fill}, event: up, want: []Effect{ClaimCodes{N: 1}}},
		{name: "a full container takes a group code", history: []Event{up}, event: fill, want: []Effect{ClaimCodes{N: 1}}},
		{name: "its label goes to the printer", history: []Event{up, fill}, event: taken, want: send(3, 21)},
		{name: "no codes in stock: waits", history: []Event{up, fill}, event: Claimed{}, state: "waiting"},
		{name: "and asks again", history: []Event{up, fill, Claimed{}}, event: Tick{}, want: []Effect{ClaimCodes{N: 1}}},
		{name: "a claim that failed is tried again", history: []Event{up, fill, Claimed{Err: errDisk}}, event: Tick{}, want: []Effect{ClaimCodes{N: 1}}},
		{name: "a second container waits while a label is outstanding", history: []Event{up, fill, taken}, event: fillNext},
		{name: "the count of the only label closes its container", history: []Event{up, fill, taken}, event: PrintedCount{Session: 3, Count: 1}, want: []Effect{closing}},
		{name: "a count of another session closes nothing", history: []Event{up, fill, taken}, event: PrintedCount{Session: 2, Count: 1}},
		{name: "a count from before the label closes nothing", history: []Event{up, PrintedCount{Session: 3, Count: 4}, fill, taken}, event: PrintedCount{Session: 3, Count: 4}},
		{name: "the end of the session sets the container aside and its code in doubt", history: []Event{up, fill, taken}, event: PrinterDown{Session: 3, Why: "jam"}, want: lost("jam"), state: "waiting"},
		{name: "the end of another session does not", history: []Event{up, fill, taken}, event: PrinterDown{Session: 2, Why: "jam"}},
		{name: "the next container takes no code for a session that has ended", history: []Event{up, fill, taken, fillNext}, event: PrinterDown{Session: 3, Why: "jam"}, want: lost("jam")},
		{name: "a session that ends without a label ends quietly", history: []Event{up}, event: PrinterDown{Session: 3, Why: "jam"}, state: "waiting"},
		{name: "a new session loses the label of the old one and goes on with the next container", history: []Event{up, fill, taken, fillNext}, event: PrinterUp{Session: 4},
			want: append(lost("the printer's session began anew"), ClaimCodes{N: 1})},
		{name: "whose label goes to the new session", history: []Event{up, fill, taken, fillNext, PrinterUp{Session: 4}}, event: Claimed{Claims: claims(22, 1)}, want: send(4, 22)},
		{name: "a label is not lost while its container is being closed", history: []Event{up, fill, taken, PrintedCount{Session: 3, Count: 1}, Recorded{Effect: closing, Err: errDisk}}, event: PrinterDown{Session: 3, Why: "jam"}},
		{name: "a reading that nobody expects is told", event: CheckScan{Scan: Scan{Code: codeNo(21)}}, want: []Effect{Alarm{}}},
	})
}

func TestPack_labelsThatAreRead(t *testing.T) {
	up := PrinterUp{Session: 3}
	fill := Recorded{Effect: FillContainer{Container: 5}}
	printed := PrintedCount{Session: 3, Count: 1}
	read := func(c code.Code) Event { return CheckScan{Scan: Scan{Code: c}} }
	out := []Event{up, fill, TakenSSCC{SSCC: "00-1"}}
	join := func(b ...Event) []Event { return append(out[:len(out):len(out)], b...) }
	closing := CloseContainer{Container: 5, SSCC: "00-1", Evidence: ledger.ByScan}
	aside := func(why string) []Effect {
		return []Effect{AsideContainer{Container: 5, Cause: "label in doubt: " + why}, Alarm{}}
	}
	label := func(c code.Code, _ int) Label { return Label{SSCC: c} }
	try(t, func() Station {
		return NewPack(PackConfig{Capacity: 1, Label: LabelConfig{SSCC: true, Printer: true, Check: true, CheckWithin: time.Second, SSCCOf: label}})
	}, []rule{
		{name: "the label goes to the printer", history: []Event{up, fill}, event: TakenSSCC{SSCC: "00-1"}, want: []Effect{SendLabels{Session: 3, Labels: []Label{{SSCC: "00-1"}}}}},
		{name: "the printer's count is not enough", history: join(), event: printed},
		{name: "the reading of its own label closes the container", history: join(printed), event: read("00-1"), want: []Effect{closing}},
		{name: "a reading may be quicker than the printer's count", history: join(), event: read("00-1"), want: []Effect{closing}},
		{name: "another label sets the container aside", history: join(printed), event: read("00-2"), want: aside("its label was read as something else: 00-2")},
		{name: "a label that cannot be read sets it aside", history: join(printed), event: CheckScan{Scan: Scan{NoRead: true}}, want: aside("its label was read as something else: ")},
		{name: "a damaged reading sets it aside", history: join(printed), event: CheckScan{Scan: Scan{Code: "00-1", Bad: "wrong symbol"}}, want: aside("its label was read as something else: 00-1")},
		{name: "a label that is not read in time sets it aside", history: join(printed), event: later{1001 * time.Millisecond, Tick{}}, want: aside("its label was not read in 1s")},
		{name: "it has its time", history: join(printed), event: later{time.Second, Tick{}}},
		{name: "the time runs from the count on", history: join(), event: later{time.Hour, Tick{}}},
		{name: "a printer that goes loses it", history: join(printed), event: PrinterDown{Session: 3, Why: "jam"}, want: aside("jam"), state: "waiting"},
		{name: "a late count of an earlier label starts no time for this one",
			history: join(read("00-1"), Recorded{Effect: closing}, Recorded{Effect: FillContainer{Container: 6}}, TakenSSCC{SSCC: "00-2"}, printed), event: later{time.Hour, Tick{}}},
	})
}
