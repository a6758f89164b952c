package sbpl

import (
	"errors"
	"fmt"
	"time"
)

// errDropped: a job can be cancelled at the printer's panel while it is offline.
var errDropped = errors.New("the printer was taken offline and is done with its job since: whether it was printed is not known")

// ids is how many ids there are: 00 to 99.
const ids = 100

// pace is the least time from one label to the next: print engines of 16 inches a second would
// need labels shorter than 9 mm for it.
const pace = 20 * time.Millisecond

// progress is what is known of a session's labels. Labels are counted from 1, in the order
// in which they were sent, and come out in that order.
type progress struct {
	silence time.Duration
	assured bool // whatever counts as sent was received: the printer has acknowledged it
	id      int  // of the label before the session's first

	sent    int
	printed int
	seen    int       // the last label that the printer has named as its present job
	named   [ids]bool // by id: the printer has named the label, so it has received it
	told    time.Time // when the last status came that was asked for
	offline bool      // the printer was taken offline while it held labels
	idle    time.Time // since when it has been idle although labels are missing; zero: it is not
}

// idOf is the id of a label.
func (p *progress) idOf(label int) int { return (p.id + label) % ids }

// add counts one more label as sent.
func (p *progress) add() {
	p.sent++
	p.named[p.idOf(p.sent)] = false
	p.idle = time.Time{}
}

// ahead is how many labels the named one is after the last that is printed; more than there
// are of this session where it is none of them.
func (p *progress) ahead(st status) int { return (st.id - p.idOf(p.printed) + ids) % ids }

// take draws what can be drawn from a status. It is careful in one direction: a label counts
// as printed when the printer has received it and names a later one, or has named it and is
// done with it. What was received the printer has acknowledged, or it has named it once: a
// label that it went past may also have been lost on its way. "No job" by itself means that
// nothing was received as well.
func (p *progress) take(st status, now time.Time) error {
	if err := st.fault(); err != nil {
		return err
	}
	if st.remaining > 1 {
		return fmt.Errorf("the printer has %d labels to come of one job, and every job of this line is one label: nobody else may print on it", st.remaining)
	}
	if p.sent == p.printed {
		// Nothing is missing; only a job that is not ours would be worth a word.
		if st.id != noJob && st.remaining > 0 && st.id != p.idOf(p.printed) {
			return p.foreign(st)
		}
		return nil
	}
	switch {
	case st.offline():
		p.offline = true
		return nil
	case st.analyse():
		// The id may be that of a job read ahead, while the one before is still under the head.
		p.idle = time.Time{}
		if st.id != noJob && p.ahead(st) <= p.sent-p.printed {
			p.named[st.id] = true
		}
		return nil
	}
	label := p.seen // of which the status speaks
	if st.id != noJob {
		ahead := p.ahead(st)
		if ahead > p.sent-p.printed {
			return p.foreign(st)
		}
		label = p.printed + ahead
		switch {
		case label < p.seen:
			return fmt.Errorf("the printer went back to job %02d", st.id)
		case p.offline && label-1 > p.printed:
			return errDropped
		}
		if err := p.passed(label, st.id, now); err != nil {
			return err
		}
		p.seen, p.named[st.id] = label, true
		p.printed = max(p.printed, label-1)
	}
	if !st.done() {
		p.idle, p.offline = time.Time{}, false
		return nil
	}
	if label > p.printed {
		if p.offline {
			return errDropped
		}
		p.printed = label
	}
	switch {
	case p.printed == p.sent:
		p.idle = time.Time{}
	case p.idle.IsZero():
		p.idle = now
	case now.Sub(p.idle) > p.silence:
		return fmt.Errorf("the printer is idle, and %d labels that were sent never showed in its status", p.sent-p.printed)
	}
	return nil
}

// passed checks the labels before the one that the printer names: each was named itself, or was
// acknowledged and may have come out since the last status.
func (p *progress) passed(label, id int, now time.Time) error {
	unseen := 0
	for before := p.printed + 1; before < label; before++ {
		if p.named[p.idOf(before)] {
			continue
		}
		if unseen++; !p.assured {
			return fmt.Errorf("the printer has come to job %02d, and job %02d never showed in its status: "+
				"whether it was lost or printed between two answers is not known", id, p.idOf(before))
		}
	}
	if since := now.Sub(p.told); since < time.Duration(unseen)*pace {
		return fmt.Errorf("the printer has come to job %02d, past %d that never showed in its status, in %v: it cannot have "+
			"printed them in that time; nobody else may print on it", id, unseen, since.Round(time.Millisecond))
	}
	return nil
}

func (p *progress) foreign(st status) error {
	return fmt.Errorf("the printer works on job %02d, which is none of this line's: nobody else may print on it", st.id)
}
