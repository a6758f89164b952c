package agent

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linemark/internal/config"
	"linemark/internal/record"
	"linemark/internal/record/replay"
)

// exported cuts everything out of the site's recording.
func (s *site) exported(c record.Cut) string {
	s.t.Helper()
	name := filepath.Join(s.t.TempDir(), "cut.lrec")
	f, err := os.Create(name)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	if _, err := record.Export(record.InFolder(s.dir), f, c); err != nil {
		s.t.Fatal(err)
	}
	return name
}

// TestFlightRecorder: a shift with a fault of every device and a restart of the agent is recorded whole, is
// replayed without a difference from the ring and from a masked export, and shows one where a setting was
// another. The export holds no token and no check part of a code (P1).
func TestFlightRecorder(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.pass(7) // a box and one more
		s.cam1.NoRead()
		time.Sleep(time.Second)
		middle := time.Now()
		for _, host := range []string{"cam1", "tij", "box", "plc", "izkm"} {
			s.goAway(host)
			time.Sleep(3 * time.Second)
			s.comeBack(host)
			time.Sleep(10 * time.Second)
		}
		s.restartLine()
		s.pass(2)
		s.stop()
		s.start()
		s.ready()
		s.pass(7)
		s.stop()

		ring := record.InFolder(s.dir)
		for name, from := range map[string]*record.Reader{"the ring": ring, "an export": record.InFile(s.exported(record.Cut{})), "from the middle": record.InFile(s.exported(record.Cut{From: middle}))} {
			found, err := replay.Run(from, replay.Options{})
			if err != nil || found.Different != 0 || len(found.Stations) != 3 {
				t.Fatalf("%s: %d stations, %v, differences %+v", name, len(found.Stations), err, found.Differences)
			}
			for _, h := range found.Stations {
				if h.Steps < 100 || h.Skipped != 0 {
					t.Errorf("%s: %+v", name, h)
				}
			}
		}
		found, err := replay.Run(ring, replay.Options{Set: map[string]map[string]string{"3/check": {"StopAfter": "1"}}})
		if err != nil || found.Different == 0 || !strings.Contains(found.Differences[0].Now, "StopLine") {
			t.Errorf("with another stop_after: %d differences, %v", found.Different, err)
		}

		var secrets []string
		codes := map[string]bool{}
		for _, l := range s.tij.Printed() {
			c := l.Symbols[0].Data
			codes[string(c[:31])] = true
			secrets = append(secrets, string(c[len(c)-4:]))
		}
		if len(secrets) < 16 {
			t.Fatalf("only %d labels were printed", len(secrets))
		}
		whole, masked := texts(t, ring), texts(t, record.InFile(s.exported(record.Cut{})))
		seen := 0
		for _, secret := range secrets {
			if !bytes.Contains(whole, []byte("93"+secret)) {
				t.Errorf("the recording does not hold %s", secret)
			}
			if bytes.Contains(masked, []byte("93"+secret)) {
				t.Errorf("the export holds the check part %s", secret)
			}
		}
		for ident := range codes {
			if bytes.Contains(masked, []byte(ident)) {
				seen++
			}
		}
		if seen != len(codes) {
			t.Errorf("the export holds %d of %d identification codes", seen, len(codes))
		}
		for name, text := range map[string][]byte{"recording": whole, "export": masked} {
			if bytes.Contains(bytes.ToLower(text), []byte("clienttoken")) || bytes.Contains(text, []byte(s.cfg.IZKM.ClientToken.Reveal())) {
				t.Errorf("the %s holds the token", name)
			}
			for _, want := range []string{"ping?omsId", "/codes?", "utilisation", "scanner is down", "^XA"} {
				if !bytes.Contains(text, []byte(want)) {
					t.Errorf("the %s holds no %q", name, want)
				}
			}
		}
	})
}

// texts is everything that a recording holds, the bytes of each connection and direction in a row.
func texts(t *testing.T, from *record.Reader) []byte {
	t.Helper()
	var all []byte
	streams := map[record.Kind]map[uint64][]byte{record.KindIn: {}, record.KindOut: {}}
	if err := from.Each(func(r record.Record) error {
		if s := streams[r.Kind]; s != nil {
			s[uint64(r.Run)^r.Conn] = append(s[uint64(r.Run)^r.Conn], r.Data...)
			return nil
		}
		all = append(append(append(all, r.Source...), r.Data...), '\n')
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, s := range streams {
		for _, b := range s {
			all = append(append(all, b...), '\n')
		}
	}
	return all
}

// TestNothingRecorded: the recorder can be switched off, and the agent then keeps nothing.
func TestNothingRecorded(t *testing.T) {
	inSite(t, func(s *site) {
		s.cfg.Record.Enabled = config.No
		s.start()
		s.ready()
		if s.status().Record != nil {
			t.Errorf("the status is %+v", s.status().Record)
		}
		s.stop()
		if _, err := os.Stat(filepath.Join(s.dir, record.FolderName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("there is a recording: %v", err)
		}
	})
}

// TestAddressesAreChecked: connections that are recorded are those of the configured addresses, which New
// looks at as without a recorder.
func TestAddressesAreChecked(t *testing.T) {
	cfg := configIn(t, t.TempDir(), siteConfig)
	cfg.Scanners[0].Address = "tcp://nowhere"
	if a, err := New(t.Context(), cfg, Options{Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "the port is missing") {
		t.Errorf("New returned %v, %v", a, err)
	}
}

// TestDeathIsRecorded: a part that ends, and a panic of one, are what record export --last-stop finds.
func TestDeathIsRecorded(t *testing.T) {
	dir := t.TempDir()
	a := &Agent{rec: record.New(record.Options{DataDir: dir, Log: slog.New(slog.DiscardHandler)}), log: slog.New(slog.DiscardHandler)}
	a.alarms.log, a.alarms.rec = a.log, a.rec
	a.part(t.Context(), "reports", func(context.Context) error { return errors.New("disk") })
	a.rec.Flush()
	if stop, ok, err := record.LastStop(record.InFolder(dir)); !ok || err != nil || stop.Source != "reports" || stop.Mark.Text != "has ended: disk" {
		t.Errorf("%+v, %v, %v", stop, ok, err)
	}
	func() {
		defer func() {
			if why := recover(); why != "broken" {
				t.Errorf("the panic became %v", why)
			}
		}()
		a.part(t.Context(), "supply of soap", func(context.Context) error { panic("broken") })
	}()
	stop, ok, err := record.LastStop(record.InFolder(dir))
	if !ok || err != nil || stop.Source != "supply of soap" || !strings.Contains(stop.Mark.Text, "broken\ngoroutine ") {
		t.Errorf("%+v, %v, %v", stop, ok, err)
	}
	if err := a.rec.Close(); err != nil {
		t.Error(err)
	}
}
