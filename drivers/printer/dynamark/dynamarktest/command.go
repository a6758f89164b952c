package dynamarktest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linemark/drivers/link/linktest/answertest"
)

// maxLine is how many bytes of one command are kept; a longer one is refused.
const maxLine = 16 << 10

// What is answered when a command is refused.
const (
	unknown   = "ERROR 1"
	parameter = "ERROR 2"
	state     = "ERROR 3"
)

// lines takes commands apart. They end with CR LF.
type lines struct {
	take func(line string)
	buf  []byte
	long bool
}

func (l *lines) feed(b []byte) {
	for _, c := range b {
		switch {
		case c == '\n' && len(l.buf) > 0 && l.buf[len(l.buf)-1] == '\r':
			line := string(l.buf[:len(l.buf)-1])
			if l.long {
				line = "too long"
			}
			l.buf, l.long = l.buf[:0], false
			if line != "" {
				l.take(line)
			}
		case len(l.buf) == maxLine: // keeps the last byte: it may be the CR
			l.long = true
			l.buf[maxLine-1] = c
		default:
			l.buf = append(l.buf, c)
		}
	}
}

// command acts on one line of the client and answers it. The client has been there since power was what it was.
func (p *Printer) command(w *answertest.Writer, power int, line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || power != p.power {
		return
	}
	if w.Answering() {
		p.pipelined++
		p.log(event{Event: "pipelined", Line: line})
	}
	if p.opt.Echo {
		w.Say(line + "\r\n")
	}
	refused, after := state, func() {}
	if !p.manner.Refuse {
		refused, after = p.act(line)
	}
	if refused != "" {
		p.log(event{Event: "refused", Line: line})
		p.answer(w, refused)
		return
	}
	p.answer(w, "OK")
	after()
}

// act does what a command says, or returns what refuses it. What after does follows the answer. The caller
// holds the lock.
func (p *Printer) act(line string) (refused string, after func()) {
	after = func() {}
	words, ok := split(line)
	if !ok {
		return parameter, nil
	}
	name, args := words[0], words[1:]
	if p.transaction != nil && !slices.Contains([]string{"SETTEXT", "EXECTRANS", "ROLLBACKTRANS"}, name) {
		return state, nil
	}
	switch name {
	case "MARK":
		return p.mark(args)
	case "SETMSG":
		return p.setMessage(args), after
	case "LOADPROJECT":
		if len(args) != 1 || args[0] == "" || p.opt.Projects != nil && !slices.Contains(p.opt.Projects, args[0]) {
			return parameter, nil
		}
		if p.head.Busy() {
			p.spoil()
		}
		p.unstage()
		p.live, p.staged, p.fresh, p.started = Label{}, nil, false, false
		return "", func() { p.tell(18); p.tell(4) }
	case "BEGINTRANS":
		p.transaction = map[string]string{}
	case "SETTEXT":
		if len(args) != 2 || args[0] == "" || p.opt.Fields != nil && !slices.Contains(p.opt.Fields, args[0]) {
			return parameter, nil
		}
		if p.transaction != nil {
			p.transaction[args[0]] = args[1]
			break
		}
		p.give(map[string]string{args[0]: args[1]})
		after = p.apply
	case "EXECTRANS", "ROLLBACKTRANS":
		if p.transaction == nil {
			return state, nil
		}
		if name == "EXECTRANS" {
			p.give(p.transaction)
		}
		p.transaction = nil
	case "TRIGGER":
		if !p.ready() {
			return state, nil
		}
		after = func() { p.output() }
	default:
		return unknown, nil
	}
	return "", after
}

func (p *Printer) mark(args []string) (refused string, after func()) {
	switch strings.Join(args, " ") {
	case "STOP":
		if p.head.Busy() {
			p.spoil()
		}
		p.started = false
		return "", func() { p.tell(4) }
	case "START":
		p.started = true
		return "", p.apply
	}
	return parameter, nil
}

// setMessage switches a message on or off: SETMSG n 0|1.
func (p *Printer) setMessage(args []string) string {
	if len(args) != 2 || args[1] != "0" && args[1] != "1" {
		return parameter
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 1 || n > 99 {
		return parameter
	}
	p.messages[n] = args[1] == "1"
	return ""
}

// split takes a command's words apart. A word may stand in quotes; then it may hold spaces, and no quote.
func split(line string) (words []string, ok bool) {
	for rest := line; rest != ""; {
		word := ""
		if quoted, found := strings.CutPrefix(rest, `"`); found {
			if word, rest, found = strings.Cut(quoted, `"`); !found || rest != "" && rest[0] != ' ' {
				return nil, false
			}
			rest = strings.TrimPrefix(rest, " ")
		} else {
			word, rest, _ = strings.Cut(rest, " ")
			if word == "" || strings.Contains(word, `"`) {
				return nil, false
			}
		}
		words = append(words, word)
	}
	return words, len(words) > 0
}

// tell sends a message to the client, if it is switched on. The caller holds the lock.
func (p *Printer) tell(number int) {
	if p.messages[number] && p.client != nil {
		p.client.Say(fmt.Sprintf("MSG %d\r\n", number))
	}
}
