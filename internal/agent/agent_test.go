package agent

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger"
)

// TestP6_BeatStopsWithTheLedger: a ledger that takes no writes stops the beat, and with it the line, and feeds and passes
// nothing (P6), until it takes them again.
func TestP6_BeatStopsWithTheLedger(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.pass(1)
		s.until("a quiet supply", func() bool { return !s.buying() && s.beats() })
		s.rename("journal", "gone")
		l, _ := s.tij.Print()
		s.cam1.Read(l.Symbols[0].Data)
		s.until("the fault", func() bool { return s.status().Ledger != "ok" })
		time.Sleep(time.Second)
		if s.beats() {
			t.Error("the beat goes on while the ledger takes no writes")
		}
		if err := (page{s.agent}).Ready(); err == nil || !strings.Contains(err.Error(), "ledger storage") {
			t.Errorf("readiness says %v", err)
		}
		if s.verified() != 1 {
			t.Error("a product was verified without a ledger")
		}
		if n := s.tij.Waiting(); n != 3 {
			t.Errorf("the printer holds %d labels: it was fed without a ledger", n)
		}
		s.rename("gone", "journal")
		s.until("the ledger", func() bool { return s.status().Ledger == "ok" })
		s.until("a stopped line", func() bool { return s.plc.Coil(stopCoil) })
		s.restartLine()
		s.until("the beat", s.beats)
	})
}

// rename takes a table away from under the ledger, or gives it back: every write that needs it fails.
func (s *site) rename(from, to string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.dir, ledger.FileName))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(s.t.Context(), fmt.Sprintf("ALTER TABLE %s RENAME TO %s", from, to)); err != nil {
		s.t.Fatal(err)
	}
}

// beats watches the beat output for three seconds.
func (s *site) beats() bool {
	changes, last := 0, s.plc.Coil(beatCoil)
	for range 60 {
		time.Sleep(50 * time.Millisecond)
		if now := s.plc.Coil(beatCoil); now != last {
			changes, last = changes+1, now
		}
	}
	return changes >= 5
}

// TestLedgerInUse: one agent at a time works on a ledger.
func TestLedgerInUse(t *testing.T) {
	cfg := configIn(t, t.TempDir(), siteConfig)
	quiet := Options{Log: slog.New(slog.DiscardHandler)}
	first, err := New(t.Context(), cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), cfg, quiet); !errors.Is(err, ledger.ErrInUse) {
		t.Errorf("a second agent came to %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := New(t.Context(), cfg, quiet)
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestPagePortTaken: Run says so at once and leaves nothing behind.
func TestPagePortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := configIn(t, t.TempDir(), siteConfig)
	cfg.HTTP.Listen = taken.Addr().String()
	a, err := New(t.Context(), cfg, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "opening the page's port") {
		t.Errorf("Run returned %v", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// TestP9_RecoveryIsTold: what a run that was killed left open is set aside, once, with an alarm that counts it.
func TestP9_RecoveryIsTold(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.pass(1)
		s.until("the open box", func() bool { return s.status().Lines[0].Containers[0].Open == 1 })
		s.stop() // four labels are at the printer, one unit lies in a box
		s.start()
		st := s.status()
		if n := st.Products[0].States["doubtful"]; n != 4 {
			t.Errorf("%d codes are in doubt, want the 4 that the printer had", n)
		}
		if len(st.Alarms) == 0 || !strings.Contains(st.Alarms[0].Text, "4 codes were with printers, 1 containers were open and 0 reports") {
			t.Errorf("the alarms are %+v", st.Alarms)
		}
		if c := st.Lines[0].Containers[0]; c.Aside != 1 || c.Open != 0 {
			t.Errorf("the containers are %+v", c)
		}
		s.tij.Close() // what it held is lost with its power
		s.stop()
		s.start()
		for _, a := range s.status().Alarms {
			if strings.Contains(a.Text, "when the last run ended") {
				t.Errorf("the second start says %q", a.Text)
			}
		}
	})
}

// TestDeadPart: a part that ends although nobody ended it is told.
func TestDeadPart(t *testing.T) {
	a := &Agent{}
	log := &lines{}
	a.alarms.log = slog.New(log)
	a.part(t.Context(), "supply of soap", func(context.Context) error { return errors.New("product group is unknown") })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	a.part(ended, "reports", func(ctx context.Context) error { return ctx.Err() })
	if all := a.alarms.list(); len(all) != 1 || all[0].Text != "supply of soap has ended: product group is unknown" {
		t.Errorf("the alarms are %+v", all)
	}
}
