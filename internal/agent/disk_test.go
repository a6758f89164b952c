package agent

import (
	"errors"
	"strings"
	"testing"
)

// The disk's levels: an alarm once for each change, nothing fed below the lowest, and again only with some room more.
func TestDiskLevels(t *testing.T) {
	var free, total int64 = 100 << 30, 200 << 30
	var fails error
	var said []string
	d := &disk{dir: "/data", room: func(string) (int64, int64, error) { return free, total, fails }, alarm: func(s string) { said = append(said, s) }}
	for _, c := range []struct {
		name  string
		free  int64
		level string
		alarm string // that this look brings; empty: none
	}{
		{"plenty", 100 << 30, DiskEnough, ""},
		{"at the warning", 1 << 30, DiskEnough, ""},
		{"below it", 1<<30 - 1, DiskLow, "has only 1024.0 MiB left: below 200.0 MiB nothing"},
		{"still", 900 << 20, DiskLow, ""},
		{"at the stop", 200 << 20, DiskLow, ""},
		{"below it", 200<<20 - 1, DiskFull, "almost full"},
		{"a little more is not enough", 220 << 20, DiskFull, ""},
		{"a quarter more is", 250 << 20, DiskLow, "has only 250.0 MiB left"},
		{"room again", 50 << 30, DiskEnough, "has room again"},
	} {
		free, said = c.free, nil
		d.look()
		if got := d.status().Level; got != c.level || (d.hold() != nil) != (c.level == DiskFull) {
			t.Errorf("%s: %s, held: %v", c.name, got, d.hold())
		}
		if all := strings.Join(said, "\n"); c.alarm == "" && all != "" || !strings.Contains(all, c.alarm) || len(said) > 1 {
			t.Errorf("%s: alarms %q", c.name, said)
		}
	}
	free = 100 << 20
	d.look()
	fails = errors.New("the disk does not answer")
	free = 100 << 30
	if d.look(); d.status().Level != DiskFull {
		t.Error("a disk that cannot be measured has room")
	}
	fails, total, free = nil, 64<<20, 5<<20 // a small one
	if d.look(); d.status().Level != DiskLow || d.status().Stop != 64<<20/50 {
		t.Errorf("a small disk: %+v", d.status())
	}
	d.warn, d.stop = 60<<20, 10<<20
	if d.look(); d.status().Level != DiskFull {
		t.Errorf("with levels of its own: %+v", d.status())
	}
}

// TestP6DiskHold: a disk that is almost full keeps the print station from claiming, with its reason; what
// printers have is still read back.
func TestP6DiskHold(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.agent.disk.room = func(string) (int64, int64, error) { return 1 << 20, 1 << 40, nil }
		s.agent.disk.look()
		s.pass(1)
		s.until("the reason", func() bool {
			st := s.status().Lines[0].Stations[0]
			return st.State != "running" && strings.Contains(st.Why, "almost full")
		})
		if n := s.status().Products[0].States["claimed"]; n > 3 {
			t.Errorf("%d codes are claimed", n)
		}
		if !strings.Contains(s.status().Disk.Level, DiskFull) {
			t.Errorf("the disk: %+v", s.status().Disk)
		}
		s.agent.disk.room = room
		s.agent.disk.look()
		s.pass(8)
	})
}
