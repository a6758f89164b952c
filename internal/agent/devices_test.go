package agent

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/rights"
	"linemark/internal/web"
)

// TestDevices: the last bytes of every device are seen, without a recording too, and the points of a PLC. Who may not
// maintain sees no check part.
func TestDevices(t *testing.T) {
	for _, recorded := range []string{"", "[record]\nenabled = false\n"} {
		inSite(t, func(s *site) {
			s.cfg = configIn(t, t.TempDir(), siteConfig+recorded)
			s.start()
			s.ready()
			s.pass(2)
			if (s.agent.rec == nil) != (recorded != "") {
				t.Fatal("the recording is not as configured")
			}
			s.plc.SetUint32(100, 70000)
			time.Sleep(time.Second)
			all := s.agent.Devices()
			if len(all) != 5 {
				t.Fatalf("there are %+v", all)
			}
			for i, want := range []struct{ name, kind, test, station string }{{"tij-1", "printer", "print", "3/mark"}, {"box-1", "printer", "print", "3/box"}, {"cam-1", "scanner", "scan", "3/check"}, {"cam-2", "scanner", "scan", "3/box"}, {"plc-1", "plc", "", "3/check"}} {
				if d := all[i]; d.Name != want.name || d.Kind != want.kind || d.Test != want.test || !slices.Equal(d.Stations, []string{want.station}) || !d.Up || d.BytesIn == 0 || d.Last == nil ||
					d.BytesOut == 0 != (d.Kind == "scanner") {
					t.Errorf("%+v", d)
				}
			}
			last := s.tij.Printed()[1].Symbols[0].Data
			secret := string(last[len(last)-4:])
			for _, plain := range []bool{true, false} {
				d := must(s.agent.Device("", "cam-1", plain))
				if d.Masked == plain || len(d.Pieces) != 2 || len(d.Points) != 0 || d.PointsAt != nil {
					t.Fatalf("%+v", d)
				}
				want := code.Visible(code.Code(last)) + "{CR}{LF}"
				if !plain {
					want = strings.Replace(want, "93"+secret, "93****", 1)
				}
				if p := d.Pieces[1]; p.Text != want || p.Out || p.More != 0 || p.Length != len(last)+2 {
					t.Errorf("plain %v: %+v, want %s", plain, p, want)
				}
				d = must(s.agent.Device("printer", "tij-1", plain))
				seen := false
				for _, p := range d.Pieces {
					seen = seen || p.Out
					if !plain && strings.Contains(p.Text, secret) {
						t.Errorf("%q shows %s", p.Text, secret)
					}
				}
				if !seen || len(d.Pieces) != 16 {
					t.Errorf("of the printer are kept %+v", d.Pieces)
				}
			}
			d := must(s.agent.Device("plc", "plc-1", true))
			points := map[string]web.Point{}
			for _, p := range d.Points {
				points[p.Name] = p
			}
			if p := points["products"]; len(points) != 5 || p.Output || p.Type != "uint32" || p.Value == nil || *p.Value != "70000" || d.Points[4].Output != true || d.Points[0].Output || d.PointsAt == nil || time.Since(*d.PointsAt) > time.Second {
				t.Errorf("the points are %+v", d.Points)
			}
			if p := points["stop"]; !p.Output || p.Type != "bit" || p.Value == nil || *p.Value != "0" || p.Where == "" {
				t.Errorf("stop is %+v", p)
			}
			s.goAway("plc")
			s.until("its loss", func() bool { return !s.device("plc-1").Up })
			if d := must(s.agent.Device("plc", "plc-1", true)); d.PointsAt != nil || len(d.Points) != 5 || d.Points[0].Value != nil {
				t.Errorf("a PLC that is down reads %+v", d.Points)
			}
			_, err := s.agent.Device("scanner", "plc-1", true)
			troubled(t, err, web.WrongDevice, "plc-1 is a plc, no scanner")
			_, err = s.agent.Device("", "plc-9", true)
			troubled(t, err, web.NoDevice, `there is no device "plc-9"`)
		})
	}
}

// Watched compares answers with the API's description; the package that does it knows this one.
var Watched func(h http.Handler, but ...string) http.Handler

// TestDevicesOverHTTP: the same over the API, as described; only who may maintain sees whole codes.
func TestDevicesOverHTTP(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.pass(1)
		h := Watched(s.agent.Handler())
		ask := func(method, path, body string, who rights.Who) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set(web.Header, "1")
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r.WithContext(rights.With(r.Context(), who)))
			return w
		}
		var all []web.Device
		if w := ask("GET", "/api/v1/devices", "", rights.Nobody()); w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &all) != nil || len(all) != 5 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		for who, masked := range map[rights.Who]bool{rights.ThisPC(): false, rights.Nobody(): true, {Name: "N.", Role: rights.Operator}: true} {
			var d web.DeviceDetail
			if w := ask("GET", "/api/v1/devices/cam-1", "", who); w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &d) != nil || d.Masked != masked || strings.Contains(d.Pieces[0].Text, "****") != masked {
				t.Errorf("%+v gets %d %s", who, w.Code, w.Body)
			}
		}
		for path, want := range map[string]int{"GET /api/v1/devices/plc-1?kind=plc": 200, "GET /api/v1/devices/x": 404, "GET /api/v1/devices/cam-1?kind=plc": 400, "POST /api/v1/devices/x/scan": 404,
			"POST /api/v1/devices/tij-1/scan": 400, "POST /api/v1/devices/tij-1/print": 409, "POST /api/v1/devices/cam-1/print": 400} {
			method, path, _ := strings.Cut(path, " ")
			body := "{}"
			if strings.HasSuffix(path, "/print") {
				body = `{"reason": "new ribbon"}`
			}
			var f web.Fault
			if w := ask(method, path, body, rights.ThisPC()); w.Code != want || want != 200 && (json.Unmarshal(w.Body.Bytes(), &f) != nil || f.Error == "") {
				t.Errorf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, want)
			}
		}
		if w := ask("POST", "/api/v1/devices/tij-1/print", "{}", rights.ThisPC()); w.Code != 400 || !strings.Contains(w.Body.String(), "person's word") {
			t.Errorf("without a reason: %d %s", w.Code, w.Body)
		}
		s.endBatch()
		done := make(chan *httptest.ResponseRecorder, 1)
		go func() {
			done <- ask("POST", "/api/v1/devices/box-1/print", `{"reason": "new ribbon"}`, rights.ThisPC())
		}()
		if w := <-done; w.Code != 200 || !strings.Contains(w.Body.String(), "printed: box-1") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		go func() { done <- ask("POST", "/api/v1/devices/cam-1/scan", "{}", rights.ThisPC()) }()
		synctest.Wait()
		s.cam1.NoRead()
		if w := <-done; w.Code != 200 || !strings.Contains(w.Body.String(), `"no_read": true`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if need := web.Needs(httptest.NewRequest(http.MethodPost, "/api/v1/devices/tij-1/print", nil)); need != rights.Maintain {
			t.Errorf("a test print needs %v", need)
		}
	})
}
