package shift

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"linemark/internal/sim"
)

// Plan is all that a seed decides beforehand: the plant, its speed, and what happens to it when. What
// befalls each product follows from the seed too, as the products come.
type Plan struct {
	Seed   uint64
	Length time.Duration
	Rate   float64 // products a second on each line
	Faults sim.Faults
	// Orders and Reports are how long the national system works on each.
	Orders, Reports time.Duration
	Restart         time.Duration // the operator's
	Look            time.Duration // the agent's
	Config          string
	Lines           []Line
	Acts            []Act
}

// Line is what is there on one line.
type Line struct {
	Name      string
	Packs     bool // boxes with a group code
	Pallets   bool
	Handshake bool // the PLC asks for each verdict by number
}

// Act is something that happens during the shift.
type Act struct {
	At   time.Duration // since the beginning
	Kind Kind
	Line string        // empty: it concerns all
	For  time.Duration // how long it lasts; 0: an instant
	N    int           // what Kind says of it
}

func (a Act) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s for %s (%d)", a.At, a.Kind, a.Line, a.For, a.N))
}

// Kind is what happens.
type Kind string

// The kinds of acts.
const (
	CameraAway    Kind = "the check camera is away"
	CameraFrozen  Kind = "the check camera is without power"
	PackAway      Kind = "the packing camera is away"
	HeadOpen      Kind = "the printer's head is open"
	Interrupted   Kind = "the printer's head is opened in the midst of a label"
	Paused        Kind = "the printer is paused"
	PowerCycle    Kind = "the printer is switched off and on"
	PrinterAway   Kind = "the printer is away"
	LabellerAway  Kind = "the label printer is away"
	LabellerCycle Kind = "the label printer is switched off and on"
	LabellerOpen  Kind = "the label printer's head is open"
	PLCRestart    Kind = "the PLC restarts"
	PLCAway       Kind = "the PLC is away"
	PLCRefuses    Kind = "the PLC refuses every Nth request"
	PLCSilent     Kind = "the PLC does not answer"
	RejectorStuck Kind = "the rejector does not move"
	Storm         Kind = "N percent of the calls to the national system fail, as many lose their answer"
	Outage        Kind = "the national system is away"
	Denied        Kind = "the national system denies access"
	Slow          Kind = "the national system answers in N seconds"
	ClockAhead    Kind = "the PC's clock is N hours ahead"
	ClockBehind   Kind = "the PC's clock is N hours behind"
	ClockUnset    Kind = "the PC's clock says 1970"
	BatchEnds     Kind = "the batch ends, the next one begins later"
	Stopped       Kind = "the agent is stopped and started again"
	Killed        Kind = "the agent is killed and started again"
	KilledWriting Kind = "the agent is killed in the midst of its Nth write to a device"
)

// writesTo are the devices that KilledWriting knows: N modulo their number picks one.
var writesTo = []string{"tij", "plc", "izkm", "box"}

// NewPlan makes the plan of a seed.
func NewPlan(seed uint64, length time.Duration) Plan {
	r := rand.New(rand.NewPCG(seed, 0x5117))
	p := Plan{Seed: seed, Length: length, Rate: []float64{0.4, 0.7, 1, 1.6, 2.3}[r.IntN(5)],
		Orders: time.Duration(1+r.IntN(40)) * time.Second, Reports: time.Duration(1+r.IntN(20)) * time.Second,
		Restart: time.Duration(1000+r.IntN(20_000)) * time.Millisecond, Look: time.Duration(2+r.IntN(5)) * time.Second}
	p.Faults = sim.SomeFaults
	if r.IntN(3) == 0 { // a bad day
		p.Faults = sim.Faults{NoRead: 0.03, Wrong: 0.02, Copied: 0.02, Taken: 0.02, PackNoRead: 0.01}
	}
	packs := r.IntN(4) > 0
	for i := range 1 + min(r.IntN(5), 3)%3 {
		p.Lines = append(p.Lines, Line{Name: fmt.Sprint(i + 1), Packs: packs && r.IntN(5) > 0, Pallets: r.IntN(2) == 0, Handshake: r.IntN(3) == 0})
	}
	if length > 2*time.Hour { // modest, so that twelve hours take less than a minute
		p.Lines, p.Rate = p.Lines[:1], min(p.Rate, 0.7)
	}
	p.Config = p.config(r)
	p.acts(r)
	return p
}

// acts draws what happens: something every two minutes or so.
func (p *Plan) acts(r *rand.Rand) {
	minutes := func(from, to float64) time.Duration {
		return time.Duration((from + r.Float64()*(to-from)) * float64(time.Minute)).Round(time.Millisecond)
	}
	kinds := []Kind{CameraAway, CameraFrozen, PackAway, HeadOpen, Interrupted, Paused, PowerCycle, PrinterAway, LabellerAway, LabellerCycle, LabellerOpen,
		PLCRestart, PLCAway, PLCRefuses, PLCSilent, RejectorStuck, Storm, Storm, Storm, Outage, Outage, Denied, Slow, BatchEnds, BatchEnds, ClockAhead, ClockBehind, ClockUnset,
		Stopped, Killed, Killed, KilledWriting, KilledWriting, KilledWriting}
	n := int(p.Length.Minutes()/2) + r.IntN(4)
	for range n {
		a := Act{At: minutes(0, p.Length.Minutes()), Kind: kinds[r.IntN(len(kinds))], Line: p.Lines[r.IntN(len(p.Lines))].Name, For: minutes(0.02, 1.5), N: r.IntN(1 << 16)}
		switch a.Kind {
		case Interrupted, PowerCycle, LabellerCycle, PLCRestart:
			a.For = minutes(0.05, 0.5)
		case ClockAhead, ClockBehind, ClockUnset:
			a.Line, a.For, a.N = "", minutes(0.5, p.Length.Minutes()/3), 1+a.N%100
		case Storm, Outage, Denied, Slow:
			a.Line, a.For = "", minutes(0.5, min(p.Length.Minutes()/3, 180))
		case Stopped, Killed, KilledWriting:
			a.For = minutes(0.05, 1) // never shorter than the PLC's watchdog: what passes within it nobody sees
		}
		if a.Kind == Stopped || a.Kind == Killed {
			a.Line = ""
		}
		p.Acts = append(p.Acts, a)
	}
	slices.SortStableFunc(p.Acts, func(a, b Act) int { return cmp.Compare(a.At, b.At) })
}

// config writes the plant's configuration. The polls are slow: virtual time is cheap, what is done in
// it is not.
func (p *Plan) config(r *rand.Rand) string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	num := func(from, to int) int { return from + r.IntN(to-from+1) }
	low := num(60, 400)
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	w("version = 1\n[agent]\nname = \"shift\"\ndata_dir = \"DATA\"")
	w("[izkm]\nurl = \"http://izkm:80\"\noms_id = \"cdf12109-10d3-11e6-8b6f-0050569977a1\"\nclient_token = \"token\"\ngroup = \"water\"")
	w("participant_id = \"301234567\"\naddress = \"Tashkent\"\ntimeout = %q\nrate = %d", pick("5s", "10s", "30s"), num(2, 20))
	w("[[product]]\nname = \"unit\"\ngtin = \"04780012345677\"\ntemplate_id = 3\nlow_water = %d\norder_quantity = %d\nblock_quantity = %d", low, low*num(1, 4), num(20, low))
	w("[[product]]\nname = \"pack\"\ngtin = \"14780012345674\"\ntemplate_id = 3\ncis_type = \"GROUP\"\nlow_water = %d\norder_quantity = %d\nblock_quantity = %d", low/4, low, num(10, low))
	for i, l := range p.Lines {
		poll := pick("100ms", "200ms")
		switch {
		case p.Length > 2*time.Hour:
			poll, l.Handshake = "250ms", false
			p.Lines[i] = l
		case l.Handshake:
			poll = "40ms"
		}
		w("[[printer]]\nname = \"tij-%s\"\ndriver = \"zpl\"\naddress = \"tcp://tij-%s:9100\"\nlabel = \"labels/unit.zpl\"\npoll = %q", l.Name, l.Name, pick("100ms", "200ms", "400ms"))
		w("[[scanner]]\nname = \"cam-%s\"\ndriver = \"text\"\naddress = \"tcp://cam-%s:9004\"\nno_read = \"NOREAD\"", l.Name, l.Name)
		w("[[plc]]\nname = \"plc-%s\"\ndriver = \"modbus\"\naddress = \"tcp://plc-%s:502\"\npoll = %q", l.Name, l.Name, poll)
		w("  [plc.inputs]\n  products = \"holding:100:uint32\"\n  rejects = \"holding:102:uint32\"")
		if l.Handshake {
			w("  request = \"holding:110:uint16\"\n  [plc.outputs]\n  verdict = \"holding:120:uint16\"\n  done = \"holding:121:uint16\"\n  stop = \"coil:1\"\n  beat = \"coil:2\"")
		} else {
			w("  [plc.outputs]\n  reject = \"coil:0\"\n  stop = \"coil:1\"\n  beat = \"coil:2\"")
		}
		if l.Packs {
			w("[[printer]]\nname = \"box-%s\"\ndriver = \"zpl\"\naddress = \"tcp://box-%s:9100\"\nlabel = \"labels/box.zpl\"\npoll = \"200ms\"", l.Name, l.Name)
			w("[[scanner]]\nname = \"pack-%s\"\ndriver = \"text\"\naddress = \"tcp://pack-%s:9004\"\nno_read = \"NOREAD\"", l.Name, l.Name)
		}
	}
	for _, l := range p.Lines {
		w("[[line]]\nname = %q\nbatch = \"B0\"", l.Name)
		w("  [[line.station]]\n  name = \"mark\"\n  kind = \"print\"\n  product = \"unit\"\n  printer = \"tij-%s\"\n  ahead = %d", l.Name, num(2, 12))
		w("  [[line.station]]\n  name = \"check\"\n  kind = \"verify\"\n  scanner = \"cam-%s\"\n  stop = \"plc-%s.stop\"\n  confirm = \"plc-%s.rejects\"\n  stop_after = %d\n  silent_after = %d\n  window = %d\n  heal_after = %d",
			l.Name, l.Name, l.Name, num(2, 4), num(3, 5), num(16, 64), num(1, 5))
		if l.Handshake {
			w("  request = \"plc-%s.request\"\n  verdict = \"plc-%s.verdict\"\n  acknowledge = \"plc-%s.done\"\n  match = \"100ms\"", l.Name, l.Name, l.Name)
		} else {
			w("  reject = \"plc-%s.reject\"", l.Name)
		}
		if !l.Packs {
			continue
		}
		w("  [[line.station]]\n  name = \"box\"\n  kind = \"pack\"\n  scanner = \"pack-%s\"\n  capacity = %d\n  unit = \"pack\"\n  printer = \"box-%s\"", l.Name, num(2, 12), l.Name)
		if l.Pallets {
			w("  [[line.station]]\n  name = \"pallet\"\n  kind = \"pack\"\n  of = \"box\"\n  capacity = %d\n  unit = \"sscc\"\n  sscc_prefix = \"0301234567\"", num(2, 6))
		}
	}
	w("[report.utilisation]\nevery = %q\nmax_codes = %d\n[report.aggregation]\nevery = %q\nmax_codes = %d", pick("20s", "1m", "5m"), num(10, 400), pick("20s", "1m", "5m"), num(20, 400))
	return b.String()
}
