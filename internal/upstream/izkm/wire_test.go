package izkm

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testOMS   = "CDF12109-10D3-11E6-8B6F-0050569977A1"
	testToken = "1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f"
	testOrder = "b024ae09-ef7c-449e-b461-05d8eb116c79"
	testBlock = "f6b60191-36ce-4cc0-9c51-587c015a09df"
	testGTIN  = "01334567894339"
)

// wire is a server that hears every byte: it keeps each request as it came and answers with
// raw bytes, after which it closes the connection. "keep" in front of an answer leaves the
// connection open for another request.
type wire struct {
	listener net.Listener
	answer   func(n int, r *http.Request) string
	serving  sync.WaitGroup

	mu       sync.Mutex
	requests []string
}

const keep = "\x00keep"

func serve(t *testing.T, answer func(n int, r *http.Request) string) *wire {
	t.Helper()
	return serveTLS(t, nil, answer)
}

// serveTLS serves over TLS, or without it where config is nil.
func serveTLS(t *testing.T, config *tls.Config, answer func(n int, r *http.Request) string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l, answer: answer}
	w.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			w.serving.Go(func() { w.secure(conn, config) })
		}
	})
	t.Cleanup(func() { l.Close(); w.serving.Wait() })
	return w
}

// always answers every request alike.
func always(answer string) func(int, *http.Request) string {
	return func(int, *http.Request) string { return answer }
}

func (w *wire) secure(conn net.Conn, config *tls.Config) {
	defer conn.Close()
	// A client that leaves a connection open shows as a failed test, not as one that hangs.
	if conn.SetDeadline(time.Now().Add(10*time.Second)) != nil {
		return
	}
	if config == nil {
		w.talk(conn)
		return
	}
	secured := tls.Server(conn, config)
	if secured.Handshake() != nil {
		_, _ = io.Copy(io.Discard, conn) // so that no reset overtakes the alert
		return
	}
	w.talk(secured)
}

func (w *wire) talk(conn net.Conn) {
	var raw bytes.Buffer
	in := bufio.NewReader(io.TeeReader(conn, &raw))
	for {
		raw.Reset()
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.mu.Lock()
		w.requests = append(w.requests, raw.String())
		n := len(w.requests)
		w.mu.Unlock()
		out := w.answer(n, r)
		if _, err := io.WriteString(conn, strings.TrimPrefix(out, keep)); err != nil || !strings.HasPrefix(out, keep) {
			return
		}
	}
}

// heard returns the requests so far.
func (w *wire) heard() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.requests...)
}

func (w *wire) host() string { return w.listener.Addr().String() }

func (w *wire) client(t *testing.T, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{URL: "http://" + w.host(), OMSID: testOMS, Token: testToken, Group: "alcohol"}
	for _, f := range change {
		f(&o)
	}
	return newClient(t, o)
}

func newClient(t testing.TB, o Options) *Client {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reply writes an answer with a body of the right length.
func reply(status int, body string, headers ...string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %d\r\n%s\r\n%s",
		status, http.StatusText(status), len(body), strings.Join(append(headers, ""), "\r\n"), body)
}

// an offline client judges answers that the test hands it.
func offline(t testing.TB) *Client {
	return newClient(t, Options{
		URL: "http://izkm.example", OMSID: testOMS, Token: testToken, Group: "alcohol",
		Now: func() time.Time { return time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC) },
	})
}
