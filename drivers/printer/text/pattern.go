package text

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"linemark/drivers/printer/template"
)

// kind is what a token of a pattern stands for.
type kind int

const (
	one    kind = iota // the byte b
	some               // any text, also none
	digit              // one digit
	digits             // any number of digits
)

type token struct {
	kind kind
	b    byte
}

func (t token) repeats() bool { return t.kind == some || t.kind == digits }

// meets reports whether some byte fits both.
func (t token) meets(o token) bool {
	isDigit := func(t token) bool {
		return t.kind == digit || t.kind == digits || t.kind == one && t.b >= '0' && t.b <= '9'
	}
	switch {
	case t.kind == some || o.kind == some:
		return true
	case t.kind == one && o.kind == one:
		return t.b == o.b
	}
	return isDigit(t) && isDigit(o)
}

// pattern is an answer that the printer may give.
type pattern struct {
	text   string // as the configuration has it
	number string // "index" or "counter"; empty for a pattern without a number
	tokens []token
	whole  *regexp.Regexp
}

// parsePattern reads a pattern: bytes with escapes, * for any text. With numbered, a
// placeholder {index} or {counter} stands for a number, and braces are written doubled.
func parsePattern(text string, numbered bool) (*pattern, error) {
	parts := []template.Part{{Literal: text}}
	if numbered {
		var err error
		if parts, err = template.Parse(text, "index", "counter"); err != nil {
			return nil, err
		}
	}
	p := &pattern{text: text}
	for _, part := range parts {
		switch {
		case part.Name == "":
			if err := p.literal(part.Literal); err != nil {
				return nil, err
			}
		case part.Name != "index" && part.Name != "counter":
			return nil, fmt.Errorf("%q: {%s} is no part of an answer: {index} or {counter} is", text, part.Name)
		case p.number != "":
			return nil, fmt.Errorf("%q holds more than one number", text)
		default:
			p.number = part.Name
			p.tokens = append(p.tokens, token{kind: digit}, token{kind: digits})
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	p.compile()
	return p, nil
}

func (p *pattern) literal(text string) error {
	high := false
	err := unescape(text,
		func(c byte) { high = high || c >= 0x80; p.tokens = append(p.tokens, token{b: c}) },
		func() { p.tokens = append(p.tokens, token{kind: some}) })
	if err == nil && high {
		err = fmt.Errorf("%q holds a byte above 7F, which no answer may hold", text)
	}
	return err
}

// check refuses what could be read in two ways.
func (p *pattern) check() error {
	if len(p.tokens) == 0 {
		return errors.New("an empty answer cannot be told from none")
	}
	for i := 1; i < len(p.tokens); i++ {
		a, b := p.tokens[i-1], p.tokens[i]
		switch {
		case a.kind == some && b.kind == some:
			return fmt.Errorf("%q holds ** (one * stands for any text)", p.text)
		case a.kind == some && b.kind == digit, a.kind == digits && b.kind == some:
			return fmt.Errorf("%q: where the number begins and ends cannot be told beside *", p.text)
		case b.kind == digit && a.meets(b), a.kind == digits && b.kind != digits && b.meets(a):
			return fmt.Errorf("%q: where the number begins and ends cannot be told beside a digit", p.text)
		}
	}
	return nil
}

// compile makes the expression. In a pattern with a number * ends before the first byte like
// the one that follows it: so there is only one way to read the number.
func (p *pattern) compile() {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i, t := range p.tokens {
		switch t.kind {
		case one:
			b.WriteString(regexp.QuoteMeta(string(rune(t.b))))
		case digit:
			b.WriteString(`([0-9]+)`)
		case some:
			if p.number != "" && i+1 < len(p.tokens) {
				b.WriteString(`[^` + regexp.QuoteMeta(string(rune(p.tokens[i+1].b))) + `]*`)
				continue
			}
			b.WriteString(`.*`)
		}
	}
	b.WriteString(`\z`)
	p.whole = regexp.MustCompile(b.String())
}

// match reports whether the answer fits, and the number in it. A number beyond 18 digits
// fits nothing.
func (p *pattern) match(answer []byte) (n uint64, ok bool) {
	m := p.whole.FindSubmatch(answer)
	if m == nil || p.number == "" {
		return 0, m != nil
	}
	n, err := strconv.ParseUint(string(m[1]), 10, 60)
	return n, err == nil
}

// overlap reports whether some answer may fit both patterns. It errs towards yes.
func overlap(a, b *pattern) bool {
	type at struct{ i, j int }
	seen := map[at]bool{}
	var walk func(i, j int) bool
	walk = func(i, j int) bool {
		if seen[at{i, j}] {
			return false
		}
		seen[at{i, j}] = true
		if i == len(a.tokens) && j == len(b.tokens) {
			return true
		}
		if i < len(a.tokens) && a.tokens[i].repeats() && walk(i+1, j) {
			return true
		}
		if j < len(b.tokens) && b.tokens[j].repeats() && walk(i, j+1) {
			return true
		}
		if i == len(a.tokens) || j == len(b.tokens) || !a.tokens[i].meets(b.tokens[j]) {
			return false
		}
		switch x, y := a.tokens[i].repeats(), b.tokens[j].repeats(); {
		case x && !y:
			return walk(i, j+1)
		case y && !x:
			return walk(i+1, j)
		case !x && !y:
			return walk(i+1, j+1)
		}
		return false
	}
	return walk(0, 0)
}
