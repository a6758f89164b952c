package check

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"linemark/internal/code"
)

// witness is what the plant's logs say.
type witness struct {
	printed   map[string]int      // full code to times
	received  map[string]int      // by a printer, printed or not
	order     map[string][]string // what each printer has printed, in order
	read      map[string]bool     // by any camera
	issued    map[string]string   // full code to block
	ident     map[string]bool     // identification codes of what was read or printed
	identRead map[string]bool     // of what was read
	container map[string]bool     // of the containers that were reported
	blocks    map[string]*issuedBlock
	newest    map[string]*issuedBlock // of each suborder: not acknowledged yet
	reports   []loggedReport
	packed    []packing
	named     bool // every report bears the sender's own id
	breaches  []string
	passedBad []string
}

func newWitness() *witness {
	return &witness{
		printed: map[string]int{}, received: map[string]int{}, order: map[string][]string{}, read: map[string]bool{}, issued: map[string]string{},
		ident: map[string]bool{}, identRead: map[string]bool{}, container: map[string]bool{},
		blocks: map[string]*issuedBlock{}, newest: map[string]*issuedBlock{},
	}
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
	Units  []loggedUnit `json:"units"`
}

type loggedUnit struct {
	Serial   string   `json:"unitSerialNumber"`
	Children []string `json:"sntins"`
}

func (w *witness) gather(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return err
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".jsonl")
		take := func(line []byte) error { return w.device(name, line) }
		switch {
		case name == "izkm":
			take = w.national
		case name == "smartone":
			take = w.smartOne
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

// shortest is how long the shortest marking code is: a text that stands in a printer's field while no code is
// due is shorter.
const shortest = 21

func (w *witness) device(name string, line []byte) error {
	var e struct {
		Event   string   `json:"event"`
		Code    string   `json:"code"`
		Codes   []string `json:"codes"` // of one picture
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
	// Where the layout lies in the printer its log has only the content of the symbol's field.
	marking := len(raw) >= shortest
	if len(e.Symbols) > 0 {
		marking = e.Symbols[0].Kind == "datamatrix"
	}
	marking = marking && code.ValidSSCC(code.Code(raw)) != nil
	switch {
	case e.Event == "received" && marking:
		w.received[string(raw)]++
	case e.Event == "printed" && marking:
		w.printed[string(raw)]++
		w.order[name] = append(w.order[name], string(raw))
		see(string(raw), w.ident)
	case e.Event == "read":
		for _, text := range append(e.Codes, e.Code) {
			c, err := hex.DecodeString(text)
			if err != nil {
				return err
			}
			if len(c) > 0 {
				w.read[string(c)] = true
				see(string(c), w.ident, w.identRead)
			}
		}
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
