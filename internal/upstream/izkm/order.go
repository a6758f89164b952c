package izkm

import (
	"context"
	"errors"
	"net/http"
	"time"

	"linemark/internal/code"
)

// Values of 5.3, 5.4 and 5.5. The document writes CEM, CM, CL and CA with Cyrillic letters;
// they go out in ASCII.
const (
	SerialOperator = "OPERATOR"
	SerialSelfMade = "SELF_MADE"

	ReleaseProduction = "PRODUCTION"
	ReleaseImport     = "IMPORT"
	ReleaseRemains    = "REMAINS"
	ReleaseCommission = "COMMISSION"

	CreateSelfMade  = "SELF_MADE"
	CreateCentre    = "CEM"
	CreateContract  = "CM"
	CreateLogistics = "CL"
	CreateSite      = "CA"
)

// Order is an order of codes (4.2). Fields that its group has no place for are not sent:
// tobacco takes only Products, ServiceProviderID and Factory.
type Order struct {
	Group             string     // alias; not sent; empty: the client's own
	Groups            code.Table // where the rules of Group stand; the zero one is the standard
	Products          []OrderProduct
	ServiceProviderID string // a UUID; optional
	ReleaseMethod     string // required in all groups but tobacco
	ContactPerson     string // required in alcohol
	CreateMethod      string // empty or SELF_MADE without a service provider, another with one
	ProductionOrderID string // IZKM ignores it
	Country           string // two letters of ISO 3166-1; optional, IZKM ignores it
	Factory           *Factory
}

// OrderProduct is the part of an order that becomes a suborder.
type OrderProduct struct {
	GTIN             string   // 14 digits, the last one right
	Quantity         int      // 1 to 150,000
	SerialNumberType string   // OPERATOR or SELF_MADE
	SerialNumbers    []string // only with SELF_MADE, one for each code
	TemplateID       int
	CISType          code.Type
	RateType         *int // 0 free of charge, 1 standard; nil: not sent
	StickerID        string
}

// Factory is the block that only tobacco has, and must have.
type Factory struct {
	ID                 string // GLN: 13 digits, of which the last is not checked
	Name               string // optional
	Address            string // optional
	Country            string
	ProductionLineID   string
	ProductCode        string // IZKM ignores it, yet demands it
	ProductDescription string
	PONumber           string    // optional
	ExpectedStart      time.Time // optional; only its date is sent
}

// OrderAck is the answer to an order that IZKM has taken in.
type OrderAck struct {
	OrderID  string
	Expected time.Duration // until the codes should be ready; 0 when not said
}

// CreateOrder places o. An error that is Lost means that the order may exist; it has no id
// of ours, so it is to be looked for with Orders before it is placed again.
func (c *Client) CreateOrder(ctx context.Context, o Order) (OrderAck, error) {
	r := request{method: http.MethodPost, path: "/orders"}
	if o.Group == "" {
		o.Group = c.group
	}
	if o.Group != c.group {
		return OrderAck{}, invalid(r.op(), errors.New("the order is for group "+o.Group+", the client for "+c.group))
	}
	var err error
	if r.body, err = EncodeOrder(o); err != nil {
		return OrderAck{}, err
	}
	var a placed
	if err := c.call(ctx, r, &a); err != nil {
		return OrderAck{}, err
	}
	return OrderAck{OrderID: string(a.OrderID), Expected: a.expected(c.now())}, nil
}

type placed struct {
	OrderID  text `json:"orderId"`
	Expected hint `json:"expectedCompleteTimestamp"`
}

func (a *placed) complete() error {
	if a.OrderID == "" {
		return errors.New("it holds no orderId")
	}
	return nil
}

// expected: by its name a point in time, by its description and example (5100) a duration
// in milliseconds.
func (a *placed) expected(now time.Time) time.Duration {
	if a.Expected >= epochMillis {
		return max(time.UnixMilli(int64(a.Expected)).Sub(now), 0)
	}
	return max(time.Duration(a.Expected)*time.Millisecond, 0)
}

// EncodeOrder returns the body of POST /orders, or an *Error of kind Invalid that says what
// the document does not allow.
func EncodeOrder(o Order) ([]byte, error) {
	const op = "POST /orders"
	if err := checkOrder(o); err != nil {
		return nil, invalid(op, err)
	}
	var w object
	array(&w, "products", o.Products, func(_ int, p OrderProduct) { w.inner(p.object()) })
	w.textIf("serviceProviderId", o.ServiceProviderID)
	if f := o.Factory; f != nil {
		w.text("factoryId", f.ID)
		w.textIf("factoryName", f.Name)
		w.textIf("factoryAddress", f.Address)
		w.text("factoryCountry", f.Country)
		w.text("productionLineId", f.ProductionLineID)
		w.text("productCode", f.ProductCode)
		w.text("productDescription", f.ProductDescription)
		w.textIf("poNumber", f.PONumber)
		if !f.ExpectedStart.IsZero() {
			w.text("expectedStartDate", f.ExpectedStart.Format(time.DateOnly))
		}
	}
	d := rulesOf(o.Groups, o.Group).Order
	if d.ContactPerson || !d.Factory {
		w.textIf("contactPerson", o.ContactPerson)
	}
	if d.ReleaseMethodType {
		w.text("releaseMethodType", o.ReleaseMethod)
	}
	if !d.Factory {
		w.textIf("createMethodType", o.CreateMethod)
		w.textIf("productionOrderId", o.ProductionOrderID)
		w.textIf("country", o.Country)
	}
	body, err := w.end()
	if err != nil {
		return nil, invalid(op, err)
	}
	return body, nil
}

func (p OrderProduct) object() object {
	var w object
	w.text("gtin", p.GTIN)
	w.number("quantity", int64(p.Quantity))
	w.text("serialNumberType", p.SerialNumberType)
	if len(p.SerialNumbers) > 0 {
		texts(&w, "serialNumbers", p.SerialNumbers)
	}
	w.number("templateId", int64(p.TemplateID))
	w.text("cisType", string(p.CISType))
	if p.RateType != nil {
		w.number("rateType", int64(*p.RateType))
	}
	w.textIf("stickerId", p.StickerID)
	return w
}
