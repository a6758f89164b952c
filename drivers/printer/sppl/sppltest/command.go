package sppltest

import (
	"fmt"
	"strings"
)

const (
	ok   = "OK"
	fail = "FAIL"
	sep  = "~gt~" // between the parameters of queue commands
)

// command is one command of a frame.
type command struct{ name, param string }

// parse takes what stands between ~ and ^ apart. Spaces after the ~ and the { mean nothing, and | joins
// several commands.
func parse(frame string) []command {
	var all []command
	for _, part := range strings.Split(frame, "|") {
		name, param, found := strings.Cut(part, "{")
		if found {
			if end := strings.LastIndexByte(param, '}'); end >= 0 {
				param = param[:end]
			}
		}
		all = append(all, command{strings.TrimSpace(name), strings.TrimLeft(param, " ")})
	}
	return all
}

// answer acts on a command and returns what follows its name in the answer. The caller holds the lock.
func (p *Printer) answer(c command) (tag, result string) {
	if c.name == "SPPSTA" {
		return c.name, p.state()
	}
	if p.fault == Menu || p.fault == Starting || p.fault == Refuse {
		return c.name, fail
	}
	switch c.name {
	case "SPPSTP":
		if !p.running {
			return c.name, fail
		}
		p.stop()
		return c.name, ok
	case "SPPSAP":
		if p.running || p.fault.isError() || p.depth() == 0 {
			return c.name, fail
		}
		if p.fault == Pause { // a stopped printer, whoever has stopped it, is started by this
			p.raise(NoFault)
			return c.name, ok
		}
		p.start()
		return c.name, ok
	case "SPLLTF":
		return c.name, p.load(c.param)
	case "SPCSPM":
		return c.name, p.setWord(c.param)
	case "SPGGTP":
		return c.name, fmt.Sprint(p.Odometer())
	case "SPGGCP":
		return "SPGGTP", fmt.Sprint(p.loaded)
	case "SPGGFV", "SPGGFW":
		return c.name, "SPPLTEST 3.18"
	case "SPLGFV":
		if !p.hasField(c.param) {
			return c.name, notFound(c.param)
		}
		return c.name, p.values[c.param]
	case "SPLCQD", "SPLGQC", "SPLAQD", "SPLAMQ", "SPLGMQ":
		return p.queueCommand(c)
	}
	return c.name, fail
}

// queueCommand acts on the commands for queues. The caller holds the lock.
func (p *Printer) queueCommand(c command) (tag, result string) {
	params := strings.Split(c.param, sep)
	several := c.name == "SPLAMQ" || c.name == "SPLGMQ"
	if several && p.opt.OldController {
		return c.name, fail
	}
	switch c.name {
	case "SPLAQD", "SPLAMQ":
		if len(params)%2 != 0 || !several && len(params) != 2 || p.fault == QueueFull {
			return c.name, fail
		}
		return c.name, p.add(params)
	case "SPLGMQ":
		counts := make([]string, len(params))
		for i, f := range params {
			if !p.hasField(f) {
				return c.name, notFound(f)
			}
			counts[i] = fmt.Sprintf("%s=%d", f, len(p.queues[f]))
		}
		if !p.opt.OwnTag {
			c.name = "SPLGQC"
		}
		return c.name, strings.Join(counts, "<")
	}
	if !p.hasField(c.param) {
		return c.name, notFound(c.param)
	}
	if c.name == "SPLGQC" {
		return c.name, fmt.Sprint(len(p.queues[c.param]))
	}
	p.clear(c.param, "cleared")
	return c.name, ok
}

// add takes pairs of a field and its rows; all of them, or none. The caller holds the lock.
func (p *Printer) add(params []string) string {
	texts := make([][]string, len(params)/2)
	for i := range texts {
		field := params[2*i]
		if !p.hasField(field) {
			return notFound(field)
		}
		for _, line := range strings.Split(strings.ReplaceAll(params[2*i+1], "\r\n", "\n"), "\n") {
			text, good := p.decode(line)
			if !good {
				return fail
			}
			texts[i] = append(texts[i], text)
		}
	}
	for i, rows := range texts {
		p.appendRows(params[2*i], rows)
	}
	return ok
}

var entities = strings.NewReplacer("&quot;", `"`, "&apos;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&")

// decode turns a row into what is marked: false where the printer cannot take it.
func (p *Printer) decode(text string) (string, bool) {
	for i := range len(text) {
		if c := text[i]; c >= 0x80 || c < ' ' && c != 0x1D || c == 0x1D && p.opt.GS != "" {
			return "", false
		}
	}
	if !p.opt.RawEntities {
		if strings.ContainsAny(text, "<>") {
			return "", false
		}
		text = entities.Replace(text)
	}
	text = strings.TrimPrefix(text, p.opt.Lead)
	if p.opt.GS != "" {
		text = strings.ReplaceAll(text, p.opt.GS, "\x1D")
	}
	return text, true
}

// load is SPLLTF: it leaves only what the template's own CSV brings in the queues. The caller holds the lock.
func (p *Printer) load(name string) string {
	if p.running || !strings.HasSuffix(name, ".rox") {
		return fail
	}
	p.loaded = 0
	for _, f := range p.opt.Fields {
		p.clear(f, "cleared")
		for i := range p.opt.Preload {
			p.appendRows(f, []string{fmt.Sprintf("SAMPLE%d", i+1)})
		}
	}
	return ok
}

// setWord is SPCSPM{1>TXT}, or {0} for none. The caller holds the lock.
func (p *Printer) setWord(param string) string {
	on, word, _ := strings.Cut(param, ">")
	switch {
	case on == "0":
		p.word = ""
	case on == "1" && word != "" && len(word) <= 10:
		p.word = word
	default:
		return fail
	}
	return ok
}

// state answers SPPSTA. The caller holds the lock.
func (p *Printer) state() string {
	state := "WAITING<"
	switch {
	case p.fault == Starting:
		state = "INIT<"
	case p.fault.isError():
		state = "ERROR<" + strings.ToUpper(p.fault.String())
	case p.running:
		state = "RUNNING<"
	}
	if p.fault == Menu {
		state += "BLOCKED"
	}
	return state
}

func notFound(field string) string { return field + " not found" }
