package agent

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm/izkmtest"
)

// takeOver runs TakeOver on the site's ledger.
func (s *site) takeOver() (Takeover, error) {
	return TakeOver(s.t.Context(), s.cfg, Options{Log: slog.New(s.log), DialContext: func(context.Context, string, string) (net.Conn, error) { return s.reach("izkm") }},
		"", ledger.Word{Reason: "A. Karimov: its disk has burnt"})
}

// restore puts the newest backup in place as another PC would, in a data folder of its own.
func (s *site) restore(from string) {
	s.t.Helper()
	s.cfg.Agent.DataDir = s.t.TempDir()
	if _, err := ledger.Restore(s.t.Context(), from, s.cfg.Agent.DataDir, ledger.RestoreOptions{Now: time.Now}); err != nil {
		s.t.Fatal(err)
	}
}

// TestTakeover: a line goes on after its backup, with another block and another order, and its PC dies. The
// backup takes its place: no code is printed twice, what the old PC has reported is not reported again,
// and the line goes on.
func TestP1_Takeover(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(7) // one box, and the first of the next
		k, err := Backup(s.t.Context(), s.cfg, s.t.TempDir(), time.Now, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		s.until("the reports", func() bool { return s.status().Reports.Utilisation["sent"] > 0 })
		before := s.izkm.History()
		s.izkm.SetFault(func(_, path string, _ int) izkmtest.Fault { // the next order stays open: its codes can be read again
			if strings.HasSuffix(path, "/buffer/close") {
				return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusInternalServerError}
			}
			return izkmtest.Fault{}
		})
		s.pass(110) // more than stood in stock: another block, another order
		s.agent.Flush(true)
		s.until("all reports", func() bool { return s.agent.Settled(s.t.Context()) })
		s.ready()
		label, _ := s.tij.Print() // on the belt when the PC dies
		s.stop()
		s.izkm.SetFault(nil)
		died := s.izkm.History()
		if len(died.Orders) <= len(before.Orders) {
			t.Fatalf("%d orders before, %d after: the old PC has done nothing that the backup does not know", len(before.Orders), len(died.Orders))
		}

		s.restore(k.Path)
		s.start() // somebody starts it as it is
		s.tij.Print()
		s.cam1.Read([]byte("01047800123456772100000000000001\x1d93dGVz"))
		time.Sleep(10 * time.Minute)
		if n := s.tij.Waiting(); n > 0 {
			t.Errorf("a copy has fed the printer with %d codes", n)
		}
		if st := s.status(); !strings.Contains(st.Ledger, "is a copy") || !strings.Contains(st.Products[0].Doing, "takeover") {
			t.Errorf("%+v", st)
		}
		if h := s.izkm.History(); len(h.Orders) != len(died.Orders) || len(h.Reports) != len(died.Reports) || len(h.Blocks) != len(died.Blocks) {
			t.Errorf("a copy has ordered, taken or reported: %d, %d, %d", len(h.Orders), len(h.Reports), len(h.Blocks))
		}
		s.stop()
		if _, err := s.recover(); func() bool { _, ok := errors.AsType[*ledger.CopyError](err); return !ok }() {
			t.Errorf("recover on a copy: %v", err)
		}

		s.goAway("izkm")
		v, err := s.takeOver()
		if err == nil || v.Done || v.Codes == 0 {
			t.Errorf("without a network: %+v, %v", v, err)
		}
		s.comeBack("izkm")
		if v, err = s.takeOver(); err != nil || !v.Done || v.Codes != 0 || len(v.Loose) > 0 {
			t.Fatalf("%+v, %v", v, err)
		}
		taken := 0
		for _, r := range v.Recovered {
			taken += r.Codes
		}
		if taken == 0 || len(v.Held) == 0 {
			t.Errorf("%+v", v)
		}

		s.start()
		s.ready()
		s.cam1.Read(label.Symbols[0].Data) // what the old PC has printed passes, and is reported here
		s.cam2.Read(label.Symbols[0].Data)
		s.pass(8)
		s.agent.Flush(true)
		s.until("its reports", func() bool { return s.status().Reports.Utilisation["sent"] > 0 && s.agent.Settled(s.t.Context()) })
		for kind, of := range map[string]map[string]int{"utilisation": s.status().Reports.Utilisation} {
			if of["unclear"] == 0 || of["rejected"] > 0 {
				t.Errorf("%s: %v", kind, of)
			}
		}
		if balance, err := s.agent.Ledger().Recount(s.t.Context()); err != nil || !balance[0].Equal() || !balance[1].Equal() {
			t.Errorf("%+v, %v", balance, err)
		}
		s.once()
	})
}

// once wants no code printed twice, none reported twice, and nothing against the document.
func (s *site) once() {
	s.t.Helper()
	h := s.izkm.History()
	for _, b := range h.Breaches {
		s.t.Errorf("against the document: %s", b)
	}
	printed := map[string]bool{}
	for _, l := range append(s.tij.Printed(), s.box.Printed()...) {
		c := string(l.Symbols[0].Data)
		if printed[c] {
			s.t.Errorf("%q was printed twice", c)
		}
		printed[c] = true
	}
	reported := map[string]bool{}
	for _, r := range h.Reports {
		if r.Kind != "utilisation" || r.Status == "REJECTED" {
			continue
		}
		for _, c := range r.Codes {
			if reported[c] {
				s.t.Errorf("%q was reported twice", c)
			}
			reported[c] = true
		}
	}
}

// TestBackups: a folder that is not there is an alarm, once; when it is there backups come by themselves,
// and so many stay.
func TestBackups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		cfg := configIn(t, dir, siteConfig)
		l, err := ledger.Open(t.Context(), dir, ledger.Options{Agent: "line-3"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		stick := filepath.Join(t.TempDir(), "stick")
		cfg.Backup.To, cfg.Backup.Every, cfg.Backup.Keep = stick, 3*time.Hour, 2
		var mu sync.Mutex
		var told []string
		alarmed := func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(told)
		}
		run := func() (*backups, func()) {
			b := newBackups(cfg, Options{Log: slog.New(slog.DiscardHandler)}, func(_, text string) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, text)
			})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- b.run(ctx) }()
			return b, func() { cancel(); <-ended }
		}
		b, end := run()
		time.Sleep(30*time.Minute + 30*time.Second) // it looks every full minute: here and below its looks are over
		if st, alarms := b.Status(), alarmed(); len(alarms) != 1 || st.Trouble != alarms[0] || !strings.Contains(alarms[0], "no backup can be made: the folder is not there: "+stick) || st.Last != nil {
			t.Errorf("%q, %+v", alarms, st)
		}
		if err := os.Mkdir(stick, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		first := b.Status()
		if first.Last == nil || first.Trouble != "" || first.File == "" {
			t.Fatalf("%+v", first)
		}
		time.Sleep(2*time.Hour + 50*time.Minute)
		if st := b.Status(); !st.Last.Equal(*first.Last) || *st.AgeH < 2.8 {
			t.Errorf("%+v, the first was of %s", st, first.Last)
		}
		for range 3 {
			last := *b.Status().Last
			time.Sleep(3*time.Hour + 5*time.Minute)
			if st := b.Status(); !st.Last.After(last) {
				t.Errorf("%+v, the one before of %s", st, last)
			}
		}
		all, err := ledger.Backups(stick, "line-3")
		if err != nil || len(all) != 2 || !all[1].At.Equal(*b.Status().Last) {
			t.Errorf("%v, %v", all, err)
		}
		end()
		b, end = run() // after a start the newest one counts
		time.Sleep(10*time.Minute + 30*time.Second)
		if again, _ := ledger.Backups(stick, "line-3"); len(again) != 2 || again[1] != all[1] {
			t.Errorf("%v, then %v", all, again)
		}
		text, err := os.ReadFile(strings.TrimSuffix(all[1].Path, ".ledger") + ".txt")
		if err != nil || strings.Contains(string(text), "sha256 ") == false || !strings.Contains(string(text), `config     is not here: izkm.client_token stands in it in clear`) {
			t.Errorf("%s, %v", text, err)
		}
		// A ledger that makes no good backup is told of, and not tried every minute; no good one goes for it.
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ledger.FileName), make([]byte, 8192), 0o600); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		told = nil
		mu.Unlock()
		time.Sleep(2 * time.Hour)
		if st, alarms := b.Status(), alarmed(); len(alarms) == 0 || len(alarms) > 2 || !strings.Contains(st.Trouble, "the backup has failed") || !st.Last.Equal(all[1].At) {
			t.Errorf("%q, %+v", alarms, st)
		}
		if again, _ := ledger.Backups(stick, "line-3"); len(again) != 2 || again[1] != all[1] {
			t.Errorf("%v, then %v", all, again)
		}
		end()
	})
}

// TestBackupsOfAClockAhead: one that is dated years ahead does not make every minute's look one more backup,
// and does not hide the age of the others.
func TestBackupsOfAClockAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, to := t.TempDir(), t.TempDir()
		cfg := configIn(t, dir, siteConfig)
		cfg.Backup.To, cfg.Backup.Every, cfg.Backup.Keep = to, 3*time.Hour, 9
		l, err := ledger.Open(t.Context(), dir, ledger.Options{Agent: "line-3"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ahead := time.Now().AddDate(14, 0, 0)
		if _, err := Backup(t.Context(), cfg, to, func() time.Time { return ahead }, func(string) {}); err != nil {
			t.Fatal(err)
		}
		b := newBackups(cfg, Options{Log: slog.New(slog.DiscardHandler)}, func(_, text string) { t.Error(text) })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.run(ctx) }()
		time.Sleep(2*time.Hour + 50*time.Minute)
		if all, err := ledger.Backups(to, "line-3"); err != nil || len(all) != 2 || !b.Status().Last.Equal(all[0].At) {
			t.Errorf("%d backups, %+v, %v", len(all), b.Status(), err)
		}
		cancel()
		<-ended
	})
}
