package shipping

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errPower = errors.New("the power is gone")

// The power goes before each step of writing in turn, and in the middle of it: what is on disk is always whole, and
// the next start completes the shipment. No label comes out twice, but for those that are in doubt by then.
func TestPowerGoesAtEachStep(t *testing.T) {
	steps := 0
	for at := 0; ; at++ {
		done := false
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			var mu sync.Mutex
			n := 0
			store, err := Open(s.dir, Options{Step: func(what, path string) error {
				mu.Lock()
				defer mu.Unlock()
				if n++; n <= at {
					return nil
				}
				if n == at+1 && what == "write" { // half of it is there
					_ = os.WriteFile(path, []byte(`{"half": `), 0o600)
				}
				return errPower
			}})
			if err != nil {
				t.Fatal(err)
			}
			s.Clerk.Store = store
			_, adding := s.Add(t.Context(), everything, "test")
			if adding == nil {
				s.runs(10 * time.Second)
			}
			done = n <= at
			sent := s.press.n
			s.open() // as the next start finds it
			all, broken := s.Store.All()
			if len(broken) > 0 || len(all) > 1 || adding == nil && len(all) == 0 {
				t.Fatalf("step %d: %d shipments, %+v", at, len(all), broken)
			}
			entries, _ := os.ReadDir(filepath.Join(s.dir, "shipping"))
			for _, e := range entries {
				if strings.HasPrefix(e.Name(), half) {
					t.Errorf("step %d: %s stays", at, e.Name())
				}
			}
			doubtful := 0
			for _, one := range all {
				whole(t, s.dir, one)
				doubtful += one.Count().Attention
			}
			s.add(everything) // who was told that it failed gives it again
			s.runs(time.Hour)
			one := s.get("S-1")
			n2 := one.Count()
			if n2.Done != 3 || n2.Attention != doubtful || n2.Labels != 2-doubtful || s.press.n > 2 || s.press.n < 2-doubtful {
				t.Errorf("step %d: %+v with %d doubtful, %d labels out of which %d before", at, n2, doubtful, s.press.n, sent)
			}
		})
		if steps++; done || t.Failed() {
			break
		}
	}
	if steps < 40 {
		t.Errorf("only %d steps", steps)
	}
	t.Logf("%d steps", steps)
}

// A disk that fails for a while loses nothing and raises one alarm.
func TestDiskFailsForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		var full atomic.Bool
		store, err := Open(s.dir, Options{Step: func(what, _ string) error {
			if full.Load() && what == "write" {
				return errors.New("no space left on device")
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		s.Clerk.Store = store
		s.add(everything)
		full.Store(true)
		time.AfterFunc(10*time.Minute, func() { full.Store(false) })
		s.runs(9 * time.Minute)
		if n := s.ediweb.asked(); n > 20 || n < 10 || strings.Count(s.told(), "no space left on device") > 1 || s.get("S-1").Stands() != "waiting" {
			t.Errorf("%d calls, alarms %q", n, s.told())
		}
		s.runs(10 * time.Minute)
		if s.get("S-1").Stands() != "complete" || s.press.n != 2 {
			t.Errorf("%+v", s.get("S-1"))
		}
	})
}
