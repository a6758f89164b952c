package izkm

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestNew(t *testing.T) {
	good := Options{URL: "https://izkm.example/gate/", OMSID: testOMS, Token: testToken, Group: "water"}
	cases := []struct {
		name   string
		change func(*Options)
		says   string // empty: accepted
	}{
		{"good", func(*Options) {}, ""},
		{"a group of tomorrow", func(o *Options) { o.Group = "bio-additives_2" }, ""},
		{"no url", func(o *Options) { o.URL = "" }, "http or https"},
		{"ftp", func(o *Options) { o.URL = "ftp://izkm.example" }, "http or https"},
		{"no host", func(o *Options) { o.URL = "http:///api" }, "no host"},
		{"unreadable", func(o *Options) { o.URL = "http://[::1" }, "cannot be read"},
		{"password in it", func(o *Options) { o.URL = "http://u:p@izkm.example" }, "more than an address"},
		{"query in it", func(o *Options) { o.URL = "http://izkm.example?x=1" }, "more than an address"},
		{"no omsId", func(o *Options) { o.OMSID = "" }, "omsId"},
		{"no token", func(o *Options) { o.Token = "" }, "token is missing"},
		{"token with a line end", func(o *Options) { o.Token = testToken + "\n" }, "token holds"},
		{"no group", func(o *Options) { o.Group = "" }, "group is missing"},
		{"group leaves the path", func(o *Options) { o.Group = "../x" }, "alias"},
		{"negative timeout", func(o *Options) { o.Timeout = -1 }, "negative"},
		{"prefix with a line end", func(o *Options) { o.TokenPrefix = "Bearer\r\n" }, "prefix of the client token"},
		{"body of its own", func(o *Options) { o.CloseBody = "null" }, "neither empty nor {}"},
		{"negative size", func(o *Options) { o.MaxBody = -1 }, "negative"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			o := good
			tc.change(&o)
			_, err := New(o)
			if tc.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v, want an error with %q", err, tc.says)
			}
			if strings.Contains(err.Error(), testToken) {
				t.Fatalf("the error shows the token: %v", err)
			}
		})
	}
}

// Every method, byte for byte as it leaves.
func TestRequestBytes(t *testing.T) {
	const oms = "omsId=" + testOMS
	utilisation := []byte(`{"sntins":["frozen \u001d bytes"] }`)
	from := time.Date(2011, 12, 3, 10, 15, 30, 400_000_000, time.FixedZone("", 3600))
	cases := []struct {
		name   string
		call   func(*Client) error
		method string
		target string
		body   string
		answer string
	}{
		{"ping", func(c *Client) error { return c.Ping(t.Context()) },
			"GET", "/api/v2/alcohol/ping?" + oms, "", `{"success":true}`},
		{"codes, first call", func(c *Client) error {
			_, err := c.Codes(t.Context(), testOrder, testGTIN, 20, "")
			return err
		}, "GET", "/api/v2/alcohol/codes?" + oms + "&orderId=" + testOrder + "&gtin=" + testGTIN + "&quantity=20", "",
			`{"codes":["1"],"blockId":"b"}`},
		{"codes, next call", func(c *Client) error {
			_, err := c.Codes(t.Context(), testOrder, testGTIN, 20, testBlock)
			return err
		}, "GET", "/api/v2/alcohol/codes?" + oms + "&orderId=" + testOrder + "&gtin=" + testGTIN + "&quantity=20&lastBlockId=" + testBlock, "",
			`{"codes":["1"],"blockId":"b"}`},
		{"blocks", func(c *Client) error {
			_, err := c.Blocks(t.Context(), testOrder, testGTIN)
			return err
		}, "GET", "/api/v2/alcohol/codes/blocks?" + oms + "&orderId=" + testOrder + "&gtin=" + testGTIN, "", `{"blocks":[]}`},
		{"retry of a block", func(c *Client) error {
			_, err := c.Retry(t.Context(), testOrder, testGTIN, testBlock)
			return err
		}, "GET", "/api/v2/alcohol/codes/retry?" + oms + "&orderId=" + testOrder + "&gtin=" + testGTIN + "&blockId=" + testBlock, "",
			`{"codes":["1"]}`},
		{"retry of all", func(c *Client) error {
			_, err := c.Retry(t.Context(), testOrder, testGTIN, "")
			return err
		}, "GET", "/api/v2/alcohol/codes/retry?" + oms + "&orderId=" + testOrder + "&gtin=" + testGTIN, "", `{"codes":["1"]}`},
		{"close", func(c *Client) error { return c.CloseBuffer(t.Context(), testOrder, testGTIN, testBlock) },
			"POST", "/api/v2/alcohol/buffer/close?" + oms + "&orderId=" + testOrder + "&gtin=" + testGTIN + "&lastBlockId=" + testBlock, "",
			`{"omsId":"` + testOMS + `"}`},
		{"close the order", func(c *Client) error { return c.CloseBuffer(t.Context(), testOrder, "", "") },
			"POST", "/api/v2/alcohol/buffer/close?" + oms + "&orderId=" + testOrder, "", `{"success":true}`},
		{"orders", func(c *Client) error {
			_, err := c.Orders(t.Context(), OrdersQuery{Status: "READY", From: from, To: from.Add(time.Hour)})
			return err
		}, "GET", "/api/v2/alcohol/orders?" + oms + "&status=READY&dateFrom=2011-12-03T09%3A15%3A30Z&dateTo=2011-12-03T10%3A15%3A31Z&limit=100&offset=1", "",
			`{"orderInfos":[]}`},
		{"all orders", func(c *Client) error {
			_, err := c.Orders(t.Context(), OrdersQuery{})
			return err
		}, "GET", "/api/v2/alcohol/orders?" + oms + "&limit=100&offset=1", "", `{"orderInfos":[]}`},
		{"utilisation", func(c *Client) error {
			_, err := c.SendUtilisation(t.Context(), utilisation)
			return err
		}, "POST", "/api/v2/alcohol/utilisation?" + oms, string(utilisation), `{"reportId":"r"}`},
		{"aggregation of another group", func(c *Client) error {
			_, err := c.For("beer").SendAggregation(t.Context(), []byte("  any bytes\x00at all\n"))
			return err
		}, "POST", "/api/v2/beer/aggregation?" + oms, "  any bytes\x00at all\n", `{"reportId":"r"}`},
		{"dropout", func(c *Client) error {
			_, err := c.SendDropout(t.Context(), utilisation)
			return err
		}, "POST", "/api/v2/alcohol/dropout?" + oms, string(utilisation), `{"reportId":"r"}`},
		{"report", func(c *Client) error {
			_, err := c.ReportState(t.Context(), "a b+c&d")
			return err
		}, "GET", "/api/v2/alcohol/report/info?" + oms + "&reportId=a%20b%2Bc%26d", "", `{"reportStatus":"SENT"}`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			w := serve(t, always(reply(200, tc.answer)))
			if err := tc.call(w.client(t)); err != nil {
				t.Fatal(err)
			}
			length := ""
			if tc.method == "POST" {
				length = fmt.Sprintf("Content-Length: %d\r\n", len(tc.body))
			}
			want := tc.method + " " + tc.target + " HTTP/1.1\r\nHost: " + w.host() + "\r\nUser-Agent: linemark\r\n" +
				length + "Accept: application/json\r\nContent-Type: application/json\r\nclientToken: " + testToken +
				"\r\nConnection: close\r\n\r\n" + tc.body
			heard := w.heard()
			if len(heard) != 1 {
				t.Fatalf("%d requests, want 1", len(heard))
			}
			if got := sortedHead(heard[0]); got != sortedHead(want) {
				t.Errorf("sent\n%q\nwant\n%q", heard[0], want)
			}
		})
	}
}

// sortedHead puts the header lines of a request in order; theirs is nobody's promise.
func sortedHead(raw string) string {
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	for i := 1; i < len(lines); i++ {
		for j := i; j > 1 && lines[j] < lines[j-1]; j-- {
			lines[j], lines[j-1] = lines[j-1], lines[j]
		}
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

func TestBasePathStays(t *testing.T) {
	w := serve(t, always(reply(200, `{"success":true}`)))
	c := w.client(t, func(o *Options) { o.URL += "/gate/" })
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.heard()[0]; !strings.HasPrefix(got, "GET /gate/api/v2/alcohol/ping?omsId=") {
		t.Errorf("sent %q", got)
	}
}

func TestTokenStaysOutOfPrintedClient(t *testing.T) {
	c := offline(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(verb, c) + fmt.Sprintf(verb, *c); strings.Contains(s, testToken) {
			t.Errorf("%s shows the token: %s", verb, s)
		}
	}
}

// What the document does not allow does not leave.
func TestInvalidRequestsDoNotLeave(t *testing.T) {
	w := serve(t, always(reply(200, `{}`)))
	c := w.client(t)
	ctx := t.Context()
	now := time.Now()
	cases := map[string]func() error{
		"codes without order":    func() error { _, err := c.Codes(ctx, "", testGTIN, 1, ""); return err },
		"codes without gtin":     func() error { _, err := c.Codes(ctx, testOrder, "", 1, ""); return err },
		"no codes":               func() error { _, err := c.Codes(ctx, testOrder, testGTIN, 0, ""); return err },
		"too many codes":         func() error { _, err := c.Codes(ctx, testOrder, testGTIN, 150_001, ""); return err },
		"blocks without order":   func() error { _, err := c.Blocks(ctx, "", testGTIN); return err },
		"retry without gtin":     func() error { _, err := c.Retry(ctx, testOrder, "", ""); return err },
		"close without order":    func() error { return c.CloseBuffer(ctx, "", testGTIN, "") },
		"empty utilisation":      func() error { _, err := c.SendUtilisation(ctx, nil); return err },
		"empty dropout":          func() error { _, err := c.SendDropout(ctx, nil); return err },
		"orders of no status":    func() error { _, err := c.Orders(ctx, OrdersQuery{Status: "ACTIVE"}); return err }, // a suborder's
		"empty aggregation":      func() error { _, err := c.SendAggregation(ctx, []byte{}); return err },
		"report without id":      func() error { _, err := c.ReportState(ctx, ""); return err },
		"dates the wrong way":    func() error { _, err := c.Orders(ctx, OrdersQuery{From: now, To: now.Add(-1)}); return err },
		"order of another group": func() error { _, err := c.CreateOrder(ctx, Order{Group: "water"}); return err },
		"order without products": func() error { _, err := c.CreateOrder(ctx, Order{}); return err },
		"group with a slash":     func() error { return c.For("beer/x").Ping(ctx) },
	}
	for name, call := range cases {
		t.Run(name, func(t *testing.T) {
			e := asError(t, call())
			if e.Kind != Invalid || e.Lost() || e.Refused() || e.Unauthorized() {
				t.Errorf("got %+v", e)
			}
		})
	}
	if n := len(w.heard()); n != 0 {
		t.Errorf("%d requests left", n)
	}
}
