package sbpl

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linemark/drivers"
	"linemark/drivers/printer/graphics"
	"linemark/drivers/printer/template"
)

const (
	stx = "\x02"
	etx = "\x03"
	esc = "\x1b"
)

// label is a checked label: what follows <ESC>A and the id, to <ESC>Z, with the places for
// values in between.
type label struct {
	parts   []template.Part
	rule    rule
	hasCode bool
	picture graphics.Want
}

// fault is one thing wrong with a label.
type fault struct{ problem, hint string }

type compiler struct {
	label  *label
	ecc    string
	faults []fault
	names  []string
	larger string // the <ESC>L in force, if there is one
}

func (c *compiler) fail(hint, problem string, args ...any) {
	c.faults = append(c.faults, fault{fmt.Sprintf(problem, args...), hint})
}

// compile takes a label's SBPL apart and finds everything in it that would not print one
// label with the code as it is. ESC may be written <ESC>; line ends mean nothing.
func compile(text, ecc string, r rule) (*label, []fault) {
	c := compiler{label: &label{rule: r}, ecc: ecc}
	text = strings.NewReplacer("<ESC>", esc, "\r", "", "\n", "").Replace(text)
	if at := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != 0x1b || r == 0x7f }); at >= 0 {
		c.fail("write ESC as <ESC>; the driver writes STX and ETX", "there is the control character %02X", text[at])
		return c.label, c.faults
	}
	commands := strings.Split(text, esc)
	if len(commands) < 3 || strings.TrimSpace(commands[0]) != "" || strings.TrimSpace(commands[1]) != "A" {
		c.fail("write <ESC>A first", "the label does not begin with <ESC>A")
	} else if strings.TrimSpace(commands[len(commands)-1]) != "Z" {
		c.fail("write <ESC>Z last", "the label does not end with <ESC>Z")
	}
	if len(c.faults) > 0 {
		return c.label, c.faults
	}
	last, quantities := "", 0
	for _, command := range commands[2 : len(commands)-1] {
		if strings.HasPrefix(command, "Q") {
			quantities++
		}
		c.command(command, last)
		last = command
	}
	c.label.parts = append(c.label.parts, template.Part{Literal: esc + "Z"})
	if quantities != 1 {
		c.fail("write <ESC>Q1 once", "there are %d <ESC>Q", quantities)
	}
	if !slices.ContainsFunc([]string{"code", "sscc", "waybill", template.Picture}, func(name string) bool { return slices.Contains(c.names, name) }) {
		c.fail("put <ESC>DC{code} after a <ESC>BX, or {sscc} into a bar code", "there is neither {code} nor {sscc}")
	}
	return c.label, c.faults
}

// command takes one command; last is the one before it.
func (c *compiler) command(command, last string) {
	parts, err := template.Parse(command, template.Picture)
	if bad, ok := errors.AsType[*template.Error](err); ok {
		c.fail(bad.Hint, "<ESC>%s: %s", command, bad.Problem)
		return
	}
	name, text := command[:min(2, len(command))], strings.TrimSpace(command)
	switch {
	case name == "ID":
		c.fail("leave it out: the driver gives every label its own", "<ESC>%s: the id of the job is what the printer confirms", text)
	case text == "A" || text == "Z":
		c.fail("write one <ESC>A ... <ESC>Z", "<ESC>%s stands inside the label: one code goes on one label", text)
	case text == "C":
		c.fail("leave it out", "<ESC>C prints the label before once more")
	case strings.HasPrefix(command, "L") && isDigits(text[1:], 4):
		c.larger = text
	case strings.HasPrefix(command, "Q"):
		if n, err := strconv.Atoi(text[1:]); err != nil || n != 1 {
			c.fail("write <ESC>Q1", "<ESC>%s: one code goes on one label", text)
		}
		parts = []template.Part{{Literal: text}}
	case name == "BX":
		c.matrix(text)
		parts = []template.Part{{Literal: text}}
	}
	c.label.parts = append(c.label.parts, template.Part{Literal: esc})
	for _, p := range parts {
		if p.Name == "" {
			continue
		}
		c.names = append(c.names, p.Name)
		if p.Name == template.Picture {
			c.picture(text, p)
			parts = []template.Part{p}
			break
		}
		if p.Name != "code" {
			continue
		}
		c.label.hasCode = true
		if strings.TrimRight(command, " ") != "DC{code}" {
			c.fail("write <ESC>DC{code}: the driver writes FNC1 itself", "{code} is not the whole data of <ESC>DC")
		} else if !strings.HasPrefix(last, "BX") {
			c.fail("write <ESC>BX before it", "<ESC>DC{code} does not follow a <ESC>BX")
		}
		parts = []template.Part{{Literal: "DC"}, p}
		break
	}
	c.label.parts = append(c.label.parts, parts...)
}

// eccs are what selects ECC 200, by model.
var eccs = []string{"20", "200"}

// matrix checks a <ESC>BX against the setting ecc, or against both of its values where it has none.
func (c *compiler) matrix(command string) {
	ecc := cmp.Or(c.ecc, eccs[0])
	problem := matrix(command, ecc)
	if problem == "" {
		return
	}
	for _, other := range eccs {
		if other == ecc || matrix(command, other) != "" {
			continue
		}
		if c.ecc != "" {
			c.fail("write ecc = \""+other+"\" if the programming reference of this model has it, else <ESC>BX05"+ecc+"0404000000001 in the label",
				"<ESC>%s is for ecc = %q, and the setting is ecc = %q: nothing would be printed", command, other, ecc)
		}
		return
	}
	c.fail("write it like <ESC>BX05"+ecc+"0404000000001", "<ESC>%s: %s: nothing would be printed", command, problem)
}

// matrix says what is wrong with BXaabbccddeeefffghh (programming references). A value out
// of range prints no symbol, and the printer reports nothing.
func matrix(command, ecc string) string {
	digits := command[2:]
	if strings.Trim(digits, "0123456789") != "" || len(digits) != 15+len(ecc) {
		return fmt.Sprintf("it has not %d digits", 15+len(ecc))
	}
	format, rest := digits[:2], digits[2+len(ecc):]
	if digits[2:2+len(ecc)] != ecc {
		return "ecc is " + ecc
	}
	if n, _ := strconv.Atoi(format); n < 1 || n > 16 || n > 6 && n < 11 {
		return "the format " + format + " is not 01 to 06 or 11 to 16"
	}
	for _, size := range []string{rest[:2], rest[2:4]} {
		if n, _ := strconv.Atoi(size); n < 3 || n > 12 {
			return "the cell size " + size + " is not 03 to 12"
		}
	}
	switch {
	case rest[4:10] != "000000":
		return "the number of cells is not 000, which is automatic"
	case rest[10:] != "001":
		return "it does not end with 001"
	}
	return ""
}

// checkCode returns why this label cannot carry the code.
func (l *label) checkCode(code []byte) error {
	if !l.hasCode {
		return errors.New("the label has no {code}")
	}
	return l.rule.check(code)
}

// render returns one label as a job with this id.
func (l *label) render(id int, v drivers.Label) ([]byte, error) {
	if l.hasCode || v.Code != nil {
		if err := l.checkCode(v.Code); err != nil {
			return nil, err
		}
	}
	dots, err := l.picture.Of(v)
	if err != nil {
		return nil, err
	}
	job := fmt.Appendf(nil, "%s%sA%sID%02d", stx, esc, esc, id)
	for _, p := range l.parts {
		switch p.Name {
		case "code":
			job = append(job, l.rule.content(v.Code)...)
			continue
		case template.Picture:
			job = draw(job, dots)
			continue
		}
		text, err := template.Text(p, v)
		if err != nil {
			return nil, err
		}
		if p.Name != "" {
			if err := l.rule.checkText(text); err != nil {
				return nil, fmt.Errorf("the value of {%s}: %w", p.Name, err)
			}
		}
		job = append(job, text...)
	}
	return append(job, etx...), nil
}
