package shipping

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// books is a ledger with one closed pallet and one that is open.
type books struct{}

const openPallet = "00030123456700000029"

func (books) FindContainer(_ context.Context, text code.Code) (ledger.Container, bool, error) {
	switch text {
	case pallet:
		return ledger.Container{State: ledger.ContainerClosed}, true, nil
	case openPallet:
		return ledger.Container{State: ledger.ContainerOpen}, true, nil
	}
	return ledger.Container{}, false, ledger.ErrNotFound
}

// qr is a picture that is another one for each id.
func qr(id string) []byte {
	seed := sum([]byte(id))
	return encoded(noTest{}, squares(21, 21, 2, color.Black, color.White, func(x, y int) bool {
		return seed[(x*21+y)%len(seed)]&1 == 1
	}), "png")
}

type noTest struct{}

func (noTest) Fatal(a ...any) { panic(fmt.Sprint(a...)) }

// ediweb answers as it is told.
type ediweb struct {
	mu    sync.Mutex
	calls [][]string
	at    []time.Time
	say   func(n int, ids []string) (Answer, error) // n counts from 0
}

func (e *ediweb) QRCodes(_ context.Context, ids []string) (Answer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.calls)
	e.calls, e.at = append(e.calls, ids), append(e.at, time.Now())
	if e.say != nil {
		return e.say(n, ids)
	}
	return all(ids), nil
}

func (e *ediweb) asked() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.calls)
}

// all is an answer with a QR code for each id.
func all(ids []string) Answer {
	a := Answer{Inventories: [][]byte{[]byte("<Inventory>" + strings.Join(ids, " ") + "</Inventory>")}}
	for _, id := range ids {
		a.Waybills = append(a.Waybills, Brought{ID: id, Number: "N-" + id, RequestUUID: "uuid", Pictures: []Raw{{Name: "../" + id + ".png", Format: "png", Bytes: qr(id)}}})
	}
	return a
}

// diadoc answers as it is told; its course is simple.
type diadoc struct {
	mu    sync.Mutex
	now   int // asks under way
	most  int
	asked []string
	say   func(n int, d Named) (Protocol, error) // n counts the asks for this document from 0
	hold  time.Duration
	wait  time.Duration // between two asks; 0: a minute
	times map[string]int
}

var errLater, errNever = errors.New("not ready"), errors.New("no such document")

func protocol(d Named) Protocol {
	return Protocol{PDF: []byte("%PDF-" + d.Document), Signature: []byte{0x30, byte(len(d.Document))}}
}

func (x *diadoc) Protocol(ctx context.Context, d Named) (Protocol, error) {
	x.mu.Lock()
	if x.times == nil {
		x.times = map[string]int{}
	}
	n := x.times[d.Document]
	x.times[d.Document]++
	x.asked = append(x.asked, d.Document)
	x.now++
	x.most = max(x.most, x.now)
	x.mu.Unlock()
	defer func() {
		x.mu.Lock()
		x.now--
		x.mu.Unlock()
	}()
	if x.hold > 0 {
		select {
		case <-time.After(x.hold):
		case <-ctx.Done():
			return Protocol{}, ctx.Err()
		}
	}
	if x.say != nil {
		return x.say(n, d)
	}
	return protocol(d), nil
}

func (x *diadoc) Next(c Course, now time.Time, err error) (Course, Step) {
	if c.Began.IsZero() {
		c.Began = now
	}
	c.Asked++
	if errors.Is(err, errNever) || now.Sub(c.Began) > 24*time.Hour {
		return c, Step{GiveUp: true, Why: err.Error()}
	}
	return c, Step{Wait: max(x.wait, time.Minute), Why: err.Error()}
}

// press prints as it is told.
type press struct {
	mu      sync.Mutex
	printed []Label
	say     func(n int) (confirmed bool, err error) // after the intent; n counts from 0
	check   error
	n       int
	down    chan struct{} // closed: it takes labels; nil: it does
}

func (p *press) CheckLabel(Label) error { return p.check }

func (p *press) Print(ctx context.Context, l Label, intent func() error) (bool, error) {
	if p.down != nil {
		select {
		case <-p.down:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	if err := intent(); err != nil {
		return false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.n
	p.n++
	if p.say != nil {
		if confirmed, err := p.say(n); err != nil || !confirmed {
			return confirmed, err
		}
	}
	p.printed = append(p.printed, l)
	return true, nil
}

// site is a clerk with everything around it.
type site struct {
	*Clerk
	t      *testing.T
	dir    string
	ediweb *ediweb
	diadoc *diadoc
	press  *press
	mu     sync.Mutex
	alarms []string
}

func newSite(t *testing.T) *site {
	s := &site{t: t, dir: t.TempDir(), ediweb: &ediweb{}, diadoc: &diadoc{}, press: &press{}}
	s.open()
	return s
}

// open makes a new clerk on what is on disk, as a start does.
func (s *site) open() {
	s.t.Helper()
	store, err := Open(s.dir, Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Clerk = &Clerk{Desk: Desk{Store: store, Ledger: books{}, Rules: allRules}, Waybills: s.ediweb, Protocols: s.diadoc, Printer: s.press, Alarm: func(_, text string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.alarms = append(s.alarms, text)
	}}
}

func (s *site) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.alarms, "\n")
}

// runs lets the clerk work for a time.
func (s *site) runs(length time.Duration) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), length)
	defer cancel()
	if err := s.Clerk.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		s.t.Errorf("it ended with %v", err)
	}
}

func (s *site) add(o Order) *Shipment {
	s.t.Helper()
	if o.Name == "" {
		o.Name = "S-1"
	}
	one, err := s.Add(s.t.Context(), o, "test")
	if err != nil {
		s.t.Fatal(err)
	}
	return one
}

func (s *site) get(name string) *Shipment {
	s.t.Helper()
	one, err := s.Store.Get(name)
	if err != nil {
		s.t.Fatal(err)
	}
	whole(s.t, s.dir, one)
	return one
}

// whole checks that every file is there as it was written, and nothing else.
func whole(t interface{ Errorf(string, ...any) }, dir string, one *Shipment) {
	known := map[string]bool{stateFile: true}
	for _, f := range one.Files() {
		known[f.Name] = true
		if content, err := os.ReadFile(filepath.Join(dir, "shipping", one.Name, f.Name)); err != nil || sum(content) != f.SHA256 || len(content) != f.Size {
			t.Errorf("%s of %s: %v", f.Name, one.Name, err)
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, "shipping", one.Name))
	if err != nil {
		t.Errorf("%v", err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("%s stays beside %s", e.Name(), one.Name)
		}
	}
}
