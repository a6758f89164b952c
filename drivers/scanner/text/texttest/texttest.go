// Package texttest is a camera or scanner that pushes each code as framed text to whoever is connected, for
// tests, for a demonstration plant and for a desk without a scanner. It listens, or it connects to a host that
// does, or it hangs on a serial cable.
//
// The frame is prefix, code and terminator, or the no-read text and terminator. A picture with several codes is
// one frame; a separator stands between the codes, and a grade "@A" and a place "(x,y)" may follow each. Like a
// real scanner it frames blindly: a code that contains the terminator falls apart at the far end. Of what it is
// sent it knows its trigger, and ignores the rest.
package texttest

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
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
	// Separator stands between the codes of one picture; "" is LF CR.
	Separator string
	// Heartbeat is what Heartbeat sends; "" is ALIVE.
	Heartbeat string
	// Grades puts "@" and the grade behind each code.
	Grades bool
	// Places puts "(x,y)" behind each code and its grade.
	Places bool
	// Trigger and TriggerOff are the commands by which a host makes it read and stop reading. They are looked
	// for in each host's bytes, however these were cut. "": it has no such command.
	Trigger, TriggerOff string
	// OnTrigger is called for each command, in the order in which a host sent them, while the scanner reads
	// nothing further from that host; nil: nothing happens.
	OnTrigger func(on bool)
	// Log receives one JSON object a line for each thing that happens, always before it can be seen outside.
	// Nil: no log.
	Log io.Writer
	// Now is the clock of the record; nil: time.Now.
	Now func() time.Time
}

// Symbol is one code in a picture, or a place where a code should be.
type Symbol struct {
	Code  []byte // nil: there is none, and the no-read text is sent
	Grade string
	X, Y  int
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
	if opt.Separator == "" {
		opt.Separator = "\n\r"
	}
	if opt.Heartbeat == "" {
		opt.Heartbeat = "ALIVE"
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
// took it; the scanner does not send it again. An empty code is sent as it is.
func (s *Scanner) Read(code []byte) bool {
	return s.Picture(Symbol{Code: append([]byte{}, code...)})
}

// NoRead tells everybody connected that no code was found, as Read does.
func (s *Scanner) NoRead() bool { return s.Picture(Symbol{}) }

// Picture sends all that was found in one picture as one frame, as Read does. Each symbol is one of Reads.
func (s *Scanner) Picture(symbols ...Symbol) bool {
	reads := make([]Read, len(symbols))
	texts := make([]string, len(symbols))
	for i, y := range symbols {
		reads[i] = Read{Code: slices.Clone(y.Code), NoRead: y.Code == nil}
		texts[i] = s.text(y)
	}
	return s.send(event{}, reads, strings.Join(texts, s.opt.Separator)+s.opt.Terminator)
}

func (s *Scanner) text(y Symbol) string {
	if y.Code == nil {
		return s.opt.NoRead
	}
	text := s.opt.Prefix + string(y.Code)
	if s.opt.Grades {
		text += "@" + y.Grade
	}
	if s.opt.Places {
		text += fmt.Sprintf("(%d,%d)", y.X, y.Y)
	}
	return text
}

// Heartbeat sends the heartbeat, framed. It is no part of Reads.
func (s *Scanner) Heartbeat() bool {
	return s.send(event{Event: "heartbeat"}, nil, s.opt.Heartbeat+s.opt.Terminator)
}

// Raw sends bytes as they are: half a frame, noise. It is no part of Reads.
func (s *Scanner) Raw(frame []byte) bool {
	return s.send(event{Event: "raw"}, nil, string(frame))
}

// Freeze is a loss of power: nothing goes through the present connections any more, and nobody closes them
// before Close. To the hosts they look open.
func (s *Scanner) Freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) == 0 {
		return
	}
	s.log(event{Event: "frozen"})
	s.conns = nil
	s.connected = make(chan struct{})
}
