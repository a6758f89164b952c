package record

import (
	"fmt"
	"strings"
)

var controls = map[byte]string{0: "NUL", 2: "STX", 3: "ETX", 4: "EOT", 6: "ACK", 9: "TAB", 10: "LF", 13: "CR", 0x15: "NAK", 0x1b: "ESC", 0x1c: "FS", 0x1d: "GS", 0x1e: "RS"}

// Control is the name of a control character that devices use; empty for any other byte.
func Control(b byte) string { return controls[b] }

// Visible shows bytes to people: control characters by their names, such as {GS} and {STX}, what else does not
// print as \xNN.
func Visible[T string | []byte](b T) string {
	var s strings.Builder
	for i := range len(b) {
		switch name, ok := controls[b[i]]; {
		case ok:
			s.WriteString("{" + name + "}")
		case b[i] < ' ' || b[i] > '~':
			fmt.Fprintf(&s, `\x%02X`, b[i])
		default:
			s.WriteByte(b[i])
		}
	}
	return s.String()
}
