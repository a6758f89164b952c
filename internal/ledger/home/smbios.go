package home

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// systemUUID finds the UUID of the system in the firmware's tables as Windows gives them: eight bytes
// of head, then structures with a type, a length, and texts that end with two zeros (SMBIOS reference
// specification, 6.1 and 7.2). Its first three parts are little-endian since version 2.6, and are
// taken so for all: it is only compared with itself. Empty: there is none.
func systemUUID(tables []byte) string {
	const head, system, uuidAt = 8, 1, 8
	if len(tables) < head {
		return ""
	}
	for b := tables[head:]; len(b) >= 4; {
		kind, length := b[0], int(b[1])
		if length < 4 || length > len(b) {
			return ""
		}
		if kind == system && length >= uuidAt+16 {
			u := b[uuidAt : uuidAt+16]
			return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(u), binary.LittleEndian.Uint16(u[4:]), binary.LittleEndian.Uint16(u[6:]), u[8:10], u[10:])
		}
		end := bytes.Index(b[length:], []byte{0, 0})
		if end < 0 {
			return ""
		}
		b = b[length+end+2:]
	}
	return ""
}
