package frame

import (
	"bytes"
	"strings"

	"linemark/drivers"
	"linemark/drivers/scanner/reading"
)

// Codes says what one reading of a device looks like. An empty mark is not used.
type Codes struct {
	Separator string // between several codes
	NoRead    string // in place of a code
	Form      reading.Form
}

// Pieces cuts the text of one reading at the separator. Line ends separate in any mixture.
func (c Codes) Pieces(text []byte) [][]byte {
	switch {
	case c.Separator == "":
		return [][]byte{text}
	case LineEnd(c.Separator):
		return bytes.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(c.Separator, r) })
	}
	return bytes.Split(text, []byte(c.Separator))
}

// Empty reports whether the text says that no code was found.
func (c Codes) Empty(text []byte) bool { return c.NoRead != "" && string(text) == c.NoRead }

// Scan reads one code of a frame, or that there was none.
func (c Codes) Scan(frame, piece []byte) drivers.Scan {
	if c.Empty(piece) {
		return drivers.Scan{Raw: frame, NoRead: true}
	}
	got := c.Form.Take(piece)
	return drivers.Scan{Raw: frame, Code: got.Code, AIM: got.AIM, Bad: got.Bad}
}

// Scans turns the text of one reading into scans, which all carry the frame as Raw. An empty text
// is a no-read of a device without a no-read text, and else bad.
func (c Codes) Scans(frame, text []byte) (all []drivers.Scan) {
	for _, piece := range c.Pieces(text) {
		if len(piece) > 0 { // nothing stands after a separator at the end
			all = append(all, c.Scan(frame, piece))
		}
	}
	switch {
	case len(all) == 0 && c.NoRead == "" && len(text) == 0:
		return []drivers.Scan{{Raw: frame, NoRead: true}}
	case len(all) == 0:
		return Bad(frame, "there is no code in the frame")
	}
	return Together(all)
}

// Together marks scans as those of one picture.
func Together(scans []drivers.Scan) []drivers.Scan {
	for i := range scans {
		scans[i].More = i+1 < len(scans)
	}
	return scans
}
