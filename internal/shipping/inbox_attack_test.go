package shipping

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A file that ends in the middle may still be on its way: it is left alone for longer, and taken whole.
func TestInboxHalfCopied(t *testing.T) {
	for name, text := range map[string]string{"S-1.csv": "waybill,1\nwaybill,2\nwaybill,31", "S-1.json": `{"waybills": ["1", "2", "31"]}`} {
		synctest.Test(t, func(t *testing.T) {
			s := inboxSite(t)
			for end := len(text) - 2; end >= len(text)-14; end -= 6 { // also before a line is whole
				s.drop(name, text[:end])
				s.runs(20 * time.Second)
				if all, _ := s.Store.All(); len(all) != 0 || s.holds("refused") != "" {
					t.Fatalf("%s, of %q: %d shipments, refused %q", name, text[:end], len(all), s.holds("refused"))
				}
			}
			s.drop(name, text)
			s.runs(time.Minute)
			if one := s.get("S-1"); len(one.Waybills) != 3 || one.Waybills[2].ID != "31" {
				t.Errorf("%s: %+v", name, one)
			}
		})
	}
}

// A file that cannot be moved away is told once, and moved without a restart when that is possible.
func TestInboxMovesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inboxSite(t)
		for _, folder := range []string{"done", "refused"} { // as a disk without room, or a folder without rights
			if err := os.WriteFile(filepath.Join(s.Inbox, folder), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s.drop("S-1.json", goodForm)
		s.drop("S-2.json", `{"waybills": [], "x": 1}`)
		time.AfterFunc(10*time.Minute, func() {
			_ = os.Remove(filepath.Join(s.Inbox, "done"))
			_ = os.Remove(filepath.Join(s.Inbox, "refused"))
		})
		s.runs(9 * time.Minute)
		if s.get("S-1").Stands() != "complete" || strings.Count(s.told(), "cannot be moved to done") != 1 || strings.Count(s.told(), "cannot be moved to refused") != 1 || strings.Count(s.told(), "S-2.json is refused") != 1 {
			t.Errorf("alarms %q", s.told())
		}
		s.runs(3 * time.Minute)
		if s.holds(".") != "" || s.holds("done") != "S-1.json" || s.holds("refused") != "S-2.json S-2.json.txt" {
			t.Errorf("there stay %q, done %q, refused %q", s.holds("."), s.holds("done"), s.holds("refused"))
		}
	})
}

// The longest names that a file system takes are moved too, and do not hide each other.
func TestInboxLongName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inboxSite(t)
		long := strings.Repeat("я", 120)
		s.drop(long+"a.json", goodForm)
		s.drop(long+"b.json", goodForm)
		s.drop(strings.Repeat("x", 250)+".csv", "waybill,1\n")
		s.runs(time.Minute)
		if s.holds(".") != "" || strings.Count(s.holds("refused"), ".txt") != 3 || strings.Contains(s.told(), "cannot be moved") {
			t.Errorf("there stay %q, refused %q, alarms %q", s.holds("."), s.holds("refused"), s.told())
		}
		for _, name := range strings.Fields(s.holds("refused")) {
			if strings.ToValidUTF8(name, "") != name {
				t.Errorf("%q is cut within a letter", name)
			}
		}
	})
}

// The same faulty file once more is told once more; what is no file is not opened, and a name is one line.
func TestInboxOdd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inboxSite(t)
		secret := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(secret, []byte("s3cret,1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(secret, filepath.Join(s.Inbox, "link.csv")); err != nil {
			t.Skip(err)
		}
		drop := func() {
			s.drop("CON.json", goodForm)
			s.drop("a\nlinemark: all is well.json", goodForm)
		}
		drop()
		time.AfterFunc(time.Minute, drop)
		s.runs(2 * time.Minute)
		if n := strings.Count(s.told(), "the file CON.json is refused: \"CON\" cannot be the name of a shipment"); n != 2 {
			t.Errorf("told %d times: %q", n, s.told())
		}
		for _, a := range s.alarms {
			if strings.ContainsAny(a, "\n\r") || strings.Contains(a, "s3cret") {
				t.Errorf("%q", a)
			}
		}
		if got := s.holds("."); got != "link.csv" {
			t.Errorf("there stay %q", got)
		}
	})
}
