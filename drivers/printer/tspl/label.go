package tspl

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"linemark/drivers"
	"linemark/drivers/printer/template"
)

// label is a checked label: literal TSPL with the places for values in between.
type label struct {
	parts   []part
	rule    rule
	hasCode bool
	picture picture
}

// part is a piece of the label.
type part struct {
	template.Part
	inMatrix bool   // in the content of DMATRIX
	place    *place // of the picture
}

// fault is one thing wrong with a label.
type fault struct{ problem, hint string }

const example = `write it like DMATRIX 20,20,300,300,c126,x4,"{code}"`

var (
	// matrix is DMATRIX up to the opening quotation mark of its content.
	matrix = regexp.MustCompile(`^DMATRIX +\d+,\d+,\d+,\d+,(?:c(\d+),)?(?:x\d+,)?(?:r(?:0|90|180|270),)?(?:a[01],)?(?:\d+,\d+,)?"`)
	once   = regexp.MustCompile(`^PRINT +1 *(?:, *1 *)?$`)
	// refused are the commands that have no place on a label, with the reason.
	refused = map[string]string{
		"OUT":      "its answer would be taken for the printer's count",
		"DOWNLOAD": "it stores a program or a file",
		"RUN":      "it runs a program",
		"EOP":      "it ends a program",
		"FOR":      "it repeats commands",
		"SELFTEST": "it prints a label of its own",
		"COPY":     "it moves files",
		"KILL":     "it deletes files",
	}
)

// compile takes a label's TSPL apart and finds everything in it that would not print one
// label with the code as it is.
func compile(text string, r rule) (*label, []fault) {
	c := compiler{label: &label{rule: r}}
	for line := range strings.Lines(text) {
		c.number++
		if line = strings.TrimSpace(line); line != "" {
			c.line(line)
		}
	}
	switch {
	case c.cleared == 0:
		c.whole("write CLS before what is drawn", "there is no CLS: what the label before had drawn would be printed again")
	case c.cleared > 1:
		c.whole("leave the first", "there are %d CLS: what stands between is wiped away", c.cleared)
	}
	switch {
	case c.prints == 0:
		c.whole("end the label with PRINT 1,1", "there is no PRINT")
	case c.prints > 1:
		c.whole("write one PRINT 1,1", "there are %d PRINT: one code goes on one label", c.prints)
	}
	if !slices.ContainsFunc([]string{"code", "sscc", "waybill", template.Picture}, func(name string) bool { return slices.Contains(c.names, name) }) {
		c.whole("put {code} into a DMATRIX, or {sscc} into a bar code", "there is neither {code} nor {sscc}")
	}
	return c.label, c.faults
}

type compiler struct {
	label  *label
	faults []fault
	number int // of the line

	cleared, prints int // CLS and PRINT so far
	names           []string
}

func (c *compiler) whole(hint, problem string, args ...any) {
	c.faults = append(c.faults, fault{fmt.Sprintf(problem, args...), hint})
}

func (c *compiler) fail(hint, problem string, args ...any) {
	c.whole(hint, "line %d: %s", c.number, fmt.Sprintf(problem, args...))
}

// line takes one command.
func (c *compiler) line(line string) {
	for i := range len(line) {
		if line[i] < ' ' || line[i] == 0x7f {
			c.fail("a label is text; a picture is "+pictureExample+", or stored in the printer beforehand", "there is the control character %02X", line[i])
			return
		}
	}
	parts, err := template.Parse(line, template.Picture)
	if bad, ok := errors.AsType[*template.Error](err); ok {
		c.fail(bad.Hint, "%s", bad.Problem)
		return
	}
	name, arguments, _ := strings.Cut(line, " ")
	if name != strings.ToUpper(name) {
		c.fail("write the command in capitals", "%s is no command", name)
	}
	if c.prints > 0 && name != "PRINT" {
		c.fail("put PRINT last", "%s stands after PRINT", name)
	}
	switch why := refused[name]; {
	case why != "":
		c.fail("leave it out", "%s: %s", name, why)
	case name == "SET" && strings.HasPrefix(strings.TrimSpace(arguments), "REPRINT"):
		c.fail("leave it out: the driver sends SET REPRINT OFF", "%s is no part of a label", line)
	case name == "SET" && strings.HasPrefix(strings.TrimSpace(arguments), "COUNTER"):
		c.fail("leave it out", "%s: a counter prints numbers that nobody knows of", line)
	case name == "CLS":
		c.cleared++
	case name == "PRINT":
		if c.prints++; !once.MatchString(line) {
			c.fail("write PRINT 1,1", "%s: one code goes on one label", line)
		}
	}
	if name == "BITMAP" {
		c.bitmap(line, parts)
	} else {
		c.values(name, parts)
	}
	c.label.parts = append(c.label.parts, part{Part: template.Part{Literal: "\r\n"}})
}

// values checks the placeholders of one line.
func (c *compiler) values(name string, parts []template.Part) {
	head, quoted := "", false
	for i, p := range parts {
		c.label.parts = append(c.label.parts, part{Part: p, inMatrix: name == "DMATRIX"})
		if p.Name == "" {
			head += p.Literal
			if strings.Count(strings.ReplaceAll(p.Literal, `\["]`, ""), `"`)%2 == 1 {
				quoted = !quoted
			}
			continue
		}
		c.names = append(c.names, p.Name)
		if p.Name == template.Picture {
			c.fail("write "+pictureExample, "{picture:%s} is not in a BITMAP", p.Format)
			continue
		}
		if !quoted {
			c.fail("put it between quotation marks", "{%s} stands outside a text", p.Name)
		}
		if c.cleared == 0 {
			c.fail("put CLS before it", "{%s} stands before CLS, which wipes it away", p.Name)
		}
		if name == "DMATRIX" && (i == 0 || !escapes(head)) {
			c.fail(example, "DMATRIX with {%s} does not name c126 as its escape character", p.Name)
		}
		if p.Name == "code" {
			c.code(name, head, parts[i+1:])
		}
	}
}

// escapes tells whether a DMATRIX has c126.
func escapes(head string) bool {
	m := matrix.FindStringSubmatch(head)
	return m != nil && m[1] == "126"
}

// code checks the line that holds {code}.
func (c *compiler) code(name, head string, after []template.Part) {
	c.label.hasCode = true
	switch {
	case name != "DMATRIX":
		c.fail(example, "{code} is not in a DMATRIX")
	case matrix.FindString(head) != head || len(after) != 1 || after[0].Literal != `"`:
		c.fail(example+": the driver writes FNC1 itself", "{code} is not the whole content of its DMATRIX")
	}
}

// checkCode returns why this label cannot carry the code.
func (l *label) checkCode(code []byte) error {
	if !l.hasCode {
		return errors.New("the label has no {code}")
	}
	if err := l.rule.check(code); err != nil {
		return err
	}
	for _, p := range l.parts {
		if p.Name != "serial" {
			continue
		}
		err := template.CheckSerial(code, func(text string) error {
			_, err := l.rule.text(text, p.inMatrix)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// render appends the TSPL of one label to dst.
func (l *label) render(dst []byte, v drivers.Label) ([]byte, error) {
	if l.hasCode || v.Code != nil {
		if err := l.checkCode(v.Code); err != nil {
			return nil, err
		}
	}
	dots, err := l.picture.Of(v)
	if err != nil {
		return nil, err
	}
	for _, p := range l.parts {
		switch {
		case p.Name == "code":
			dst = append(dst, l.rule.content(v.Code)...)
			continue
		case p.place != nil:
			dst = l.picture.draw(dst, *p.place, dots)
			continue
		}
		text, err := template.Text(p.Part, v)
		if err != nil {
			return nil, err
		}
		if p.Name != "" {
			if text, err = l.rule.text(text, p.inMatrix); err != nil {
				return nil, fmt.Errorf("the value of {%s}: %w", p.Name, err)
			}
		}
		dst = append(dst, text...)
	}
	return dst, nil
}
