package agent

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/office"
)

// TestBench: the box station is a bench with a label printer and a lamp. What is read is packed at
// once, a power cut leaves the open box as it is, and a person's word reaches it.
func TestBench(t *testing.T) {
	inSite(t, func(s *site) {
		text := strings.Replace(siteConfig, "  capacity = 6\n", "  capacity = 6\n  mode = \"hand\"\n  refused = \"plc-1.lamp\"\n  undo_code = \"UNDO\"\n", 1)
		text = strings.Replace(text, "  beat   = \"coil:2\"\n", "  beat   = \"coil:2\"\n  lamp   = \"coil:3\"\n", 1)
		s.cfg = configIn(t, t.TempDir(), text)
		var lamp atomic.Int64
		s.plc.OnCoil(func(addr int, on bool) {
			if addr == 3 && on {
				lamp.Add(1)
			}
		})
		word := func(do string) office.Repacked {
			t.Helper()
			r, err := s.agent.Office().Repack(s.t.Context(), office.Repack{Do: do, Line: "3", Station: "box", By: "N.", Reason: "test"})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		s.start()
		s.pass(4)
		s.cam2.Read([]byte("UNDO"))
		s.cam2.Read([]byte("not a code"))
		s.until("a refusal", func() bool { return lamp.Load() == 1 && s.station("box").Count["refused"] == 1 })
		if c, err := s.agent.Office().OpenContainer(s.t.Context(), "3", "box"); err != nil || len(c.In) != 3 {
			t.Errorf("open is %+v, %v", c, err)
		}
		s.stop()
		s.start()
		s.until("what goes on", func() bool {
			for _, a := range s.status().Alarms {
				if strings.Contains(a.Text, "3 of 6 in it, compare") {
					return true
				}
			}
			return false
		})
		s.pass(1)
		s.until("the unit", func() bool { return s.station("box").Count["packed"] == 1 })
		open := must(s.agent.Office().OpenContainer(s.t.Context(), "3", "box"))
		before := office.Repack{Do: "undo", Line: "3", Station: "box", Container: open.ID + 1, Code: open.In[len(open.In)-1], By: "N.", Reason: "test"}
		if _, err := s.agent.Office().Repack(s.t.Context(), before); err == nil || !strings.Contains(err.Error(), "is open here no more") {
			t.Errorf("who saw another box open: %v", err)
		}
		if r := word("undo"); !strings.Contains(r.Said, "3 left of 6") || len(r.Container.In) != 3 {
			t.Errorf("%+v", r)
		}
		r := word("close")
		if !strings.Contains(r.Said, "closed with 3 of 6") {
			t.Errorf("%+v", r)
		}
		s.until("its label", func() bool {
			c, err := s.agent.Ledger().Container(s.t.Context(), r.Container.ID)
			return err == nil && c.State == ledger.ContainerClosed && c.Code != "" && len(c.In) == 3
		})
		time.Sleep(time.Second)
		if s.plc.Coil(3) {
			t.Error("the lamp stands")
		}
	})
}
