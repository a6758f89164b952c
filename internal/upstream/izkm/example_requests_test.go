package izkm

import (
	"bufio"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

// mend is one defect of an example: what stands there, and what would be right.
type mend struct{ why, printed, right string }

// The examples of requests as the document prints them, each with its defects named. Only these
// four methods have one; the others are all in the query, see TestRequestBytes.
var requestExamples = []struct {
	chapter string
	head    string // as printed, but for Content-Length and Host, which are of another machine
	body    string
	mends   []mend
	encode  func() ([]byte, error)
	send    func(*testing.T, *Client, []byte) error
}{
	{
		chapter: "4.2 tobacco",
		head: `POST /api/v2/tobacco/orders?omsId=CDF12109-10D3-11E6-8B6F-0050569977A1 HTTP/1.1
Accept: application/json
clientToken: 1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f
Content-Type: application/json;charset=UTF-8`,
		body: `{
  "products": [ {
    "gtin": "01334567894339",
    "quantity": 20,
    "serialNumberType": "OPERATOR",
    "templateId": 3 }
  ],
  "factoryId": "Identifier",
  "factoryName": "Tobacco Fac",
  "factoryAddress": "Address",
  "factoryCountry": "Country",
  "productionLineId": "1",
  "productCode": "6789",
  "productDescription": "Simple ",
  "poNumber": "12345",
"expectedStartDate": "2019-03-01"
}`,
		mends: []mend{
			{"a wrong check digit, which orders of ours do not have", "01334567894339", orderGTIN},
			{"cisType is mandatory, and inside each product", `"templateId": 3 }`, `"templateId": 3, "cisType": "UNIT" }`},
			{"the table says GLN", "Identifier", testGLN},
		},
		encode: func() ([]byte, error) { return EncodeOrder(exampleTobacco()) },
		send: func(t *testing.T, c *Client, _ []byte) error {
			_, err := c.For("tobacco").CreateOrder(t.Context(), exampleTobacco())
			return err
		},
	},
	{
		chapter: "4.2 all groups but tobacco",
		head: `POST /api/v2/alcohol/orders?omsId=CDF12109-10D3-11E6-8B6F-0050569977A1 HTTP/1.1
Accept: application/json
clientToken: 1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f
Content-Type: application/json; charset=UTF-8`,
		body: `{
  "products": [ {
    "gtin": "01334567894339",
    "quantity": 20,
    "serialNumberType": "OPERATOR",
    "templateId": 13,
    "cisType": "UNIT"
  } ],
  "contactPerson": "Иванов П.А.",
  "releaseMethodType": "PRODUCTION",
  "createMethodType": "SELF_MADE",
  "productionOrderId": "08528091-808a-41ba-a55d-d6230c64b332",
  "country": "KZ"
}`,
		mends:  []mend{{"a wrong check digit", "01334567894339", orderGTIN}},
		encode: func() ([]byte, error) { return EncodeOrder(exampleAlcohol()) },
		send: func(t *testing.T, c *Client, _ []byte) error {
			_, err := c.For("alcohol").CreateOrder(t.Context(), exampleAlcohol())
			return err
		},
	},
	{
		chapter: "4.4",
		head: `POST /api/v2/tobacco/utilisation?omsId=CDF2109-10D3-11E6-8B6F-0050569977A1 HTTP/1.1
Accept: application/json
Content-Type: application/json
clientToken: 1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f`,
		body: `{
  "sntins" : [ "012385933457648721zLo/hON_8005123456_93dGVz", "012385933457648721gwJTxjr_8005123456_93dGVz" ],
  "usageType" : "VERIFIED",
  "productionLineId" : "1",
  "productionOrderId": "123",
  "brandcode" : "2212Brandcode",
  "productionDate" : "2011-12-03T10:15:30Z",
  "sourceReportId": "8ed74f90-0119-48f2-b289-379707934e2f"
}`,
		mends: []mend{
			{"a digit of omsId is lost", "CDF2109-", "CDF12109-"},
			{"_ stands for GS", "zLo/hON_8005123456_93dGVz", `zLo/hON\u001d8005123456\u001d93dGVz`},
			{"_ stands for GS", "gwJTxjr_8005123456_93dGVz", `gwJTxjr\u001d8005123456\u001d93dGVz`},
		},
		encode: func() ([]byte, error) {
			return EncodeUtilisation(Utilisation{
				Group: "tobacco",
				Codes: []code.Code{"012385933457648721zLo/hON\x1d8005123456\x1d93dGVz", "012385933457648721gwJTxjr\x1d8005123456\x1d93dGVz"},

				UsageType: "VERIFIED", ProductionLineID: "1", ProductionOrderID: "123", BrandCode: "2212Brandcode",
				ProductionDate: exampleTime, SourceReportID: "8ed74f90-0119-48f2-b289-379707934e2f",
			})
		},
		send: func(t *testing.T, c *Client, body []byte) error {
			_, err := c.For("tobacco").SendUtilisation(t.Context(), body)
			return err
		},
	},
	{
		chapter: "4.5",
		head: `POST /api/v2/tobacco/aggregation?omsId=CDF12109-10D3-11E6-8B6F-0050569977A1 HTTP/1.1
Accept: application/json
Content-Type: application/json
clientToken: 1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f`,
		body: `{
  "participantId": "3543033591",
  "productionLineId": 235431,
  "productionOrderId": 123,
  "aggregationUnits": [
    {
      "aggregatedItemsCount": 2,
      "aggregationType": "AGGREGATION",
      "aggregationUnitCapacity": 10,
      "sntins": [
        "00000000666999QbUMR5M",
        "00000000666999r2Aw4Ge"
      ],
      "unitSerialNumber": "01000000077799921311SMYX"
    },
    {
      "aggregatedItemsCount": 1,
      "aggregationType": "AGGREGATION",
      "aggregationUnitCapacity": 10,
      "sntins": [
        "00000000666999QbUMRY",
        "00000000666999r2AuyUU"
      ],
      "unitSerialNumber": "01000000077799921317U7U8"
    }
  ]
}`,
		mends: []mend{
			{"the table says String", `"productionLineId": 235431`, `"productionLineId": "235431"`},
			{"the table says String", `"productionOrderId": 123`, `"productionOrderId": "123"`},
			{"two items counted as one", `"aggregatedItemsCount": 1`, `"aggregatedItemsCount": 2`},
		},
		encode: func() ([]byte, error) {
			return EncodeAggregation(Aggregation{
				Group: "tobacco", ParticipantID: "3543033591", ProductionLineID: "235431", ProductionOrderID: "123",
				Units: []AggregationUnit{
					{"01000000077799921311SMYX", []code.Code{"00000000666999QbUMR5M", "00000000666999r2Aw4Ge"}, 10},
					{"01000000077799921317U7U8", []code.Code{"00000000666999QbUMRY", "00000000666999r2AuyUU"}, 10},
				},
			})
		},
		send: func(t *testing.T, c *Client, body []byte) error {
			_, err := c.For("tobacco").SendAggregation(t.Context(), body)
			return err
		},
	},
	{
		chapter: "4.6",
		head: `POST /api/v2/tobacco/dropout?omsId=CDF12109-10D3-11E6-8B6F-0050569977A1 HTTP/1.1
Accept: application/json
Content-Type: application/json
clientToken: 1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f`,
		body: `{
  "sntins": [ "012385933457648721ZLo/hON_8005123456_93dGVz", "012385933457648721gwJTxjr_8005123456_93dGVz" ],
  "participantId": "879871176",
  "address": "Москва, ул. Орджоникидзе, 33",
  "dropoutReason": "ДЕФЕКТ",
  "productionLineId": "1",
"productionOrderId":"123",
"sourceDocDate" : "2011-12-03T10:15:30Z",
"sourceDocNum":"138-3",
"withChild": true
}`,
		mends: []mend{
			{"_ stands for GS", "ZLo/hON_8005123456_93dGVz", `ZLo/hON\u001d8005123456\u001d93dGVz`},
			{"_ stands for GS", "gwJTxjr_8005123456_93dGVz", `gwJTxjr\u001d8005123456\u001d93dGVz`},
			{"a word that dictionary 5.1 does not have", "ДЕФЕКТ", "DEFECT"},
		},
		encode: func() ([]byte, error) {
			return EncodeDropout(Dropout{
				Group: "tobacco",
				Codes: []code.Code{"012385933457648721ZLo/hON\x1d8005123456\x1d93dGVz", "012385933457648721gwJTxjr\x1d8005123456\x1d93dGVz"},

				ParticipantID: "879871176", Address: "Москва, ул. Орджоникидзе, 33", Reason: "DEFECT", WithChild: true,
				ProductionLineID: "1", ProductionOrderID: "123", SourceDocDate: exampleTime, SourceDocNum: "138-3",
			})
		},
		send: func(t *testing.T, c *Client, body []byte) error {
			_, err := c.For("tobacco").SendDropout(t.Context(), body)
			return err
		},
	},
}

var exampleTime = time.Date(2011, 12, 3, 10, 15, 30, 0, time.UTC)

func exampleTobacco() Order {
	p := goodProduct()
	p.TemplateID = 3
	return Order{Group: "tobacco", Products: []OrderProduct{p}, Factory: &Factory{
		ID: testGLN, Name: "Tobacco Fac", Address: "Address", Country: "Country", ProductionLineID: "1", ProductCode: "6789",
		ProductDescription: "Simple ", PONumber: "12345", ExpectedStart: time.Date(2019, 3, 1, 0, 0, 0, 0, time.UTC),
	}}
}

func exampleAlcohol() Order {
	o := goodOrder()
	o.CreateMethod, o.ProductionOrderID, o.Country = CreateSelfMade, "08528091-808a-41ba-a55d-d6230c64b332", "KZ"
	return o
}

// With the values of the document's examples our requests are these examples, defects mended.
func TestRequestExamples(t *testing.T) {
	for _, ex := range requestExamples {
		t.Run(ex.chapter, func(t *testing.T) {
			head, want := ex.head, ex.body
			for _, m := range ex.mends {
				if !strings.Contains(head+want, m.printed) {
					t.Fatalf("nothing to mend: %s", m.printed)
				}
				head, want = strings.ReplaceAll(head, m.printed, m.right), strings.ReplaceAll(want, m.printed, m.right)
			}
			body, err := ex.encode()
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(parsed(t, string(body)), parsed(t, want)) {
				t.Errorf("got\n%s\nwant\n%s", body, want)
			}

			w := serve(t, always(reply(200, `{"orderId":"o","reportId":"r"}`)))
			if err := ex.send(t, w.client(t), body); err != nil {
				t.Fatal(err)
			}
			sent := w.heard()[0]
			if !strings.HasSuffix(sent, "\r\n\r\n"+string(body)) {
				t.Errorf("sent %q, frozen were %q", sent, body)
			}
			got, printed := readRequest(t, sent), readRequest(t, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n")
			if got.Method != printed.Method || got.URL.String() != printed.URL.String() {
				t.Errorf("sent %s %s, want %s %s", got.Method, got.URL, printed.Method, printed.URL)
			}
			for name, values := range printed.Header {
				media, _, _ := strings.Cut(values[0], ";") // 4.2 alone names a charset, and JSON has but one
				if got.Header.Get(name) != media {
					t.Errorf("%s is %q, want %q", name, got.Header.Get(name), media)
				}
			}
		})
	}
}

func parsed(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func readRequest(t *testing.T, raw string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
