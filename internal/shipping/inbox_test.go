package shipping

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// drop puts a file into the watched folder.
func (s *site) drop(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.Inbox, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// holds lists a folder of the watched one.
func (s *site) holds(folder string) string {
	var names []string
	entries, _ := os.ReadDir(filepath.Join(s.Inbox, folder))
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func inboxSite(t *testing.T) *site {
	s := newSite(t)
	s.Inbox = t.TempDir()
	return s
}

const goodForm = `{"waybills": ["1"]}`

func TestInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inboxSite(t)
		s.drop("S-1.json", goodForm)
		s.drop("S-2.CSV", "waybill,2\n")
		s.drop("S-3.json", `{"waybils": []}`)
		s.drop("S 4.json", goodForm)
		s.drop("S-5.json.part", goodForm)
		s.drop(".S-6.json", goodForm)
		s.drop("S-7.json", "")
		s.drop("S-8.json", strings.Repeat(" ", longestForm+10))
		if err := os.Mkdir(filepath.Join(s.Inbox, "S-9.json"), 0o700); err != nil {
			t.Fatal(err)
		}
		s.runs(time.Minute)
		if got := s.holds("."); got != ".S-6.json S-5.json.part" {
			t.Errorf("there stay %s", got)
		}
		if got := s.holds("done"); got != "S-1.json S-2.CSV" {
			t.Errorf("done: %s", got)
		}
		if got := s.holds("refused"); got != "S 4.json S 4.json.txt S-3.json S-3.json.txt S-7.json S-7.json.txt S-8.json S-8.json.txt" {
			t.Errorf("refused: %s", got)
		}
		for name, want := range map[string]string{
			"S-3.json": "line 1: the file is not the JSON that is expected: json: unknown field \"waybils\"\r\nwrite it like ",
			"S 4.json": "\"S 4\" cannot be the name of a shipment\r\n",
			"S-7.json": "the file is empty\r\n",
			"S-8.json": "the file is longer than 1048576 bytes\r\n",
		} {
			text, err := os.ReadFile(filepath.Join(s.Inbox, "refused", name+".txt"))
			if err != nil || !strings.HasPrefix(string(text), want) {
				t.Errorf("%s: %q, %v", name, text, err)
			}
		}
		if s.get("S-1").From != "file S-1.json" || s.get("S-2").Stands() != "complete" || strings.Count(s.told(), "is refused: ") != 4 {
			t.Errorf("alarms %q", s.told())
		}
		// The same once more is the same; another one is refused; names do not hide each other.
		s.drop("S-1.json", goodForm)
		s.runs(time.Minute)
		s.drop("S-1.json", `{"waybills": ["3"]}`)
		s.runs(time.Minute)
		if got := s.holds("done"); got != "S-1-2.json S-1.json S-2.CSV" {
			t.Errorf("done: %s", got)
		}
		if text, err := os.ReadFile(filepath.Join(s.Inbox, "refused", "S-1.json.txt")); err != nil || !strings.HasPrefix(string(text), "there is another shipment S-1 already") {
			t.Errorf("%q, %v", text, err)
		}
	})
}

// A file is taken when it has come to rest, and not while it grows.
func TestInboxGrowingFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inboxSite(t)
		began := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := range 20 { // longer than the first parts alone, which would be a shipment too
				s.drop("S-1.csv", strings.Repeat("waybill,1\n", n+1))
				_ = os.Chtimes(filepath.Join(s.Inbox, "S-1.csv"), began, began.Add(time.Duration(n)*time.Second))
				time.Sleep(time.Second)
			}
			s.drop("S-1.csv", "waybill,2\n")
		}()
		s.runs(15 * time.Second)
		if all, _ := s.Store.All(); len(all) != 0 || s.holds("refused") != "" {
			t.Errorf("%d shipments, refused %q", len(all), s.holds("refused"))
		}
		<-done
		s.runs(time.Minute)
		if one := s.get("S-1"); one.Waybills[0].ID != "2" {
			t.Errorf("%+v", one)
		}
	})
}

// A folder that is away is told once, and looked for again.
func TestInboxIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inboxSite(t)
		there := s.Inbox
		s.Inbox = filepath.Join(there, "share")
		s.runs(time.Minute)
		if strings.Count(s.told(), "the watched folder ") != 1 || !strings.Contains(s.Status().Trouble, "the watched folder ") {
			t.Errorf("alarms %q, status %+v", s.told(), s.Status())
		}
		if err := os.Mkdir(s.Inbox, 0o700); err != nil {
			t.Fatal(err)
		}
		s.drop("S-1.json", goodForm)
		s.runs(time.Minute)
		if s.get("S-1").Stands() != "complete" || s.Status().Trouble != "" {
			t.Errorf("%+v", s.Status())
		}
	})
}

// The power goes at each step of taking a file: it ends in one of the two folders, and is one shipment.
func TestInboxPowerGoes(t *testing.T) {
	for _, c := range []struct{ form, folder, want string }{{goodForm, "done", "S-1.json"}, {"{", "refused", "S-1.json S-1.json.txt"}} {
		for at := range 14 {
			synctest.Test(t, func(t *testing.T) {
				s := inboxSite(t)
				inbox := s.Inbox
				var mu sync.Mutex
				n := 0
				store, err := Open(s.dir, Options{Step: func(string, string) error {
					mu.Lock()
					defer mu.Unlock()
					if n++; n > at {
						return errPower
					}
					return nil
				}})
				if err != nil {
					t.Fatal(err)
				}
				s.Clerk.Store = store
				s.drop("S-1.json", c.form)
				s.runs(3*time.Second + breaksOff)
				s.open()
				s.Inbox = inbox
				s.runs(time.Minute)
				all, _ := s.Store.All()
				if got := s.holds(c.folder); got != c.want || s.holds(".") != "" || len(all) > 1 || (len(all) == 1) != (c.folder == "done") {
					t.Errorf("step %d: %s holds %q, the folder %q, %d shipments", at, c.folder, got, s.holds("."), len(all))
				}
			})
		}
	}
}
