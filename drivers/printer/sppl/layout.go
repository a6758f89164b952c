package sppl

import (
	"bytes"
	"fmt"
	"strings"

	"linemark/drivers"
	"linemark/drivers/printer/job"
)

// entity names the five characters for which the language has entities (SPPL, section 9).
var entity = map[byte]string{'"': "&quot;", '\'': "&apos;", '<': "&lt;", '>': "&gt;", '&': "&amp;"}

// entities are the characters that are written as entities, by the setting's words.
var entities = map[string]string{"five": `"'<>&`, "angle": "<>", "none": ""}

// medium is what a row of a queue can carry, with these characters written as entities, and with
// commas or without.
func medium(escaped string, comma bool) job.Medium {
	m := job.Medium{Protocol: "row", Device: "printer", Job: "job", Value: "field", ASCII: true, Filled: true,
		Reserved: []job.Reserved{{Characters: "~^{}|", Which: "which is part of the printer's commands"}},
		Check:    func(value string) error { return checkEntities(value, escaped) },
		Write:    func(value string) string { return escape(value, escaped) },
	}
	if !comma {
		m.Reserved = append(m.Reserved, job.Reserved{Characters: ",",
			Which: "which may split the row: prove on the printer that it does not, then set comma to plain"})
	}
	return m
}

// escape writes entities.
func escape(text, escaped string) string {
	if !strings.ContainsAny(text, escaped) {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte(escaped, text[i]) >= 0 {
			b.WriteString(entity[text[i]])
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// checkEntities refuses what the printer would take for an entity where the driver writes
// & as it is and yet expects entities to be decoded.
func checkEntities(text, escaped string) error {
	if escaped == "" || strings.Contains(escaped, "&") {
		return nil
	}
	for _, e := range entity {
		if strings.Contains(text, e) {
			return fmt.Errorf("it holds %s, which the printer would take for another character", e)
		}
	}
	return nil
}

// checkCode returns why this printer cannot carry the code.
func (p *Printer) checkCode(code []byte) error {
	if i := bytes.IndexByte(code, ' '); i >= 0 {
		return fmt.Errorf("byte %d of the code is a space (20), which the printer's Data Matrix does not take", i+1)
	}
	return p.layout.CheckCode(code)
}

// rows returns the command that appends one label's rows. A single field takes the command for
// one, which every controller knows.
func (p *Printer) rows(l drivers.Label) (command, error) {
	if l.Code != nil {
		if err := p.checkCode(l.Code); err != nil {
			return command{}, err
		}
	}
	values, err := p.layout.Values(l)
	if err != nil {
		return command{}, err
	}
	params := make([]string, 0, 2*len(values))
	for _, v := range values {
		params = append(params, v.Field, v.Text)
	}
	name := "SPLAQD"
	if len(values) > 1 {
		name = "SPLAMQ"
	}
	return command{name, strings.Join(params, separator)}, nil
}
