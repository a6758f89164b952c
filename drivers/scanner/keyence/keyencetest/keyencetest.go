// Package keyencetest is a Keyence SR reader that takes commands over a stream, for tests, for a demonstration
// plant and for a desk without a reader. A trigger begins to read; a code before the reader ends it, and so does
// LOFF, upon which the reader sends its read error text.
package keyencetest

import (
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/answertest"
)

// Options say how the reader is set up. The zero value frames with CR, answers in detail and waits for LOFF.
type Options struct {
	// Tailed puts LF after each reading's CR. Answers never have it.
	Tailed bool
	// Boxed frames readings with STX and ETX. Answers have the frame of their command.
	Boxed bool
	// Wordless leaves LON and LOFF without an answer.
	Wordless bool
	// Old does not know KEYENCE and refuses it.
	Old bool
	// Mute takes commands, reads, and answers nothing at all.
	Mute bool
	// OneShot ends a trigger that found nothing at once.
	OneShot bool
	// NoRead is the read error text; "" is ERROR.
	NoRead string
	// Joint stands between the codes of one picture; "" is "|".
	Joint string
	// Log receives one JSON object a line for each thing that happens, before it can be seen outside. Nil: no log.
	Log io.Writer
	// Now is the clock of the record; nil: time.Now.
	Now func() time.Time
}

// Command is one command that was taken.
type Command struct {
	At      time.Time
	Text    string
	Boxed   bool // it stood between STX and ETX
	Cleared int  // bytes that an ESC threw away before it; -1: there was no ESC
}

// Reading is one picture: its codes, none for a read error.
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
	refuse    string
	place     [][]byte
	reading   bool // a trigger looks for a code
	commands  []Command
	readings  []Reading
	logErr    error
}

// New returns a reader, to be stopped with Close.
func New(opt Options) *Reader {
	if opt.NoRead == "" {
		opt.NoRead = "ERROR"
	}
	if opt.Joint == "" {
		opt.Joint = "|"
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

// Refuse answers LON with this error number from now on and reads nothing; "" takes it back.
func (r *Reader) Refuse(number string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = number
}

// Place puts a product with these codes before the reader; none takes it away. A trigger that is under way reads
// it at once.
func (r *Reader) Place(codes ...[]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.place = codes
	if r.reading && len(codes) > 0 {
		r.reading = false
		r.read(codes)
	}
}

// Read is a reading by the reader's own trigger: its codes go to every host. It is false if nobody is connected.
func (r *Reader) Read(codes ...[]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.read(codes)
}

// NoRead is a read error by the reader's own trigger.
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
