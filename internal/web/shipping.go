package web

import (
	"errors"
	"fmt"
	"net/http"

	"linemark/internal/office"
	"linemark/internal/shipping"
)

// AddShipment is what POST /api/v1/shipping takes.
type AddShipment struct {
	Name      Text               `json:"name"`
	Pallets   []Text             `json:"pallets"`
	Waybills  []Text             `json:"waybills"`
	Documents []ShipmentDocument `json:"documents"`
}

// ShipmentDocument names a document. Without a box it is in the configured one.
type ShipmentDocument struct {
	Box      Text `json:"box"`
	Message  Text `json:"message"`
	Document Text `json:"document"`
}

// PrintShipment is what POST /api/v1/shipping/{name}/print takes.
type PrintShipment struct {
	Again   bool `json:"again"`
	Waybill Text `json:"waybill"`
	By      Text `json:"by"`
	Reason  Text `json:"reason"`
}

// RetryShipment is what POST /api/v1/shipping/{name}/retry takes.
type RetryShipment struct {
	By     Text `json:"by"`
	Reason Text `json:"reason"`
}

// Shipments is the answer of GET /api/v1/shipping.
type Shipments struct {
	Shipments []ShipmentLine    `json:"shipments"` // the oldest first
	Broken    []shipping.Broken `json:"broken"`
}

// ShipmentLine is a shipment in one line.
type ShipmentLine struct {
	Name    string         `json:"name"`
	Made    string         `json:"made"`
	Stands  string         `json:"stands"` // waiting, printing, needs a person, complete
	Count   shipping.Count `json:"count"`
	Trouble string         `json:"trouble,omitempty"` // the first thing that is told of a paper that is not there
}

// Shipment is one shipment as the API gives it.
type Shipment struct {
	*shipping.Shipment
	Stands string `json:"stands"`
}

// ShipmentDone is the answer to what was done to a shipment: to how many labels or papers.
type ShipmentDone struct {
	N        int      `json:"n"`
	Shipment Shipment `json:"shipment"`
}

func (c clerk) shippingRoutes(mux router) {
	mux.HandleFunc("GET /api/v1/shipping", look(c, shipments))
	mux.HandleFunc("POST /api/v1/shipping", tell(c, addShipment))
	mux.HandleFunc("GET /api/v1/shipping/{name}", look(c, onShipment(false, func(r *http.Request, d shipping.Desk, name string) (any, error) {
		return shipmentOf(d, name)
	})))
	mux.HandleFunc("GET /api/v1/shipping/{name}/files/{file}", look(c, onShipment(false, func(r *http.Request, d shipping.Desk, name string) (any, error) {
		content, err := d.Store.File(name, r.PathValue("file"))
		return File{Name: r.PathValue("file"), Data: content}, err
	})))
	mux.HandleFunc("POST /api/v1/shipping/{name}/print", tell(c, func(r *http.Request, o office.Office, in PrintShipment) (any, error) {
		return changeShipment(r, o, func(d shipping.Desk, name string) (int, error) {
			return d.Print(name, shipping.Wish{Again: in.Again, Waybill: string(in.Waybill), By: string(in.By), Reason: string(in.Reason)})
		})
	}))
	mux.HandleFunc("POST /api/v1/shipping/{name}/retry", tell(c, func(r *http.Request, o office.Office, in RetryShipment) (any, error) {
		return changeShipment(r, o, func(d shipping.Desk, name string) (int, error) {
			return d.Retry(name, string(in.By), string(in.Reason))
		})
	}))
}

func shippingDesk(o office.Office, change bool) (shipping.Desk, error) {
	if o.Shipping == nil {
		return shipping.Desk{}, errors.New("there is no desk for shipments")
	}
	return o.Shipping(change)
}

func onShipment(change bool, do func(*http.Request, shipping.Desk, string) (any, error)) func(*http.Request, office.Office) (any, error) {
	return func(r *http.Request, o office.Office) (any, error) {
		d, err := shippingDesk(o, change)
		if err != nil {
			return nil, err
		}
		return do(r, d, r.PathValue("name"))
	}
}

func changeShipment(r *http.Request, o office.Office, do func(shipping.Desk, string) (int, error)) (any, error) {
	return onShipment(true, func(_ *http.Request, d shipping.Desk, name string) (any, error) {
		n, err := do(d, name)
		if err != nil {
			return nil, err
		}
		s, err := shipmentOf(d, name)
		return ShipmentDone{n, s}, err
	})(r, o)
}

func shipmentOf(d shipping.Desk, name string) (Shipment, error) {
	s, err := d.Store.Get(name)
	if err != nil {
		return Shipment{}, err
	}
	return Shipment{s, s.Stands()}, nil
}

func shipments(_ *http.Request, o office.Office) (any, error) {
	d, err := shippingDesk(o, false)
	if err != nil {
		return nil, err
	}
	all, broken := d.Store.All()
	out := Shipments{Shipments: []ShipmentLine{}, Broken: append([]shipping.Broken{}, broken...)}
	for _, s := range all {
		out.Shipments = append(out.Shipments, ShipmentLine{Name: s.Name, Made: s.Made.Format("2006-01-02T15:04:05Z07:00"), Stands: s.Stands(), Count: s.Count(), Trouble: s.Why()})
	}
	return out, nil
}

func addShipment(r *http.Request, o office.Office, in AddShipment) (any, error) {
	d, err := shippingDesk(o, true)
	if err != nil {
		return nil, err
	}
	order := shipping.Order{Name: string(in.Name), Pallets: texts(in.Pallets), Waybills: texts(in.Waybills)}
	for _, n := range in.Documents {
		order.Documents = append(order.Documents, shipping.Named{Box: string(n.Box), Message: string(n.Message), Document: string(n.Document)})
	}
	s, err := d.Add(r.Context(), order, "office")
	if err != nil {
		return nil, err
	}
	return Shipment{s, s.Stands()}, nil
}

func texts(from []Text) []string {
	var all []string
	for _, t := range from {
		all = append(all, string(t))
	}
	return all
}

// shippingFault is how an error of a shipment is answered; a status of 0: it is none of these.
func shippingFault(err error) (int, Fault) {
	var input *shipping.InputError
	switch {
	case errors.As(err, &input):
		return http.StatusBadRequest, Fault{Error: input.What, Hint: input.Hint}
	case errors.Is(err, shipping.ErrNotFound):
		return http.StatusNotFound, Fault{Error: fmt.Sprint(err), Hint: "linemark shipping list shows the shipments"}
	}
	return 0, Fault{}
}
