package zpl

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"linemark/drivers/printer/template"
)

var (
	// A brace outside of a field's data is one of ZPL, unless what it holds looks like a placeholder.
	placeholder = regexp.MustCompile(`\{([^{}\r\n]{1,64})\}`)
	// A command is ^ or ~, two characters, and all that follows to the next command.
	command = regexp.MustCompile(`[\^~][^\^~]*`)
)

// refused are commands that have no place on a label, with what they do.
var refused = map[string]string{
	"~PR": "prints the label before again",
	"~JR": "starts the printer anew",
	"~JA": "drops the labels that wait in the printer",
	"~JX": "drops labels that wait in the printer",
	"~JP": "pauses the printer and drops the label",
	"~WC": "prints a label of the printer's settings",
	"~WL": "prints a label of the printer's settings",
	"^WD": "prints a label of what the printer has stored",
	"~JG": "prints a label of the printer's sensors",
}

// fault is one thing wrong with a label.
type fault struct{ problem, hint string }

// compile takes a label's ZPL apart and finds everything in it that would not print one
// label with the code as it is.
func compile(zpl []byte, rule fieldRule) (*label, []fault) {
	c := compiler{label: &label{rule: rule}}
	rest := 0
	for _, at := range command.FindAllIndex(zpl, -1) {
		c.outside("", zpl[rest:at[0]])
		c.command(zpl[at[0]:at[1]])
		rest = at[1]
	}
	c.outside("", zpl[rest:])
	c.whole()
	return c.label, c.faults
}

type compiler struct {
	label  *label
	faults []fault

	begins, ends int // of ^XA and ^XZ
	names        []string

	codes    int      // fields with {code}
	bx       []string // parameters of the field's ^BX; nil where the field has none
	fh       bool     // the field's data goes through ^FH
	encoding string   // parameters of the last ^CI
	open     bool     // the picture has come, and not the ^FS behind it
}

func (c *compiler) fail(hint, problem string, args ...any) {
	c.faults = append(c.faults, fault{fmt.Sprintf(problem, args...), hint})
}

func (c *compiler) literal(command string, b []byte) {
	if len(b) > 0 {
		c.label.pieces = append(c.label.pieces, piece{command: command, literal: bytes.Clone(b)})
	}
}

// outside takes what is not data of a field.
func (c *compiler) outside(command string, b []byte) {
	for _, m := range placeholder.FindAll(b, -1) {
		switch parts := c.parse(string(m)); {
		case parts == nil:
		case parts[0].Name == template.Picture:
			c.fail(pictureHint, "%s does not stand right behind its ^FO", m)
		default:
			c.fail("put it after ^FD", "%s stands outside the data of a field", m)
		}
	}
	c.literal(command, b)
}

// parse reads a text with placeholders and notes them; nil where it is wrong.
func (c *compiler) parse(text string) []template.Part {
	parts, err := template.Parse(text, template.Picture)
	if bad, ok := errors.AsType[*template.Error](err); ok {
		c.fail(bad.Hint, "%s", bad.Problem)
		return nil
	}
	for _, p := range parts {
		if p.Name != "" {
			c.names = append(c.names, p.Name)
		}
	}
	return parts
}

func (c *compiler) command(b []byte) {
	head := b[:min(3, len(b))]
	name := strings.ToUpper(string(head))
	text := strings.TrimSpace(string(b[len(head):]))
	if c.open && name != "^FS" {
		c.fail(pictureHint, "%s stands between the picture and its ^FS", name)
	}
	c.open = false
	switch {
	case name == "^FO" && c.place(b):
		return
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
	case name == "^CI":
		c.encoding = text
	case name == "^BX":
		c.bx = strings.Split(text, ",")
	case strings.HasPrefix(name, "^B") && name != "^BY":
		c.bx = nil
	case name == "^PQ":
		c.label.quantity = name + text
		count, _, _ := strings.Cut(text, ",")
		if n, err := strconv.Atoi(strings.TrimSpace(count)); count != "" && (err != nil || n != 1) {
			c.fail("write ^PQ1", "^PQ%s: one code goes on one label", text)
		}
	case name == "^JZ" && !strings.EqualFold(text, "N"):
		c.fail("leave it out: the driver sends ^JZN", "^JZ%s makes the printer print a label again after a fault", text)
	case name == "^DF":
		c.fail(`leave it out, and write format = "stored" in the configuration`, "^DF stores the label in the printer and prints nothing")
	case name == "^MC" && strings.EqualFold(text, "N"):
		c.fail("leave it out", "^MCN leaves the label before in the printer: it would be printed again, with its code")
	case refused[name] != "":
		c.fail("leave it out", "%s %s", name, refused[name])
	case slices.Contains([]string{"^CC", "~CC", "^CT", "~CT", "^CD", "~CD"}, name):
		c.fail("leave it out", "%s changes the characters of the printer's commands", name)
	}
	if name == "^FD" {
		c.data(b)
		return
	}
	c.outside(name, b)
}

// data takes ^FD and what follows it.
func (c *compiler) data(b []byte) {
	head, text := b[:3], string(b[3:])
	if len(text) == 0 {
		c.literal("^FD", b)
		return
	}
	parts := c.parse(text)
	f := &field{parts: parts, encoding: c.encoding, inBX: c.bx != nil}
	if template.Shows(parts, template.Picture) {
		c.fail(pictureHint, "the picture is no data of a field")
	}
	if names := f.names(); len(names) == 0 {
		if len(parts) > 0 { // a doubled brace has become one
			b = append(bytes.Clone(head), parts[0].Literal...)
		}
		c.literal("^FD", b)
		return
	} else if c.fh {
		c.fail("give the placeholder a field of its own, without ^FH", "{%s}: ^FH would change the value", names[0])
	} else if slices.Contains(names, "code") {
		c.codeField(text)
	}
	if i := slices.IndexFunc(c.label.fields, f.same); i >= 0 {
		c.label.fields[i].inBX = c.label.fields[i].inBX || f.inBX
		f = c.label.fields[i]
	} else {
		c.label.fields = append(c.label.fields, f)
		f.number = len(c.label.fields)
	}
	c.label.pieces = append(c.label.pieces, piece{command: "^FD", literal: bytes.Clone(head), field: f})
}

// codeField checks the field that holds {code}.
func (c *compiler) codeField(data string) {
	c.label.hasCode = true
	if c.codes++; c.codes == 2 {
		c.fail("leave the second out", "there is more than one {code} field: one code goes on one product; two-across media are not served")
	}
	if data != "{code}" {
		c.fail("write ^FD{code}^FS: the driver writes FNC1 itself", "{code} is not the whole data of its field")
	}
	example := fmt.Sprintf("write it like ^BXN,4,200,,,,%c", c.label.rule.escape)
	switch {
	case c.bx == nil:
		c.fail(example, "{code} is not in a Data Matrix field (^BX)")
		return
	case parameter(c.bx, 2) != "200":
		c.fail(example, "the quality of ^BX is not 200")
	}
	for i, what := range []string{"columns", "rows"} {
		if n := parameter(c.bx, 3+i); n != "" {
			c.fail("leave columns and rows empty: the printer takes the smallest that holds the code",
				"^BX fixes the %s of the symbol to %s, which not every code fits into", what, n)
		}
	}
	if parameter(c.bx, 7) == "2" {
		c.fail("leave it out: a square symbol holds every code", "^BX asks for a rectangular symbol, which not every code fits into")
	}
	switch g := parameter(c.bx, 6); g {
	case string(c.label.rule.escape):
	case "":
		c.fail(example, "^BX names no escape character, and printers differ in what they take instead")
	default:
		c.fail(example, "^BX names the escape character %s, but escape is %c", g, c.label.rule.escape)
	}
}

// parameter returns the n-th parameter of a command, from 0; empty where it is absent.
func parameter(all []string, n int) string {
	if n >= len(all) {
		return ""
	}
	return strings.TrimSpace(all[n])
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
	if !slices.ContainsFunc([]string{"code", "sscc", "waybill", template.Picture}, func(name string) bool { return slices.Contains(c.names, name) }) {
		c.fail("put ^FD{code}^FS into a ^BX field, or {sscc} into a barcode", "there is neither {code} nor {sscc}")
	}
}
