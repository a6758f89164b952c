package web_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"linemark/internal/office"
	"linemark/internal/shipping"
	"linemark/internal/web"
)

// shippingHandler answers for a desk in a folder of its own, with everything configured.
func shippingHandler(t *testing.T) (http.Handler, string) {
	p := newPlant(t)
	dir := t.TempDir()
	o := p.Office()
	o.Shipping = func(change bool) (shipping.Desk, error) {
		store, err := shipping.Open(dir, shipping.Options{ReadOnly: !change})
		return shipping.Desk{Store: store, Ledger: p.ledger, Rules: shipping.Rules{Waybills: true, Documents: true, Box: "box", Print: true}}, err
	}
	return web.Office(o, slog.New(slog.DiscardHandler)), dir
}

const goodShipment = `{"name": "S-1", "pallets": ["030123456700000012"], "waybills": ["21966959", "Ж-1"], "documents": [{"message": "m", "document": "d"}]}`

func TestShipping(t *testing.T) {
	h, _ := shippingHandler(t)
	if all := read[web.Shipments](t, get(h, "GET", "/api/v1/shipping")); len(all.Shipments) != 0 || all.Broken == nil {
		t.Errorf("%+v", all)
	}
	s := read[web.Shipment](t, post(h, "/api/v1/shipping", goodShipment, nil))
	if s.Name != "S-1" || s.Stands != "waiting" || s.From != "office" || s.Waybills[1].ID != "Ж-1" || s.Documents[0].Box != "box" || s.Pallets[0].SSCC != "00030123456700000012" || s.Pallets[0].Warning != "" {
		t.Errorf("%+v", s)
	}
	if again := read[web.Shipment](t, post(h, "/api/v1/shipping", goodShipment, nil)); !again.Made.Equal(s.Made) {
		t.Errorf("the same again is another: %+v", again)
	}
	if all := read[web.Shipments](t, get(h, "GET", "/api/v1/shipping")); len(all.Shipments) != 1 || all.Shipments[0].Count.Waiting != 3 || all.Shipments[0].Stands != "waiting" {
		t.Errorf("%+v", all)
	}
	if one := read[web.Shipment](t, get(h, "GET", "/api/v1/shipping/S-1")); one.Documents[0].Document != "d" || one.Waybills[0].State != shipping.Waiting {
		t.Errorf("%+v", one)
	}
	done := read[web.ShipmentDone](t, post(h, "/api/v1/shipping/S-1/retry", `{"by": "Н. <1>", "reason": "now"}`, nil))
	if done.N != 3 || done.Shipment.Words[0].By != "Н. <1>" {
		t.Errorf("%+v", done)
	}
	refused(t, post(h, "/api/v1/shipping", strings.Replace(goodShipment, "21966959", "3", 1), nil), 400, "there is another shipment S-1 already", true)
	refused(t, post(h, "/api/v1/shipping", strings.Replace(goodShipment, "S-1", "../S-2", 1), nil), 400, "cannot be the name", true)
	refused(t, post(h, "/api/v1/shipping", `{"name": "S-2"}`, nil), 400, "nothing to fetch", true)
	refused(t, post(h, "/api/v1/shipping", `{"name": "S-2", "orders": []}`, nil), 400, "unknown field", false)
	refused(t, post(h, "/api/v1/shipping/S-1/retry", `{}`, nil), 400, "only on a person's word", true)
	refused(t, post(h, "/api/v1/shipping/S-1/print", `{"again": true}`, nil), 400, "only on a person's word", true)
	refused(t, post(h, "/api/v1/shipping/S-1/print", `{"waybill": "9"}`, nil), 400, "has no waybill", true)
	refused(t, get(h, "GET", "/api/v1/shipping/S-9"), 404, "not found", true)
	refused(t, post(h, "/api/v1/shipping/S-9/print", `{}`, nil), 404, "not found", true)
	refused(t, get(h, "GET", "/api/v1/shipping/S-1/files/shipment.json"), 404, "not found", true)
	refused(t, get(h, "GET", "/api/v1/shipping/S-1/files/..%2F..%2Fledger.db"), 404, "not found", true)
	for _, path := range []string{"/api/v1/shipping", "/api/v1/shipping/S-1/print", "/api/v1/shipping/S-1/retry"} {
		refused(t, post(h, path, goodShipment, func(r *http.Request) { r.Header.Del("X-Linemark") }), 403, "X-Linemark", true)
	}
}

// Where nothing is there for shipments the answer says so.
func TestNoShipping(t *testing.T) {
	h := web.Office(office.Office{}, slog.New(slog.DiscardHandler))
	refused(t, get(h, "GET", "/api/v1/shipping"), 500, "no desk for shipments", false)
}
