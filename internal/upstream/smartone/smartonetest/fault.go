package smartonetest

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"
)

// FaultKind is what the caller sees in place of the answer.
type FaultKind int

// The kinds of faults.
const (
	None    FaultKind = iota // the right answer
	Status                   // Fault.Status with Fault.Body
	HTML                     // a gateway's page with status 200
	Half                     // the first half of the answer, as if it were all of it
	Cut                      // the first half of the answer, then the connection dies
	Reset                    // the connection dies without an answer
	Garbage                  // status 200 and what claims to be JSON and is not
)

// Fault is what befalls one request. Half and Cut strike after the work by their nature.
type Fault struct {
	Kind FaultKind
	// After: the request is carried out before the fault strikes.
	After bool
	// Status and Body are of kind Status.
	Status int
	Body   string
	// Delay passes between the work, if any, and what the caller sees, with every kind.
	Delay time.Duration
}

const jsonType = "application/json; charset=utf-8"

const gatewayPage = "<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>\n"

func (f Fault) worksFirst() bool {
	return f.After || f.Kind == None || f.Kind == Half || f.Kind == Cut
}

// strike lets the caller see the fault, or the answer if there is none.
func (f Fault) strike(w http.ResponseWriter, status int, body []byte) {
	switch f.Kind {
	case None:
		send(w, status, jsonType, body)
	case Status:
		send(w, f.Status, "text/plain", []byte(f.Body))
	case HTML:
		send(w, http.StatusOK, "text/html; charset=utf-8", []byte(gatewayPage))
	case Half:
		send(w, status, jsonType, body[:len(body)/2])
	case Cut:
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case Reset:
		reset(w)
	case Garbage:
		send(w, http.StatusOK, jsonType, []byte(`{"status":"success","code":`+"\x00\xff"+`}},`))
	}
}

// send writes a whole answer. A caller that has gone is no concern of the emulator's.
func send(w http.ResponseWriter, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

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

// wait waits for d; false if the caller has gone meanwhile.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
