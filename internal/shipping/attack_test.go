package shipping

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Where another picture comes for a waybill whose label is out, it is a person's to say whether that is printed too.
func TestAnotherPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.add(everything)
		s.runs(time.Minute)
		if err := os.Remove(filepath.Join(s.dir, "shipping", "S-1", "qr-001-1.png")); err != nil {
			t.Fatal(err)
		}
		s.ediweb.say = func(_ int, ids []string) (Answer, error) {
			a := all(ids)
			a.Waybills[0].Pictures[0].Bytes = qr("drawn anew")
			return a, nil
		}
		s.open()
		s.runs(time.Hour)
		one := s.get("S-1")
		if q := one.Waybills[0].Pictures[0]; len(s.press.printed) != 2 || q.Label != Doubtful || one.Stands() != "needs a person" || !strings.HasPrefix(one.Why(), "another QR code came than the one that was printed") {
			t.Errorf("%d labels, %+v", len(s.press.printed), one.Waybills[0])
		}
		s.open() // it stays so
		if _, err := s.Print("S-1", Wish{Again: true, Waybill: "1", By: "N.", Reason: "compared"}); err != nil {
			t.Fatal(err)
		}
		s.runs(time.Minute)
		if one := s.get("S-1"); len(s.press.printed) != 3 || one.Stands() != "complete" {
			t.Errorf("%d labels, %+v", len(s.press.printed), one)
		}
	})
}

// A PC that was off for days, or whose clock was wrong, gives no waybill up at the first answer without it.
func TestMissingAfterAJump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		has := false
		s.ediweb.say = func(_ int, ids []string) (Answer, error) {
			if has {
				return all(ids), nil
			}
			return Answer{Waybills: []Brought{{ID: ids[0], Why: "the answer holds nothing for it"}}}, nil
		}
		s.add(Order{Waybills: []string{"1"}})
		s.runs(2 * time.Minute)
		s.open()
		s.Now = func() time.Time { return time.Now().AddDate(6, 0, 0) }
		s.runs(2 * time.Hour)
		if w := s.get("S-1").Waybills[0]; w.State != Waiting {
			t.Errorf("%+v", w)
		}
		s.runs(6 * time.Hour)
		if w := s.get("S-1").Waybills[0]; w.State != Failed {
			t.Errorf("%+v", w)
		}
	})
}

// A shipment is removed when it has been complete for as long as it is kept, and not by a clock that is not to be
// believed, nor with what is not done, nor with what somebody has put beside it.
func TestKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		s := newSite(t)
		s.Keep = 90 * day
		for _, name := range []string{"S-1", "S-2", "S-3"} {
			o := everything
			o.Name = name
			s.add(o)
		}
		s.diadoc.say = func(_ int, d Named) (Protocol, error) { return protocol(d), nil }
		s.runs(time.Hour)
		waits := everything
		waits.Name, waits.Documents = "S-4", []Named{{Message: "m", Document: "never"}}
		s.diadoc.say = func(int, Named) (Protocol, error) { return Protocol{}, errNever }
		s.add(waits)
		if err := os.WriteFile(filepath.Join(s.dir, "shipping", "S-2", "note.txt"), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.runs(89 * day)
		if _, err := s.Print("S-3", Wish{Again: true, By: "N.", Reason: "torn"}); err != nil {
			t.Fatal(err)
		}
		s.Clock = func() error { return errors.New("this PC's clock was never set") }
		s.runs(10 * day)
		there := func(want string) {
			t.Helper()
			var names []string
			all, _ := s.Store.All()
			for _, one := range all {
				names = append(names, one.Name)
			}
			if got := strings.Join(names, " "); got != want {
				t.Errorf("there are %s, want %s", got, want)
			}
		}
		there("S-1 S-2 S-3 S-4")
		s.Clock = func() error { return nil }
		s.runs(2 * time.Hour)
		there("S-2 S-3 S-4")
		s.runs(90 * day)
		there("S-2 S-4")
		entries, err := os.ReadDir(filepath.Join(s.dir, "shipping"))
		if err != nil || len(entries) != 2 {
			t.Errorf("%v, %v", entries, err)
		}
		s.add(Order{Name: "S-1", Waybills: []string{"9"}}) // the name is free
		s.runs(time.Minute)
		if s.get("S-1").Stands() != "complete" || strings.Contains(s.told(), "cannot be") {
			t.Errorf("alarms %q", s.told())
		}
		s.Keep = 0
		s.runs(400 * day)
		there("S-2 S-4 S-1")
	})
}

// The power goes at each step of a removal: the shipment is there or not, and nothing of it is left over.
func TestKeepPowerGoes(t *testing.T) {
	for at := range 3 {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			s.add(everything)
			s.runs(time.Minute)
			n := 0
			store, err := Open(s.dir, Options{Step: func(string, string) error {
				if n++; n > at {
					return errPower
				}
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			_ = store.discard("S-1", func(*Shipment) bool { return true })
			s.open()
			all, broken := s.Store.All()
			if len(broken) > 0 || len(all) > 1 || len(all) == 1 && s.get("S-1").Stands() != "complete" {
				t.Errorf("step %d: %d shipments, %+v", at, len(all), broken)
			}
			if entries, _ := os.ReadDir(filepath.Join(s.dir, "shipping")); len(entries) != len(all) {
				t.Errorf("step %d: %v", at, entries)
			}
		})
	}
}

// An answer cannot fill the disk, print without end, or speak to a terminal.
func TestAnswerWithoutMeasure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.ediweb.say = func(_ int, ids []string) (Answer, error) {
			a := all(ids)
			a.Waybills[0].Number = "AT-1\n\x1b[2Jshipment S-9: complete"
			a.Waybills[1].Number = strings.Repeat("9", 5000)
			for n := range 500 {
				a.Waybills[1].Pictures = append(a.Waybills[1].Pictures, Raw{Name: "x\x1b[2J.png", Format: "png", Bytes: qr(fmt.Sprint("other ", n))})
				a.Notes = append(a.Notes, strings.Repeat("note ", 50))
				a.Inventories = append(a.Inventories, []byte(fmt.Sprint("<i>", n, "</i>")))
			}
			for n := range 30 {
				a.Strays = append(a.Strays, Raw{Name: "stray", Format: "zip", Bytes: append(make([]byte, 1<<20), byte(n))})
			}
			return a, nil
		}
		s.add(everything)
		s.runs(time.Hour)
		one := s.get("S-1")
		if one.Waybills[0].Number+one.Waybills[1].Number != "" {
			t.Errorf("the numbers are %q and %q", one.Waybills[0].Number, one.Waybills[1].Number)
		}
		if len(s.press.printed) != 1 || len(one.Waybills[1].Pictures) != mostPictures || one.Stands() != "needs a person" || !strings.Contains(one.Why(), "501 pictures came for one waybill") {
			t.Errorf("%d labels, %d pictures, %s: %s", len(s.press.printed), len(one.Waybills[1].Pictures), one.Stands(), one.Why())
		}
		total := 0
		for _, f := range one.Files() {
			total += f.Size
			if strings.Contains(f.Original, "\x1b") {
				t.Errorf("%q", f.Original)
			}
		}
		if total > mostBeside+100_000 || len(one.Notes) > mostNotes+2 || len(one.Strays) == 0 || len(one.Inventories) != 501 {
			t.Errorf("%d bytes, %d notes, %d strays, %d inventories", total, len(one.Notes), len(one.Strays), len(one.Inventories))
		}
	})
}
