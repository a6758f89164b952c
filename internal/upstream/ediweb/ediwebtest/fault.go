package ediwebtest

import (
	"net"
	"net/http"
	"strconv"
	"time"
)

// Kind is what goes wrong with the way of an answer.
type Kind string

// The faults.
const (
	None       Kind = ""
	Status     Kind = "status"      // an answer of Fault.Status with Fault.Words in place of the archive
	Reset      Kind = "reset"       // the connection is dropped, nothing answered
	Silent     Kind = "silent"      // no answer until the caller has gone
	Cut        Kind = "cut"         // half of the body, then the connection is dropped
	HTML       Kind = "html"        // 200 with a gateway's page
	Half       Kind = "half"        // half of the body, announced as the whole
	Drip       Kind = "drip"        // the body byte by byte in many pieces
	NoGzip     Kind = "no gzip"     // the archive as it is
	LyingGzip  Kind = "lying gzip"  // the archive as it is, called gzip
	DoubleGzip Kind = "double gzip" // packed by gzip twice
	TripleGzip Kind = "triple gzip"
	Redirect   Kind = "redirect" // to Fault.Words
)

// Fault is what befalls one request.
type Fault struct {
	Kind       Kind
	Status     int
	Words      string        // body of Status, target of Redirect
	RetryAfter time.Duration // header of Status, in whole seconds; 0: none
	Body       []byte        // in place of the archive, packed and sent as that would be
	Omit       []string      // ids that are left out of the answer without a word
	Double     []string      // ids whose archive comes twice, under the same name
	NoHeaders  bool          // a proxy dropped the headers with _ in their names, and content-disposition
}

const page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

// spoil sends an answer with its fault.
func (s *Server) spoil(w http.ResponseWriter, r *http.Request, f Fault, body []byte) {
	h := w.Header()
	plain := func(status int, kind, words string) {
		h.Del("Content-Encoding")
		h.Del("Content-Length")
		h.Set("Content-Type", kind)
		w.WriteHeader(status)
		send(w, []byte(words))
	}
	switch f.Kind {
	case Status:
		if f.RetryAfter > 0 {
			h.Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
		}
		plain(f.Status, "text/plain; charset=UTF-8", f.Words)
	case Redirect:
		h.Set("Location", f.Words)
		plain(http.StatusFound, "text/html", "")
	case HTML:
		plain(http.StatusOK, "text/html", page)
	case Reset:
		reset(w)
	case Silent:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case Cut:
		send(w, body[:len(body)/2])
		flush(w)
		panic(http.ErrAbortHandler)
	case Half:
		h.Del("Content-Length")
		send(w, body[:len(body)/2])
	case Drip:
		for i := range body {
			send(w, body[i:i+1])
			flush(w)
		}
	default:
		send(w, body)
	}
}

// send and flush do not care for a caller that has gone.
func send(w http.ResponseWriter, b []byte) { _, _ = w.Write(b) }

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

// reset drops the connection, with a TCP reset where that is possible.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}
