package izkm

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// P4: nothing below the client repeats a call. The server keeps the connection of a ping
// open and hangs up on what follows after reading it, which is when http.Transport repeats a
// request on a reused connection.
func TestP4OneCallOneRequest(t *testing.T) {
	calls := map[string]func(*Client) error{
		"GET /codes": func(c *Client) error {
			_, err := c.Codes(t.Context(), testOrder, testGTIN, 1, "")
			return err
		},
		"GET /codes/blocks": func(c *Client) error { _, err := c.Blocks(t.Context(), testOrder, testGTIN); return err },
		"POST /utilisation": func(c *Client) error { _, err := c.SendUtilisation(t.Context(), []byte(`{}`)); return err },
		"POST /dropout":     func(c *Client) error { _, err := c.SendDropout(t.Context(), []byte(`{}`)); return err },
		"POST /buffer/close": func(c *Client) error {
			return c.CloseBuffer(t.Context(), testOrder, testGTIN, "")
		},
	}
	for op, call := range calls {
		t.Run(op, func(t *testing.T) {
			w := serve(t, func(_ int, r *http.Request) string {
				if strings.HasSuffix(r.URL.Path, "/ping") {
					return keep + reply(200, `{"success":true}`)
				}
				return ""
			})
			c := w.client(t)
			if err := c.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			e := asError(t, call(c))
			if e.Op != op || e.Kind != Interrupted || !e.Lost() {
				t.Errorf("got %+v", e)
			}
			if n := len(w.heard()) - 1; n != 1 {
				t.Errorf("the server saw %d requests, want 1", n)
			}
		})
	}
}

// A server fault, a refusal, a redirect: one request each, whatever the answer.
func TestNoRetryNoRedirect(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308, 400, 408, 425, 429, 500, 502, 503, 504} {
		for _, method := range []string{"GET", "POST"} {
			var w *wire
			w = serve(t, func(n int, r *http.Request) string {
				return reply(status, "", "Retry-After: 0", "Location: http://"+w.host()+"/elsewhere")
			})
			c := w.client(t)
			var err error
			if method == "GET" {
				_, err = c.Codes(t.Context(), testOrder, testGTIN, 1, "")
			} else {
				_, err = c.SendAggregation(t.Context(), []byte("{}"))
			}
			e := asError(t, err)
			if n := len(w.heard()); n != 1 || e.Status != status {
				t.Errorf("%s answered %d: %d requests, error %v", method, status, n, e)
			}
			if status < 400 && (e.Kind != Unexpected || !strings.Contains(e.Error(), "/elsewhere")) {
				t.Errorf("%d: %v", status, e)
			}
		}
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody listens there any more
	c := newClient(t, Options{URL: "http://" + l.Addr().String(), OMSID: testOMS, Token: testToken, Group: "beer"})
	e := asError(t, c.Ping(t.Context()))
	if e.Kind != Unreachable || !e.Lost() || e.Status != 0 {
		t.Errorf("got %+v", e)
	}
	var op *net.OpError
	if !errors.As(e, &op) {
		t.Errorf("the cause is hidden: %v", e)
	}
}

// piped returns a client whose only server is serve, over net.Pipe.
func piped(t *testing.T, timeout time.Duration, serve func(net.Conn)) *Client {
	return newClient(t, Options{
		URL: "http://izkm.example", OMSID: testOMS, Token: testToken, Group: "water", Timeout: timeout,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go serve(far)
			return near, nil
		},
	})
}

func TestTimeout(t *testing.T) {
	cases := []struct {
		name    string
		timeout time.Duration
		answer  string
		want    time.Duration
		status  int
	}{
		{"silence, default", 0, "", 30 * time.Second, 0},
		{"silence, own", 7 * time.Second, "", 7 * time.Second, 0},
		{"half a body", 7 * time.Second, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"codes\":[", 7 * time.Second, 200},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := piped(t, tc.timeout, func(conn net.Conn) {
					defer conn.Close()
					if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
						return
					}
					_, _ = io.WriteString(conn, tc.answer)
					_, _ = io.Copy(io.Discard, conn) // until the client hangs up
				})
				start := time.Now()
				_, err := c.Codes(t.Context(), testOrder, testGTIN, 1, "")
				e := asError(t, err)
				if !errors.Is(e, context.DeadlineExceeded) || e.Kind != Interrupted || !e.Lost() || e.Status != tc.status {
					t.Errorf("got %+v", e)
				}
				if got := time.Since(start); got != tc.want {
					t.Errorf("gave up after %v, want %v", got, tc.want)
				}
			})
		})
	}
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := piped(t, 0, func(conn net.Conn) {
			defer conn.Close()
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			cancel()
			_, _ = io.Copy(io.Discard, conn)
		})
		e := asError(t, c.Ping(ctx))
		if !errors.Is(e, context.Canceled) || e.Kind != Interrupted {
			t.Errorf("got %+v", e)
		}
		e = asError(t, c.Ping(ctx))
		if !errors.Is(e, context.Canceled) || e.Kind != Unreachable {
			t.Errorf("a call that never began: %+v", e)
		}
	})
}
