package diadoctest

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
	Status                   // Fault.Status with Fault.Body as plain text
	HTML                     // a gateway's page with Fault.Status, 0: 200
	Empty                    // status 200 and nothing else: no body, no Retry-After
	Half                     // the first half of the answer, as if it were all of it
	Cut                      // the first half of the answer, then the connection dies
	Reset                    // the connection dies without an answer
	Drip                     // the right answer byte by byte
	Garbage                  // status 200 and bytes that are no message
	Move                     // 302 to another host
)

// Fault is what befalls one request.
type Fault struct {
	Kind FaultKind
	// After: the request is carried out and noted before the fault strikes. Half, Cut and Drip always are so.
	After      bool
	Status     int
	Body       string
	RetryAfter string          // goes out as it is with Status, HTML and Empty
	Delay      time.Duration   // passes before the caller sees anything
	Until      <-chan struct{} // and then this has to be closed; nil: nothing
}

const gatewayPage = "\n<!DOCTYPE html>\n<html><head><title>502</title></head><body><h1>Ведутся работы</h1></body></html>\n"

func (f Fault) worksFirst() bool {
	switch f.Kind {
	case None, Half, Cut, Drip:
		return true
	}
	return f.After
}

// String names the fault for the log; it is empty for none.
func (f Fault) String() string {
	name := [...]string{"", "status", "html", "empty", "half", "cut", "reset", "drip", "garbage", "move"}[f.Kind]
	if f.Kind == Status {
		name += " " + strconv.Itoa(f.Status)
	}
	return name
}

// wait waits as the fault says; false if the caller has gone meanwhile.
func wait(ctx context.Context, f Fault) bool {
	if f.Delay > 0 {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return false
		}
	}
	if f.Until == nil {
		return true
	}
	select {
	case <-f.Until:
		return true
	case <-ctx.Done():
		return false
	}
}

// strike lets the caller see the fault, or the answer if there is none.
func (f Fault) strike(w http.ResponseWriter, r *http.Request, a reply) {
	switch f.Kind {
	case None:
		send(w, a, true)
	case Status:
		said := text(f.Status, f.Body)
		said.retryAfter = f.RetryAfter
		send(w, said, true)
	case HTML:
		page := reply{status: f.Status, kind: "text/html; charset=utf-8", retryAfter: f.RetryAfter, body: []byte(gatewayPage)}
		if f.Status == 0 {
			page.status = http.StatusOK
		}
		send(w, page, true)
	case Empty:
		send(w, reply{status: http.StatusOK, retryAfter: f.RetryAfter}, true)
	case Half:
		a.body = a.body[:len(a.body)/2]
		send(w, a, true)
	case Cut:
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		a.body = a.body[:len(a.body)/2]
		send(w, a, false)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case Reset:
		reset(w)
	case Drip:
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		whole := a.body
		a.body = nil
		send(w, a, false)
		for i := range whole {
			_, _ = w.Write(whole[i : i+1])
			_ = http.NewResponseController(w).Flush()
		}
	case Garbage:
		send(w, reply{status: http.StatusOK, kind: "application/x-protobuf", body: []byte("\x0b\xff\xfe\x00 no message")}, true)
	case Move:
		w.Header().Set("Location", "https://elsewhere.example"+r.URL.Path)
		send(w, reply{status: http.StatusFound}, true)
	}
}

// send writes an answer. A caller that has gone is no concern of the emulator's.
func send(w http.ResponseWriter, a reply, whole bool) {
	if a.kind != "" {
		w.Header().Set("Content-Type", a.kind)
	}
	if a.retryAfter != "" {
		w.Header().Set("Retry-After", a.retryAfter)
	}
	if whole && a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
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
