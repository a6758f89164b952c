package agent

import (
	"bytes"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/scanner/text/texttest"
	"linemark/internal/code"
	"linemark/internal/web"
)

// TestTestScan: a reading is shown with all that is in it and is known of it, and its station gets it as any other.
func TestTestScan(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		l, _ := s.tij.Print()
		c := bytes.Clone(l.Symbols[0].Data)
		ctx := s.t.Context()
		scan := func(name string, then func()) (web.Reading, error) {
			t.Helper()
			type read struct {
				r   web.Reading
				err error
			}
			done := make(chan read, 1)
			go func() {
				r, err := s.agent.TestScan(ctx, name)
				done <- read{r, err}
			}()
			synctest.Wait()
			then()
			r := <-done
			return r.r, r.err
		}
		time.Sleep(time.Second)
		r, err := scan("cam-1", func() { s.cam1.Raw([]byte("]d2" + string(c) + "\r\n")) })
		if err != nil || r.Triggered || !slices.Equal(r.Told, []string{"3/check"}) || r.Code != code.Visible(code.Code(c)) || r.AIM != "]d2" || !strings.Contains(r.Symbol, "Data") ||
			!strings.HasPrefix(r.Bytes, "]d201") || !strings.Contains(r.Bytes, "{GS}93") || r.Test || r.Fault != "" {
			t.Errorf("%+v, %v", r, err)
		}
		if len(r.Elements) != 3 || r.Elements[0] != (web.Element{AI: "01", Title: "GTIN", Value: "04780012345677"}) || r.Elements[2].AI != "93" {
			t.Errorf("its elements are %+v", r.Elements)
		}
		if k := r.Known; k == nil || !k.Whole || k.Product != "water-05" || k.Line != "3" || k.Batch != "B1" || k.State != "printed" && k.State != "verified" {
			t.Errorf("known is %+v", k)
		}
		s.until("its verdict", func() bool { return s.station("check").Count["verified"] == 1 })
		mangled := append(bytes.Clone(c[:len(c)-1]), "AB"[bytes.Count(c[len(c)-1:], []byte("A"))])
		if r, err = scan("cam-1", func() { s.cam1.Read(mangled) }); err != nil || r.Known == nil || r.Known.Whole {
			t.Errorf("%+v, %v", r.Known, err)
		}
		if r, err = scan("cam-1", func() { s.cam1.NoRead() }); err != nil || !r.NoRead || r.Known != nil || r.Code != "" || r.Elements == nil {
			t.Errorf("%+v, %v", r, err)
		}
		test := must(TestLabel(s.cfg, "tij-1", s.agent.printers["tij-1"].driver.Traits())).Code
		if r, err = scan("cam-2", func() { s.cam2.Read(test) }); err != nil || !r.Test || r.Known != nil || len(r.Elements) != 3 {
			t.Errorf("%+v, %v", r, err)
		}
		if r, err = scan("cam-2", func() { s.cam2.Read([]byte("hello")) }); err != nil || r.Test || r.Known != nil || r.Fault == "" || r.Elements == nil {
			t.Errorf("%+v, %v", r, err)
		}
		// A second one waits for nothing, and one that hears nothing ends.
		_, err = scan("cam-2", func() {
			_, err := s.agent.TestScan(ctx, "cam-2")
			troubled(t, err, web.NotNow, "somebody else waits")
		})
		troubled(t, err, web.DeviceFailed, "has read nothing in 20s")
		s.goAway("cam2")
		s.until("its loss", func() bool { return !s.device("cam-2").Up })
		_, err = s.agent.TestScan(ctx, "cam-2")
		troubled(t, err, web.NotNow, "cam-2 is down")
	})
}

// TestTestScanTriggers: a scanner is made to read while its line waits, and never while it marks.
func TestTestScanTriggers(t *testing.T) {
	inSite(t, func(s *site) {
		s.cfg = configIn(t, t.TempDir(), strings.Replace(siteConfig, `address = "tcp://cam2:9004"`, `address = "tcp://cam2:9004"
trigger = "LON\r"`, 1))
		var triggered atomic.Int64
		s.cam2 = texttest.New(texttest.Options{Trigger: "LON\r", OnTrigger: func(bool) { triggered.Add(1); s.cam2.NoRead() }})
		defer s.cam2.Close()
		s.served["cam2"] = s.cam2.ServeConn
		s.start()
		s.ready()
		if _, err := s.agent.TestScan(s.t.Context(), "cam-2"); err == nil || triggered.Load() != 0 {
			t.Errorf("triggered %d times while the line marks, %v", triggered.Load(), err)
		}
		must(s.agent.Office().EndBatch(s.t.Context(), "3"))
		r, err := s.agent.TestScan(s.t.Context(), "cam-2")
		if err != nil || !r.Triggered || !r.NoRead || triggered.Load() != 1 {
			t.Errorf("triggered %d times, %+v, %v", triggered.Load(), r, err)
		}
	})
}
