package diadoctest

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Field is one field of a protobuf message, as it stands in it.
type Field struct {
	Number int
	Wire   int    // 0 varint, 1 eight bytes, 2 bytes, 5 four bytes
	Bytes  []byte // the value of wire type 2
}

var errShort = errors.New("protobuf: the message ends within a field")

// Decode takes a message apart. Groups are refused.
func Decode(message []byte) ([]Field, error) {
	var all []Field
	for len(message) > 0 {
		f, rest, err := decodeField(message)
		if err != nil {
			return nil, err
		}
		all, message = append(all, f), rest
	}
	return all, nil
}

func decodeField(message []byte) (f Field, rest []byte, err error) {
	tag, n := binary.Uvarint(message)
	if n <= 0 || tag>>3 == 0 || tag>>3 >= 1<<29 {
		return f, nil, errors.New("protobuf: no tag of a field")
	}
	f, rest = Field{Number: int(tag >> 3), Wire: int(tag & 7)}, message[n:]
	size := uint64(0)
	switch f.Wire {
	case 0:
		_, n := binary.Uvarint(rest)
		if n <= 0 {
			return f, nil, errShort
		}
		size = uint64(n)
	case 1:
		size = 8
	case 2:
		length, n := binary.Uvarint(rest)
		if n <= 0 {
			return f, nil, errShort
		}
		rest, size = rest[n:], length
	case 5:
		size = 4
	default:
		return f, nil, fmt.Errorf("protobuf: wire type %d", f.Wire)
	}
	if size > uint64(len(rest)) {
		return f, nil, errShort
	}
	if f.Wire == 2 {
		f.Bytes = rest[:size]
	}
	return f, rest[size:], nil
}
