package labelfile

import (
	"bytes"
	"cmp"
	"regexp"
)

// Language is one in which labels are written.
type Language struct {
	name    string
	driver  string         // takes it
	begin   *regexp.Regexp // is in every label
	slip    *regexp.Regexp // is in what was meant as a label and lacks its beginning; nil: nothing is
	whole   string         // what a label is, as a hint
	picture string         // what to do with a picture, as a hint
}

// The languages of the drivers.
var (
	ZPL = Language{
		name: "ZPL", driver: "zpl", begin: regexp.MustCompile(`(?i)\^XA`), slip: regexp.MustCompile(`[\^~]`),
		whole:   "a label is text from ^XA to ^XZ",
		picture: "a picture goes into a label as ^GF, and the code beside it",
	}
	TSPL = Language{
		name: "TSPL", driver: "tspl",
		begin:   regexp.MustCompile(`(?m)^\s*(SIZE +[\d.]+|GAP +[\d.]+|DIRECTION +[01]|CLS\s*$|(DMATRIX|TEXT|BARCODE|QRCODE) +\d+,|PRINT +\d)`),
		whole:   "a label is lines of text, from SIZE to PRINT 1,1",
		picture: "a label is lines of text; pictures are stored in the printer beforehand",
	}
	SBPL = Language{
		name: "SBPL", driver: "sbpl", begin: regexp.MustCompile(`\x1b|<ESC>`),
		whole:   "a label is text from <ESC>A to <ESC>Z",
		picture: "a label is text, with the code in <ESC>BX and <ESC>DC",
	}
)

const save = "save the label as text in the printer's own language in the program that drew it"

// binary are files that are taken for labels by mistake, by their first bytes.
var binary = []struct{ first, what, hint string }{
	{"\x89PNG", "a PNG picture", ""},
	{"\xff\xd8\xff", "a JPEG picture", ""},
	{"BM", "a BMP picture", ""},
	{"%PDF", "a PDF document", save},
	{"PK\x03\x04", "a packed file", "unpack it, or " + save},
	{"\xff\xfe", "text in UTF-16", "save it as UTF-8"},
	{"\xfe\xff", "text in UTF-16", "save it as UTF-8"},
}

// cpcl is the first line of a label in a language that no driver takes.
var cpcl = regexp.MustCompile(`\A\s*! \d+ \d+ \d+ \d+ \d+`)

// foreign says what a file is that is no label in this language at all, or "".
func (l Language) foreign(file []byte) (problem, hint string) {
	text, not := bytes.TrimSpace(file), ", not "+l.name
	if len(text) == 0 {
		return "the file is empty", l.whole
	}
	for _, b := range binary {
		if bytes.HasPrefix(text, []byte(b.first)) {
			return "the file is " + b.what + not, cmp.Or(b.hint, l.picture)
		}
	}
	if l.begin.Match(file) {
		return "", ""
	}
	for _, o := range []Language{SBPL, ZPL, TSPL} {
		if o.begin.Match(file) {
			return "the file is " + o.name + not, `driver = "` + o.driver + `" takes it`
		}
	}
	switch {
	case cpcl.Match(file):
		return "the file is CPCL" + not, "set the printer to " + l.name + ", and write the label in " + l.name
	case text[0] == '<':
		return "the file is XML or HTML" + not, save
	case l.slip != nil && l.slip.Match(file):
		return "", ""
	}
	return "the file is no label: no command of " + l.name + " is in it", l.whole
}
