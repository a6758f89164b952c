package sim

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"linemark/internal/config"
)

// Roll is the labels of one product that come printed: the plant puts them on its products one after the
// other, and their codes have to be brought into the agent's stock beforehand.
type Roll struct {
	Line    string
	Product string
	File    string // where the codes lie, one a line; empty: the plant keeps no files
	Codes   []string

	mu   sync.Mutex
	used int
}

// rollLength is how many labels are on a roll.
const rollLength = 5000

// next is the next label of the roll.
func (r *Roll) next() ([]byte, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used == len(r.Codes) {
		return nil, false
	}
	r.used++
	return []byte(r.Codes[r.used-1]), true
}

// labelled never is: nobody puts another roll in.
func (*Roll) labelled() <-chan struct{} { return nil }

// rolls makes the rolls of all lines that have one.
func (p *Plant) rolls(cfg *config.Config) error {
	for _, l := range cfg.Lines {
		r, err := p.roll(cfg, l)
		if err != nil {
			return err
		}
		if r != nil {
			p.Rolls = append(p.Rolls, r)
		}
	}
	return nil
}

// roll is the roll of a line whose products come with their labels; nil: it has a printer of its own. One that
// the plant's folder holds already goes on behind the last label that was used.
func (p *Plant) roll(cfg *config.Config, l config.Line) (*Roll, error) {
	if len(l.Stations) == 0 || l.Stations[0].Kind == "print" {
		return nil, nil
	}
	product, ok := cfg.Product(l.Stations[0].Product)
	if !ok || product.Preprinted != config.Yes {
		return nil, nil
	}
	r := &Roll{Line: l.Name, Product: product.Name}
	if p.opt.Dir != "" {
		r.File = filepath.Join(p.opt.Dir, "labels-"+l.Name+".txt")
		if err := r.goOn(filepath.Join(p.opt.Dir, "conveyor-"+l.Name+".jsonl")); err != nil {
			return nil, fmt.Errorf("going on with the roll of line %s: %w", l.Name, err)
		}
	}
	if len(r.Codes) > 0 {
		return r, nil
	}
	var err error
	if r.Codes, err = p.issue(product.GroupOr(cfg), product.GTIN, product.CISType, rollLength); err != nil {
		return nil, fmt.Errorf("line %s: %w", l.Name, err)
	}
	if r.File == "" {
		return r, nil
	}
	if err := os.WriteFile(r.File, []byte(strings.Join(r.Codes, "\n")+"\n"), 0o640); err != nil {
		return nil, fmt.Errorf("writing the roll of line %s: %w", l.Name, err)
	}
	return r, nil
}

// goOn reads the roll of an earlier plant and how far its belt came.
func (r *Roll) goOn(belt string) error {
	text, err := os.ReadFile(r.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	r.Codes = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	at := make(map[string]int, len(r.Codes))
	for i, c := range r.Codes {
		at[c] = i + 1
	}
	log, err := os.ReadFile(belt)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for line := range strings.Lines(string(log)) {
		var e beltEvent
		if json.Unmarshal([]byte(line), &e) != nil || e.Event != "made" {
			continue // half a line of a killed plant
		}
		if code, err := hex.DecodeString(e.Code); err == nil {
			r.used = max(r.used, at[string(code)])
		}
	}
	return err
}
