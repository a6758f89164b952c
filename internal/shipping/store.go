package shipping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// stateFile is what is known of a shipment, in its folder.
const stateFile = "shipment.json"

// Store is the folder of all shipments. What it returns is never changed: a change makes another Shipment.
type Store struct {
	dir  string
	disk disk
	ro   bool

	mu      sync.Mutex
	all     map[string]*Shipment
	broken  []Broken
	changed chan struct{} // closed at the next change
}

// Broken is a shipment that cannot be read.
type Broken struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Options of Open.
type Options struct {
	ReadOnly bool // look, and put nothing in order: another process may be at work there
	// Step is asked before each step of writing, and may fail it; nil: nobody is.
	Step func(what, path string) error
}

// Open reads all shipments of a data folder; there need not be any. Unless it is to look only, it removes what
// was begun and not finished, sets labels in doubt that were under way, and has asked for again what is gone.
func Open(dataDir string, o Options) (*Store, error) {
	s := &Store{dir: filepath.Join(dataDir, "shipping"), disk: disk{o.Step}, ro: o.ReadOnly, all: map[string]*Shipment{}, changed: make(chan struct{})}
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil && !s.ro {
		err = s.disk.sweep(s.dir, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the shipments: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		one, err := s.load(e.Name())
		if err != nil {
			s.broken = append(s.broken, Broken{e.Name(), oneLine(err.Error())})
			continue
		}
		s.all[one.Name] = one
	}
	return s, nil
}

func (s *Store) load(name string) (*Shipment, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, name, stateFile))
	if err != nil {
		return nil, err
	}
	var one Shipment
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&one); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", stateFile, err)
	}
	switch {
	case one.Version != version:
		return nil, fmt.Errorf("%s has version %d, and this linemark knows %d", stateFile, one.Version, version)
	case one.Name != name:
		return nil, fmt.Errorf("%s is that of %q", stateFile, one.Name)
	}
	if s.ro {
		return &one, nil
	}
	if s.mend(&one) {
		if err := s.save(&one); err != nil {
			return nil, err
		}
	}
	known := map[string]bool{}
	for _, f := range one.Files() {
		known[f.Name] = true
	}
	return &one, s.disk.sweep(filepath.Join(s.dir, name), func(file string) bool { return known[file] || !ours(file) })
}

// ours says whether a file's name is one that this package gives.
func ours(file string) bool {
	return slices.ContainsFunc([]string{"qr-", "protocol-", "inventory-", "stray-"}, func(p string) bool { return strings.HasPrefix(file, p) })
}

// mend puts in order what the last run left: a label that was under way is in doubt, and what is not there as it
// was written is asked for again. It says whether anything was changed.
func (s *Store) mend(one *Shipment) (changed bool) {
	whole := func(f File) bool { // what is in it is checked when it is used: reading years of them would take minutes
		is, err := os.Stat(filepath.Join(s.dir, one.Name, f.Name))
		return err == nil && is.Size() == int64(f.Size)
	}
	again := func(f *Fate, file string) {
		*f = Fate{State: Waiting, Since: f.Since, Tried: f.Tried, Why: file + " is gone or damaged: it is fetched again"}
		changed = true
	}
	for i := range one.Waybills {
		w := &one.Waybills[i]
		for j := range w.Pictures {
			q := &w.Pictures[j]
			if q.Label == Sending {
				q.Label, q.Why, changed = Doubtful, "linemark ended while the printer had it", true
			}
			if !whole(q.File) && w.State == Done {
				again(&w.Fate, q.Name)
			}
		}
	}
	for i := range one.Documents {
		d := &one.Documents[i]
		for _, f := range d.Files {
			if !whole(f) && d.State == Done {
				again(&d.Fate, f.Name)
				d.Course = Course{}
			}
		}
	}
	lost := func(f File) bool { return !whole(f) }
	n := len(one.Inventories) + len(one.Strays)
	one.Inventories, one.Strays = slices.DeleteFunc(one.Inventories, lost), slices.DeleteFunc(one.Strays, lost)
	return changed || n != len(one.Inventories)+len(one.Strays)
}

// read returns a file as it was written.
func (s *Store) read(name string, f File) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(s.dir, name, f.Name))
	if err != nil {
		return nil, err
	}
	if len(content) != f.Size || sum(content) != f.SHA256 {
		return nil, fmt.Errorf("%s is not what was written", f.Name)
	}
	return content, nil
}

// put writes a file beside a shipment. Until the shipment names it, the next start removes it.
func (s *Store) put(name, file, original string, content []byte) (File, error) {
	f := File{Name: file, Original: original, Size: len(content), SHA256: sum(content)}
	return f, s.disk.write(filepath.Join(s.dir, name, file), content)
}

func (s *Store) save(one *Shipment) error {
	text, err := encode(one)
	if err != nil {
		return err
	}
	return s.disk.write(filepath.Join(s.dir, one.Name, stateFile), text)
}

func encode(one *Shipment) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(one)
	return b.Bytes(), err
}

// add makes the folder of a new shipment.
func (s *Store) add(one *Shipment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, had := range s.names() {
		if strings.EqualFold(had, one.Name) { // one folder on some systems
			return input("give the new one another name", "there is a shipment %s already", had)
		}
	}
	text, err := encode(one)
	if err != nil {
		return err
	}
	part := filepath.Join(s.dir, half+one.Name)
	err = os.RemoveAll(part)
	if err == nil {
		err = os.MkdirAll(part, 0o750)
	}
	if err == nil {
		err = s.disk.write(filepath.Join(part, stateFile), text)
	}
	if err == nil {
		err = s.disk.rename(part, filepath.Join(s.dir, one.Name))
	}
	if err != nil {
		return fmt.Errorf("keeping shipment %s: %w", one.Name, err)
	}
	s.all[one.Name] = one
	s.wake()
	return nil
}

// names are all names that are taken. The caller holds the lock.
func (s *Store) names() []string {
	var all []string
	for name := range s.all {
		all = append(all, name)
	}
	for _, b := range s.broken {
		all = append(all, b.Name)
	}
	return all
}

// change writes a shipment as do leaves it. Where do or the disk fails, all stays as it was.
func (s *Store) change(name string, do func(*Shipment) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	had := s.all[name]
	if had == nil {
		return fmt.Errorf("shipment %s: %w", name, ErrNotFound)
	}
	next := had.clone()
	if err := do(next); err != nil {
		return err
	}
	if err := s.save(next); err != nil {
		return fmt.Errorf("keeping shipment %s: %w", name, err)
	}
	s.all[name] = next
	known := map[string]bool{}
	for _, f := range next.Files() {
		known[f.Name] = true
	}
	for _, f := range had.Files() {
		if !known[f.Name] {
			s.disk.remove(filepath.Join(s.dir, name, f.Name))
		}
	}
	s.wake()
	return nil
}

func (s *Store) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Changed returns what is closed at the next change.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Get returns one shipment.
func (s *Store) Get(name string) (*Shipment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.all[name]; one != nil {
		return one, nil
	}
	for _, b := range s.broken {
		if b.Name == name {
			return nil, fmt.Errorf("shipment %s cannot be read: %s", name, b.Why)
		}
	}
	return nil, fmt.Errorf("shipment %s: %w", name, ErrNotFound)
}

// All returns all shipments, the oldest first, and those that cannot be read.
func (s *Store) All() ([]*Shipment, []Broken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Shipment, 0, len(s.all))
	for _, one := range s.all {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *Shipment) int {
		if c := a.Made.Compare(b.Made); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all, slices.Clone(s.broken)
}

// File returns a file beside a shipment.
func (s *Store) File(name, file string) ([]byte, error) {
	one, err := s.Get(name)
	if err != nil {
		return nil, err
	}
	for _, f := range one.Files() {
		if f.Name == file {
			return s.read(name, f)
		}
	}
	return nil, fmt.Errorf("file %s of shipment %s: %w", file, name, ErrNotFound)
}

func fate(now time.Time) Fate { return Fate{State: Waiting, Since: now} }
