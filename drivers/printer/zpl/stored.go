package zpl

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"linemark/drivers"
)

// defaultStore is short, since it goes over the wire with every label, and in the printer's
// RAM: nothing of it is left after a power cycle, and no flash wears out.
const defaultStore = "R:LM.ZPL"

// storeName is d:o.x of ^DF. Names of more than eight letters are not known to every printer.
var storeName = regexp.MustCompile(`^[REBA]:[A-Z0-9]{1,8}\.ZPL$`)

// storable returns what keeps a label from being stored in the printer.
func (l *label) storable() (faults []fault) {
	ended := false
	if l.picture.Width > 0 {
		faults = append(faults, fault{"{picture:MM} is not the same on every label, and no numbered field holds a picture", `write format = "whole"`})
	}
	for _, p := range l.pieces {
		rest := p.literal
		switch p.command {
		case "^FN":
			faults = append(faults, fault{"^FN: the driver numbers the fields of a stored label itself", "leave it out"})
		case "^XF":
			faults = append(faults, fault{"^XF: a stored label cannot recall another", `write the whole label, or write format = "whole"`})
		case "^XZ":
			ended, rest = true, p.literal[3:]
		}
		if rest = bytes.TrimSpace(rest); ended && len(rest) > 0 {
			faults = append(faults, fault{fmt.Sprintf("%.20q stands after ^XZ, where a stored label ends", rest), "put it before ^XA: it is sent once, when a session begins"})
		}
	}
	return faults
}

// definition is the ZPL that stores the label: fields with placeholders become numbered ones,
// ^PQ is left to the recall, and what stands before ^XA (a picture for the printer's memory)
// comes first, once.
func (l *label) definition(store string) (zpl []byte) {
	for _, p := range l.pieces {
		switch {
		case p.command == "^XA":
			// What precedes ^DF in a format has an undefined effect (Dascom 7010 Programmer's
			// Manual, ^DF), so it comes first.
			zpl = fmt.Appendf(zpl, "^XA^DF%s^FS%s", store, p.literal[3:])
		case p.command == "^PQ":
		case p.field != nil:
			zpl = fmt.Appendf(zpl, "^FN%d", p.field.number)
		default:
			zpl = append(zpl, p.literal...)
		}
	}
	return zpl
}

// recall appends the ZPL that prints the stored label with one label's values.
func (l *label) recall(dst []byte, store string, v drivers.Label) ([]byte, error) {
	if err := l.check(v); err != nil {
		return nil, err
	}
	dst = fmt.Appendf(dst, "^XA^XF%s^FS", store)
	encoding := ""
	for _, f := range l.fields {
		data, err := l.data(nil, f, v)
		if err != nil {
			return nil, err
		}
		if f.encoding != encoding && (encoding != "" || f.encodes(data)) {
			// Whether a ^CI of the stored label holds for the values is not settled: it is said again.
			encoding = f.encoding
			dst = fmt.Appendf(dst, "^CI%s", encoding)
		}
		dst = fmt.Appendf(dst, "^FN%d^FD%s^FS", f.number, data)
	}
	return fmt.Appendf(dst, "%s^XZ", cmp.Or(l.quantity, "^PQ1")), nil
}

// encodes reports whether the encoding makes a difference to the data. In UTF-8 (28) it makes
// none to ASCII; others have their own characters even there.
func (f *field) encodes(data []byte) bool {
	return f.encoding != "28" || bytes.ContainsFunc(data, func(r rune) bool { return r > 0x7f })
}

// store puts the label into the printer, in the place of whatever had its name, and makes sure
// of it: the name must be gone once it was deleted and be there again once the label was sent.
// An old label under the name would print the codes on the wrong layout, and without any label
// the printer feeds empty ones and counts them.
func (s *session) store(ctx context.Context) error {
	name := s.printer.store
	there, err := s.listed(ctx, "^XA^ID"+name+"^FS^XZ")
	switch {
	case err != nil:
		return err
	case there:
		return fmt.Errorf("the printer does not delete its format %s: name another one in store", name)
	}
	there, err = s.listed(ctx, string(s.printer.label.definition(name)))
	switch {
	case err != nil:
		return err
	case !there:
		return fmt.Errorf(`the printer did not store the label as %s: its memory is full or it stores none; write format = "whole"`, name)
	}
	return nil
}

// listed sends commands, and then asks whether the printer has the format. ^HW is worked off
// in the order of formats, so its answer is that of after the commands.
func (s *session) listed(ctx context.Context, commands string) (there bool, err error) {
	name := s.printer.store
	_, err = s.ask(ctx, commands+"^XA^HW"+name+"^XZ", "asking for the stored formats", func(a answer) (bool, error) {
		if a.form != frame || !isDirectory(a.text) {
			return false, nil
		}
		there = contains(a.text, name)
		return true, nil
	})
	if errors.Is(err, errSilent) {
		err = fmt.Errorf(`%w; a printer that knows no ^HW needs format = "whole"`, err)
	}
	return there, err
}

// isDirectory tells the answer to ^HW from other frames. It begins with "- DIR R:*.*", or the
// same without the dash.
func isDirectory(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, "\r\n -"), "DIR ")
}

// contains finds a name like R:LM.ZPL in the answer to ^HW. Each object has a line like
// "* R:LM.ZPL       214"; older printers leave the drive out, the space, or fill the name up
// with spaces to eight letters.
func contains(directory, name string) bool {
	for line := range strings.Lines(directory) {
		entry, found := strings.CutPrefix(strings.TrimSpace(line), "*")
		if !found {
			continue
		}
		entry = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(entry)), name[:2])
		object, rest, _ := strings.Cut(entry, ".")
		extension, _, _ := strings.Cut(rest, " ")
		if strings.TrimSpace(object)+"."+extension == name[2:] {
			return true
		}
	}
	return false
}
