package keyencetest

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"linemark/drivers/link/linktest/answertest"
)

// pause is the longest time between two characters of a command; after it what came before is thrown away.
const pause = 10 * time.Second

// event is one line of the log.
type event struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	Text  string    `json:"text,omitempty"`
	Codes []string  `json:"codes,omitempty"` // hex
	Peer  string    `json:"peer,omitempty"`
}

// log writes one line. The caller holds the lock. The first failure is kept for Close.
func (r *Reader) log(e event) {
	if r.opt.Log == nil {
		return
	}
	e.At = r.opt.Now()
	line, err := json.Marshal(e)
	if err == nil {
		_, err = r.opt.Log.Write(append(line, '\n'))
	}
	if err != nil && r.logErr == nil {
		r.logErr = fmt.Errorf("writing the log of the reader: %w", err)
	}
}

// host is one connection.
type host struct {
	out     *answertest.Writer
	pending string // of a command that has not ended
	cleared int    // bytes that an ESC threw away; -1: there was none
	last    time.Time
}

// serve takes what one host sends, to the end of its connection.
func (r *Reader) serve(conn net.Conn) {
	h := &host{out: answertest.NewWriter(conn), cleared: -1, last: time.Now()}
	r.mu.Lock()
	r.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	if r.hosts = append(r.hosts, h); len(r.hosts) == 1 {
		close(r.connected)
	}
	r.mu.Unlock()

	var writing sync.WaitGroup
	writing.Go(h.out.Run)
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		r.mu.Lock()
		if now := time.Now(); now.Sub(h.last) > pause {
			h.pending, h.last = "", now
		} else {
			h.last = now
		}
		for _, c := range buf[:n] {
			r.character(h, c)
		}
		r.mu.Unlock()
		if err != nil {
			break
		}
	}

	conn.Close() // before the log says so
	h.out.Stop()
	writing.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	if r.hosts = slices.DeleteFunc(r.hosts, func(o *host) bool { return o == h }); len(r.hosts) == 0 {
		r.connected = make(chan struct{})
	}
}

// character takes one character of a command.
func (r *Reader) character(h *host, c byte) {
	boxed := strings.HasPrefix(h.pending, "\x02")
	switch {
	case c == 0x1b:
		h.pending, h.cleared = "", len(h.pending)
	case c == '\r' && !boxed || c == 0x03 && boxed:
		text := strings.TrimPrefix(h.pending, "\x02")
		h.pending = ""
		r.command(h, text, boxed)
	case c == '\n' && h.pending == "": // may follow a command
	case len(h.pending) < 256:
		h.pending += string([]byte{c})
	}
}

func (r *Reader) command(h *host, text string, boxed bool) {
	c := Command{At: r.opt.Now(), Text: text, Boxed: boxed, Cleared: h.cleared}
	h.cleared = -1
	r.commands = append(r.commands, c)
	r.log(event{Event: "command", Text: text})
	answer := func(words string) {
		quiet := r.opt.Wordless && (text == "LON" || text == "LOFF")
		switch {
		case r.opt.Mute || quiet:
		case boxed:
			r.say(h, "\x02"+words+"\x03")
		default:
			r.say(h, words+"\r")
		}
	}
	switch {
	case text == "LON" && r.refuse != "":
		answer("ER,LON," + r.refuse)
	case text == "LON" && r.reading:
		answer("ER,LON,20")
	case text == "LON":
		answer("OK,LON")
		if r.reading = len(r.place) == 0 && !r.opt.OneShot; !r.reading {
			r.read(r.place)
		}
	case text == "LOFF" && !r.reading:
		answer("ER,LOFF,20")
	case text == "LOFF":
		answer("OK,LOFF")
		r.reading = false
		r.read(nil)
	case text == "KEYENCE" && !r.opt.Old:
		answer("OK,KEYENCE,SR-2000,1.00")
	default:
		answer("ER," + text + ",00")
	}
}

// read sends one reading to every host.
func (r *Reader) read(codes [][]byte) bool {
	read := Reading{At: r.opt.Now(), Delivered: len(r.hosts) > 0}
	e := event{Event: "read"}
	var texts []string
	for _, c := range codes {
		read.Codes = append(read.Codes, slices.Clone(c))
		e.Codes = append(e.Codes, hex.EncodeToString(c))
		texts = append(texts, string(c))
	}
	r.readings = append(r.readings, read)
	r.log(e)
	text := strings.Join(texts, r.opt.Joint)
	if len(codes) == 0 {
		text = r.opt.NoRead
	}
	switch {
	case r.opt.Boxed:
		text = "\x02" + text + "\x03"
	case r.opt.Tailed:
		text += "\r\n"
	default:
		text += "\r"
	}
	for _, h := range r.hosts {
		r.say(h, text)
	}
	return len(r.hosts) > 0
}

// say sends an answer or a reading, with what goes wrong on its way.
func (r *Reader) say(h *host, text string) {
	r.log(event{Event: "sent", Text: text})
	h.out.Push(r.answers, text)
}
