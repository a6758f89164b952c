package izkm

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Where the document contradicts itself a setting decides; without one its examples do.
func TestSettingsForContradictions(t *testing.T) {
	calls := map[string]func(*Client) error{
		"ping": func(c *Client) error { return c.Ping(t.Context()) },
		"order": func(c *Client) error {
			_, err := c.CreateOrder(t.Context(), goodOrder())
			return err
		},
		"orders":  func(c *Client) error { _, err := c.Orders(t.Context(), OrdersQuery{}); return err },
		"codes":   func(c *Client) error { _, err := c.Codes(t.Context(), testOrder, testGTIN, 1, ""); return err },
		"blocks":  func(c *Client) error { _, err := c.Blocks(t.Context(), testOrder, testGTIN); return err },
		"retry":   func(c *Client) error { _, err := c.Retry(t.Context(), testOrder, testGTIN, ""); return err },
		"close":   func(c *Client) error { return c.CloseBuffer(t.Context(), testOrder, "", "") },
		"dropout": func(c *Client) error { _, err := c.SendDropout(t.Context(), []byte("{}")); return err },
		"report":  func(c *Client) error { _, err := c.ReportState(t.Context(), "r"); return err },
	}
	cases := []struct {
		name   string
		change func(*Options)
		has    func(call, head, body string) string // what is missing, or empty
	}{
		{"none", func(*Options) {}, func(call, head, body string) string {
			if strings.Contains(strings.ToLower(head), "omsl") || !strings.Contains(head, "\r\nclientToken: "+testToken+"\r\n") || call == "close" && body != "" {
				return "the plain request"
			}
			return ""
		}},
		{"twin", func(o *Options) { o.QueryTwin = true }, func(call, head, _ string) string {
			want := map[string]string{"orders": "&omslid=", "blocks": "&omslId=", "retry": "&omslId="}[call]
			if (want == "") == strings.Contains(head, "&omsl") || !strings.Contains(head, "?omsId="+testOMS+want) {
				return "omsId and " + want
			}
			if want != "" && !strings.Contains(head, want+testOMS+"&") {
				return "the value of " + want
			}
			return ""
		}},
		{"prefix", func(o *Options) { o.TokenPrefix = "Bearer " }, func(_, head, _ string) string {
			if !strings.Contains(head, "\r\nclientToken: Bearer "+testToken+"\r\n") || strings.Contains(head, "Authorization") {
				return "the prefix"
			}
			return ""
		}},
		{"close body", func(o *Options) { o.CloseBody = "{}" }, func(call, head, body string) string {
			if call == "close" && (body != "{}" || !strings.Contains(head, "\r\nContent-Length: 2\r\n")) {
				return "{}"
			}
			return ""
		}},
	}
	const answer = `{"success":true,"orderId":"` + testOrder + `","orderInfos":[],"codes":["a"],"blockId":"b","blocks":[],"reportId":"r","reportStatus":"SENT"}`
	for _, tc := range cases {
		for name, call := range calls {
			t.Run(tc.name+"/"+name, func(t *testing.T) {
				w := serve(t, always(reply(200, answer)))
				if err := call(w.client(t, tc.change)); err != nil {
					t.Fatal(err)
				}
				head, body, _ := strings.Cut(w.heard()[0], "\r\n\r\n")
				if missing := tc.has(name, head+"\r\n", body); missing != "" {
					t.Errorf("%q lacks %s", w.heard()[0], missing)
				}
			})
		}
	}
}

// The difference is taken to the middle of the exchange, of every answer whatever it says.
func TestClock(t *testing.T) {
	cases := []struct {
		name    string
		status  int
		date    string // "": none; "%s": the server's
		ahead   time.Duration
		cut     bool
		want    time.Duration
		measure bool
	}{
		{"agrees", 200, "%s", 0, false, 0, true},
		{"ahead", 200, "%s", time.Hour, false, time.Hour, true},
		{"behind", 200, "%s", -90 * time.Second, false, -90 * time.Second, true},
		{"denied", 401, "%s", time.Minute, false, time.Minute, true},
		{"a gateway's fault", 502, "%s", time.Minute, false, time.Minute, true},
		{"a body that breaks off", 200, "%s", time.Minute, true, time.Minute, true},
		{"asctime", 200, "Sat Jan  1 00:00:12 2000", 0, false, 3 * time.Second, true},
		{"no date", 200, "", 0, false, 0, false},
		{"unreadable", 200, "2000-01-01T00:00:00Z", 0, false, 0, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // time begins at 2000-01-01
				var heard []time.Duration
				c := newClient(t, Options{
					URL: "http://izkm.example", OMSID: testOMS, Token: testToken, Group: "water",
					Clock: func(skew time.Duration) { heard = append(heard, skew) },
					DialContext: func(context.Context, string, string) (net.Conn, error) {
						near, far := net.Pipe()
						time.Sleep(7 * time.Second) // making the connection is no part of the exchange
						go func() {
							defer far.Close()
							if _, err := http.ReadRequest(bufio.NewReader(far)); err != nil {
								return
							}
							time.Sleep(2 * time.Second)
							date := tc.date
							if date == "%s" {
								date = time.Now().Add(tc.ahead).UTC().Format(http.TimeFormat)
							}
							if date != "" {
								date = "Date: " + date + "\r\n"
							}
							time.Sleep(2 * time.Second)
							length := len(`{"success":true}`)
							if tc.cut {
								length++
							}
							_, _ = fmt.Fprintf(far, "HTTP/1.1 %d x\r\n%sContent-Length: %d\r\n\r\n", tc.status, date, length)
							time.Sleep(time.Minute) // nor is reading the body
							_, _ = io.WriteString(far, `{"success":true}`)
						}()
						return near, nil
					},
					Timeout: time.Hour,
				})
				if err := c.Ping(t.Context()); (err == nil) != (tc.status == 200 && !tc.cut) {
					t.Errorf("ping: %v", err)
				}
				switch {
				case !tc.measure && len(heard) != 0:
					t.Errorf("heard %v of no date", heard)
				case tc.measure && (len(heard) != 1 || heard[0] != tc.want):
					t.Errorf("heard %v, want %v once", heard, tc.want)
				}
			})
		})
	}
}

// Half a second of the server's clock is lost in Date, and a call without an answer tells nothing.
func TestClockPrecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(999 * time.Millisecond)
		var heard []time.Duration
		c := newClient(t, Options{
			URL: "http://izkm.example", OMSID: testOMS, Token: testToken, Group: "water",
			Clock: func(skew time.Duration) { heard = append(heard, skew) },
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				near, far := net.Pipe()
				go func() {
					defer far.Close()
					if _, err := http.ReadRequest(bufio.NewReader(far)); err == nil && len(heard) == 0 {
						_, _ = fmt.Fprintf(far, "HTTP/1.1 200 OK\r\nDate: %s\r\n\r\n", time.Now().UTC().Format(http.TimeFormat))
					}
				}()
				return near, nil
			},
		})
		for range 2 {
			if err := c.Ping(t.Context()); err == nil {
				t.Error("an empty answer is no ping")
			}
		}
		if len(heard) != 1 || heard[0] != -999*time.Millisecond {
			t.Errorf("heard %v", heard)
		}
	})
}
