package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Cut says what of a recording is taken.
type Cut struct {
	From, To time.Time // zero: from its beginning, to its end
	Device   string    // only this one's connections; empty: all
	Line     string    // only this one's stations; empty: all
	// WithCodes leaves the check parts of marking codes as they are: whoever has the cut can print them.
	WithCodes bool
}

// Count says what a cut holds.
type Count struct {
	Records     int
	First, Last time.Time
	Dropped     bool // the recorder had dropped something there
}

// restart is where a station's history can be taken up: its newest state before the cut.
type restart struct {
	run int64
	seq uint64
}

// Export writes a part of a recording as a file of its own. Of every station it holds what leads up to
// the cut from its last recorded state on, so that its steps can be replayed. What was recorded after
// Export began is not in it.
func Export(from *Reader, to io.Writer, c Cut) (Count, error) {
	var n Count
	var last uint64
	var about Record
	m := newMask()
	seen := &streams{mask: m, all: map[streamKey]*stream{}}
	restarts := map[string]restart{}
	err := from.Each(func(r Record) error {
		last = max(last, r.Seq)
		switch {
		case r.Kind == KindAbout:
			about = r
			about.Data = slices.Clone(r.Data)
			var a About
			if json.Unmarshal(r.Data, &a) == nil {
				m.learn(a)
			}
		case r.Kind == KindIn || r.Kind == KindOut:
			if !c.WithCodes && !after(r, c) {
				seen.see(r)
			}
		case r.Kind == KindClose:
			seen.end(r)
		case r.Kind == KindState && !r.At.After(c.From):
			restarts[r.Source] = restart{r.Run, r.Seq}
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	seen.settleAll()
	w := &exporter{to: to, base: -1}
	if about.Data != nil {
		if err := w.add(aboutCut(about, c)); err != nil {
			return n, err
		}
	}
	err = from.Each(func(r Record) error {
		if r.Seq > last || after(r, c) || !c.wants(r, restarts) {
			return nil
		}
		if !c.WithCodes {
			if r.Kind == KindIn || r.Kind == KindOut {
				r.Data = seen.cover(r)
			} else {
				r = m.record(r)
			}
		}
		if !r.At.Before(c.From) {
			n.note(r)
		}
		return w.add(r)
	})
	if err := errors.Join(err, w.flush()); err != nil {
		return n, fmt.Errorf("writing the cut: %w", err)
	}
	return n, nil
}

func (n *Count) note(r Record) {
	if n.Records++; n.Records == 1 {
		n.First = r.At
	}
	n.Last = r.At
	n.Dropped = n.Dropped || r.Kind == KindDropped
}

func after(r Record, c Cut) bool { return !c.To.IsZero() && r.At.After(c.To) }

// wants says whether the cut takes a record that is not behind it.
func (c Cut) wants(r Record, restarts map[string]restart) bool {
	if r.Kind == KindAbout {
		return false
	}
	if r.Kind.ofDevice() && c.Device != "" && r.Source != c.Device {
		return false
	}
	if r.Kind.ofStation() {
		if c.Line != "" && !c.ofLine(r.Source) {
			return false
		}
		if r.At.Before(c.From) {
			start, ok := restarts[r.Source]
			return ok && r.Seq >= start.seq
		}
	}
	return !r.At.Before(c.From)
}

func (c Cut) ofLine(source string) bool {
	return len(source) > len(c.Line) && source[:len(c.Line)] == c.Line && source[len(c.Line)] == '/'
}

func aboutCut(r Record, c Cut) Record {
	var a About
	if json.Unmarshal(r.Data, &a) == nil {
		a.Masked = a.Masked || !c.WithCodes
		if text, err := json.Marshal(a); err == nil {
			r.Data = text
		}
	}
	return r
}

// exporter writes records into frames that keep their moments.
type exporter struct {
	to     io.Writer
	frames *framer
	base   time.Duration // of the frame's clocks: the wall clock less the monotonic one
	last   Record
}

func (w *exporter) add(r Record) error {
	base := time.Duration(r.At.UnixNano()) - r.Since
	if w.frames == nil || r.Run != w.frames.run || base != w.base || len(w.frames.raw) > fullFrame {
		if err := w.flush(); err != nil {
			return err
		}
		if w.frames == nil {
			w.frames = newFramer(r.Run)
		}
		w.frames.run, w.base = r.Run, base
	}
	w.frames.add(&r)
	w.last = r
	return nil
}

func (w *exporter) flush() error {
	if w.frames == nil || len(w.frames.raw) == 0 {
		return nil
	}
	_, err := w.to.Write(w.frames.frame(w.last.At, w.last.Since))
	return err
}

// Stop is when products stood still, or may have.
type Stop struct {
	From, To time.Time // equal, but for a death that was noticed later
	Mark     Mark
	Source   string
}

// LastStop returns the last stop in a recording, and whether there is one: a station that stopped the
// line, or a death of the agent or a part of it.
func LastStop(from *Reader) (last Stop, found bool, err error) {
	err = from.Each(func(r Record) error {
		if r.Kind != KindMark {
			return nil
		}
		var m Mark
		if json.Unmarshal(r.Data, &m) != nil || !m.Kind.stops() {
			return nil
		}
		last, found = Stop{From: r.At, To: r.At, Mark: m, Source: r.Source}, true
		if m.Of != nil {
			last.From = *m.Of
		}
		return nil
	})
	return last, found, err
}

// Shows says whether a record is in the cut, but for what leads up to it.
func (c Cut) Shows(r Record) bool {
	return r.Kind != KindAbout && !after(r, c) && !r.At.Before(c.From) && c.wants(r, nil)
}
