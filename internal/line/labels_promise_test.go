package line

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// tag is a container's label.
type tag struct {
	code    code.Code
	claim   int64 // 0: a transport code
	box     ledger.ContainerID
	session int // it was sent in; 0: not sent
	out     bool
	read    bool
	closing bool
	lost    bool
}

// labeller is the part of a pack station's world that gives containers their codes: codes that may
// run out, a printer whose sessions end at any moment, and a scanner that reads the labels.
type labeller struct {
	label   LabelConfig
	tags    []*tag
	session int
	begun   int
	printed int // in this session
	told    int // of them, to the station
	mayLose bool
}

func (b *table) labelConfig() LabelConfig {
	l := LabelConfig{SSCC: rapid.Bool().Draw(b.t, "transport codes"), CheckWithin: time.Second,
		Group:  func(c ledger.Claim) Label { return bare(c) },
		SSCCOf: func(c code.Code, _ int) Label { return Label{SSCC: c} }}
	l.Printer = !l.SSCC || rapid.Bool().Draw(b.t, "a printer")
	l.Check = l.Printer && rapid.Bool().Draw(b.t, "labels are read")
	b.desk.label = l
	return l
}

// under is the label that is under way, or nil.
func (d *labeller) under() *tag {
	if len(d.tags) == 0 {
		return nil
	}
	last := d.tags[len(d.tags)-1]
	if last.lost || last.session == 0 && d.label.Printer || last.closing {
		return nil
	}
	return last
}

func (d *labeller) expect(b *table, ev Event) {
	u := d.under()
	d.mayLose = false
	switch ev := ev.(type) {
	case PrinterUp:
		d.mayLose = true
		d.session, d.printed, d.told = ev.Session, 0, 0
	case PrinterDown:
		if ev.Session == d.session || ev.Session == 0 {
			d.mayLose, d.session = true, 0
		}
	case CheckScan:
		d.mayLose = u != nil && ev.Scan.Code != u.code
		if u != nil && !d.mayLose {
			u.read = true
			b.reached["labels read"]++
		}
	case Tick:
		d.mayLose = u != nil && d.label.Check
	}
}

// settled checks that a label whose session has ended, or whose reading was wrong, is given up.
func (d *labeller) settled(b *table, ev Event) {
	if _, tick := ev.(Tick); tick || !d.mayLose {
		return
	}
	if u := d.under(); u != nil && u.session != d.session {
		b.t.Errorf("the label of container %d waits for the printer's session %d, it is now %d", u.box, u.session, d.session)
	}
}

func (d *labeller) carry(b *table, e Effect) Event {
	switch e := e.(type) {
	case TakeSSCC:
		c := code.Code("00-" + string(codeNo(len(d.tags)+1)))
		if !d.take(b, true) {
			return TakenSSCC{Err: errDisk}
		}
		d.tags = append(d.tags, &tag{code: c})
		d.own(b)
		return TakenSSCC{SSCC: c}
	case ClaimCodes:
		if e.N != 1 || !d.take(b, false) {
			return Claimed{Err: errDisk}
		}
		if b.chance("no codes are in stock") {
			return Claimed{}
		}
		c := claim(len(d.tags) + 1)
		d.tags = append(d.tags, &tag{code: c.Code, claim: c.ID})
		d.own(b)
		return Claimed{Claims: []ledger.Claim{c}}
	case SendLabels:
		d.send(b, e)
		return nil
	case CloseContainer:
		d.close(b, e)
		return b.record(e, e.Container, ledger.ContainerFull, ledger.ContainerClosed)
	case DoubtCodes:
		if i := slices.IndexFunc(d.tags, func(l *tag) bool { return l.claim != 0 && l.claim == e.IDs[0] }); i < 0 || !d.tags[i].lost || len(e.IDs) != 1 {
			b.t.Errorf("%v are put into doubt, they are on no lost label", e.IDs)
		}
		return b.answer(e, b.chance("the ledger fails"))
	}
	b.t.Fatalf("a pack station wants %s", shown([]Effect{e}))
	return nil
}

// take checks that a code may be taken now: a full container waits, no label is under way, and
// the printer is there.
func (d *labeller) take(b *table, sscc bool) bool {
	if sscc != d.label.SSCC || d.label.Printer && d.session == 0 {
		b.t.Errorf("a code is taken (SSCC: %v) with the printer in session %d", sscc, d.session)
	}
	if u := d.under(); u != nil && d.label.Printer {
		b.t.Errorf("a code is taken while the label of container %d is under way", u.box)
	}
	if d.waiting(b) == 0 {
		b.t.Errorf("a code is taken although no full container waits for one")
	}
	return !b.chance("the ledger fails")
}

// waiting is the first full container without a label.
func (d *labeller) waiting(b *table) ledger.ContainerID {
	for i, box := range b.boxes {
		id := ledger.ContainerID(i + 1)
		if box.state == ledger.ContainerFull && !slices.ContainsFunc(d.tags, func(l *tag) bool { return l.box == id }) {
			return id
		}
	}
	return 0
}

func (d *labeller) own(b *table) {
	last := d.tags[len(d.tags)-1]
	last.box = d.waiting(b)
}

func (d *labeller) send(b *table, e SendLabels) {
	last := d.tags[len(d.tags)-1]
	if e.Session != d.session || e.Session == 0 || len(e.Labels) != 1 || e.Labels[0].Code+e.Labels[0].SSCC != last.code || last.session != 0 {
		b.t.Errorf("%s with the printer in session %d; the code that was taken is %q, sent in session %d", shown([]Effect{e}), d.session, last.code, last.session)
	}
	if !d.label.Check && slices.ContainsFunc(d.tags, func(l *tag) bool { return l.session == d.session && !l.out }) {
		b.t.Errorf("a label is sent while another one is outstanding, and only counts tell them apart")
	}
	last.session = e.Session
	b.reached["labels"]++
}

// close checks the evidence that the container's own label came out.
func (d *labeller) close(b *table, e CloseContainer) {
	last := d.tags[len(d.tags)-1]
	switch {
	case last.box != e.Container || e.Claim.ID != last.claim || e.Claim.Code+e.SSCC != last.code || last.lost:
		b.t.Errorf("container %d is closed with %q, its label is %+v", e.Container, e.Claim.Code+e.SSCC, *last)
	case d.label.Check && (e.Evidence != ledger.ByScan || !last.read):
		b.t.Errorf("container %d is closed with evidence %d, its label was read: %v", e.Container, e.Evidence, last.read)
	case !d.label.Check && (e.Evidence != ledger.ByIdentity || d.label.Printer && !last.out):
		b.t.Errorf("container %d is closed with evidence %d, its label came out: %v", e.Container, e.Evidence, last.out)
	}
	if d.label.Printer && !d.label.Check && !last.closing {
		b.reached["labels counted"]++
	}
	last.closing = true
}

func (d *labeller) aside(b *table, e AsideContainer) {
	i := slices.IndexFunc(d.tags, func(l *tag) bool { return l.box == e.Container })
	if i < 0 || d.tags[i].session == 0 || d.tags[i].closing {
		b.t.Fatalf("full container %d is set aside without a label that was sent, or while it is being closed", e.Container)
	}
	if !d.tags[i].lost && (!d.mayLose || i != len(d.tags)-1) {
		b.t.Errorf("container %d is set aside although its label %+v is not lost", e.Container, *d.tags[i])
	}
	if !d.tags[i].lost {
		b.reached["labels lost"]++
	}
	d.tags[i].lost = true
}

// press prints the oldest label that the session still has.
func (d *labeller) press() {
	for _, l := range d.tags {
		if l.session == d.session && !l.out && d.session != 0 {
			l.out = true
			d.printed++
			return
		}
	}
}

func (d *labeller) happenings(b *table) []happening {
	count := func() { d.told = d.printed; b.happen(PrintedCount{Session: d.session, Count: d.printed}) }
	read := func() {
		if u := d.under(); u != nil && u.out && d.label.Check {
			b.happen(CheckScan{Scan: Scan{Code: u.code}})
		}
	}
	misread := func() {
		if d.label.Check {
			b.happen(CheckScan{Scan: Scan{Code: code.Code(rapid.SampledFrom([]string{"", "another"}).Draw(b.t, "label"))}})
		}
	}
	stray := func() { // a person prints a label of their own
		if d.session != 0 && d.printed == d.told && d.under() == nil {
			d.printed++
			count()
		}
	}
	return []happening{
		{"the printer prints, counts, and its label is read", func() { d.press(); count(); read() }},
		{"the printer comes", func() { d.begun++; b.happen(PrinterUp{Session: d.begun}) }},
		{"the printer prints", d.press},
		{"the count is told", count},
		{"the label is read", read},
		{"a late count of any session", func() {
			if n := rapid.IntRange(0, d.begun+1).Draw(b.t, "session"); n != d.session {
				b.happen(PrintedCount{Session: n, Count: rapid.IntRange(0, 9).Draw(b.t, "count")})
			}
		}},
		{"time passes", func() {
			b.now = b.now.Add(time.Duration(rapid.IntRange(0, 700).Draw(b.t, "milliseconds")) * time.Millisecond)
			b.happen(Tick{})
		}},
		{"a wrong label is read", misread},
		{"a stray label is counted", stray},
		{"the printer goes", func() { b.happen(PrinterDown{Session: d.session, Why: "jam"}) }},
		{"any session ends", func() {
			b.happen(PrinterDown{Session: rapid.IntRange(0, d.begun+1).Draw(b.t, "session"), Why: "jam"})
		}},
	}
}

// works lets a printer that is there print and be read until nothing more comes of it.
func (d *labeller) works(b *table) {
	d.begun++
	b.happen(PrinterUp{Session: d.begun})
	all := d.happenings(b)
	for range 3 * (len(b.units) + len(b.boxes) + 2) {
		b.happen(Tick{})
		all[0].do()
	}
}
