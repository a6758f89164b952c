package text

import (
	"context"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"linemark/drivers"
	"linemark/drivers/link"
)

// peer is the far end of a printer's connection. A test scripts what it answers.
type peer struct {
	mu     sync.Mutex
	conn   net.Conn
	out    chan string
	answer func(frame string) string
	got    []string
}

func (p *peer) dial(context.Context, string) (link.Conn, error) {
	near, far := net.Pipe()
	out := make(chan string, 64)
	p.conn, p.out = far, out
	go func() {
		for text := range out {
			_, _ = io.WriteString(far, text) // the end of the connection is seen by Read
		}
	}()
	go func() {
		defer close(out)
		var buf string
		piece := make([]byte, 256)
		for {
			n, err := far.Read(piece)
			if err != nil {
				return
			}
			buf += string(piece[:n])
			for {
				frame, rest, whole := strings.Cut(buf, "\r")
				if !whole {
					break
				}
				buf = rest
				p.mu.Lock()
				p.got = append(p.got, frame)
				answer := p.answer
				p.mu.Unlock()
				if text := answer(frame); text != "" {
					out <- text
				}
			}
		}
	}()
	return near, nil
}

func (p *peer) set(answer func(string) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *peer) frames() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

// say sends what nobody asked for; it is on its way when say returns.
func (p *peer) say(text string) {
	p.out <- text
	synctest.Wait()
}

// always answers every frame with what the table has for its first word.
func always(table map[string]string) func(string) string {
	return func(frame string) string { word, _, _ := strings.Cut(frame, " "); return table[word] }
}

// full is a printer that has everything: queries, events by index, a keep-alive.
var full = m{
	"label": "P {index}|{code}", "end": `\r`, "ahead": int64(4), "emptied_by": "init", "answer_end": `\r`, "index_last": int64(9),
	"init": []any{m{"send": "CLEAR", "answer": "DONE"}}, "accepted": "OK", "refused": "NO*", "printed": "OUT {index}",
	"status_query": "S", "ready": []any{"READY"}, "faults": m{"HEAD*": "head open"}, "ignore": []any{"HELLO*"},
	"keep_alive": m{"send": "K", "answer": "ALIVE", "every": "5s"},
}

var healthy = map[string]string{"CLEAR": "DONE\r", "P": "OK\r", "S": "READY\r", "K": "ALIVE\r"}

// asked is the same printer with its index asked for.
func asked(number string) m {
	options := maps.Clone(full)
	options["printed"], options["printed_query"] = "LAST {"+number+"}", "L"
	if number == "counter" {
		options["label"] = "P {code}"
		delete(options, "index_last")
	}
	return options
}

func made(t *testing.T, p *peer, options m) *Printer {
	t.Helper()
	pr, err := New(drivers.Settings{Name: "tij-2", Address: "peer", Dial: p.dial, Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return pr
}

func labels(codes ...string) (all []drivers.Label) {
	for _, c := range codes {
		all = append(all, drivers.Label{Code: []byte(c)})
	}
	return all
}

// meet runs a test with a session of a healthy printer.
func meet(t *testing.T, options m, answers map[string]string, f func(t *testing.T, p *peer, pr *Printer, s drivers.PrintSession)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &peer{answer: always(answers)}
		pr := made(t, p, options)
		s, err := pr.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		f(t, p, pr, s)
	})
}

func printed(t *testing.T, s drivers.PrintSession, want int) {
	t.Helper()
	if n, err := s.Printed(t.Context()); n != want || err != nil {
		t.Errorf("Printed = %d, %v, want %d", n, err, want)
	}
}
