package zpl

import (
	"bytes"
	"regexp"
)

const (
	drawn = "a picture goes into a label as ^GF, and the code beside it"
	save  = "save the label as ZPL in the program that drew it"
)

// others are files that are taken for labels by mistake, by their first bytes or by what stands
// in them.
var others = []struct {
	first string
	holds *regexp.Regexp
	what  string
	hint  string
}{
	{first: "\x89PNG", what: "a PNG picture", hint: drawn},
	{first: "\xff\xd8\xff", what: "a JPEG picture", hint: drawn},
	{first: "BM", what: "a BMP picture", hint: drawn},
	{first: "%PDF", what: "a PDF document", hint: save},
	{first: "PK\x03\x04", what: "a packed file", hint: "unpack it, or " + save},
	{first: "\xff\xfe", what: "text in UTF-16", hint: "save it as UTF-8"},
	{first: "\xfe\xff", what: "text in UTF-16", hint: "save it as UTF-8"},
	{first: "<", what: "XML or HTML", hint: save},
	{holds: regexp.MustCompile(`\x1bA`), what: "SBPL", hint: `driver = "sbpl" takes it`},
	{
		holds: regexp.MustCompile(`(?m)^\s*(SIZE +[\d.]+|GAP +[\d.]+|DIRECTION +[01]|CLS\s*$|DMATRIX +\d|PRINT +\d)`),
		what:  "TSPL", hint: `driver = "tspl" takes it`,
	},
	{holds: regexp.MustCompile(`\A\s*! \d+ \d+ \d+ \d+ \d+`), what: "CPCL", hint: "set the printer to ZPL, and write the label in ZPL"},
}

// begin is the first command of every label.
var begin = regexp.MustCompile(`(?i)\^XA`)

// foreign says what a file is that is no ZPL at all, or "".
func foreign(zpl []byte) (problem, hint string) {
	const ours = "a label is text from ^XA to ^XZ"
	text := bytes.TrimSpace(zpl)
	if len(text) == 0 {
		return "the file is empty", ours
	}
	if begin.Match(zpl) {
		return "", ""
	}
	for _, o := range others {
		if o.holds == nil && bytes.HasPrefix(text, []byte(o.first)) || o.holds != nil && o.holds.Match(zpl) {
			return "the file is no ZPL but " + o.what, o.hint
		}
	}
	if !command.Match(zpl) {
		return "the file is no ZPL: no command of ZPL is in it", ours
	}
	return "", ""
}
