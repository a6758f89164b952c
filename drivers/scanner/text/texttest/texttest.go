// Package texttest is a camera or fixed scanner that listens on a stream and pushes each code as framed text
// to whoever is connected, for tests, for a demonstration plant and for a desk without a scanner.
//
// The frame is prefix, code and terminator, or the no-read text and terminator. Like a real scanner it
// frames blindly: a code that contains the terminator falls apart at the far end. What it is sent it ignores.
package texttest

import (
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
)

// WriteTimeout is how long a frame may wait for a host that does not read, before the scanner drops that
// host's connection.
const WriteTimeout = 10 * time.Second

// Options say how a Scanner frames what it reads. The zero value ends a frame with CR LF and sends NOREAD.
type Options struct {
	// Terminator ends every frame; "" is CR LF.
	Terminator string
	// NoRead is sent when no code was found; "" is NOREAD.
	NoRead string
	// Prefix stands before each code, such as the AIM identifier "]d2". It does not stand before NoRead.
	Prefix string
	// Log receives one JSON object a line for each thing that happens, always before it can be seen outside.
	// Nil: no log.
	Log io.Writer
	// Now is the clock of the record; nil: time.Now.
	Now func() time.Time
}

// Read is one thing that passed the scanner.
type Read struct {
	Code      []byte // as given to Scanner.Read, without the frame; nil for a no-read
	NoRead    bool
	Delivered bool // somebody was connected and took the whole frame, or is still taking it
	At        time.Time
}

// Scanner is an emulated scanner. Its methods may be called from any goroutine; frames do not mix.
type Scanner struct {
	opt     Options
	server  linktest.Server
	sending sync.Mutex // held for a whole frame, so that frames stand in one order on every connection

	mu        sync.Mutex
	conns     []net.Conn    // in the order of arrival
	connected chan struct{} // closed while somebody is connected
	reads     []Read
	logErr    error
}

// New returns a scanner, to be stopped with Close.
func New(opt Options) *Scanner {
	if opt.Terminator == "" {
		opt.Terminator = "\r\n"
	}
	if opt.NoRead == "" {
		opt.NoRead = "NOREAD"
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Scanner{opt: opt, connected: make(chan struct{})}
}

// Connected returns a channel that is closed as long as somebody is connected. After the last one has gone
// it has to be asked for again.
func (s *Scanner) Connected() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connected
}

// Reads returns everything that Read and NoRead were called with, in order. The codes inside are shared: they
// must not be changed.
func (s *Scanner) Reads() []Read {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reads)
}

// Read sends a code, framed, to everybody connected, and waits until it is written. It is false when nobody
// took it; the scanner does not send it again.
func (s *Scanner) Read(code []byte) bool {
	return s.send(event{Event: "read"}, &Read{Code: slices.Clone(code)}, s.opt.Prefix+string(code)+s.opt.Terminator)
}

// NoRead tells everybody connected that no code was found, as Read does.
func (s *Scanner) NoRead() bool {
	return s.send(event{Event: "noread"}, &Read{NoRead: true}, s.opt.NoRead+s.opt.Terminator)
}

// Raw sends bytes as they are: a heartbeat, half a frame, noise. It is no part of Reads.
func (s *Scanner) Raw(frame []byte) bool {
	return s.send(event{Event: "raw"}, nil, string(frame))
}
