package line

import (
	"testing"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// frame is one picture with the codes of these numbers.
func frame(ids ...int) Scans {
	s := scans(ids...)
	for i := range s.Scans[:len(s.Scans)-1] {
		s.Scans[i].More = true
	}
	return s
}

func askFor(do Do) Asked { return Asked{No: 7, Ask: Ask{Do: do, Because: "by N.: x"}} }

// seen is what somebody asks for who saw this container open, with the last code in.
func seen(do Do, id ledger.ContainerID, last code.Code) Asked {
	a := askFor(do)
	a.Container, a.Code = id, last
	return a
}

// exactly takes out what was seen as the last one.
func exactly(last code.Code) Repack {
	return Repack{Container: 5, Ask: Ask{Do: TakeOut, Container: 5, Code: last, Because: "by N.: x"}}
}

const openNoMore = "container 4 is open here no more: look again at what is open"

func TestPack_whatPeopleAsk(t *testing.T) {
	half := []Event{scans(1), Opened{Container: 5}, packed(1)}
	join := func(b ...Event) []Event { return append(half[:len(half):len(half)], b...) }
	want := func(do Do) Repack { return Repack{Container: 5, Ask: askFor(do).Ask} }
	no := func(why string) []Effect { return []Effect{Reply{No: 7, Why: why}} }
	state := &ledger.StateError{What: "it is not in it"}
	try(t, func() Station {
		return NewPack(PackConfig{Capacity: 3, Refused: true, Label: LabelConfig{SSCC: true}})
	}, []rule{
		{name: "nothing is open", event: askFor(CloseNow), want: no("nothing is in the open container")},
		{name: "a container is closed though it is not full", history: half, event: askFor(CloseNow),
			want: []Effect{FillContainer{Container: 5}, Reply{No: 7, Said: "container 5 is closed with 1 of 3"}}},
		{name: "the next unit goes into another", history: join(askFor(CloseNow), Recorded{Effect: FillContainer{Container: 5}}), event: scans(2), want: []Effect{OpenContainer{}}},
		{name: "the last one is taken out", history: half, event: askFor(Undo), want: []Effect{want(Undo)}},
		{name: "and is told", history: join(askFor(Undo)), event: Repacked{Code: "code-1"}, want: []Effect{Reply{No: 7, Said: "code-1 is out, 0 left of 3"}}},
		{name: "nothing is left then", history: join(askFor(Undo), Repacked{Code: "code-1"}), event: askFor(Undo), want: no("nothing is in the open container")},
		{name: "its place is free then", history: join(askFor(Undo), Repacked{Code: "code-1"}, scans(2, 3, 4)), event: packed(3), want: []Effect{FillContainer{Container: 5}}},
		{name: "the ledger's no is told and changes nothing", history: join(askFor(TakeOut)), event: Repacked{Err: state}, want: no("it is not in it")},
		{name: "units wait until it is done", history: join(askFor(Undo)), event: scans(2)},
		{name: "it waits for units that are under way", history: []Event{scans(1), Opened{Container: 5}}, event: askFor(Undo)},
		{name: "and comes before the next ones", history: []Event{scans(1), Opened{Container: 5}, askFor(Undo), scans(2)}, event: packed(1), want: []Effect{want(Undo)}},
		{name: "one in the place of another", history: join(askFor(Exchange)), event: Repacked{Outcome: ledger.PutOutcome{Packed: true}}, want: []Effect{Reply{No: 7, Said: " is out,  in its place"}}},
		{name: "one that does not go in", history: join(askFor(Exchange)), event: Repacked{Outcome: ledger.PutOutcome{Verdict: ledger.Verdict{Outcome: ledger.Duplicate, Note: "n"}}}, want: no("duplicate: n")},
		{name: "without an answer nobody knows what is in it", history: join(askFor(Undo)), event: Repacked{Err: errDisk}, want: []Effect{Alarm{}, Reply{No: 7, Why: "the ledger did not answer: the disk is full"}}},
		{name: "it is set aside then", history: join(askFor(Undo), Repacked{Err: errDisk}), event: askFor(CloseNow),
			want: []Effect{AsideContainer{Container: 5, Cause: "the ledger did not answer: the disk is full"}, Signal{}, Reply{No: 7, Why: "container 5 is set aside: the ledger did not answer: the disk is full"}}},
		{name: "of a spoiled one nothing is taken out", history: join(noRead(2), Puts{}), event: askFor(Undo),
			want: no("what lies in container 5 is not certain (a unit could not be read): empty it")},
		{name: "it is emptied", history: join(noRead(2), Puts{}), event: askFor(EmptyNow), want: []Effect{want(EmptyNow)}},
		{name: "and good again", history: join(noRead(2), Puts{}, askFor(EmptyNow), Repacked{N: 1}, scans(3, 4, 6)), event: packed(3), want: []Effect{FillContainer{Container: 5}}},
		{name: "what was seen as the last one is taken out", history: half, event: seen(Undo, 5, "code-1"), want: []Effect{exactly("code-1")}},
		{name: "and told", history: join(seen(Undo, 5, "code-1")), event: Repacked{Code: "code-1"}, want: []Effect{Reply{No: 7, Said: "code-1 is out, 0 left of 3"}}},
		{name: "who saw another container open changes nothing", history: half, event: seen(Undo, 4, "code-1"), want: no(openNoMore)},
		{name: "nor closes this one", history: half, event: seen(CloseNow, 4, ""), want: no(openNoMore)},
		{name: "nor empties it", history: half, event: seen(EmptyNow, 4, ""), want: no(openNoMore)},
		{name: "nor where none is open", event: seen(EmptyNow, 4, ""), want: no(openNoMore)},
		{name: "a refused unit is signalled", history: []Event{scans(1), Opened{Container: 5}}, event: refused(ledger.Unknown), want: []Effect{Signal{}, Alarm{}}},
		{name: "a signal that could not be given is told", event: Failed{Effect: Signal{}, Err: errDisk}, want: []Effect{Alarm{}}},
	})
}

func TestPackFrame(t *testing.T) {
	up := PrinterUp{Session: 3}
	outcomes := func(all ...ledger.Outcome) PackedFrame {
		p := PackedFrame{}
		for _, o := range all {
			p.Outcomes = append(p.Outcomes, ledger.PutOutcome{Verdict: ledger.Verdict{Outcome: o, Was: ledger.Verified}})
		}
		return p
	}
	good := outcomes(0, 0)
	good.Container = 5
	try(t, func() Station {
		return NewFrame(PackConfig{Capacity: 2, Refused: true, Accepted: true, Label: LabelConfig{Printer: true, SSCC: true, SSCCOf: func(c code.Code, _ int) Label { return Label{SSCC: c} }}})
	}, []rule{
		{name: "a whole picture is one container", event: frame(1, 2), want: []Effect{PackFrame{Codes: []code.Code{"code-1", "code-2"}}}},
		{name: "half a picture waits for the rest", event: Scans{Scans: []Scan{{Code: codeNo(1), More: true}}}},
		{name: "which may come later", history: []Event{Scans{Scans: []Scan{{Code: codeNo(1), More: true}}}}, event: scans(2), want: []Effect{PackFrame{Codes: []code.Code{"code-1", "code-2"}}}},
		{name: "fewer codes are refused", event: scans(1), want: []Effect{Signal{}, Alarm{Text: "a container is refused, nothing of it is packed: 1 code of 2"}}},
		{name: "more codes are refused", event: frame(1, 2, 3), want: []Effect{Signal{}, Alarm{Text: "a container is refused, nothing of it is packed: 3 codes of 2"}}},
		{name: "a code twice is refused", event: frame(1, 1), want: []Effect{Signal{}, Alarm{Text: "a container is refused, nothing of it is packed: code-1 twice"}}},
		{name: "one that cannot be read is refused", event: Scans{Scans: []Scan{{Code: codeNo(1), More: true}, {NoRead: true}}}, want: []Effect{Signal{}, Alarm{Text: "a container is refused, nothing of it is packed: 1 code of 2; no read"}}},
		{name: "another picture of it may come", history: []Event{scans(1)}, event: frame(1, 2), want: []Effect{PackFrame{Codes: []code.Code{"code-1", "code-2"}}}},
		{name: "one that is not good is refused", history: []Event{frame(1, 2)}, event: outcomes(0, ledger.Duplicate), want: []Effect{Signal{}, Alarm{Text: "a container is refused, nothing of it is packed: 1 of 2 codes not good:  duplicate"}}},
		{name: "without an answer it is refused", history: []Event{frame(1, 2)}, event: PackedFrame{Err: errDisk}, want: []Effect{Signal{}, Alarm{}}, state: "stopped"},
		{name: "a good one is signalled, and waits for its printer", history: []Event{frame(1, 2)}, event: good, want: []Effect{Signal{Accepted: true}}},
		{name: "its code is taken", history: []Event{up, frame(1, 2)}, event: good, want: []Effect{Signal{Accepted: true}, TakeSSCC{}}},
		{name: "the next picture waits for the answer", history: []Event{frame(1, 2)}, event: frame(3, 4)},
		{name: "and follows it", history: []Event{frame(1, 2), frame(3, 4)}, event: good, want: []Effect{Signal{Accepted: true}, PackFrame{Codes: []code.Code{"code-3", "code-4"}}}},
		{name: "a scanner that goes in the midst of a picture", history: []Event{Scans{Scans: []Scan{{Code: codeNo(1), More: true}}}}, event: ScannerState{Why: "no route"}, want: []Effect{Signal{}, Alarm{}}, state: "waiting"},
		{name: "what comes after it is another picture", history: []Event{Scans{Scans: []Scan{{Code: codeNo(1), More: true}}}, ScannerState{Why: "no route"}}, event: scans(2), want: []Effect{Signal{}, Alarm{}}},
		{name: "nothing is open that could be changed", event: askFor(Undo), want: []Effect{Reply{No: 7, Why: "a container of this station is whole at once, none is open: dissolve it, or replace what is in it, by its code"}}},
	})
}

// bench is a station by hand with labels that were printed before; its container is known.
func bench(c PackConfig) func() Station {
	return func() Station { return NewBench(c) }
}

func TestPackHand(t *testing.T) {
	none, two := FoundOpen{}, FoundOpen{Container: 5, In: 2}
	own := func(c code.Code) bool { return c == "own" || c == "own-2" }
	reads := func(c code.Code) Scans { return Scans{Scans: []Scan{{Code: c}}} }
	closing := CloseRead{Container: 5, Code: "own", SSCC: true}
	start := []Event{Tick{}, two}
	join := func(b ...Event) []Event { return append(start[:2:2], b...) }
	no := []Effect{Signal{}, Alarm{}}
	try(t, bench(PackConfig{Capacity: 3, Refused: true, Accepted: true, Own: own, Label: LabelConfig{SSCC: true}, Cards: map[code.Code]Do{"UNDO": Undo, "CLOSE": CloseNow}}), []rule{
		{name: "first it looks what is open", event: Tick{}, want: []Effect{FindOpen{}}},
		{name: "nothing was", history: []Event{Tick{}}, event: none, state: "running"},
		{name: "what goes on after a restart is told", history: []Event{Tick{}}, event: two, want: []Effect{Alarm{Text: "container 5 goes on after the restart: the ledger has 2 of 3 in it, compare"}}},
		{name: "a reading waits for that", event: scans(1), want: []Effect{FindOpen{}}},
		{name: "and goes into it", history: []Event{scans(1)}, event: two, want: []Effect{Alarm{}, put(5, 1)}},
		{name: "without an answer it looks again at a tick", history: []Event{scans(1), FoundOpen{Err: errDisk}}, event: Tick{}, want: []Effect{FindOpen{}}},
		{name: "the first unit opens a container", history: []Event{Tick{}, none}, event: scans(1), want: []Effect{OpenContainer{}}},
		{name: "and goes into it", history: []Event{Tick{}, none, scans(1)}, event: Opened{Container: 6}, want: []Effect{put(6, 1)}},
		{name: "one that could not be opened is tried again", history: []Event{Tick{}, none, scans(1), Opened{Err: errDisk}}, event: Tick{}, want: []Effect{FindOpen{}}, state: "stopped"},
		{name: "a good unit is signalled", history: join(scans(1)), event: packed(1), want: []Effect{Signal{Accepted: true}}},
		{name: "a bad one is refused, and spoils nothing", history: join(scans(1)), event: refused(ledger.Foreign), want: no, state: "running"},
		{name: "one that cannot be read is refused", history: start, event: noRead(1), want: no},
		{name: "the container goes on", history: join(scans(1), refused(ledger.Foreign)), event: scans(2), want: []Effect{put(5, 2)}},
		{name: "without an answer the unit is refused", history: join(scans(1)), event: Puts{Err: errDisk}, want: no, state: "stopped"},
		{name: "and the ledger is asked what is in", history: join(scans(1), Puts{Err: errDisk}, scans(2)), event: Tick{}, want: []Effect{FindOpen{}}},
		{name: "what it has counts, and is not told again", history: join(scans(1), Puts{Err: errDisk}, scans(2), Tick{}), event: FoundOpen{Container: 5, In: 3}, want: no, state: "waiting"},
		{name: "a full one waits for its own code", history: join(scans(1), packed(1)), event: scans(2), want: no, state: "waiting"},
		{name: "which closes it", history: join(scans(1), packed(1)), event: reads("own"), want: []Effect{closing}},
		{name: "closed it is told on", history: join(scans(1), packed(1), reads("own")), event: Recorded{Effect: closing}, want: []Effect{Signal{Accepted: true}, Announce{Container: 5}}, state: "running"},
		{name: "a code used twice is refused", history: join(scans(1), packed(1), reads("own")), event: Recorded{Effect: closing, Err: &ledger.StateError{What: "used"}}, want: no, state: "waiting"},
		{name: "another one closes it then", history: join(scans(1), packed(1), reads("own"), Recorded{Effect: closing, Err: &ledger.StateError{What: "used"}}), event: reads("own-2"), want: []Effect{CloseRead{Container: 5, Code: "own-2", SSCC: true}}},
		{name: "a closing without an answer is made again", history: join(scans(1), packed(1), reads("own"), Recorded{Effect: closing, Err: errDisk}), event: Tick{}, want: []Effect{closing}},
		{name: "and everything waits for it", history: join(scans(1), packed(1), reads("own"), Recorded{Effect: closing, Err: errDisk}), event: scans(2)},
		{name: "its own code too early is refused", history: start, event: reads("own"), want: no},
		{name: "and without anything in it", history: []Event{Tick{}, none}, event: reads("own"), want: no},
		{name: "but not after a word", history: join(askFor(CloseNow)), event: reads("own"), want: []Effect{closing}},
		{name: "the word waits for the code", history: start, event: askFor(CloseNow), want: []Effect{Reply{No: 7, Said: "container 5 holds 2 of 3: read its own code now"}}, state: "waiting"},
		{name: "another unit is refused then", history: join(askFor(CloseNow)), event: scans(1), want: no},
		{name: "the word is taken back", history: join(askFor(CloseNow)), event: askFor(Undo), want: []Effect{Reply{No: 7, Said: "container 5 goes on"}}, state: "running"},
		{name: "a card stands for a word", history: start, event: reads("UNDO"), want: []Effect{Repack{Container: 5, Ask: Ask{Do: Undo, Because: "by the card at the bench"}}}},
		{name: "and is answered by the signal", history: join(reads("UNDO")), event: Repacked{Code: "code-1"}, want: []Effect{Signal{Accepted: true}}},
		{name: "or by the other", history: []Event{Tick{}, none}, event: reads("UNDO"), want: no},
		{name: "after an emptying the word to close is forgotten", history: join(askFor(CloseNow), askFor(EmptyNow), Repacked{N: 2}), event: scans(1), want: []Effect{put(5, 1)}},
		{name: "an empty one is given up by that word", history: []Event{Tick{}, FoundOpen{Container: 5}}, event: askFor(EmptyNow), want: []Effect{Repack{Container: 5, Ask: Ask{Do: GiveUp, Because: "by N.: x"}}}},
		{name: "what was seen as the last one is taken out", history: join(scans(1), packed(1)), event: seen(Undo, 5, "code-1"), want: []Effect{exactly("code-1")}},
		{name: "who saw another container open changes nothing", history: start, event: seen(Undo, 4, "code-1"), want: []Effect{Reply{No: 7, Why: openNoMore}}},
		{name: "nor closes this one", history: start, event: seen(CloseNow, 4, ""), want: []Effect{Reply{No: 7, Why: openNoMore}}},
		{name: "and told", history: []Event{Tick{}, FoundOpen{Container: 5}, askFor(EmptyNow)}, event: Repacked{}, want: []Effect{Reply{No: 7, Said: "container 5 is set aside: nothing was in it"}}, state: "running"},
		{name: "the next unit opens another", history: []Event{Tick{}, FoundOpen{Container: 5}, askFor(EmptyNow), Repacked{}}, event: scans(1), want: []Effect{OpenContainer{}}},
		{name: "without any there is nothing to give up", history: []Event{Tick{}, none}, event: askFor(EmptyNow), want: []Effect{Reply{No: 7, Why: "nothing is in the open container"}}},
		{name: "in another batch it looks what is open", history: join(BatchChanged{}), event: Tick{}, want: []Effect{FindOpen{}}},
		{name: "before anything is put in", history: join(BatchChanged{}), event: scans(1), want: []Effect{FindOpen{}}},
		{name: "what was set aside is told", history: join(BatchChanged{}, Tick{}), event: FoundOpen{Aside: "container 5 is set aside"}, want: []Effect{Alarm{Text: "container 5 is set aside"}}, state: "running"},
		{name: "an absent scanner is told", history: start, event: ScannerState{Why: "no route"}, state: "waiting"},
	})
	try(t, bench(PackConfig{Capacity: 3, Own: own, Partial: true, Label: LabelConfig{SSCC: true}}), []rule{
		{name: "its own code closes it early where that is allowed", history: start, event: reads("own"), want: []Effect{closing}},
		{name: "but not an empty one", history: []Event{Tick{}, none}, event: reads("own"), want: []Effect{Alarm{}}},
	})
	try(t, bench(PackConfig{Capacity: 3, Label: LabelConfig{SSCC: true, Printer: true, SSCCOf: func(c code.Code, _ int) Label { return Label{SSCC: c} }}}), []rule{
		{name: "with a printer a full one closes by itself", history: join(PrinterUp{Session: 3}, scans(1)), event: packed(1), want: []Effect{FillContainer{Container: 5}}},
		{name: "and takes its code", history: join(PrinterUp{Session: 3}, scans(1), packed(1)), event: Recorded{Effect: FillContainer{Container: 5}}, want: []Effect{TakeSSCC{}}},
		{name: "one that was full when the agent stopped closes by itself", history: []Event{PrinterUp{Session: 3}, Tick{}}, event: FoundOpen{Container: 5, In: 3},
			want: []Effect{Alarm{Text: "container 5 goes on after the restart: the ledger has 3 of 3 in it, compare"}, FillContainer{Container: 5}}},
		{name: "and takes its code", history: []Event{PrinterUp{Session: 3}, Tick{}, FoundOpen{Container: 5, In: 3}}, event: Recorded{Effect: FillContainer{Container: 5}}, want: []Effect{TakeSSCC{}}},
		{name: "a word closes it earlier", history: start, event: askFor(CloseNow), want: []Effect{FillContainer{Container: 5}, Reply{No: 7, Said: "container 5 is closed with 2 of 3"}}},
		{name: "a label that is lost is signalled to nobody where there is no output", history: join(PrinterUp{Session: 3}, scans(1), packed(1), Recorded{Effect: FillContainer{Container: 5}}, TakenSSCC{SSCC: "00-1"}),
			event: PrinterDown{Session: 3, Why: "jam"}, want: []Effect{AsideContainer{Container: 5, Cause: "label in doubt: jam"}, Alarm{}}},
	})
	pallet := func(c code.Code) PutCoded { return PutCoded{Parent: 5, Code: c} }
	try(t, bench(PackConfig{Capacity: 3, Own: own, OfContainers: true, Label: LabelConfig{SSCC: true}}), []rule{
		{name: "a box goes onto a pallet by its code", history: start, event: reads("box"), want: []Effect{pallet("box")}},
		{name: "one that is not closed is refused", history: join(reads("box")), event: refused(ledger.NotClosed), want: []Effect{Alarm{}}},
		{name: "what looks like its own code may be a box", history: start, event: reads("own"), want: []Effect{pallet("own")}},
		{name: "and is too early if it is none", history: join(reads("own")), event: refused(ledger.Unknown), want: []Effect{Alarm{}}},
		{name: "a full pallet takes its own code", history: join(reads("box"), packed(1)), event: reads("own"), want: []Effect{closing}},
		{name: "an unknown box is refused", history: join(reads("box")), event: refused(ledger.Unknown), want: []Effect{Alarm{}}},
		{name: "and does not belong to what is full", history: join(reads("box"), packed(1)), event: reads("box-2"), want: []Effect{Alarm{}}},
	})
}
