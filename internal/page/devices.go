package page

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"linemark/internal/office"
	"linemark/internal/web"
)

func livedevices(_ context.Context, v *visit) (any, error) { return v.agent.Devices(), nil }

// livedevice shows what goes over a device's connection. All who look at it see the same, so the check parts of codes are
// covered.
func livedevice(_ context.Context, v *visit) (any, error) { return v.device() }

func (v *visit) device() (web.DeviceDetail, error) {
	d, err := v.agent.Device(v.Query("kind"), v.param("name"), false)
	slices.Reverse(d.Pieces) // the newest first
	return d, err
}

func deviceRest(_ context.Context, v *visit) (any, error) { return v.device() }

func testPrint(ctx context.Context, v *visit, form url.Values) (done, error) {
	if strings.TrimSpace(form.Get("reason")) == "" {
		return done{}, &office.InputError{What: "a label is printed only on a person's word", Hint: "give a reason: it stands in the journal"}
	}
	text, err := v.agent.TestPrint(ctx, v.r.PathValue("name"))
	return done{Text: text}, err
}

// testScan says what was read, line by line.
func testScan(ctx context.Context, v *visit, _ url.Values) (done, error) {
	r, err := v.agent.TestScan(ctx, v.r.PathValue("name"))
	if err != nil {
		return done{}, err
	}
	d := done{Key: "scan.read", Args: []any{r.Bytes}}
	add := func(key string, args ...any) { d.More = append(d.More, v.T("scan."+key, args...)) }
	switch {
	case r.NoRead:
		add("no_read")
	case r.Bad != "":
		d.More = append(d.More, v.Say(r.Bad))
	}
	if r.AIM != "" {
		add("symbol", r.AIM, r.Symbol)
	}
	if r.Grade != "" {
		add("grade", r.Grade)
	}
	for _, e := range r.Elements {
		if e.AI != "" {
			d.More = append(d.More, "("+e.AI+") "+e.Value+"  "+e.Title)
		} else {
			d.More = append(d.More, e.Value)
		}
	}
	if r.Fault != "" {
		d.More = append(d.More, v.Say(r.Fault))
	}
	switch {
	case r.Test:
		add("test")
	case r.Known != nil:
		add("known", v.W("code", r.Known.State), r.Known.Product, r.Known.Batch)
	case r.Code != "":
		add("unknown")
	}
	if len(r.Told) > 0 {
		add("told", strings.Join(r.Told, ", "))
	}
	return d, nil
}
