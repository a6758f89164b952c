package izkm

import (
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

const (
	exampleReport = "3179f5d2-2bf5-47d1-8df0-9452b257d851"
	pingOMS       = "3fa85f64-5717-4562-b3fc-2c963f66afa6" // ping's examples are of another participant
	taken200      = `{
  "omsId" : "CDF12109-10D3-11E6-8B6F-0050569977A1",
  "reportId" : "3179f5d2-2bf5-47d1-8df0-9452b257d851"
}`
	codesPrinted = `{
  "omsId" : "CDF12109-10D3-11E6-8B6F-0050569977A1",
  "codes" : [ "010460165303004621\u003drxDV3M\u001d93VXQI", ... ],
  "blockId" : "f6b60191-36ce-4cc0-9c51-587c015a09df"
}`
	orderMissing = `{
  "globalErrors": [
    {
      "error": "Не указано значение параметра \"Идентификатор заказа\"",
      "errorCode": 601
    }
  ],
  "success": false
}`
	groupMissing = `{
  "globalErrors": [
    {
      "error": "Не указано значение параметра \"Товарная группа.\",",
      "errorCode": 601
    }
  ],
  "success": false
}`
)

var ellipsis = mend{"codes left out", ", ... ]", " ]"}

// The examples of answers as the document prints them, with what a call makes of them. Where an
// example is no JSON it is lost as printed, and is read with its defects mended.
var answerExamples = []struct {
	chapter  string
	call     func(*testing.T, *Client) (any, error)
	answer   string
	mends    []mend
	want     any
	refusal  string
	code     string
	saysText string // begins the text of the refusal
}{
	{
		chapter: "4.1 ping",
		call:    func(t *testing.T, c *Client) (any, error) { return nil, c.Ping(t.Context()) },
		answer: `{
  "omsId": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
  "success": true
}`,
		refusal: `{
  "globalErrors": [
    {
      "error": "string",
      "errorCode": 0,
      "jsonPath": "string"
    }
  ],
  "omsId": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
  "success": false
}`, code: "0", saysText: "string: string",
	},
	{
		chapter: "4.2 order",
		call: func(t *testing.T, c *Client) (any, error) {
			return c.For("alcohol").CreateOrder(t.Context(), exampleAlcohol())
		},
		answer: `{
  "omsId" : "CDF12109-10D3-11E6-8B6F-0050569977A1",
  "orderId" : "b024ae09-ef7c-449e-b461-05d8eb116c79",
  "expectedCompleteTimestamp" : 5100
}`, // by its description a point in time, by its value a duration
		want:    OrderAck{OrderID: testOrder, Expected: 5100 * time.Millisecond},
		refusal: orderMissing, code: "601", saysText: `Не указано значение параметра "Идентификатор заказа"`,
	},
	{
		chapter: "4.3 codes",
		call: func(t *testing.T, c *Client) (any, error) {
			return c.Codes(t.Context(), testOrder, testGTIN, 1, "")
		},
		answer: codesPrinted, mends: []mend{ellipsis}, // the code is of another GTIN than the order: for the caller to judge
		want:    Block{ID: testBlock, Codes: []code.Code{"010460165303004621=rxDV3M\x1d93VXQI"}},
		refusal: orderMissing, code: "601", saysText: `Не указано значение параметра "Идентификатор заказа"`,
	},
	{
		chapter: "4.4 utilisation",
		call: func(t *testing.T, c *Client) (any, error) {
			return c.SendUtilisation(t.Context(), []byte("{}"))
		},
		answer: taken200, want: exampleReport,
		refusal: groupMissing, code: "601", saysText: `Не указано значение параметра "Товарная группа.",`,
	},
	{
		chapter: "4.5 aggregation",
		call: func(t *testing.T, c *Client) (any, error) {
			return c.SendAggregation(t.Context(), []byte("{}"))
		},
		answer: taken200, want: exampleReport,
		refusal: strings.Replace(groupMissing, `.\",`, `\"`, 1), code: "601", saysText: `Не указано значение параметра "Товарная группа"`,
	},
	{
		chapter: "4.6 dropout",
		call: func(t *testing.T, c *Client) (any, error) {
			return c.SendDropout(t.Context(), []byte("{}"))
		},
		answer: taken200, want: exampleReport,
		refusal: groupMissing, code: "601", saysText: `Не указано значение параметра "Товарная группа.",`,
	},
	{
		chapter: "4.7 report",
		call: func(t *testing.T, c *Client) (any, error) {
			return c.ReportState(t.Context(), "fab1c0e4-9590-4ed7-8d58-18862d6a9aab")
		},
		answer: `{
  "omsId": "CDF12109-10D3-11E6-8B6F-0050569977A1",
  "reportId": "fab1c0e4-9590-4ed7-8d58-18862d6a9aab",
  "reportStatus": "SENT"
}`,
		want: ReportState{Status: ReportSent},
		refusal: `{
  "globalErrors": [
    {
      "error": "Идентификатор отчета b3fd9fdf-9d7c-4b36-9144-74a34b808fe7 не найден",
      "errorCode": 725
    }
  ],
  "success": false
}`, code: CodeUnknownReport, saysText: "Идентификатор отчета b3fd9fdf-9d7c-4b36-9144-74a34b808fe7 не найден",
	},
	{
		chapter: "4.8 orders",
		call:    func(t *testing.T, c *Client) (any, error) { return c.Orders(t.Context(), OrdersQuery{}) },
		answer: `{
  "omsId" : "CDF12109-10D3-11E6-8B6F-0050569977A1",
  "orderInfos" : [ {
    "orderId" : "b024ae09-ef7c-449e-b461-05d8eb116c79",
    "orderStatus" : "READY",
    "createdTimestamp" : 1550650989568,
    "buffers" : {
      "leftInBuffer" : 50,
      "totalCodes" : 50,
      "totalPassed" : 0,
      "unavailableCodes" : 0,
      "availableCodes" : 50,
      "orderId" : "b024ae09-ef7c-449e-b461-05d8eb116c79",
      "gtin" : "01334567894339",
      "omsId" : "CDF12109-10D3-11E6-8B6F-0050569977A1",
      "bufferStatus" : "ACTIVE"
    },
    {
      "leftInBuffer" : 20,
      "totalCodes" : 20,
      "totalPassed" : 0,
      "unavailableCodes" : 0,
      "availableCodes" : 20,
      "orderId" : "b024ae09-ef7c-449e-b461-05d8eb116c79",
      "gtin" : "01334567894339",
      "omsId" : "CDF12109-10D3-11E6-8B6F-0050569977A1",
      "bufferStatus" : "REJECTED",
      "rejectionReason" : "200: К участнику не подключена товарная группа lp"
    }
  ]
} ]
}`, // one GTIN twice, and poolsExhausted, which is mandatory, nowhere
		mends: []mend{{"an array without its bracket", `"buffers" : {`, `"buffers" : [ {`}},
		want: []OrderState{{
			ID: testOrder, Status: StatusReady, Created: time.UnixMilli(1550650989568).UTC(),
			Buffers: []BufferState{
				{GTIN: testGTIN, Status: StatusActive, Total: 50, Left: 50},
				{GTIN: testGTIN, Status: StatusRejected, Total: 20, Left: 20, Reason: "200: К участнику не подключена товарная группа lp"},
			},
		}},
		refusal: strings.Replace(groupMissing, `.\",`, `\"`, 1), code: "601", saysText: `Не указано значение параметра "Товарная группа"`,
	},
	{
		chapter: "4.9 close",
		call: func(t *testing.T, c *Client) (any, error) {
			return nil, c.CloseBuffer(t.Context(), testOrder, testGTIN, testBlock)
		},
		answer: `{
  "omsId" : "CDF12109-10D3-11E6-8B6F-0050569977A1"
}`,
		refusal: orderMissing, code: "601", saysText: `Не указано значение параметра "Идентификатор заказа"`,
	},
	{
		chapter: "4.10 blocks",
		call:    func(t *testing.T, c *Client) (any, error) { return c.Blocks(t.Context(), testOrder, testGTIN) },
		answer: `{
  "orderId": "b024ae09-ef7c-449e-b461-05d8eb116c79",
  "omsId": "CDF12109-10D3-11E6-8B6F-0050569977A1",
  "gtin": "01334567894339",
  "blocks": [
    {
      "blockId": "a024ae09-ef7c-449e-b461-05d8eb116c90",
      "blockDateTime": 1573986891,
    "quantity": 100
  },
  {
    "blockId": "a024ae09-ef7c-449e-b461-05d8eb116c93",
    "blockDateTime": 1573986910,
    "quantity": 100
  }
]
}`, // an epoch where the table says ISO 8601
		want: []BlockState{
			{"a024ae09-ef7c-449e-b461-05d8eb116c90", time.Date(2019, 11, 17, 10, 34, 51, 0, time.UTC), 100},
			{"a024ae09-ef7c-449e-b461-05d8eb116c93", time.Date(2019, 11, 17, 10, 35, 10, 0, time.UTC), 100},
		},
		refusal: strings.Replace(orderMissing, "Идентификатор заказа", "ParameterName", 1), code: "601",
		saysText: `Не указано значение параметра "ParameterName"`,
	},
	{
		chapter: "4.11 retry",
		call: func(t *testing.T, c *Client) (any, error) {
			return c.Retry(t.Context(), testOrder, testGTIN, testBlock)
		},
		answer: codesPrinted, mends: []mend{ellipsis},
		want:    Block{ID: testBlock, Codes: []code.Code{"010460165303004621=rxDV3M\x1d93VXQI"}},
		refusal: orderMissing, code: "601", saysText: `Не указано значение параметра "Идентификатор заказа"`,
	},
}

// All eleven methods read the document's own answers.
func TestAnswerExamples(t *testing.T) {
	for _, ex := range answerExamples {
		t.Run(ex.chapter, func(t *testing.T) {
			call := func(answer string) (any, error) {
				return ex.call(t, serve(t, always(answer)).client(t, func(o *Options) {
					if strings.HasSuffix(ex.chapter, "ping") {
						o.OMSID = pingOMS
					}
				}))
			}
			mended := ex.answer
			for _, m := range ex.mends {
				if !strings.Contains(mended, m.printed) {
					t.Fatalf("nothing to mend: %s", m.printed)
				}
				mended = strings.Replace(mended, m.printed, m.right, 1)
			}
			got, err := call(reply(200, mended))
			expect(t, got, err, ex.want)
			if len(ex.mends) > 0 {
				got, err = call(reply(200, ex.answer))
				expect(t, got, err, "lost")
			}

			// 400 stands in the tables of POST only, yet GET has the same examples.
			for _, status := range []int{200, 400} {
				_, err := call(reply(status, ex.refusal))
				e := asError(t, err)
				if !e.Refused() || e.Lost() || len(e.Codes) != 1 || !e.HasCode(ex.code) || e.Codes[0].Text != ex.saysText {
					t.Errorf("with status %d: %+v", status, e)
				}
			}
			for _, status := range []int{401, 403} {
				_, err := call(reply(status, ex.refusal))
				if e := asError(t, err); !e.Unauthorized() || !e.HasCode(ex.code) {
					t.Errorf("with status %d: %+v", status, e)
				}
			}
			_, err = call(reply(500, ex.refusal))
			e := asError(t, err)
			if lost := strings.HasPrefix(e.Op, "POST ") || e.Op == "GET /codes"; e.Kind != ServerFault || e.Lost() != lost {
				t.Errorf("with status 500: %+v", e)
			}
		})
	}
}
