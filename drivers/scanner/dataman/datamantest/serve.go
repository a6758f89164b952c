package datamantest

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"linemark/drivers/link/linktest/answertest"
)

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

// host is one connection and how the reader answers it.
type host struct {
	out      *answertest.Writer
	mode     string // COM.DMCC-RESPONSE
	checksum bool   // the last command had one
	pending  string // of a command that has not ended
}

// serve takes what one host sends, to the end of its connection.
func (r *Reader) serve(conn net.Conn) {
	h := &host{out: answertest.NewWriter(conn), mode: "0"}
	r.mu.Lock()
	r.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	if r.hosts = append(r.hosts, h); len(r.hosts) == 1 {
		close(r.connected)
	}
	if r.opt.Greeting != "" {
		h.out.Push(answertest.Answers{}, r.opt.Greeting)
	}
	r.mu.Unlock()

	var writing sync.WaitGroup
	writing.Go(h.out.Run)
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		r.mu.Lock()
		h.pending += string(buf[:n])
		r.obey(h)
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

// obey takes the whole commands off what has come. What is no command is passed over.
func (r *Reader) obey(h *host) {
	for {
		line, rest, found := strings.Cut(h.pending, "\r\n")
		if !found {
			return
		}
		// A checksum that is LF or CR makes no trouble: CR LF ends the command where it comes first.
		h.pending = rest
		_, line, found = strings.Cut(line, "||")
		header, body, ok := strings.Cut(line, ">")
		if !found || !ok {
			continue
		}
		r.command(h, header, body)
	}
}

func (r *Reader) command(h *host, header, body string) {
	mode, id, _ := strings.Cut(header, ":")
	c := Command{At: r.opt.Now(), Text: body, ID: id, Checksum: mode == "1"}
	h.checksum = c.Checksum
	right := true
	if c.Checksum {
		last := len(body) - 1
		right = last >= 0 && body[last] == sum("||"+header+">"+body[:max(last, 0)])
		c.Text = body[:max(last, 0)]
	}
	was := h.mode
	var value string
	c.Status, value = 103, ""
	if right {
		c.Status, value = r.act(h, c.Text)
	}
	r.commands = append(r.commands, c)
	r.log(event{Event: "command", Text: c.Text})
	isMode := strings.HasPrefix(strings.ToUpper(c.Text), "SET COM.DMCC-RESPONSE")
	switch {
	case r.opt.Mute || isMode && r.opt.Unacknowledged:
	case h.mode == r.opt.Extended && (was == h.mode || isMode):
		r.say(h, r.framed(h, id, c.Status, value))
	case value != "":
		r.say(h, value+"\r\n")
	}
	if c.Status == 0 && strings.EqualFold(c.Text, "TRIGGER ON") && !r.opt.Mute {
		r.read(r.place)
	}
}

// act does what a command says. Names are not case-sensitive.
func (r *Reader) act(h *host, text string) (status int, value string) {
	words := strings.Fields(strings.ToUpper(text))
	switch {
	case slices.Equal(words, []string{"TRIGGER", "ON"}):
		return r.refuse, ""
	case slices.Equal(words, []string{"GET", "COM.DMCC-RESPONSE"}):
		return 0, h.mode
	case len(words) == 3 && words[0] == "SET" && words[1] == "COM.DMCC-RESPONSE":
		if words[2] != "0" && words[2] != r.opt.Extended {
			return 102, ""
		}
		h.mode = words[2]
		return 0, ""
	}
	return 101, ""
}

// framed is an extended frame.
func (r *Reader) framed(h *host, id string, status int, data string) string {
	check := ""
	if h.checksum {
		check = "1"
	}
	header := check
	switch {
	case r.opt.Long:
		header += fmt.Sprintf(":::%d", len(data)+2)
	case id != "":
		header += ":" + id
	}
	text := fmt.Sprintf("||%s[%d]%s", header, status, data)
	if h.checksum {
		b := sum(text)
		if r.spoil {
			b ^= 0x21
		}
		text += string([]byte{b})
	}
	return text + "\r\n"
}

func sum(s string) (x byte) {
	for i := range len(s) {
		x ^= s[i]
	}
	return x
}

// say sends an answer or a reading, with what goes wrong on its way.
func (r *Reader) say(h *host, text string) {
	r.log(event{Event: "sent", Text: text})
	h.out.Push(r.answers, text)
}
