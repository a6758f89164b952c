package text

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"linemark/drivers"
	"linemark/drivers/link/option"
	"linemark/drivers/printer/talk"
	"linemark/drivers/printer/template"
)

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Printer, error) {
	r := read(s)
	p := &Printer{name: s.Name, address: s.Address, dial: talk.Dialer(s)}
	p.end = r.bytes("end", "the bytes behind every frame that is sent", `write end = '\r', or end = '' where the frames hold their end`)
	p.answerEnd = r.bytes("answer_end", "", "")
	p.single = r.bytes("single", "", "")
	p.ahead = r.Int("ahead", 0, 1, 10_000)
	if !r.has("ahead") {
		r.Fail("ahead", "how many labels the printer holds is missing", "write ahead = 1 where it holds one, or what its manual says")
	}
	p.poll = r.Duration("poll", 20*time.Millisecond, time.Millisecond)
	p.silence = r.Duration("silence", 3*time.Second, 50*time.Millisecond)
	p.settle = r.Duration("settle", 500*time.Millisecond, 0)

	p.starts = r.starts()
	p.keepAlive, p.every = r.keepAlive()
	p.accepted = r.pattern("accepted", false)
	p.refused = r.pattern("refused", false)
	p.printed = r.pattern("printed", true)
	p.printedQuery = r.query("printed_query", p.end)
	p.indexLast = r.Int("index_last", 0, 2, 999_999_999)
	p.statusQuery = r.query("status_query", p.end)
	p.ready = r.patterns("ready")
	p.ignore = r.patterns("ignore")
	for text, meaning := range r.Texts("faults") {
		if answer := r.parse("faults", text, false); answer != nil {
			p.faults = append(p.faults, fault{answer, meaning})
		}
	}
	slices.SortFunc(p.faults, func(a, b fault) int { return len(b.answer.text) - len(a.answer.text) })
	for i := range p.starts {
		p.starts[i].send = append(p.starts[i].send, p.end...)
	}
	if p.keepAlive != nil {
		p.keepAlive.send = append(p.keepAlive.send, p.end...)
	}
	r.label(p)
	// A message without a number that comes twice would confirm the next label too, if there were one.
	if p.printed != nil && p.printed.number == "" {
		p.ahead = min(p.ahead, 1)
	}
	// A label of an earlier run of the agent that comes out late must not bear an index of this
	// one. The hundredth of a second runs ahead of every printer's labels.
	if p.indexLast > 0 {
		p.index = uint64(time.Now().UnixMilli()/10) % uint64(p.indexLast)
	}
	r.together(p, r.word("emptied_by", "init", "connection", "nothing"))
	if err := r.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// keys reads the options; beside what option.Keys reads there are frames and answers.
type keys struct {
	*option.Keys
	options map[string]any
}

func read(s drivers.Settings) *keys { return &keys{Keys: option.Of(s), options: s.Options} }

func (k *keys) has(key string) bool { _, ok := k.options[key]; return ok }

// word returns one of the allowed words; "" where the key is absent or wrong.
func (k *keys) word(key string, allowed ...string) string {
	if !k.has(key) {
		return k.String(key, "", allowed...)
	}
	return k.OneOf(key, allowed...)
}

// bytes returns a text as bytes. What is missing is a problem where missing says so.
func (k *keys) bytes(key, missing, hint string) string {
	text := k.String(key, "")
	if missing != "" && !k.has(key) {
		k.Fail(key, missing+" are missing", hint)
	}
	b, err := plain(text)
	if err != nil {
		k.Fail(key, err.Error(), escapes)
	}
	return b
}

// query returns a frame that asks, with the end behind it; nil where the key is absent.
func (k *keys) query(key, end string) []byte {
	b := k.bytes(key, "", "")
	if k.has(key) && b == "" {
		k.Fail(key, "there is nothing to send", "leave the key out")
	}
	if b == "" {
		return nil
	}
	return []byte(b + end)
}

func (k *keys) parse(key, text string, numbered bool) *pattern {
	p, err := parsePattern(text, numbered)
	if err == nil {
		return p
	}
	hint := escapes + "; * stands for any text"
	if bad, ok := errors.AsType[*template.Error](err); ok {
		k.Fail(key, bad.Problem, bad.Hint)
	} else {
		k.Fail(key, err.Error(), hint)
	}
	return nil
}

func (k *keys) pattern(key string, numbered bool) *pattern {
	if text := k.String(key, ""); k.has(key) {
		return k.parse(key, text, numbered)
	}
	return nil
}

func (k *keys) patterns(key string) (all []*pattern) {
	v := k.List(key)
	list, isList := v.([]any)
	if v != nil && !isList {
		k.Fail(key, "this is no list", fmt.Sprintf(`write %s = ["...", "..."]`, key))
	}
	for _, one := range list {
		text, ok := one.(string)
		if !ok {
			k.Fail(key, fmt.Sprintf("%v is no text", one), "write it in quotes")
			continue
		}
		if p := k.parse(key, text, false); p != nil {
			all = append(all, p)
		}
	}
	return all
}

// starts returns the frames of init in their order.
func (k *keys) starts() (all []exchange) {
	var list []any
	switch v := k.List("init").(type) {
	case nil:
	case []any:
		list = v
	case []map[string]any:
		for _, one := range v {
			list = append(list, one)
		}
	default:
		k.Fail("init", "this is no list", `write init = [{ send = "...", answer = "..." }]`)
	}
	for i, one := range list {
		table, ok := one.(map[string]any)
		if !ok {
			k.Fail("init", fmt.Sprintf("frame %d is no table", i+1), `write it like { send = "...", answer = "..." }`)
			continue
		}
		if x := k.exchange("init", fmt.Sprintf("frame %d", i+1), table); x != nil {
			all = append(all, *x)
		}
	}
	return all
}

// exchange reads a table of send and answer.
func (k *keys) exchange(key, which string, table map[string]any, more ...string) *exchange {
	known := append([]string{"send", "answer"}, more...)
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(known, name) {
			k.Fail(key, fmt.Sprintf("%s holds the unknown %s", which, name), fmt.Sprintf("known: %v", known))
			return nil
		}
	}
	send, ok1 := table["send"].(string)
	answer, ok2 := table["answer"].(string)
	if !ok1 || !ok2 || send == "" {
		k.Fail(key, which+" has no send or no answer", `write send = "..." and answer = "..."; answer = "" where the printer says nothing to it`)
		return nil
	}
	b, err := plain(send)
	if err != nil {
		k.Fail(key, err.Error(), escapes)
		return nil
	}
	x := &exchange{send: []byte(b)}
	if answer != "" {
		if x.answer = k.parse(key, answer, false); x.answer == nil {
			return nil
		}
	}
	return x
}

func (k *keys) keepAlive() (*exchange, time.Duration) {
	const key = "keep_alive"
	texts := k.Texts(key)
	if !k.has(key) {
		return nil, 0
	}
	table := map[string]any{}
	for name, text := range texts {
		table[name] = text
	}
	every, err := time.ParseDuration(texts["every"])
	if err != nil || every < 100*time.Millisecond {
		k.Fail(key, fmt.Sprintf("every is %q", texts["every"]), `write a span of time of at least 100ms, like "5s"`)
	}
	return k.exchange(key, "keep_alive", table, "every"), every
}
