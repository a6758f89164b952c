package line

import (
	"fmt"
	"strings"
	"time"

	"linemark/internal/code"
)

// Frame packs by the picture: all codes of one picture are one container, which is whole at once. A
// picture with another number of codes, with one twice, one that cannot be read or one that is not
// good makes none: the container is refused, and another picture of it may come.
type Frame struct {
	packing
	scans    []Scan // of the picture that is coming in
	pictures [][]Scan
	busy     bool
}

// NewFrame returns a pack station whose camera sees a whole container at once.
func NewFrame(c PackConfig) *Frame { return &Frame{packing: newPacking(c)} }

// Step implements Station.
func (f *Frame) Step(now time.Time, ev Event) []Effect {
	var effects []Effect
	switch ev := ev.(type) {
	case Scans:
		for _, s := range ev.Scans {
			if f.scans = append(f.scans, s); !s.More {
				f.pictures, f.scans = append(f.pictures, f.scans), nil
			}
		}
	case PackedFrame:
		effects = f.packed(now, ev)
	case Asked:
		return []Effect{Reply{No: ev.No, Why: "a container of this station is whole at once, none is open: dissolve it, or replace what is in it, by its code"}}
	case Recorded:
		effects, _ = f.recorded(now, ev)
	case Failed:
		effects = f.failed(ev)
	case ScannerState:
		if ev.Up {
			f.set(now, "running", "")
			break
		}
		f.set(now, "waiting", "the scanner: "+ev.Why)
		if len(f.scans) > 0 {
			picture := f.scans
			f.scans = nil
			effects = f.refused(now, picture, fmt.Sprintf("the scanner went away after %s of it", plural(len(picture), "code")))
		}
	case Tick:
		if effects = f.remake(); len(effects) > 0 {
			return effects
		}
		effects = f.label.step(now, ev, &f.packing)
	default:
		effects = f.label.step(now, ev, &f.packing)
	}
	return append(effects, f.advance(now)...)
}

// advance takes the next picture, if none is under way.
func (f *Frame) advance(now time.Time) []Effect {
	var effects []Effect
	for len(f.pictures) > 0 && !f.busy && !f.held() {
		picture := f.pictures[0]
		if why := f.unlike(picture); why != "" {
			f.pictures = f.pictures[1:]
			effects = append(effects, f.refused(now, picture, why)...)
			continue
		}
		var codes []code.Code
		for _, s := range picture {
			codes = append(codes, s.Code)
		}
		f.busy = true
		effects = append(effects, PackFrame{Codes: codes})
	}
	return effects
}

// unlike says why a picture cannot be a container, before anybody looks at what its codes are.
func (f *Frame) unlike(picture []Scan) string {
	var wrong []string
	seen := map[code.Code]bool{}
	codes := 0
	for _, s := range picture {
		switch {
		case s.NoRead:
			wrong = append(wrong, "no read")
			continue
		case s.Bad != "":
			wrong = append(wrong, s.Bad)
		case seen[s.Code]:
			wrong = append(wrong, code.Visible(s.Code)+" twice")
		}
		codes++
		seen[s.Code] = true
	}
	if codes != f.cfg.Capacity {
		wrong = append([]string{fmt.Sprintf("%s of %d", plural(codes, "code"), f.cfg.Capacity)}, wrong...)
	}
	return strings.Join(wrong, "; ")
}

func (f *Frame) packed(now time.Time, ev PackedFrame) []Effect {
	picture := f.pictures[0]
	f.busy, f.pictures = false, f.pictures[1:]
	if ev.Err != nil {
		effects := f.refused(now, picture, "the ledger did not answer: "+ev.Err.Error())
		f.set(now, "stopped", ev.Err.Error())
		return effects
	}
	f.set(now, "running", "")
	if ev.Container == 0 {
		var wrong []string
		for _, o := range ev.Outcomes {
			if o.Outcome != 0 {
				wrong = append(wrong, code.Visible(o.Ident)+" "+reason(o))
			}
		}
		return f.refused(now, picture, fmt.Sprintf("%d of %s not good: %s", len(wrong), plural(len(ev.Outcomes), "code"), strings.Join(wrong, "; ")))
	}
	for _, s := range picture {
		f.judged(now, s, "")
	}
	f.count("read", len(ev.Outcomes))
	f.count("packed", len(ev.Outcomes))
	var effects []Effect
	for _, o := range ev.Outcomes {
		effects = append(effects, f.unverified(o)...)
	}
	effects = append(effects, f.accept()...)
	return append(effects, f.label.add(ev.Container)...)
}

// refused tells that nothing of a picture was packed.
func (f *Frame) refused(now time.Time, picture []Scan, why string) []Effect {
	for _, s := range picture {
		f.judged(now, s, why)
	}
	f.count("refused", 1)
	if f.view.State == "running" {
		f.set(now, "running", "refused: "+why)
	}
	return append(f.refuse(), Alarm{Text: "a container is refused, nothing of it is packed: " + why})
}
