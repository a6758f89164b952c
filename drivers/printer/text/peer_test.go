package text

import (
	"maps"
	"strings"
	"testing"
	"testing/synctest"

	"linemark/drivers"
	"linemark/drivers/drivertest"
)

// peer is the far end of a printer's connection. A test scripts what it answers.
type peer struct{ drivertest.Script }

func newPeer(answer func(frame string) string) *peer {
	p := &peer{drivertest.Script{End: "\r"}}
	p.Answer(answer)
	return p
}

// say sends what nobody asked for; it is on its way when say returns.
func (p *peer) say(text string) {
	p.Say(text)
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
	pr, err := New(drivers.Settings{Name: "tij-2", Address: "peer", Dial: p.Dial, Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return pr
}

// meet runs a test with a session of a healthy printer.
func meet(t *testing.T, options m, answers map[string]string, f func(t *testing.T, p *peer, pr *Printer, s drivers.PrintSession)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(always(answers))
		pr := made(t, p, options)
		s, err := pr.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		f(t, p, pr, s)
	})
}
