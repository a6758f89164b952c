package izkm

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"

	"pgregory.net/rapid"
)

var tashkent = time.FixedZone("", 5*3600)

const (
	// orderGTIN is the document's GTIN with its check digit mended: orders take no wrong one.
	orderGTIN    = "01334567894338"
	testGLN      = "2359874562335"
	testProvider = "08528091-808A-41ba-a55d-d6230c64b332"
)

func goodProduct() OrderProduct {
	return OrderProduct{GTIN: orderGTIN, Quantity: 20, SerialNumberType: SerialOperator, TemplateID: 13, CISType: code.Unit}
}

func goodOrder() Order {
	return Order{
		Group: "alcohol", Products: []OrderProduct{goodProduct()},
		ReleaseMethod: ReleaseProduction, ContactPerson: "Иванов П.А.",
	}
}

func tobaccoOrder() Order {
	return Order{Group: "tobacco", Products: []OrderProduct{goodProduct()}, Factory: &Factory{
		ID: testGLN, Country: "Country", ProductionLineID: "1", ProductCode: "6789", ProductDescription: "Simple ",
	}}
}

func TestEncodeOrder(t *testing.T) {
	const product = `{"gtin":"01334567894338","quantity":20,"serialNumberType":"OPERATOR","templateId":13,"cisType":"UNIT"}`
	free := 0
	cases := []struct {
		name   string
		order  func() Order
		change func(*Order)
		want   string
	}{
		{"the document's, alcohol", goodOrder, func(o *Order) {
			o.CreateMethod, o.ProductionOrderID, o.Country = CreateSelfMade, "08528091-808a-41ba-a55d-d6230c64b332", "KZ"
		}, `{"products":[` + product + `],"contactPerson":"Иванов П.А.","releaseMethodType":"PRODUCTION","createMethodType":"SELF_MADE",` +
			`"productionOrderId":"08528091-808a-41ba-a55d-d6230c64b332","country":"KZ"}`},
		{"the document's, tobacco", tobaccoOrder, func(o *Order) {
			f := o.Factory
			f.Name, f.Address, f.PONumber = "Tobacco Fac", "Address", "12345"
			f.ExpectedStart = time.Date(2019, 3, 1, 1, 0, 0, 0, tashkent)
		}, `{"products":[` + product + `],"factoryId":"2359874562335","factoryName":"Tobacco Fac","factoryAddress":"Address",` +
			`"factoryCountry":"Country","productionLineId":"1","productCode":"6789","productDescription":"Simple ","poNumber":"12345","expectedStartDate":"2019-03-01"}`},
		{"tobacco takes no release method", tobaccoOrder, func(o *Order) { o.ReleaseMethod, o.ContactPerson = "PRODUCTION", "X" },
			`{"products":[` + product + `],"factoryId":"2359874562335","factoryCountry":"Country","productionLineId":"1","productCode":"6789","productDescription":"Simple "}`},
		{"water, own serials, two products", goodOrder, func(o *Order) {
			o.Group, o.ContactPerson, o.ReleaseMethod = "water", "", ReleaseImport
			p := OrderProduct{
				GTIN: "14780012345674", Quantity: 2, SerialNumberType: SerialSelfMade, SerialNumbers: []string{`a"<&'4567890_`, "b234567890123"},
				TemplateID: 3, CISType: code.Group, RateType: &free, StickerID: "s",
			}
			o.Products = append(o.Products, p)
		}, `{"products":[` + product + `,{"gtin":"14780012345674","quantity":2,"serialNumberType":"SELF_MADE",` +
			`"serialNumbers":["a\"<&'4567890_","b234567890123"],"templateId":3,"cisType":"GROUP","rateType":0,"stickerId":"s"}],"releaseMethodType":"IMPORT"}`},
		{"service provider", goodOrder, func(o *Order) { o.ServiceProviderID, o.CreateMethod = testProvider, CreateContract },
			`{"products":[` + product + `],"serviceProviderId":"08528091-808A-41ba-a55d-d6230c64b332","contactPerson":"Иванов П.А.","releaseMethodType":"PRODUCTION","createMethodType":"CM"}`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			o := tc.order()
			tc.change(&o)
			body, err := EncodeOrder(o)
			if err != nil {
				t.Fatal(err)
			}
			if string(body) != tc.want {
				t.Errorf("got\n%s\nwant\n%s", body, tc.want)
			}
		})
	}
	for _, method := range []string{CreateSelfMade, CreateCentre, CreateContract, CreateLogistics, CreateSite} {
		if strings.ContainsFunc(method, func(r rune) bool { return r > 'z' }) {
			t.Errorf("%q is not ASCII", method)
		}
	}
}

func TestEncodeOrderRefuses(t *testing.T) {
	three := 3
	product := func(f func(*OrderProduct)) func(*Order) { return func(o *Order) { f(&o.Products[0]) } }
	factory := func(f func(*Factory), more ...func(*Order)) func(*Order) {
		return func(o *Order) {
			*o = tobaccoOrder()
			f(o.Factory)
			for _, change := range more {
				change(o)
			}
		}
	}
	cases := []struct {
		change func(*Order)
		says   string
	}{
		{func(o *Order) { o.Group = "" }, "group is missing"},
		{func(o *Order) { o.Products = nil }, "0 products"},
		{func(o *Order) { o.Products = make([]OrderProduct, 11) }, "11 products"},
		{func(o *Order) { o.Products = append(o.Products, goodProduct()) }, "twice"},
		{product(func(p *OrderProduct) { p.GTIN = "1334567894338" }), "14 digits"},
		{product(func(p *OrderProduct) { p.GTIN = "0133456789433x" }), "check digit 8"},
		{product(func(p *OrderProduct) { p.GTIN = "0133456789x338" }), "a digit"},
		{product(func(p *OrderProduct) { p.GTIN = testGTIN }), "check digit 8"},
		{product(func(p *OrderProduct) { p.Quantity = 0 }), "quantity is 0"},
		{product(func(p *OrderProduct) { p.Quantity = 150_001 }), "quantity is 150001"},
		{product(func(p *OrderProduct) { p.TemplateID = 0 }), "templateId"},
		{product(func(p *OrderProduct) { p.CISType = "" }), "cisType"},
		{product(func(p *OrderProduct) { p.RateType = &three }), "rateType is 3"},
		{product(func(p *OrderProduct) { p.SerialNumberType = "" }), "serialNumberType"},
		{product(func(p *OrderProduct) { p.SerialNumbers = []string{"a"} }), "operator makes them"},
		{product(func(p *OrderProduct) { p.SerialNumberType = SerialSelfMade }), "0 serialNumbers for 20"},
		{product(func(p *OrderProduct) {
			p.SerialNumberType, p.Quantity, p.SerialNumbers = SerialSelfMade, 2, []string{"a234567", "a234567"}
		}), "serialNumbers[1] repeats"},
		{product(func(p *OrderProduct) {
			p.SerialNumberType, p.Quantity, p.SerialNumbers = SerialSelfMade, 2, []string{"a234567", ""}
		}), "serialNumbers[1] has 0 characters, group alcohol has 7"},
		{product(func(p *OrderProduct) {
			p.SerialNumberType, p.Quantity, p.SerialNumbers = SerialSelfMade, 3, []string{"a234567", "b234567"}
		}), "2 serialNumbers for 3 codes"},
		{product(func(p *OrderProduct) {
			p.SerialNumberType, p.Quantity, p.SerialNumbers = SerialSelfMade, 1, []string{"a2345678"}
		}), "serialNumbers[0] has 8 characters"},
		{product(func(p *OrderProduct) {
			p.SerialNumberType, p.Quantity, p.SerialNumbers = SerialSelfMade, 1, []string{`a23456\`}
		}), "GS1 set 82"},
		{product(func(p *OrderProduct) {
			p.SerialNumberType, p.Quantity, p.SerialNumbers = SerialSelfMade, 1, []string{"a2345\x1d7"}
		}), "GS1 set 82"},
		{product(func(p *OrderProduct) {
			p.SerialNumberType, p.Quantity, p.SerialNumbers = SerialSelfMade, 1, []string{"a2345Ж"} // 7 bytes
		}), "GS1 set 82"},
		{func(o *Order) {
			o.Group, o.Products[0].SerialNumberType, o.Products[0].Quantity = "shoes", SerialSelfMade, 1
			o.Products[0].SerialNumbers = []string{"a234567"}
		}, `product group "shoes" is unknown`},
		{func(o *Order) { o.Group, o.Products[0].CISType = "pharma", code.Group }, "group pharma has no group packs"},
		{func(o *Order) { o.Country = "kz" }, "ISO 3166-1"},
		{func(o *Order) { o.Country = "KAZ" }, "ISO 3166-1"},
		{func(o *Order) { o.Country = "XX" }, "ISO 3166-1"},
		{func(o *Order) { o.Country = "Z " }, "ISO 3166-1"},
		{product(func(p *OrderProduct) { p.StickerID = "a\xe8" }), "stickerId"},
		{func(o *Order) { o.ContactPerson = "" }, "contactPerson"},
		{func(o *Order) { o.ReleaseMethod = "" }, "releaseMethodType"},
		{func(o *Order) { o.ReleaseMethod = "production" }, "releaseMethodType"},
		{func(o *Order) { o.CreateMethod = CreateSite }, "serviceProviderId"},
		{func(o *Order) { o.ServiceProviderID, o.CreateMethod = "sp", CreateContract }, "no UUID"},
		{factory(func(f *Factory) {}, func(o *Order) { o.ServiceProviderID = testProvider + "0" }), "no UUID"},
		{func(o *Order) { o.ServiceProviderID = testProvider }, "createMethodType"},
		{func(o *Order) { o.ServiceProviderID, o.CreateMethod = testProvider, CreateSelfMade }, "createMethodType"},
		{func(o *Order) { o.ServiceProviderID, o.CreateMethod = testProvider, "СМ" }, "createMethodType"}, // Cyrillic
		{func(o *Order) { o.Factory = &Factory{} }, "no place for a factory"},
		{func(o *Order) { o.Group = "tobacco" }, "needs the factory"},
		{factory(func(f *Factory) { f.ID = "" }), "factoryId"},
		{factory(func(f *Factory) { f.ID = "235987456233" }), "no GLN of 13 digits"},
		{factory(func(f *Factory) { f.ID = "235987456233x" }), "no GLN of 13 digits"},
		{factory(func(f *Factory) { f.Country = "" }), "factoryCountry"},
		{factory(func(f *Factory) { f.ProductionLineID = "" }), "productionLineId"},
		{factory(func(f *Factory) { f.ProductCode = "" }), "productCode"},
		{factory(func(f *Factory) { f.ProductDescription = "" }), "productDescription"},
	}
	for _, tc := range cases {
		o := goodOrder()
		tc.change(&o)
		_, err := EncodeOrder(o)
		refuses(t, err, "POST /orders", tc.says)
	}
	full := goodOrder()
	full.Products = nil
	for i := range 10 {
		p := goodProduct()
		body := fmt.Sprintf("%013d", i)
		check, err := code.CheckDigit(body)
		if err != nil {
			t.Fatal(err)
		}
		p.GTIN, p.Quantity = body+string(check), 150_000
		full.Products = append(full.Products, p)
	}
	if _, err := EncodeOrder(full); err != nil {
		t.Errorf("the largest order: %v", err)
	}
	agreed := tobaccoOrder()
	agreed.Factory.ID = "2359874562330" // wrong check digit, in use all the same
	if _, err := EncodeOrder(agreed); err != nil {
		t.Errorf("a GLN that others gave out: %v", err)
	}
}

func refuses(t *testing.T, err error, op, says string) {
	t.Helper()
	if e := asError(t, err); e.Kind != Invalid || e.Op != op || !strings.Contains(e.Error(), says) {
		t.Errorf("got %v, want an error with %q", e, says)
	}
}

func TestCreateOrder(t *testing.T) {
	const ms = time.Millisecond
	for answer, want := range map[string]any{
		`{"omsId":"` + testOMS + `","orderId":"b024ae09-ef7c-449e-b461-05d8eb116c79","expectedCompleteTimestamp":5100}`: OrderAck{testOrder, 5100 * ms},
		`{"orderId":"o","expectedCompleteTimestamp":"5100"}`:                                                            OrderAck{"o", 5100 * ms},
		`{"orderId":"o","expectedCompleteTimestamp":1714564860000}`:                                                     OrderAck{"o", time.Minute}, // epoch, a minute after the test's noon
		`{"orderId":"o","expectedCompleteTimestamp":1614564860000}`:                                                     OrderAck{"o", 0},           // long past
		`{"orderId":"o","expectedCompleteTimestamp":-1}`:                                                                OrderAck{"o", 0},
		`{"orderId":"o","expectedCompleteTimestamp":{"soon":1}}`:                                                        OrderAck{"o", 0}, // no reason to lose the order
		`{"orderId":"o"}`:                          OrderAck{"o", 0},
		`{"expectedCompleteTimestamp":5100}`:       "lost",
		`{"orderId":null}`:                         "lost",
		`{"orderId":[],"omsId":"` + testOMS + `"}`: "lost",
	} {
		o := goodOrder()
		o.Group = "" // the client's own
		got, err := answered(t, answer, func(c *Client) (OrderAck, error) { return c.CreateOrder(t.Context(), o) })
		expect(t, got, err, want)
	}

	w := serve(t, always(reply(200, `{"orderId":"o"}`)))
	if _, err := w.client(t).CreateOrder(t.Context(), goodOrder()); err != nil {
		t.Fatal(err)
	}
	body, err := EncodeOrder(goodOrder())
	if err != nil {
		t.Fatal(err)
	}
	sent := w.heard()[0]
	if !strings.HasPrefix(sent, "POST /api/v2/alcohol/orders?omsId="+testOMS+" HTTP/1.1\r\n") || !strings.HasSuffix(sent, "\r\n\r\n"+string(body)) {
		t.Errorf("sent %q", sent)
	}
}

func goodUtilisation() Utilisation {
	return Utilisation{
		Group: "pharma", Codes: []code.Code{"012385933457648721zLo/hON\x1d8005123456\x1d93dGVz", `01"<>&'\_` + "\x1d93"},
		UsageType: "VERIFIED", ProductionLineID: "1", ProductionOrderID: "123", BrandCode: "2212Brandcode",
		SourceReportID: "8ed74f90-0119-48f2-b289-379707934e2f",
		ProductionDate: time.Date(2011, 12, 3, 10, 15, 30, 999, time.UTC), ExpirationDate: time.Date(2014, 12, 3, 0, 0, 0, 0, tashkent),
		SeriesNumber: "Ж1234567890123456789",
	}
}

func TestEncodeUtilisation(t *testing.T) {
	const want = `{"sntins":["012385933457648721zLo/hON\u001d8005123456\u001d93dGVz","01\"<>&'\\_\u001d93"],` +
		`"usageType":"VERIFIED","productionLineId":"1","productionOrderId":"123","brandcode":"2212Brandcode",` +
		`"sourceReportId":"8ed74f90-0119-48f2-b289-379707934e2f","productionDate":"2011-12-03T10:15:30Z",` +
		`"expirationDate":"2014-12-03T00:00:00+05:00","seriesNumber":"Ж1234567890123456789"}`
	body, err := EncodeUtilisation(goodUtilisation())
	if err != nil || string(body) != want {
		t.Errorf("got\n%s, %v\nwant\n%s", body, err, want)
	}
	body, err = EncodeUtilisation(Utilisation{Group: "water", Codes: []code.Code{"a"}, SourceReportID: "s"})
	if want := `{"sntins":["a"],"sourceReportId":"s"}`; err != nil || string(body) != want {
		t.Errorf("got %s, %v; want %s", body, err, want)
	}
}

func manyCodes(n int) []code.Code {
	all := make([]code.Code, n)
	for i := range all {
		all[i] = code.Code(fmt.Sprint("c", i))
	}
	return all
}

func TestEncodeUtilisationRefuses(t *testing.T) {
	cases := []struct {
		change func(*Utilisation)
		says   string
	}{
		{func(u *Utilisation) { u.Group = "" }, "group is missing"},
		{func(u *Utilisation) { u.Codes = nil }, "0 codes"},
		{func(u *Utilisation) { u.Codes = manyCodes(30_001) }, "30001 codes"},
		{func(u *Utilisation) { u.Codes[1] = u.Codes[0] }, "sntins[1] repeats sntins[0]"},
		{func(u *Utilisation) { u.Codes[1] = "" }, "sntins[1] is empty"},
		{func(u *Utilisation) { u.Codes[1] = "a\xe8" }, "sntins[1]"},
		{func(u *Utilisation) { u.UsageType = "USED" }, "usageType"},
		{func(u *Utilisation) { u.SourceReportID = "" }, "sourceReportId is missing"},
		{func(u *Utilisation) { u.ProductionDate = time.Time{} }, "productionDate is missing"},
		{func(u *Utilisation) { u.Group, u.ProductionDate = "alcohol", time.Time{} }, "productionDate is missing"},
		{func(u *Utilisation) { u.Group, u.ProductionDate = "beer", time.Time{} }, "productionDate is missing"},
		{func(u *Utilisation) { u.ExpirationDate = time.Time{} }, "expirationDate is missing"},
		{func(u *Utilisation) { u.SeriesNumber = "" }, "seriesNumber is missing"},
		{func(u *Utilisation) { u.SeriesNumber += "x" }, "seriesNumber has 21"},
		{func(u *Utilisation) { u.Group, u.SeriesNumber = "water", strings.Repeat("x", 21) }, "seriesNumber has 21"},
	}
	for _, tc := range cases {
		u := goodUtilisation()
		tc.change(&u)
		_, err := EncodeUtilisation(u)
		refuses(t, err, "POST /utilisation", tc.says)
	}
	if _, err := EncodeUtilisation(Utilisation{Group: "tobacco", Codes: manyCodes(30_000), SourceReportID: "s"}); err != nil {
		t.Errorf("the largest report: %v", err)
	}
}

// P8: a code leaves as the bytes it is; what cannot is refused, never changed.
func TestP8UtilisationIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfNDistinct(rapid.StringN(1, 50, -1), 1, 20, rapid.ID).Draw(t, "codes")
		u := Utilisation{Group: "water", SourceReportID: "s"}
		for _, s := range want {
			u.Codes = append(u.Codes, code.Code(s))
		}
		body, err := EncodeUtilisation(u)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Sntins []string }
		if err := json.Unmarshal(body, &got); err != nil || fmt.Sprintf("%q", got.Sntins) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q left as %s (%v)", want, body, err)
		}
	})
}

func goodAggregation() Aggregation {
	return Aggregation{
		Group: "tobacco", ParticipantID: "301234567", ProductionLineID: "3", ProductionOrderID: "123",
		Date: time.Date(2024, 5, 1, 12, 0, 0, 250_000_000, time.UTC),
		Units: []AggregationUnit{
			{SerialNumber: "box-1", Children: []code.Code{`a"<>&'\`, "b"}, Capacity: 10},
			{SerialNumber: "00030779729200000015", Children: []code.Code{"box-1"}, Capacity: 1},
		},
	}
}

func TestEncodeAggregation(t *testing.T) {
	const want = `{"participantId":"301234567","productionLineId":"3","productionOrderId":"123","dateDoc":1714564800250,"aggregationUnits":[` +
		`{"aggregatedItemsCount":2,"aggregationType":"AGGREGATION","aggregationUnitCapacity":10,"sntins":["a\"<>&'\\","b"],"unitSerialNumber":"box-1"},` +
		`{"aggregatedItemsCount":1,"aggregationType":"AGGREGATION","aggregationUnitCapacity":1,"sntins":["box-1"],"unitSerialNumber":"00030779729200000015"}]}`
	body, err := EncodeAggregation(goodAggregation())
	if err != nil || string(body) != want {
		t.Errorf("got\n%s, %v\nwant\n%s", body, err, want)
	}
	a := goodAggregation()
	a.Group, a.ProductionLineID, a.ProductionOrderID, a.Date, a.Units = "water", "", "", time.Time{}, a.Units[1:]
	body, err = EncodeAggregation(a)
	if err != nil || !strings.HasPrefix(string(body), `{"participantId":"301234567","aggregationUnits":[{`) {
		t.Errorf("got %s, %v", body, err)
	}
}

func TestEncodeAggregationRefuses(t *testing.T) {
	cases := []struct {
		change func(*Aggregation)
		says   string
	}{
		{func(a *Aggregation) { a.Group = "" }, "group is missing"},
		{func(a *Aggregation) { a.ParticipantID = "" }, "participantId is missing"},
		{func(a *Aggregation) { a.ProductionLineID = "" }, "productionLineId is missing"},
		{func(a *Aggregation) { a.Units = nil }, "aggregationUnits is missing"},
		{func(a *Aggregation) { a.Units[0].SerialNumber = "" }, "aggregationUnits[0]: unitSerialNumber"},
		{func(a *Aggregation) { a.Units[0].SerialNumber = "x\x1d93" }, "aggregationUnits[0]: unitSerialNumber"},
		{func(a *Aggregation) { a.Units[0].Children = nil }, "holds nothing"},
		{func(a *Aggregation) { a.Units[0].Capacity = 1 }, "holds 2 of 1"},
		{func(a *Aggregation) { a.Units[0].Capacity = 1 << 31 }, "holds 2 of"},
		{func(a *Aggregation) { a.Units[0].Children[1] = "" }, "sntins[1] is empty"},
		{func(a *Aggregation) { a.Units[0].Children[1] = "b\x1d93abcd" }, "sntins[1] is empty or holds a separator"},
		{func(a *Aggregation) { a.Units[0].Children[1] = "b\xe8" }, "sntins[1]"},
		{func(a *Aggregation) { a.Units[0].Children[1] = a.Units[0].Children[0] }, "stands in aggregationUnits[0] already"},
		{func(a *Aggregation) { a.Units[1].Children[0] = "b" }, "stands in aggregationUnits[0] already"},
		{func(a *Aggregation) { a.Units[1].SerialNumber = "box-1" }, "twice"},
		{func(a *Aggregation) { a.Units[0].Children[0] = "box-1" }, "aggregationUnits[0] is packed into aggregationUnits[0]"},
		{func(a *Aggregation) { a.Units[0], a.Units[1] = a.Units[1], a.Units[0] }, "aggregationUnits[1] is packed into aggregationUnits[0]"},
		{func(a *Aggregation) { a.Units[0].Children[0] = a.Units[1].SerialNumber }, "aggregationUnits[1] is packed into aggregationUnits[0]"}, // a circle
		{func(a *Aggregation) {
			a.Units[0] = AggregationUnit{SerialNumber: "box-1", Children: manyCodes(10_998), Capacity: 20_000}
		}, "11001 children and parents"},
	}
	for _, tc := range cases {
		a := goodAggregation()
		tc.change(&a)
		_, err := EncodeAggregation(a)
		refuses(t, err, "POST /aggregation", tc.says)
	}
	a := goodAggregation()
	a.Units[0] = AggregationUnit{SerialNumber: "box-1", Children: manyCodes(10_997), Capacity: 10_997}
	if _, err := EncodeAggregation(a); err != nil {
		t.Errorf("the largest report: %v", err)
	}
}
