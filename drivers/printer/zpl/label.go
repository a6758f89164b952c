package zpl

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"linemark/drivers"
	"linemark/drivers/link/option"
)

// placeholders are the names that a label may use, in braces.
var placeholders = []string{"code", "gtin", "serial", "sscc", "batch", "count"}

var (
	placeholder = regexp.MustCompile(`\{([^{}\r\n]{1,32})\}`)
	// A command is ^ or ~, two characters, and all that follows to the next command.
	command = regexp.MustCompile(`[\^~][^\^~]*`)
)

// label is a checked label: literal ZPL with the places for values in between.
type label struct {
	parts   []part
	rule    fieldRule
	hasCode bool
}

// part is literal ZPL, or the place of a value.
type part struct {
	literal []byte
	name    string // of the placeholder; empty for literal ZPL
	inBX    bool
}

// fault is one thing wrong with a label.
type fault struct{ problem, hint string }

// compile takes a label's ZPL apart and finds everything in it that would not print one
// label with the code as it is.
func compile(zpl []byte, rule fieldRule) (*label, []fault) {
	c := compiler{label: &label{rule: rule}}
	rest := 0
	for _, at := range command.FindAllIndex(zpl, -1) {
		c.outside(zpl[rest:at[0]])
		c.command(zpl[at[0]:at[1]])
		rest = at[1]
	}
	c.outside(zpl[rest:])
	c.whole()
	return c.label, c.faults
}

type compiler struct {
	label  *label
	faults []fault

	begins, ends int // of ^XA and ^XZ
	names        []string

	bx []string // parameters of the field's ^BX; nil where the field has none
	fh bool     // the field's data goes through ^FH
}

func (c *compiler) fail(hint, problem string, args ...any) {
	c.faults = append(c.faults, fault{fmt.Sprintf(problem, args...), hint})
}

func (c *compiler) literal(b []byte) {
	if len(b) > 0 {
		c.label.parts = append(c.label.parts, part{literal: bytes.Clone(b)})
	}
}

// outside takes what is not data of a field.
func (c *compiler) outside(b []byte) {
	for _, m := range placeholder.FindAllSubmatch(b, -1) {
		if c.known(string(m[1])) {
			c.fail("put it after ^FD", "%s stands outside the data of a field", m[0])
		}
	}
	c.literal(b)
}

// known notes a placeholder that the label uses.
func (c *compiler) known(name string) bool {
	if !slices.Contains(placeholders, name) {
		hint := "known: {" + strings.Join(placeholders, "} {") + "}"
		if near := option.Nearest(name, placeholders); near != "" {
			hint = fmt.Sprintf("did you mean {%s}?", near)
		}
		c.fail(hint, "unknown placeholder {%s}", name)
		return false
	}
	c.names = append(c.names, name)
	return true
}

func (c *compiler) command(b []byte) {
	head := b[:min(3, len(b))]
	arguments := b[len(head):]
	name := strings.ToUpper(string(head))
	text := strings.TrimSpace(string(arguments))
	switch {
	case name == "^XA":
		c.begins++
		if c.begins > c.ends+1 {
			c.fail("write one ^XA ... ^XZ", "^XA begins a second time before ^XZ")
		}
	case name == "^XZ":
		c.ends++
	case name == "^FS":
		c.bx, c.fh = nil, false
	case name == "^FH":
		c.fh = true
	case name == "^BX":
		c.bx = strings.Split(text, ",")
	case strings.HasPrefix(name, "^B") && name != "^BY":
		c.bx = nil
	case name == "^PQ":
		count, _, _ := strings.Cut(text, ",")
		if n, err := strconv.Atoi(strings.TrimSpace(count)); count != "" && (err != nil || n != 1) {
			c.fail("write ^PQ1", "^PQ%s: one code goes on one label", text)
		}
	case name == "^JZ" && !strings.EqualFold(text, "N"):
		c.fail("leave it out: the driver sends ^JZN", "^JZ%s makes the printer print a label again after a fault", text)
	case slices.Contains([]string{"^CC", "~CC", "^CT", "~CT", "^CD", "~CD"}, name):
		c.fail("leave it out", "%s changes the characters of the printer's commands", name)
	}
	if name != "^FD" {
		c.outside(b)
		return
	}
	c.literal(head)
	c.data(arguments)
}

// data takes what follows ^FD.
func (c *compiler) data(b []byte) {
	last := 0
	for _, m := range placeholder.FindAllSubmatchIndex(b, -1) {
		name := string(b[m[2]:m[3]])
		if !c.known(name) {
			continue
		}
		if c.fh {
			c.fail("give the placeholder a field of its own, without ^FH", "{%s}: ^FH would change the value", name)
		}
		if name == "code" {
			c.codeField(b)
		}
		c.literal(b[last:m[0]])
		c.label.parts = append(c.label.parts, part{name: name, inBX: c.bx != nil})
		last = m[1]
	}
	c.literal(b[last:])
}

// codeField checks the field that holds {code}.
func (c *compiler) codeField(data []byte) {
	c.label.hasCode = true
	if string(data) != "{code}" {
		c.fail("write ^FD{code}^FS: the driver writes FNC1 itself", "{code} is not the whole data of its field")
	}
	example := fmt.Sprintf("write it like ^BXN,4,200,,,,%c", c.label.rule.escape)
	switch {
	case c.bx == nil:
		c.fail(example, "{code} is not in a Data Matrix field (^BX)")
		return
	case len(c.bx) < 3 || strings.TrimSpace(c.bx[2]) != "200":
		c.fail(example, "the quality of ^BX is not 200")
	}
	switch g := strings.TrimSpace(strings.Join(c.bx[min(6, len(c.bx)):min(7, len(c.bx))], "")); g {
	case string(c.label.rule.escape):
	case "":
		c.fail(example, "^BX names no escape character, and printers differ in what they take instead")
	default:
		c.fail(example, "^BX names the escape character %s, but escape is %c", g, c.label.rule.escape)
	}
}

// whole checks what only the whole label shows.
func (c *compiler) whole() {
	switch {
	case c.begins == 0:
		c.fail("begin the label with ^XA", "there is no ^XA")
	case c.begins > 1:
		c.fail("write one ^XA ... ^XZ", "there are %d formats: one code goes on one label", c.begins)
	}
	switch {
	case c.ends == 0:
		c.fail("end the label with ^XZ", "there is no ^XZ")
	case c.ends > c.begins && c.begins > 0:
		c.fail("write one ^XA ... ^XZ", "there is a ^XZ too many")
	}
	if !slices.Contains(c.names, "code") && !slices.Contains(c.names, "sscc") {
		c.fail("put ^FD{code}^FS into a ^BX field, or {sscc} into a barcode", "there is neither {code} nor {sscc}")
	}
}

// checkCode returns why this label cannot carry the code.
func (l *label) checkCode(code []byte) error {
	if !l.hasCode {
		return errors.New("the label has no {code}")
	}
	return l.rule.check(code)
}

// render appends the ZPL of one label to dst.
func (l *label) render(dst []byte, v drivers.Label) ([]byte, error) {
	if l.hasCode || v.Code != nil {
		if err := l.checkCode(v.Code); err != nil {
			return nil, err
		}
	}
	for _, p := range l.parts {
		switch p.name {
		case "":
			dst = append(dst, p.literal...)
		case "code":
			dst = append(dst, l.rule.content(v.Code)...)
		default:
			text, ok := v.Fields[p.name]
			if !ok {
				return nil, fmt.Errorf("there is no value for {%s}", p.name)
			}
			if err := l.rule.checkText(text, p.inBX); err != nil {
				return nil, fmt.Errorf("the value of {%s}: %w", p.name, err)
			}
			dst = append(dst, text...)
		}
	}
	return dst, nil
}
