package izkmtest

import (
	"context"
	"io"
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
	Twice                    // the answer to the request carried out a second time, as a proxy repeats it
	Drip                     // the right answer in small pieces over the time Fault.Over
	Garbage                  // status 200 and what claims to be JSON and is not
)

// dripPieces is the number of pieces of a [Drip].
const dripPieces = 16

// Fault is what befalls one request. Half, Cut, Twice and Drip strike after the work by
// their nature.
type Fault struct {
	Kind FaultKind
	// After: the request is carried out and logged before the fault strikes.
	After bool
	// Status and Body are of kind Status; an empty Body is an error object.
	Status int
	Body   string
	// RetryAfter, if positive, goes out as Retry-After with kind Status, in whole seconds.
	RetryAfter time.Duration
	// Delay passes between the work, if any, and what the caller sees, with every kind.
	Delay time.Duration
	// Over is the time from the first byte of a Drip to the last.
	Over time.Duration
}

const jsonType = "application/json;charset=UTF-8"

const gatewayPage = "<!DOCTYPE html>\n<html><head><title>Service</title></head>" +
	"<body><h1>The service is being updated</h1></body></html>\n"

// garbage starts like an answer, so that only a reader of all of it can tell.
const garbage = `{"omsId":"00000000-0000-0000-0000-000000000000","success":true,"codes":[` + "\x00\xff\xfe" + `}},`

func (f Fault) worksFirst() bool {
	switch f.Kind {
	case None, Half, Cut, Twice, Drip:
		return true
	}
	return f.After
}

// String names the fault for the log; it is empty for none.
func (f Fault) String() string {
	name := [...]string{"", "status", "html", "half", "cut", "reset", "twice", "drip", "garbage"}[f.Kind]
	if f.Kind == Status {
		name += " " + strconv.Itoa(f.Status)
	}
	if f.After {
		name += " after"
	}
	return name
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

// strike lets the caller see the fault, or the answer if there is none.
func (f Fault) strike(w http.ResponseWriter, r *http.Request, answer reply) {
	switch f.Kind {
	case None, Twice:
		send(w, answer.status, jsonType, answer.body())
	case Status:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
		}
		body := []byte(f.Body)
		if f.Body == "" {
			body = errorReply(f.Status, codeInternal, http.StatusText(f.Status)).body()
		}
		drain(r)
		send(w, f.Status, jsonType, body)
	case HTML:
		drain(r)
		send(w, http.StatusOK, "text/html; charset=utf-8", []byte(gatewayPage))
	case Half:
		send(w, answer.status, jsonType, cutInside(answer.body()))
	case Cut:
		body := answer.body()
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Header().Set("Content-Type", jsonType)
		w.WriteHeader(answer.status)
		w.Write(cutInside(body))
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case Reset:
		reset(w)
	case Drip:
		drip(w, r, f.Over, answer)
	case Garbage:
		drain(r)
		send(w, http.StatusOK, jsonType, []byte(garbage))
	}
}

// drip writes an answer in pieces until the caller has had enough.
func drip(w http.ResponseWriter, r *http.Request, over time.Duration, answer reply) {
	body := answer.body()
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(answer.status)
	for i := range dripPieces {
		if i > 0 && !wait(r.Context(), over/(dripPieces-1)) {
			return
		}
		w.Write(body[len(body)*i/dripPieces : len(body)*(i+1)/dripPieces])
		http.NewResponseController(w).Flush()
	}
}

// send writes a whole answer. A caller that has gone is no concern of the emulator's.
func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// drain reads what is left of the request, as a gateway does, so that the answer is not
// lost to a connection that is closed on unread bytes.
func drain(r *http.Request) { io.Copy(io.Discard, io.LimitReader(r.Body, maxBody)) }

// reset drops the connection, with a TCP reset where that is possible.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// Storm makes a source of faults for [Server.SetFault]: of all requests, before (0 to 1)
// fail with nothing done, after lose their answer though the work is done, and garbage get
// an answer that is not the JSON it should be. What befalls the n-th request of a method
// and path depends on the seed alone. It never answers 401 or 403.
func Storm(seed uint64, before, after, garbage float64) func(method, path string, n int) Fault {
	return func(method, path string, n int) Fault {
		r := random(seed, "storm", method, path, strconv.Itoa(n))
		x := r.Float64()
		var choice []Fault
		switch {
		case x < before:
			choice = []Fault{{Kind: Reset}, {Kind: Reset}, {Kind: Status, Status: 500},
				{Kind: Status, Status: 503, RetryAfter: time.Second}}
		case x < before+after:
			choice = []Fault{{Kind: Reset, After: true}, {Kind: Cut}, {Kind: Status, Status: 502, After: true}}
		case x < before+after+garbage:
			choice = []Fault{{Kind: HTML}, {Kind: HTML, After: true}, {Kind: Half}, {Kind: Garbage, After: true}}
		default:
			return Fault{}
		}
		return choice[r.IntN(len(choice))]
	}
}
