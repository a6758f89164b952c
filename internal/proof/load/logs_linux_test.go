package load

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// belt is what the plant's own logs say of one line.
type belt struct {
	name  string
	made  []time.Time // each product
	bad   []time.Time // each product that was to be rejected, when the check camera saw it
	stops []stand     // moments at which the line was brought to a stand

	// fed is for each label that came out of the marking printer how long it was until the next one had come
	// in whole: the printer's counter is asked, the label's successor claimed on disk and sent. Marking goes on
	// from the printer's buffer for as long as the labels in it last.
	fed []delay
	// thrown is for each bad product how long it was from the check camera's picture to the rejector: reading,
	// the ledger's verdict, the PLC's output. On a belt the next product stands there after 1/rate.
	thrown []delay
	empty  int // labels that left the printer without another one
}

// delay is how long something took that began at a time.
type delay struct {
	at time.Time
	d  time.Duration
}

// stand is a line brought to a stand.
type stand struct {
	at  time.Time
	row int    // bad products in a row before it
	why string // held: the agent's beat stood still; stopped: by the stop output
}

// readBelts reads the logs of the plant in folder dir.
func readBelts(dir string) (map[string]*belt, error) {
	belts := map[string]*belt{}
	of := func(path, prefix string) *belt {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), prefix), ".jsonl")
		if belts[name] == nil {
			belts[name] = &belt{name: name}
		}
		return belts[name]
	}
	for prefix, read := range map[string]func(*belt) func(entry){"conveyor-": (*belt).conveyor, "printer-tij-": (*belt).printer} {
		files, err := filepath.Glob(filepath.Join(dir, prefix+"*.jsonl"))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if err := eachEntry(f, read(of(f, prefix))); err != nil {
				return nil, fmt.Errorf("reading %s: %w", f, err)
			}
		}
	}
	return belts, nil
}

// entry is one line of a log, as far as it is read here.
type entry struct {
	At      time.Time `json:"at"`
	Event   string    `json:"event"`
	Product int       `json:"product"`
	Note    string    `json:"note"`
}

func eachEntry(path string, take func(entry)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // half a line is none
		}
		if err != nil {
			return err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		take(e)
	}
}

// conveyor returns what reads the belt's own log.
func (b *belt) conveyor() func(entry) {
	row := 0 // bad products in a row
	seen := map[int]time.Time{}
	last := 0
	return func(e entry) {
		switch e.Event {
		case "made":
			b.made = append(b.made, e.At)
		case "read":
			if e.Note == "" {
				row = 0
				return
			}
			delete(seen, last) // it has left the rejector
			row, last, seen[e.Product] = row+1, e.Product, e.At
			b.bad = append(b.bad, e.At)
		case "ejected":
			if at, ok := seen[e.Product]; ok {
				b.thrown = append(b.thrown, delay{at, e.At.Sub(at)})
			}
		case "held":
			if len(b.made) > 0 { // before, nobody had fed the line yet
				b.stops = append(b.stops, stand{at: e.At, why: e.Event})
			}
		case "stopped":
			b.stops = append(b.stops, stand{at: e.At, row: row, why: e.Event})
		case "restarted":
			row = 0
		}
	}
}

// printer returns what reads the log of the marking printer.
func (b *belt) printer() func(entry) {
	var waiting []time.Time // labels that came out, since the last one came in
	held := 0               // labels in the printer
	return func(e entry) {
		switch e.Event {
		case "received":
			for _, at := range waiting {
				b.fed = append(b.fed, delay{at, e.At.Sub(at)})
			}
			waiting, held = waiting[:0], held+1
		case "printed":
			waiting = append(waiting, e.At)
			if held--; held == 0 {
				b.empty++
			}
		case "cancelled", "lost":
			waiting, held = waiting[:0], held-1
		}
	}
}

// words are what the agent has said of a line that it stopped.
type words struct {
	at   time.Time
	line string
	text string
}

// causes reads from the agent's log why it has stopped lines.
func causes(log string) (all []words) {
	for text := range strings.Lines(log) {
		const begins = `msg="line stopped: `
		i := strings.Index(text, begins)
		if i < 0 {
			continue
		}
		var w words
		said, place, _ := strings.Cut(strings.TrimSpace(text[i+len(begins):]), `" at=`)
		w.text = said
		w.line, _, _ = strings.Cut(place, "/")
		if stamp, ok := strings.CutPrefix(strings.Fields(text)[0], "time="); ok {
			w.at, _ = time.Parse(time.RFC3339Nano, stamp) // a time that is not one is far from all others
		}
		all = append(all, w)
	}
	return all
}

// saidOf is what the agent has said within a second of a line's stand.
func (r *run) saidOf(b *belt, at time.Time) string {
	for _, w := range r.said {
		if w.line == b.name && w.at.Sub(at).Abs() < time.Second {
			return w.text
		}
	}
	return "no reason is given"
}
