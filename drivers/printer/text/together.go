package text

import (
	"errors"
	"fmt"

	"linemark/drivers/printer/template"
)

// label reads the frame of a label and the rules of its values.
func (k *keys) label(p *Printer) {
	table := map[string]string{}
	for from, to := range k.Texts("escape") {
		f, err := plain(from)
		t, other := plain(to)
		if err = errors.Join(err, other); err != nil {
			k.Fail("escape", err.Error(), escapes)
			continue
		}
		table[f] = t
	}
	in := k.word("escape_in", "code", "all")
	if len(table) > 0 && in == "" {
		k.Fail("escape_in", "whether other values than the code are escaped too is missing", `write escape_in = "code" or escape_in = "all"`)
	}
	v := newValues(table, k.bytes("refuse", "", ""), in == "all")
	v.gs, v.fnc1 = k.bytes("gs", "", ""), k.bytes("fnc1", "", "")
	switch {
	case k.has("gs") && v.gs == "":
		k.Fail("gs", "GS would be lost", `write the bytes that the printer takes for it, or leave gs and fnc1 out: then codes with GS are refused`)
	case k.has("gs") && !k.has("fnc1"):
		k.Fail("fnc1", "how the FNC1 in front of a GS1 code is written is missing", `write the bytes that the printer takes for it, or fnc1 = "" where the printer's own field writes it`)
	case k.has("fnc1") && !k.has("gs"):
		k.Fail("gs", "how GS is written is missing", `write the bytes that the printer takes for it; '\x1d' is GS itself`)
	}
	text := k.String("label", "")
	if err := v.check(); err != nil {
		k.Fail("escape", err.Error(), "every byte of a code must be recognised in what is sent: escape the byte in question, or use another mark")
		return
	}
	if text == "" {
		k.Fail("label", "the frame of a label is missing", `write it like '\x02{code}\x03'`)
		return
	}
	var err error
	if p.label, err = newFrame(text, p.end, v); err == nil {
		return
	}
	if bad, ok := errors.AsType[*template.Error](err); ok {
		k.Fail("label", bad.Problem, bad.Hint)
		return
	}
	k.Fail("label", err.Error(), `write it like '\x02{code}\x03', with a byte behind each value that no value holds, or escape that byte`)
}

// together checks what only several keys show.
func (k *keys) together(p *Printer, emptiedBy string) {
	k.emptied(p, emptiedBy)
	k.number(p)
	if p.statusQuery != nil && len(p.ready) == 0 {
		k.Fail("ready", "which answers to status_query mean ready is missing", `write ready = ["..."]`)
	}
	if p.statusQuery == nil && len(p.ready) > 0 {
		k.Fail("status_query", "there is ready, and no query that it answers", "write status_query, or leave ready out and name the messages in ignore")
	}
	if p.refused != nil && p.accepted == nil {
		k.Fail("accepted", "there is refused, and no answer that means accepted", "a refusal that may come at any time cannot be told to belong to a label: write accepted")
	}
	if p.printedQuery != nil && p.printed == nil {
		k.Fail("printed", "there is printed_query, and not what its answer looks like", `write it like printed = 'COUNT {counter}'`)
	}
	if k.speaks(p) && p.answerEnd == "" && p.single == "" {
		k.Fail("answer_end", "what ends an answer is missing", `write it like answer_end = '\r\n', or name answers of one byte in single`)
	}
	k.apart(p)
}

// speaks reports whether anything is expected from the printer.
func (k *keys) speaks(p *Printer) bool {
	for _, x := range p.starts {
		if x.answer != nil {
			return true
		}
	}
	return p.accepted != nil || p.printed != nil || p.statusQuery != nil || len(p.faults) > 0 || len(p.ignore) > 0 ||
		p.keepAlive != nil && p.keepAlive.answer != nil
}

// emptied makes sure that what the printer confirms can only be a label of the session.
func (k *keys) emptied(p *Printer, by string) {
	const hint = `write emptied_by = "init" (a frame of init does it), "connection" (the printer forgets its labels when a connection ends) or "nothing"`
	switch {
	case !k.has("emptied_by"):
		k.Fail("emptied_by", "what empties the printer's buffer is missing", hint)
	case by == "init" && len(p.starts) == 0:
		k.Fail("init", `emptied_by is "init", and there is no frame`, `write init = [{ send = "...", answer = "..." }]`)
	case by == "nothing" && p.printed != nil:
		k.Fail("printed", "a label of an earlier connection could be taken for one of this", `leave printed out, or find the frame that empties the buffer: emptied_by = "init"`)
	}
}

// number checks the number in the message that means printed.
func (k *keys) number(p *Printer) {
	indexed := p.label != nil && p.label.indexed
	number := ""
	if p.printed != nil {
		number = p.printed.number
	}
	switch {
	case p.printed != nil && number == "" && p.printedQuery != nil:
		k.Fail("printed", "the answer to printed_query holds no number", "write {counter} for the printer's counter, or {index} for the index of the last label")
	case number == "counter" && p.printedQuery == nil:
		k.Fail("printed_query", "a counter has to be asked at the start", "write the query that it answers, or * in place of {counter} if each label has its own message")
	case number == "index" && !indexed && p.label != nil:
		k.Fail("label", "printed tells an index, and the label holds no {index}", "put {index} into the label where the printer takes it")
	case indexed && number != "index":
		k.Fail("printed", "the label holds {index}, and printed tells none", "write printed with {index}, or take it out of the label")
	}
	switch {
	case indexed && !k.has("index_last"):
		k.Fail("index_last", "the highest index that the printer takes is missing", "write it like index_last = 9999; the next is 1 again")
	case !indexed && p.label != nil && k.has("index_last"):
		k.Fail("index_last", "the label holds no {index}", "leave it out")
	case indexed && p.indexLast < 2*p.ahead:
		k.Fail("index_last", fmt.Sprintf("%d is too low for ahead = %d: an index would come back too soon", p.indexLast, p.ahead), "write at least twice ahead")
	}
}

// apart refuses answers that could be taken for each other.
func (k *keys) apart(p *Printer) {
	type meaning struct {
		key, group string
		answer     *pattern
	}
	var all []meaning
	add := func(key, group string, answer *pattern) {
		if answer != nil {
			all = append(all, meaning{key, group, answer})
		}
	}
	add("accepted", "accepted", p.accepted)
	add("refused", "bad", p.refused)
	add("printed", "printed", p.printed)
	for _, x := range p.starts {
		add("init", "done", x.answer)
	}
	if p.keepAlive != nil {
		add("keep_alive", "done", p.keepAlive.answer)
	}
	for _, r := range p.ready {
		add("ready", "ready", r)
	}
	for _, f := range p.faults {
		add("faults", "bad", f.answer)
	}
	// The answers to init and to the keep-alive are awaited only where nothing else is.
	harmless := func(a, b string) bool { return a == b || a == "done" && b != "printed" && b != "bad" }
	for i, a := range all {
		for _, b := range all[i+1:] {
			if !harmless(a.group, b.group) && !harmless(b.group, a.group) && overlap(a.answer, b.answer) {
				k.Fail(b.key, fmt.Sprintf("%q could be taken for %q (%s)", b.answer.text, a.answer.text, a.key), "write both so that no answer fits both")
			}
		}
	}
}
