package line

import (
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// HandheldConfig is what a station is told at which a person shows one product after another.
type HandheldConfig struct {
	// Refused and Accepted say whether there is an output that tells it.
	Refused, Accepted bool
	// Quality is what a reading must satisfy beside showing the right code.
	Quality Quality
}

// Events and effects of these stations alone.
type (
	// DropCodes withdraws codes that were read; answered by DroppedCodes.
	DropCodes struct{ Codes []code.Code }
	// DroppedCodes answers DropCodes in the same order.
	DroppedCodes struct {
		Outcomes []ledger.DropOutcome
		Err      error
	}
	// ReworkCodes settles scans of products that are to come back; answered by Verdicts.
	ReworkCodes struct{ Codes []code.Code }
)

// handheld is what these stations have in common: the ledger settles each reading, and only then the
// operator is told what became of it.
type handheld struct {
	status
	cfg     HandheldConfig
	refusal string // how a refusal begins
	pending []Scan // whose answers are under way, in order
}

func newHandheld(c HandheldConfig, refusal string) handheld {
	d := handheld{cfg: c, refusal: refusal}
	d.set(time.Time{}, "waiting", "the scanner")
	return d
}

// read takes readings and returns the codes that the ledger is to be asked for.
func (d *handheld) read(scans []Scan) []code.Code {
	var codes []code.Code
	for _, s := range scans {
		if s.Bad == "" && !s.NoRead {
			s.Bad = d.cfg.Quality.fault(s)
		}
		if d.pending = append(d.pending, s); s.Bad == "" && !s.NoRead {
			codes = append(codes, s.Code)
		}
	}
	d.count("read", len(scans))
	return codes
}

// settle tells the operator of each reading. why says, in the order of the codes asked for, what
// speaks against one; empty: it was taken. err says that the ledger has not answered: nothing was taken.
func (d *handheld) settle(now time.Time, why []string, err error) []Effect {
	readings := d.pending
	d.pending = nil
	if err != nil {
		d.set(now, "stopped", err.Error())
	} else {
		d.set(now, "running", "")
	}
	var effects []Effect
	for _, s := range readings {
		against := s.Bad
		switch {
		case s.NoRead:
			against = "no read"
		case s.Bad != "":
		case err != nil:
			against = "the ledger did not answer: " + err.Error()
		default:
			against, why = why[0], why[1:]
		}
		d.judged(now, s, against)
		if against == "" {
			if d.cfg.Accepted {
				effects = append(effects, Signal{Accepted: true})
			}
			continue
		}
		d.count("refused", 1)
		if d.cfg.Refused {
			effects = append(effects, Signal{})
		}
		text := d.refusal
		if s.Code != "" {
			text += ": " + code.Visible(s.Code)
		}
		effects = append(effects, Alarm{Text: text + ": " + against})
	}
	return effects
}

// step is what is the same whatever the station does with its readings.
func (d *handheld) step(now time.Time, ev Event) []Effect {
	switch ev := ev.(type) {
	case ScannerState:
		if ev.Up {
			d.set(now, "running", "")
		} else {
			d.set(now, "waiting", "the scanner: "+ev.Why)
		}
	case Failed:
		if s, ok := ev.Effect.(Signal); ok {
			what := "refused"
			if s.Accepted {
				what = "accepted"
			}
			return []Effect{Alarm{Text: "the signal " + what + " could not be given: " + ev.Err.Error()}}
		}
	}
	return nil
}
