package web_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"linemark/internal/rights"
	"linemark/internal/web"
)

// bench is one printer and one scanner that do as the test says.
type bench struct {
	asked []string
	err   error
}

func (b *bench) Devices() []web.Device {
	return []web.Device{{Name: "tij-1", Kind: "printer", Stations: []string{"3/mark"}, Test: "print"}, {Name: "cam-1", Kind: "scanner", Stations: []string{}, Test: "scan"}}
}

func (b *bench) Device(kind, name string, plain bool) (web.DeviceDetail, error) {
	b.asked = append(b.asked, kind+"|"+name)
	return web.DeviceDetail{Device: b.Devices()[0], Masked: !plain, Pieces: []web.Piece{{At: time.Unix(0, 0), Text: `<{STX}&`, Length: 3}}, Points: []web.Point{{Name: "stop"}}}, b.err
}

func (b *bench) TestPrint(_ context.Context, name string) (string, error) {
	b.asked = append(b.asked, "print "+name)
	return "printed", b.err
}

func (b *bench) TestScan(_ context.Context, name string) (web.Reading, error) {
	b.asked = append(b.asked, "scan "+name)
	return web.Reading{Code: "01{GS}", Told: []string{"3/check"}, Elements: []web.Element{{AI: "01", Value: "0"}}, Known: &web.KnownCode{State: "printed"}}, b.err
}

func TestDevices(t *testing.T) {
	p := newPlant(t)
	h := handlerOf(p)
	if all := read[[]web.Device](t, get(h, "GET", "/api/v1/devices")); len(all) != 2 || all[0].Stations[0] != "3/mark" || all[1].Last != nil {
		t.Errorf("%+v", all)
	}
	if d := read[web.DeviceDetail](t, get(h, "GET", "/api/v1/devices/tij-1?kind=printer")); !d.Masked || d.Pieces[0].Text != `<{STX}&` || d.Points[0].Value != nil || p.bench.asked[0] != "printer|tij-1" {
		t.Errorf("%+v after %q", d, p.bench.asked)
	}
	engineer := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(rights.With(r.Context(), rights.ThisPC())))
		})
	}
	if d := read[web.DeviceDetail](t, get(engineer(h), "GET", "/api/v1/devices/tij 1")); d.Masked || p.bench.asked[1] != "|tij 1" {
		t.Errorf("%+v after %q", d, p.bench.asked)
	}
	if said := read[web.TestPrinted](t, post(h, "/api/v1/devices/tij-1/print", `{"reason": "new ribbon"}`, nil)); said.Said != "printed" || p.bench.asked[2] != "print tij-1" {
		t.Errorf("%+v after %q", said, p.bench.asked)
	}
	if r := read[web.Reading](t, post(h, "/api/v1/devices/cam-1/scan", `{}`, nil)); r.Code != "01{GS}" || p.bench.asked[3] != "scan cam-1" {
		t.Errorf("%+v after %q", r, p.bench.asked)
	}
	refused(t, post(h, "/api/v1/devices/tij-1/print", `{}`, nil), 400, "a person's word", true)
	refused(t, post(h, "/api/v1/devices/tij-1/print", `{"reason": "x", "code": "01"}`, nil), 400, "unknown field", false)
	if len(p.bench.asked) != 4 {
		t.Errorf("asked were %q", p.bench.asked)
	}
	for trouble, status := range map[web.Trouble]int{web.NoDevice: 404, web.WrongDevice: 400, web.NotNow: 409, web.DeviceFailed: 502} {
		p.bench.err = &web.DeviceError{Trouble: trouble, What: "out of paper", Hint: "look"}
		refused(t, get(h, "GET", "/api/v1/devices/tij-1"), status, "out of paper", true)
		refused(t, post(h, "/api/v1/devices/tij-1/print", `{"reason": "x"}`, nil), status, "out of paper", true)
		refused(t, post(h, "/api/v1/devices/cam-1/scan", `{}`, nil), status, "out of paper", true)
	}
}
