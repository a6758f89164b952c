package shipping

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestForm bounds a file with an order.
const longestForm = 1 << 20

// ReadOrder reads an order from a file of JSON or CSV, which the end of its name tells. Where the file names no
// shipment, its own name without the end does. The error is an *InputError.
//
// A line of CSV is kind,id or document,message,document[,box]; kind is shipment, pallet, waybill or document. A
// semicolon separates as well.
func ReadOrder(file string, text []byte) (Order, error) {
	name := filepath.Base(file)
	end := filepath.Ext(name)
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	var o Order
	var err error
	switch {
	case len(text) > longestForm:
		err = input("divide it into several shipments", "the file is longer than %d bytes", longestForm)
	case len(bytes.TrimSpace(text)) == 0:
		err = input("write the shipment into it", "the file is empty")
	case !utf8.Valid(text):
		err = input("save it as UTF-8", "the file is not UTF-8")
	case strings.EqualFold(end, ".json"):
		o, err = readJSON(text)
	case strings.EqualFold(end, ".csv"):
		o, err = readCSV(text)
	default:
		err = input("name it .json or .csv", "%q is neither JSON nor CSV by its name", name)
	}
	if o.Name == "" {
		o.Name = name[:len(name)-len(end)]
	}
	return o, err
}

func readJSON(text []byte) (o Order, err error) {
	const hint = `write it like {"name": "S-1", "pallets": ["..."], "waybills": ["..."], "documents": [{"message": "...", "document": "..."}]}`
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) && kind.Field != "" {
			return Order{}, input("put ids in quotes; "+hint, "line %d: in %q stands a %s, which does not belong there", lineOf(text, err, 0), kind.Field, kind.Value)
		}
		return Order{}, input(hint, "line %d: the file is not the JSON that is expected: %s", lineOf(text, err, d.InputOffset()), oneLine(err.Error()))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Order{}, input(hint, "the file is more than one JSON object")
	}
	if name, at := repeated(text); name != "" {
		return Order{}, input("write each name once, with all its entries", "line %d: %q stands there a second time", lineAt(text, at), name)
	}
	return o, nil
}

// lineOf is where an error of encoding/json is; otherwise the place where the reading has come to.
func lineOf(text []byte, err error, read int64) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		read = syntax.Offset
	case errors.As(err, &kind):
		read = kind.Offset
	case errors.Is(err, io.ErrUnexpectedEOF):
		read = int64(len(bytes.TrimRight(text, "\r\n\t ")))
	default:
		if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
			read = int64(bytes.Index(text, []byte(name)))
		}
	}
	return lineAt(text, read)
}

func lineAt(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(max(offset, 0), int64(len(text)))], []byte("\n"))
}

// repeated finds a name that stands twice in one object: encoding/json would take the second, and lose the first.
func repeated(text []byte) (name string, at int64) {
	d := json.NewDecoder(bytes.NewReader(text))
	type level struct {
		names map[string]bool // nil: a list
		value bool            // a name was read, its value comes
	}
	var path []level
	for {
		t, err := d.Token()
		if err != nil {
			return "", 0
		}
		var here *level
		if len(path) > 0 {
			here = &path[len(path)-1]
		}
		if s, ok := t.(string); ok && here != nil && here.names != nil && !here.value {
			s = strings.ToLower(s) // encoding/json takes capitals for the same
			if here.names[s] {
				return s, d.InputOffset()
			}
			here.names[s], here.value = true, true
			continue
		}
		switch t {
		case json.Delim('{'):
			path = append(path, level{names: map[string]bool{}})
			continue
		case json.Delim('['):
			path = append(path, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			path = path[:len(path)-1]
		}
		if len(path) > 0 {
			path[len(path)-1].value = false
		}
	}
}

func readCSV(text []byte) (o Order, err error) {
	const hint = "write lines like waybill,21966959 and pallet,003... and document,MESSAGE,DOCUMENT"
	first, _, _ := bytes.Cut(text, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	if !bytes.ContainsRune(first, ',') && bytes.ContainsRune(first, ';') {
		r.Comma = ';'
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return o, nil
		}
		if err != nil {
			return Order{}, input(hint, "the file is no CSV: %s", oneLine(err.Error()))
		}
		line, _ := r.FieldPos(0)
		for len(row) > 1 && row[len(row)-1] == "" { // spreadsheets fill rows up
			row = row[:len(row)-1]
		}
		kind := strings.ToLower(strings.TrimSpace(row[0]))
		fields := map[string][2]int{"shipment": {2, 2}, "pallet": {2, 2}, "waybill": {2, 2}, "document": {3, 4}}[kind]
		switch {
		case line == 1 && kind == "kind": // a heading
			continue
		case kind == "" && len(row) == 1:
			continue
		case fields[0] == 0:
			return Order{}, input(hint, "line %d: %q is no kind: shipment, pallet, waybill or document", line, row[0])
		case len(row) < fields[0] || len(row) > fields[1]:
			return Order{}, input(hint, "line %d: a %s has %s, not %d fields", line, kind, counts(fields), len(row))
		}
		switch kind {
		case "shipment":
			if o.Name != "" {
				return Order{}, input("one file is one shipment", "line %d: the shipment has a second name", line)
			}
			o.Name = row[1]
		case "pallet":
			o.Pallets = append(o.Pallets, row[1])
		case "waybill":
			o.Waybills = append(o.Waybills, row[1])
		case "document":
			d := Named{Message: row[1], Document: row[2]}
			if len(row) > 3 {
				d.Box = row[3]
			}
			o.Documents = append(o.Documents, d)
		}
	}
}

func counts(of [2]int) string {
	if of[0] == of[1] {
		return fmt.Sprintf("%d fields", of[0])
	}
	return fmt.Sprintf("%d or %d fields", of[0], of[1])
}

// oneLine keeps a message of somebody else's to one line of a log, without what would move a terminal's cursor.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, strings.Join(strings.Fields(s), " "))
	if r := []rune(s); len(r) > 1000 {
		s = string(r[:1000])
	}
	return s
}
