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

var everything = Order{Name: "S-1", Pallets: []string{pallet, openPallet, "00030123456700000036"}, Waybills: []string{"1", "2"}, Documents: []Named{{Message: "m", Document: "d"}}}

func TestFetchesAndPrints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.add(everything)
		s.runs(time.Minute)
		one := s.get("S-1")
		if one.Stands() != "complete" || s.ediweb.asked() != 1 || len(s.diadoc.asked) != 1 || s.told() != "" {
			t.Errorf("%s, %d calls, alarms %q", one.Stands(), s.ediweb.asked(), s.told())
		}
		if w := one.Pallets; w[0].Warning != "" || w[1].Warning != "the pallet is not closed: it is open" || w[2].Warning != "no pallet with this code was packed here" {
			t.Errorf("%+v", w)
		}
		w := one.Waybills[1]
		if w.Number != "N-2" || w.RequestUUID != "uuid" || w.Pictures[0].Original != "../2.png" || w.Pictures[0].Name != "qr-002-1.png" || w.Pictures[0].Label != Printed {
			t.Errorf("%+v", w)
		}
		if pdf, err := s.Store.File("S-1", one.Documents[0].Files[0].Name); err != nil || string(pdf) != "%PDF-d" {
			t.Errorf("%q, %v", pdf, err)
		}
		want, _ := Decode(qr("1"))
		if l := s.press.printed; len(l) != 2 || l[0].Fields["shipment"] != "S-1" || l[0].Fields["waybill"] != "N-1" || l[0].Fields["pallets"] != "3" || string(l[0].Picture.Black) != string(want.Black) {
			t.Errorf("printed %+v", l)
		}
		s.open()
		s.runs(time.Hour)
		if s.ediweb.asked() != 1 || len(s.press.printed) != 2 {
			t.Error("something was done again after a restart")
		}
	})
}

// An outage of days ends in nothing but waits, and these stay short enough.
func TestOutageOfDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		back := time.Now().Add(72 * time.Hour)
		s.ediweb.say = func(n int, ids []string) (Answer, error) {
			if time.Now().Before(back) {
				return Answer{}, &Trouble{Kind: Away, Err: errors.New("no connection\nat all"), RequestUUID: "r"}
			}
			return all(ids), nil
		}
		s.diadoc.say = func(n int, d Named) (Protocol, error) {
			if n < 600 {
				return Protocol{}, errLater
			}
			return protocol(d), nil
		}
		s.add(everything)
		for range 3 * 24 {
			s.runs(time.Hour)
			if w := s.get("S-1").Waybills[0]; w.State != Waiting || w.Why != "no connection at all" || w.RequestUUID != "r" {
				t.Fatalf("%+v", w)
			}
			s.open()
		}
		s.runs(time.Hour)
		if n := s.ediweb.asked(); s.get("S-1").Stands() != "complete" || n > 72*5 {
			t.Errorf("%s after %d calls", s.get("S-1").Stands(), n)
		}
		if n := len(s.diadoc.asked); n != 601 {
			t.Errorf("%d asks", n)
		}
	})
}

// A server that asks for a wait gets it, over a restart and whatever the clock does meanwhile.
func TestRetryAfterAndClock(t *testing.T) {
	for _, jump := range []time.Duration{0, 1000 * time.Hour, -1000 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			s.ediweb.say = func(n int, ids []string) (Answer, error) {
				if n < 3 {
					return Answer{}, &Trouble{Kind: Away, After: 30 * time.Minute, Err: errors.New("too many requests")}
				}
				return all(ids), nil
			}
			s.add(Order{Waybills: []string{"1"}})
			s.runs(10 * time.Minute)
			s.open()
			s.Now = func() time.Time { return time.Now().Add(jump) }
			s.runs(3 * time.Hour)
			if got := s.get("S-1").Stands(); got != "complete" {
				t.Fatalf("jump %v: %s", jump, got)
			}
			for i := range 3 {
				gap := s.ediweb.at[i+1].Sub(s.ediweb.at[i])
				least := 30 * time.Minute
				if i == 0 && jump > 0 {
					least = 10 * time.Minute // the clock says that the time is over
				}
				if gap < least || gap > 41*time.Minute {
					t.Errorf("jump %v: ask %d came after %v", jump, i+1, gap)
				}
			}
		})
	}
}

// Not let in: one alarm, and an ask every half an hour.
func TestNoAccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.ediweb.say = func(int, []string) (Answer, error) {
			return Answer{}, &Trouble{Kind: Access, Err: errors.New("access denied (HTTP 401)")}
		}
		s.add(everything)
		s.runs(3*time.Hour + time.Minute)
		if n := s.ediweb.asked(); n != 7 || strings.Count(s.told(), "access denied") != 1 {
			t.Errorf("%d calls, alarms %q", n, s.told())
		}
	})
}

// A waybill that the service does not have is asked for until the deadline, and again on a person's word.
func TestMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		has := false
		s.ediweb.say = func(_ int, ids []string) (Answer, error) {
			if has {
				return all(ids), nil
			}
			a := all(ids[:1])
			if len(ids) == 1 {
				a = Answer{}
			}
			for _, id := range ids[len(a.Waybills):] {
				a.Waybills = append(a.Waybills, Brought{ID: id, Why: "the answer holds nothing for it"})
			}
			return a, nil
		}
		s.add(everything)
		s.runs(23 * time.Hour)
		if one := s.get("S-1"); one.Waybills[0].State != Done || one.Waybills[1].State != Waiting || one.Stands() != "waiting" {
			t.Errorf("%+v", one.Waybills)
		}
		s.open()
		s.runs(2 * time.Hour)
		w := s.get("S-1").Waybills[1]
		if w.State != Failed || !strings.HasSuffix(w.Why, "in 24h0m0s: the answer holds nothing for it") || w.Do == "" || !strings.Contains(s.told(), "no QR code for waybill 2: asked ") {
			t.Errorf("%+v, alarms %q", w, s.told())
		}
		if n := s.ediweb.asked(); n > 120 {
			t.Errorf("%d calls in a day", n)
		}
		n := s.ediweb.asked()
		s.runs(24 * time.Hour)
		if s.ediweb.asked() != n {
			t.Error("what has failed is asked for again")
		}
		has = true
		if _, err := s.Retry("S-1", "", ""); err == nil {
			t.Error("asked for again without a word")
		}
		if n, err := s.Retry("S-1", "N. N.", "signed now"); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		s.runs(time.Minute)
		if one := s.get("S-1"); one.Stands() != "complete" || one.Words[0].By != "N. N." || len(s.press.printed) != 2 {
			t.Errorf("%+v", one)
		}
	})
}

// One waybill that spoils every call with it is found by halves and takes none of the others with it.
func TestOneSpoilsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		var ids []string
		for i := range 150 {
			ids = append(ids, fmt.Sprint(i))
		}
		s.ediweb.say = func(_ int, ids []string) (Answer, error) {
			if len(ids) > MostAtOnce {
				t.Errorf("%d at once", len(ids))
			}
			for _, id := range ids {
				if id == "77" {
					return Answer{}, &Trouble{Kind: Unusable, Err: errors.New("not the document's answer (HTTP 200): not a ZIP")}
				}
			}
			return all(ids), nil
		}
		s.add(Order{Waybills: ids})
		s.runs(time.Minute)
		if n := s.get("S-1").Count(); n.Done != 149 || n.Waiting != 1 {
			t.Errorf("%+v", n)
		}
		s.runs(2 * time.Hour)
		w := s.get("S-1").Waybills[77]
		if w.State != Failed || w.Why != "not the document's answer (HTTP 200): not a ZIP" || strings.Count(s.told(), "\n") != 0 {
			t.Errorf("%+v, alarms %q", w, s.told())
		}
	})
}

// Bad input from outside: one clear line each, and nothing half stays.
func TestBadAnswers(t *testing.T) {
	bmp := append([]byte("BM"), make([]byte, 60)...)
	for what, c := range map[string]struct {
		answer Answer
		state  State
		label  LabelState
		why    string
	}{
		"another format": {Answer{Waybills: []Brought{{ID: "1", Pictures: []Raw{{Name: "a.bmp", Format: "bmp", Bytes: bmp}}}}}, Done, Unprintable, "it is a picture of another format: labels take PNG, JPEG and GIF"},
		"half a picture": {Answer{Waybills: []Brought{{ID: "1", Pictures: []Raw{{Format: "png", Bytes: qr("1")[:60]}}}}}, Done, Unprintable, "the png picture is damaged: png: invalid format"},
		"unusable":       {Answer{Waybills: []Brought{{ID: "1", Unusable: true, Why: "x.zip: it holds no picture"}}}, Failed, "", "x.zip: it holds no picture"},
		"not in it":      {Answer{}, Failed, "", "asked "},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			s.ediweb.say = func(int, []string) (Answer, error) {
				a := c.answer
				a.Strays = []Raw{{Name: "../../x", Format: "zip", Bytes: []byte(time.Now().String())}}
				return a, nil
			}
			s.add(Order{Waybills: []string{"1"}})
			s.runs(26 * time.Hour)
			one := s.get("S-1")
			w := one.Waybills[0]
			if w.State != c.state || one.Stands() != "needs a person" || len(one.Strays) != 1 || !strings.HasPrefix(one.Strays[0].Name, "stray-") {
				t.Errorf("%s: %+v", what, one)
			}
			got := w.Why
			if len(w.Pictures) > 0 {
				got = w.Pictures[0].Why
				if w.Pictures[0].Label != c.label {
					t.Errorf("%s: label %s", what, w.Pictures[0].Label)
				}
			}
			if !strings.HasPrefix(got, c.why) || strings.Count(s.told(), "\n") != 0 || !strings.Contains(s.told(), c.why) {
				t.Errorf("%s: %q, alarms %q", what, got, s.told())
			}
		})
	}
}

// Documents: no more than four at a time, one that hangs holds no other, and what is no protocol is not kept.
func TestProtocols(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.diadoc.hold = 10 * time.Second
		s.diadoc.say = func(n int, d Named) (Protocol, error) {
			switch {
			case d.Document == "d-0":
				return Protocol{}, errNever
			case d.Document == "d-1" && n < 2:
				return Protocol{PDF: []byte("<html>"), Signature: []byte{0x30}}, nil
			case d.Document == "d-2" && n < 2:
				return Protocol{PDF: []byte("%PDF")}, nil
			}
			return protocol(d), nil
		}
		var o Order
		for i := range 10 {
			o.Documents = append(o.Documents, Named{Message: "m", Document: fmt.Sprintf("d-%d", i)})
		}
		s.add(o)
		s.runs(45 * time.Second)
		if n := s.get("S-1").Count(); n.Done != 7 || n.Failed != 1 || n.Waiting != 2 || s.diadoc.most != 4 {
			t.Errorf("%+v, %d at a time", n, s.diadoc.most)
		}
		if d := s.get("S-1").Documents[1]; d.Why != "what came as the protocol holds no PDF or no signature" || d.Files != nil || d.Course.Asked != 1 {
			t.Errorf("%+v", d)
		}
		if !strings.Contains(s.told(), "no protocol of document d-0: no such document") {
			t.Errorf("alarms %q", s.told())
		}
		s.open()
		s.runs(5 * time.Minute)
		if n := s.get("S-1").Count(); n.Done != 9 || n.Failed != 1 {
			t.Errorf("%+v", n)
		}
	})
}

// A label whose fate is not known is printed again only on a person's word.
func TestDoubtfulLabel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.press.say = func(n int) (bool, error) {
			switch n {
			case 0:
				return false, errors.New("connection reset")
			case 1:
				return false, nil
			}
			return true, nil
		}
		s.add(everything)
		s.runs(time.Hour)
		one := s.get("S-1")
		first, second := one.Waybills[0].Pictures[0], one.Waybills[1].Pictures[0]
		if first.Label != Doubtful || first.Why != "connection reset" || second.Label != Sent || one.Stands() != "needs a person" || !strings.Contains(s.told(), "waybill 1 was printed is not known (connection reset)") {
			t.Errorf("%+v %+v alarms %q", first, second, s.told())
		}
		s.open()
		s.runs(time.Hour)
		if s.press.n != 2 {
			t.Errorf("%d labels", s.press.n)
		}
		if _, err := s.Print("S-1", Wish{Again: true}); err == nil {
			t.Error("printed again without a word")
		}
		if _, err := s.Print("S-1", Wish{Again: true, Waybill: "9", By: "N.", Reason: "torn"}); err == nil {
			t.Error("printed again for a waybill of another shipment")
		}
		if n, err := s.Print("S-1", Wish{Again: true, Waybill: "1", By: "N.", Reason: "torn"}); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		s.runs(time.Minute)
		if one := s.get("S-1"); one.Stands() != "complete" || s.press.n != 3 || one.Words[0].What != "1 labels printed again" {
			t.Errorf("%+v", one)
		}
	})
}

// While the printer is down nothing is in doubt, and nothing is lost.
func TestPrinterIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.press.down = make(chan struct{})
		s.add(everything)
		s.runs(time.Hour)
		if one := s.get("S-1"); one.Waybills[0].Pictures[0].Label != ToPrint || one.Stands() != "printing" {
			t.Errorf("%+v", one)
		}
		s.open()
		close(s.press.down)
		s.runs(time.Hour)
		if one := s.get("S-1"); one.Stands() != "complete" || s.press.n != 2 {
			t.Errorf("%+v", one)
		}
	})
}

// Without a printer labels wait for a word, and no printer that comes later is flooded.
func TestNoPrinter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.Printer, s.Rules.Print = nil, false
		s.add(everything)
		s.runs(time.Minute)
		if one := s.get("S-1"); one.Stands() != "complete" || one.Waybills[0].Pictures[0].Label != Unasked {
			t.Errorf("%+v", one)
		}
		if _, err := s.Print("S-1", Wish{}); err == nil {
			t.Error("there is no printer")
		}
		s.open()
		s.runs(time.Minute)
		if s.press.n != 0 {
			t.Error("printed unasked")
		}
		if n, err := s.Print("S-1", Wish{}); n != 2 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		s.runs(time.Minute)
		if s.press.n != 2 {
			t.Error("not printed")
		}
	})
}

// A file that is gone or was cut is fetched again; what was printed of it is not printed again.
func TestLostFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.add(everything)
		s.runs(time.Minute)
		folder := filepath.Join(s.dir, "shipping", "S-1")
		inventory := s.get("S-1").Inventories[0].Name
		if err := errors.Join(os.Remove(filepath.Join(folder, "qr-001-1.png")), os.Truncate(filepath.Join(folder, "protocol-001.pdf"), 2), os.Remove(filepath.Join(folder, inventory))); err != nil {
			t.Fatal(err)
		}
		s.open()
		if one, err := s.Store.Get("S-1"); err != nil || one.Stands() != "waiting" || one.Waybills[0].Why != "qr-001-1.png is gone or damaged: it is fetched again" {
			t.Errorf("%+v", one)
		}
		s.runs(time.Minute)
		if one := s.get("S-1"); one.Stands() != "complete" || len(s.press.printed) != 2 || s.ediweb.asked() != 2 {
			t.Errorf("%+v", one)
		}
	})
}

// The same shipment twice is one; another one under its name is refused.
func TestAddTwice(t *testing.T) {
	s := newSite(t)
	s.add(everything)
	again := everything
	again.Waybills = []string{"2", "1", "1"}
	s.add(again)
	again.Name, again.Waybills = "S-1", []string{"3"}
	if _, err := s.Add(t.Context(), again, ""); err == nil || !strings.HasPrefix(err.Error(), "there is another shipment S-1 already, of ") {
		t.Error(err)
	}
	again.Name = "s-1"
	if _, err := s.Add(t.Context(), again, ""); err == nil || err.Error() != "there is a shipment S-1 already" {
		t.Error(err)
	}
	if all, _ := s.Store.All(); len(all) != 1 {
		t.Errorf("%d shipments", len(all))
	}
}

// One shipment that cannot be read holds no other.
func TestBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		for _, name := range []string{"S-1", "S-2", "S-3"} {
			o := everything
			o.Name = name
			s.add(o)
		}
		path := func(name string) string { return filepath.Join(s.dir, "shipping", name, stateFile) }
		if err := errors.Join(os.WriteFile(path("S-1"), []byte("{"), 0o600), os.WriteFile(path("S-2"), []byte(`{"version": 2, "name": "S-2"}`), 0o600)); err != nil {
			t.Fatal(err)
		}
		s.open()
		s.runs(time.Minute)
		if s.get("S-3").Stands() != "complete" || !strings.Contains(s.told(), "shipment S-1 cannot be read: shipment.json is damaged: unexpected EOF") || !strings.Contains(s.told(), "shipment.json has version 2, and this linemark knows 1") {
			t.Errorf("alarms %q", s.told())
		}
		if st := s.Status(); len(st.Broken) != 2 || st.Open != 0 || !strings.Contains(st.Trouble, "S-1 cannot be read") {
			t.Errorf("%+v", st)
		}
		if _, err := s.Add(t.Context(), everything, ""); err == nil {
			t.Error("what cannot be read was replaced")
		}
	})
}
