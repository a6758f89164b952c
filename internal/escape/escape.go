// Package escape writes a marking code into another medium, a JSON body or a URL, and reads
// it back, byte for byte. The rules are chapter 2.3 of the LEGACY-API document with its
// defects mended after the standards that it names (RFC 8259, RFC 3986).
package escape

import "fmt"

// UTF8Error refuses bytes that are no UTF-8, which JSON cannot carry: replacing them would
// make another code.
type UTF8Error struct {
	Byte byte
	Pos  int // offset from zero in what was to be encoded or decoded
}

func (e *UTF8Error) Error() string {
	return fmt.Sprintf("invalid UTF-8: byte %d is 0x%02X", e.Pos, e.Byte)
}

// SyntaxError refuses text that no encoder of the medium writes.
type SyntaxError struct {
	Medium  string // "JSON string" or "URL"
	Pos     int    // offset from zero
	Problem string // for people
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: at byte %d: %s", e.Medium, e.Pos, e.Problem)
}
