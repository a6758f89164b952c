package sim

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// Verdict is what the plant's own logs say of what the ledger claims.
type Verdict struct {
	PrintedTwice            int      // codes that came out of a printer more than once (P1)
	ReportedWithoutEvidence int      // codes reported as applied or packed that no printer printed or no camera read (P3)
	UnknownToServer         int      // codes in the ledger or in a report that the national system never issued (P8)
	Balanced                bool     // received = sum of the states, recounted, and every acknowledged block is stored (P2, P4)
	Findings                []string // each of the above, and everything else that is wrong, in words
}

// Good says that nothing was found.
func (v Verdict) Good() bool { return len(v.Findings) == 0 && v.Balanced }

// witness is what the plant's logs say.
type witness struct {
	printed   map[string]int    // full code to times
	read      map[string]bool   // by any camera
	issued    map[string]string // full code to block
	ident     map[string]bool   // identification codes of what was read or printed
	identRead map[string]bool   // of what was read
	container map[string]bool   // of the containers that were reported
	blocks    map[string]*issuedBlock
	newest    map[string]*issuedBlock // of each suborder: not acknowledged yet
	reports   []loggedReport
	breaches  []string
	passedBad []string
}

type issuedBlock struct {
	codes        int
	acknowledged bool
}

type loggedReport struct {
	Kind   string `json:"kind"`
	Source string `json:"sourceReportId"`
	Usage  string `json:"usageType"`
	Status string `json:"status"`
	Codes  []string
	Units  []struct {
		Serial   string   `json:"unitSerialNumber"`
		Children []string `json:"sntins"`
	} `json:"units"`
}

// maxFindings bounds each kind of finding: the first ones tell enough.
const maxFindings = 10

// Check judges the ledger by the logs in dir. It trusts nothing that the agent says of itself.
func Check(ctx context.Context, dir string, l *ledger.Ledger) (Verdict, error) {
	w := witness{printed: map[string]int{}, read: map[string]bool{}, issued: map[string]string{}, ident: map[string]bool{}, identRead: map[string]bool{}, container: map[string]bool{}, blocks: map[string]*issuedBlock{}, newest: map[string]*issuedBlock{}}
	if err := w.gather(dir); err != nil {
		return Verdict{}, err
	}
	v := Verdict{Balanced: true}
	for c, n := range w.printed {
		if n > 1 {
			v.PrintedTwice++
			v.find("printed %d times: %s", n, code.Visible(code.Code(c)))
		}
	}
	w.judgeReports(&v)
	if err := w.judgeLedger(ctx, &v, l); err != nil {
		return Verdict{}, err
	}
	for _, b := range w.breaches {
		v.find("the national system saw a breach of its document: %s", b)
	}
	for _, p := range w.passedBad {
		v.find("%s", p)
	}
	return v, nil
}

func (v *Verdict) find(format string, args ...any) {
	if len(v.Findings) < 10*maxFindings {
		v.Findings = append(v.Findings, fmt.Sprintf(format, args...))
	}
}

// judgeReports holds every report against what printers and cameras did.
func (w *witness) judgeReports(v *Verdict) {
	reported := map[string]string{}
	sources := map[string]bool{}
	for i, r := range w.reports {
		if r.Source != "" && sources[r.Source] {
			continue // sent again, since its answer was lost; other bytes under its id are a breach
		}
		sources[r.Source] = true
		name := cmp.Or(r.Source, fmt.Sprintf("number %d of the log", i+1))
		for _, c := range r.Codes {
			if _, ok := w.issued[c]; !ok {
				v.UnknownToServer++
				v.find("reported but never issued: %s", code.Visible(code.Code(c)))
			}
			if seen := w.read[c]; !seen && (r.Usage == "VERIFIED" || w.printed[c] == 0) {
				v.ReportedWithoutEvidence++
				v.find("reported as %s, but printed %d times and never read: %s", r.Usage, w.printed[c], code.Visible(code.Code(c)))
			}
			if other, ok := reported[c]; ok {
				v.find("reported twice (%s, %s): %s", other, name, code.Visible(code.Code(c)))
			}
			reported[c] = name
		}
		for _, u := range r.Units {
			w.judgeContainer(v, u.Serial, u.Children)
		}
	}
}

// judgeContainer wants a label with the container's own code, and a reading of each unit in it.
// Transport codes are nobody's marking codes.
func (w *witness) judgeContainer(v *Verdict, serial string, children []string) {
	if code.ValidSSCC(code.Code(serial)) != nil && !w.ident[serial] {
		v.ReportedWithoutEvidence++
		v.find("reported as a container, but never printed nor read: %s", code.Visible(code.Code(serial)))
	}
	w.container[serial] = true
	for _, child := range children {
		if code.ValidSSCC(code.Code(child)) != nil && !w.identRead[child] && !w.container[child] {
			v.ReportedWithoutEvidence++
			v.find("reported in container %s, but never read: %s", code.Visible(code.Code(serial)), code.Visible(code.Code(child)))
		}
	}
}

// judgeLedger recounts the ledger and holds it against the issued blocks and the cameras.
func (w *witness) judgeLedger(ctx context.Context, v *Verdict, l *ledger.Ledger) error {
	stored := map[string]int{}
	held := map[string]bool{}
	err := l.EachCode(ctx, func(h ledger.Held) error {
		c := string(h.Code)
		stored[h.Block]++
		held[c] = true
		if block, ok := w.issued[c]; !ok || block != h.Block {
			v.UnknownToServer++
			v.find("in the ledger but not issued in block %s: %s", h.Block, code.Visible(h.Code))
		}
		if h.State == ledger.Verified && !w.read[c] {
			v.find("verified in the ledger, but no camera has read it: %s", code.Visible(h.Code))
		}
		if h.State == ledger.InStock && w.printed[c] > 0 {
			v.find("in stock, but printed already: %s", code.Visible(h.Code))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for c := range w.printed {
		if !held[c] {
			v.UnknownToServer++
			v.find("printed, but not in the ledger: %s", code.Visible(code.Code(c)))
		}
	}
	for id, b := range w.blocks {
		if b.acknowledged && stored[id] != b.codes {
			v.Balanced = false
			v.find("block %s was acknowledged with %d codes, the ledger has %d", id, b.codes, stored[id])
		}
	}
	if err := w.judgeOutbox(ctx, v, l); err != nil {
		return err
	}
	counted, err := l.Recount(ctx)
	switch {
	case err != nil && counted == nil:
		return err
	case err != nil: // what was counted is not what the running tally says
		v.Balanced = false
		v.find("%v", err)
	}
	for _, b := range counted {
		if !b.Equal() {
			v.Balanced = false
			v.find("product %s: received %d, the states do not add up: %v", b.Product.Name, b.Received, b.States)
		}
	}
	return nil
}

// judgeOutbox looks whether the national system has taken what the ledger says was sent (P5). An
// aggregation bears no id of the sender's.
func (w *witness) judgeOutbox(ctx context.Context, v *Verdict, l *ledger.Ledger) error {
	taken := map[string]bool{}
	for _, r := range w.reports {
		if r.Status == "SENT" {
			taken[r.Source] = true
		}
	}
	reports, err := l.Reports(ctx)
	if err != nil {
		return err
	}
	for _, r := range reports {
		if r.Kind == ledger.Utilisation && r.State == ledger.Sent && !taken[r.UUID] {
			v.find("report %s is sent in the ledger, but the national system has not taken it", r.UUID)
		}
	}
	return nil
}

func (w *witness) gather(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return err
	}
	for _, f := range files {
		take := w.device
		switch name := filepath.Base(f); {
		case name == "izkm.jsonl":
			take = w.national
		case strings.HasPrefix(name, "conveyor-"):
			take = (&beltReader{w: w}).line
		}
		if err := eachLine(f, take); err != nil {
			return fmt.Errorf("reading %s: %w", f, err)
		}
	}
	return nil
}

// eachLine calls f for every whole line. Half a line is what a killed plant leaves: it was
// never seen outside.
func eachLine(path string, f func([]byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 && json.Valid(line) {
			if err := f(line); err != nil {
				return err
			}
		}
	}
}

func (w *witness) device(line []byte) error {
	var e struct {
		Event   string `json:"event"`
		Code    string `json:"code"`
		Symbols []struct {
			Kind string `json:"kind"`
			Code string `json:"code"`
			GS1  bool   `json:"gs1"`
		} `json:"symbols"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	raw, err := hex.DecodeString(e.Code)
	if err != nil {
		return err
	}
	switch {
	case e.Event == "printed" && len(e.Symbols) > 0 && e.Symbols[0].Kind == "datamatrix":
		w.printed[string(raw)]++
		see(string(raw), w.ident)
	case e.Event == "read" && e.Code != "":
		w.read[string(raw)] = true
		see(string(raw), w.ident, w.identRead)
	}
	return nil
}

// see remembers the identification code of something printed or read: up to its first GS.
func see(c string, idents ...map[string]bool) {
	ident, _, _ := strings.Cut(c, string(code.GS))
	for _, to := range idents {
		to[ident] = true
		if len(c) == 29 && ident == c { // a tobacco pack has no GS: 14 digits and 7 characters
			to[c[:21]] = true
		}
	}
}

func (w *witness) national(line []byte) error {
	var e struct {
		Breaches []string `json:"breaches"`
		Block    *struct {
			ID      string   `json:"blockId"`
			OrderID string   `json:"orderId"`
			GTIN    string   `json:"gtin"`
			Codes   []string `json:"codes"`
		} `json:"block"`
		Close *struct {
			OrderID string `json:"orderId"`
			GTIN    string `json:"gtin"`
		} `json:"close"`
		Report *loggedReport `json:"report"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	w.breaches = append(w.breaches, e.Breaches...)
	if b := e.Block; b != nil {
		// A block is taken with the id of the one before, or after a close: that one is acknowledged.
		w.acknowledge(b.OrderID + b.GTIN)
		block := &issuedBlock{codes: len(b.Codes)}
		w.blocks[b.ID] = block
		w.newest[b.OrderID+b.GTIN] = block
		for _, c := range b.Codes {
			w.issued[c] = b.ID
		}
	}
	if c := e.Close; c != nil {
		w.acknowledge(c.OrderID + c.GTIN)
	}
	if e.Report != nil {
		w.reports = append(w.reports, *e.Report)
	}
	return nil
}

func (w *witness) acknowledge(suborder string) {
	if last := w.newest[suborder]; last != nil {
		last.acknowledged = true
	}
}

// beltReader follows one belt's log: a product with a bad reading must be thrown out, or the
// line must stand still (P6).
type beltReader struct {
	w   *witness
	at  int        // the product between camera and rejector
	off int        // the one that stood there when the line was stopped or held: whoever lets it go on takes it off
	bad *beltEvent // the first that passed with a bad reading and was followed by no stop yet
}

// standstill is how long after a bad product has passed the line may take to stand still: an
// uncounted rejection is noticed after the station's own limit of 2 s.
const standstill = 5 * time.Second

func (b *beltReader) line(line []byte) error {
	var e beltEvent
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	switch e.Event {
	case "read":
		b.at = e.Product
	case "stopped", "held":
		b.bad, b.off = nil, b.at
	case "started":
		b.bad = nil
	case "passed":
		if e.Note != "" && e.Product != b.off && b.bad == nil {
			b.bad = &e
		}
	}
	if b.bad != nil && e.At.Sub(b.bad.At) > standstill {
		b.w.passedBad = append(b.w.passedBad, fmt.Sprintf("product %d passed the rejector although: %s", b.bad.Product, b.bad.Note))
		b.bad = nil
	}
	return nil
}
