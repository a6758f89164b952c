package stack

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"slices"
)

// Format is what the bytes of a picture say that it is.
type Format string

// The formats that are told apart. The document names none for QR codes, so all are kept, also
// Unknown, which the caller shows to a person.
const (
	PNG     Format = "png"
	JPEG    Format = "jpeg"
	GIF     Format = "gif"
	BMP     Format = "bmp"
	PDF     Format = "pdf"
	SVG     Format = "svg"
	Unknown Format = "unknown"
)

// FormatOf looks at the first bytes only and at no name: it does not say that the picture is whole.
func FormatOf(b []byte) Format {
	for _, m := range []struct {
		begins string
		format Format
	}{
		{"\x89PNG\r\n\x1a\n", PNG},
		{"\xff\xd8\xff", JPEG},
		{"GIF87a", GIF},
		{"GIF89a", GIF},
		{"%PDF-", PDF},
	} {
		if bytes.HasPrefix(b, []byte(m.begins)) {
			return m.format
		}
	}
	switch {
	case isBMP(b):
		return BMP
	case isSVG(b):
		return SVG
	}
	return Unknown
}

// isBMP asks for more than the two letters, with which a text may begin: the length of the
// second header is one of those that exist.
func isBMP(b []byte) bool {
	return len(b) >= 18 && b[0] == 'B' && b[1] == 'M' &&
		slices.Contains([]uint32{12, 16, 40, 52, 56, 64, 108, 124}, binary.LittleEndian.Uint32(b[14:]))
}

// isSVG looks for the first element, past a declaration, comments and a document type.
func isSVG(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b[:min(len(b), 64<<10)], []byte("\xef\xbb\xbf")), " \t\r\n")
	if !bytes.HasPrefix(b, []byte("<")) {
		return false
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.CharsetReader = charset
	for range 100 {
		token, err := d.RawToken()
		if err != nil {
			return false
		}
		if first, ok := token.(xml.StartElement); ok {
			return first.Name.Local == "svg"
		}
	}
	return false
}
