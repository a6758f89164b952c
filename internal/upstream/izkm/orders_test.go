package izkm

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The document's example is not JSON: buffers opens as an object and lists two. This is the
// same with the bracket that it lacks.
const ordersExample = `{"omslid" : "CDF12109-10D3-11E6-8B6F-0050569977A1", "orderInfos" : [ {
	"orderId" : "b024ae09-ef7c-449e-b461-05d8eb116c79", "orderStatus" : "READY", "createdTimestamp" : 1550650989568,
	"buffers" : [ {"leftInBuffer" : 50, "totalCodes" : 50, "totalPassed" : 0, "unavailableCodes" : 0, "availableCodes" : 50,
	"orderId" : "b024ae09-ef7c-449e-b461-05d8eb116c79", "gtin" : "01334567894339",
	"omsId" : "CDF12109-10D3-11E6-8B6F-0050569977A1", "bufferStatus" : "ACTIVE" },
	{"leftInBuffer" : 20, "totalCodes" : 20, "totalPassed" : 0, "unavailableCodes" : 0, "availableCodes" : 20,
	"gtin" : "01334567894339", "bufferStatus" : "REJECTED", "rejectionReason" : "200: К участнику не подключена товарная группа lp" }
	] } ] }`

func TestOrders(t *testing.T) {
	active := BufferState{GTIN: testGTIN, Status: StatusActive, Total: 50, Left: 50}
	rejected := BufferState{
		GTIN: testGTIN, Status: StatusRejected, Total: 20, Left: 20,
		Reason: "200: К участнику не подключена товарная группа lp",
	}
	single := func(buffers string) string {
		return `{"orderInfos":[{"orderId":"o","orderStatus":"READY","buffers":` + buffers + `}]}`
	}
	of := func(b ...BufferState) []OrderState {
		return []OrderState{{ID: "o", Status: StatusReady, Buffers: append([]BufferState{}, b...)}}
	}
	cases := []struct {
		name, body string
		want       any
	}{
		{"the document's, mended", ordersExample, []OrderState{{
			ID: testOrder, Status: StatusReady, Created: time.UnixMilli(1550650989568).UTC(),
			Buffers: []BufferState{active, rejected},
		}}},
		{"the document's, as printed", strings.NewReplacer(`: [ {"left`, `: {"left`, "}\n\t] }", "}\n\t}").Replace(ordersExample), "lost"},
		{"buffers as one object", single(`{"gtin":"1","bufferStatus":"PENDING"}`), of(BufferState{GTIN: "1", Status: StatusPending})},
		{"no buffers yet", single(`null`), of()},
		{"numbers as strings", single(`[{"gtin":1,"bufferStatus":"ACTIVE","totalCodes":"5","leftInBuffer":"2","totalPassed":"3"}]`),
			of(BufferState{GTIN: "1", Status: StatusActive, Total: 5, Left: 2, Passed: 3})},
		{"exhausted by its status", single(`[{"gtin":"1","bufferStatus":"EXHAUSTED"}]`),
			of(BufferState{GTIN: "1", Status: StatusExhausted, Exhausted: true})},
		{"exhausted by its own word", single(`[{"gtin":"1","bufferStatus":"CLOSED","poolsExhausted":true}]`),
			of(BufferState{GTIN: "1", Status: StatusClosed, Exhausted: true})},
		{"declined", `{"orderInfos":[{"orderId":"o","orderStatus":"REJECTED","declineReason":["a"]}]}`,
			[]OrderState{{ID: "o", Status: StatusRejected, Reason: `["a"]`, Buffers: []BufferState{}}}},
		{"repeats", `{"orderInfos":[{"orderId":"o"},{"orderId":"O"}]}`, []OrderState{{ID: "o", Buffers: []BufferState{}}}},
		{"null is not none", `{"orderInfos":null}`, "lost"},
		{"missing is not none", `{"omsId":"` + testOMS + `"}`, "lost"},
		{"an order without id", `{"orderInfos":[{"orderStatus":"READY"}]}`, "lost"},
		{"a buffer without gtin", single(`[{}]`), "lost"},
		{"active, nobody knows how many", single(`[{"gtin":"1","bufferStatus":"ACTIVE"}]`), "lost"},
		{"buffers a word", single(`"none"`), "lost"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := answered(t, tc.body, func(c *Client) ([]OrderState, error) {
				return c.Orders(t.Context(), OrdersQuery{})
			})
			expect(t, got, err, tc.want)
		})
	}

	for _, buffers := range [][]BufferState{{active, rejected}, {rejected, active}} {
		if got, ok := (OrderState{Buffers: buffers}).Buffer(testGTIN); !ok || got != active {
			t.Errorf("of %v got %v", buffers, got)
		}
	}
	if got, ok := (OrderState{Buffers: []BufferState{rejected}}).Buffer(testGTIN); !ok || got != rejected {
		t.Errorf("the only suborder is %v", got)
	}
	if _, ok := (OrderState{}).Buffer(testGTIN); ok {
		t.Error("found a suborder in nothing")
	}
}

// page writes the orders from..to.
func page(from, to int) string {
	var all []string
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf(`{"orderId":"o-%d"}`, i))
	}
	return reply(200, `{"orderInfos":[`+strings.Join(all, ",")+`]}`)
}

func TestOrdersPages(t *testing.T) {
	cases := []struct {
		name   string
		answer func(page int) string
		orders int // -1: lost
		pages  int
	}{
		{"short page", func(int) string { return page(0, 99) }, 99, 1},
		{"exactly one page", func(p int) string { return page((p-1)*100, 100) }, 100, 2},
		{"three pages", func(p int) string { return page((p-1)*100, min(p*100, 250)) }, 250, 3},
		{"pushed by new orders", func(p int) string { return page((p-1)*97, min((p-1)*97+100, 197)) }, 197, 3},
		{"the server counts no pages", func(int) string { return page(0, 100) }, -1, 2},
		{"the second page is lost", func(p int) string {
			if p == 2 {
				return reply(500, html)
			}
			return page(0, 100)
		}, -2, 2},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			w := serve(t, func(n int, r *http.Request) string {
				if got := r.URL.Query().Get("offset"); got != strconv.Itoa(n) {
					t.Errorf("request %d asks for page %s", n, got)
				}
				return tc.answer(n)
			})
			got, err := w.client(t).Orders(t.Context(), OrdersQuery{})
			switch tc.orders {
			case -1:
				if e := asError(t, err); e.Kind != Unexpected || got != nil {
					t.Errorf("got %d orders, %v", len(got), e)
				}
			case -2:
				if e := asError(t, err); e.Kind != ServerFault || got != nil {
					t.Errorf("got %d orders, %v", len(got), e)
				}
			default:
				if err != nil || len(got) != tc.orders {
					t.Errorf("got %d orders, %v", len(got), err)
				}
			}
			if n := len(w.heard()); n != tc.pages {
				t.Errorf("%d pages asked for, want %d", n, tc.pages)
			}
		})
	}
}
