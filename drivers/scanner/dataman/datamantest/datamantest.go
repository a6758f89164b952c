// Package datamantest is a DataMan reader that speaks DMCC over a stream, for tests, for a demonstration plant
// and for a desk without a reader. It begins silent, as a reader does that was not set otherwise, and sends what
// it reads to every host in that host's form.
package datamantest

import (
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/answertest"
)

// Options say what kind of reader this is. The zero value sends base64 in extended form and, silent, ends a
// reading with CR LF; it acknowledges the command that sets extended responses.
type Options struct {
	// Plain sends readings as they are in extended form too.
	Plain bool
	// Fold folds base64 in lines of 76 characters (RFC 2045).
	Fold bool
	// Formatted is what the reader's own formatting puts after each reading; "" is CR LF.
	Formatted string
	// Joint stands between the codes of one picture; "" is "|".
	Joint string
	// NoRead is sent when no code was found.
	NoRead string
	// Extended is the value of COM.DMCC-RESPONSE that means extended; "" is "1".
	Extended string
	// Unacknowledged leaves the command that sets it without an answer.
	Unacknowledged bool
	// Long puts a target and the length of the data into the header, and no id, as newer firmware does.
	Long bool
	// Greeting is sent to each host at once.
	Greeting string
	// Mute takes commands and answers none of them.
	Mute bool
	// Log receives one JSON object a line for each thing that happens, before it can be seen outside. Nil: no log.
	Log io.Writer
	// Now is the clock of the record; nil: time.Now.
	Now func() time.Time
}

// Command is one command that was taken.
type Command struct {
	At       time.Time
	Text     string // between > and the footer, without the checksum
	ID       string // as it came; "" if there was none
	Checksum bool
	Status   int // of the answer
}

// Reading is one picture: its codes, none for a no-read.
type Reading struct {
	At        time.Time
	Codes     [][]byte
	Delivered bool // somebody was connected
}

// Reader is an emulated reader. Its methods may be called from any goroutine.
type Reader struct {
	opt    Options
	server linktest.Server

	mu        sync.Mutex
	hosts     []*host
	connected chan struct{} // closed while somebody is connected
	answers   answertest.Answers
	refuse    int
	spoil     bool
	place     [][]byte
	commands  []Command
	readings  []Reading
	logErr    error
}

// New returns a reader, to be stopped with Close.
func New(opt Options) *Reader {
	if opt.Formatted == "" {
		opt.Formatted = "\r\n"
	}
	if opt.Joint == "" {
		opt.Joint = "|"
	}
	if opt.Extended == "" {
		opt.Extended = "1"
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Reader{opt: opt, connected: make(chan struct{})}
}

// SetAnswers lets everything that is sent from now on go wrong on its way.
func (r *Reader) SetAnswers(a answertest.Answers) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = a
}

// Refuse answers triggers with this status from now on and reads nothing; 0 takes it back.
func (r *Reader) Refuse(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = status
}

// Spoil sends wrong checksums from now on, where there are any.
func (r *Reader) Spoil(wrong bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spoil = wrong
}

// Place puts a product with these codes before the reader; none takes it away. A trigger reads it.
func (r *Reader) Place(codes ...[]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.place = codes
}

// Read is a reading by the reader's own trigger: its codes go to every host. It is false if nobody is connected.
func (r *Reader) Read(codes ...[]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.read(codes)
}

// NoRead is a picture without a code.
func (r *Reader) NoRead() bool { return r.Read() }

// Raw sends bytes as they are: noise, half a frame. It is false if nobody is connected.
func (r *Reader) Raw(b []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log(event{Event: "raw", Text: string(b)})
	for _, h := range r.hosts {
		h.out.Push(answertest.Answers{}, string(b))
	}
	return len(r.hosts) > 0
}

// Connected returns a channel that is closed as long as somebody is connected.
func (r *Reader) Connected() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connected
}

// Commands returns what was taken so far, in order.
func (r *Reader) Commands() []Command {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.commands)
}

// Readings returns what was read so far, in order.
func (r *Reader) Readings() []Reading {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.readings)
}

// Drop closes all connections, as a reader does that is switched off and on.
func (r *Reader) Drop() { r.server.Drop() }

// Close stops the reader and waits until nothing of it runs. It returns the first error of writing the log.
func (r *Reader) Close() error {
	r.server.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.logErr
}

// Serve accepts connections from l until Close, which it reports with nil, or until l fails.
func (r *Reader) Serve(l net.Listener) error { return r.server.Serve(l, r.serve) }

// ServeConn serves one connection and returns when it has ended. It closes conn.
func (r *Reader) ServeConn(conn net.Conn) { r.server.ServeConn(conn, r.serve) }
