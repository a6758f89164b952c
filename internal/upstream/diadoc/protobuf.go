package diadoc

import (
	"bytes"
	"errors"
	"fmt"
)

// Protocol is the transfer protocol of a document, byte for byte as Diadoc gave it.
type Protocol struct {
	PrintForm []byte // the protocol as a PDF
	Signature []byte // Kontur's signature of it: CMS SignedData in DER
}

// The message DocumentProtocol (proto2): both fields are bytes and required.
const (
	fieldPrintForm = 1
	fieldSignature = 2
)

// Wire types of the protobuf encoding. The two of groups (3, 4) are refused: this message never had one.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

const (
	maxVarint = 10        // bytes of the longest varint
	maxField  = 1<<29 - 1 // the highest number that a field may have
)

var errVarint = errors.New("a number in it runs beyond its end or beyond 64 bits")

// parse reads a DocumentProtocol as the encoding's rules want it: fields that are not known are
// skipped, of a field that comes twice the last one counts. What it returns shares body's memory.
func parse(body []byte) (Protocol, error) {
	var form, signature *[]byte
	for r := (reader{body: body}); r.at < len(body); {
		begin := r.at
		number, value, err := r.field()
		if err != nil {
			return Protocol{}, fmt.Errorf("it is not a DocumentProtocol: byte %d: %w", begin, err)
		}
		switch {
		case value == nil: // of another type than bytes, so not one of ours
		case number == fieldPrintForm:
			form = &value
		case number == fieldSignature:
			signature = &value
		}
	}
	switch {
	case form == nil && signature == nil:
		return Protocol{}, errors.New("it holds neither a print form nor a signature")
	case form == nil:
		return Protocol{}, errors.New("it holds no print form (field 1)")
	case signature == nil:
		return Protocol{}, errors.New("it holds no signature (field 2)")
	case len(*form) == 0 && len(*signature) == 0:
		return Protocol{}, errors.New("it is empty: a print form and a signature of no bytes")
	case len(*form) == 0:
		return Protocol{}, errors.New("its print form is empty")
	case len(*signature) == 0:
		return Protocol{}, errors.New("its signature is empty")
	case !bytes.HasPrefix(*form, []byte("%PDF")):
		return Protocol{}, fmt.Errorf("its print form is no PDF: it begins % x", (*form)[:min(len(*form), 4)])
	case (*signature)[0] != 0x30:
		return Protocol{}, fmt.Errorf("its signature is not in DER: it begins with %02x, not with 30", (*signature)[0])
	}
	return Protocol{PrintForm: *form, Signature: *signature}, nil
}

// reader goes over the fields of a message.
type reader struct {
	body []byte
	at   int
}

// field reads the next field. value is nil for a type other than bytes.
func (r *reader) field() (number uint64, value []byte, err error) {
	tag, err := r.varint()
	if err != nil {
		return 0, nil, err
	}
	number = tag >> 3
	if number == 0 || number > maxField {
		return 0, nil, fmt.Errorf("no field has the number %d", number)
	}
	switch wire := tag & 7; wire {
	case wireVarint:
		_, err = r.varint()
	case wireFixed64:
		_, err = r.take(8)
	case wireFixed32:
		_, err = r.take(4)
	case wireBytes:
		var length uint64
		if length, err = r.varint(); err == nil {
			value, err = r.take(length)
		}
	default:
		err = fmt.Errorf("field %d has the wire type %d", number, wire)
	}
	return number, value, err
}

// take returns the next n bytes, never nil without an error.
func (r *reader) take(n uint64) ([]byte, error) {
	if left := uint64(len(r.body) - r.at); n > left {
		return nil, fmt.Errorf("a value of %d bytes where %d are left", n, left)
	}
	end := r.at + int(n)
	value := r.body[r.at:end:end] // so that nobody who appends to it writes into the next
	r.at = end
	return value, nil
}

// varint reads seven bits a byte, the lowest first.
func (r *reader) varint() (uint64, error) {
	var n uint64
	for i := range maxVarint {
		if r.at == len(r.body) {
			return 0, errVarint
		}
		b := r.body[r.at]
		r.at++
		if i == maxVarint-1 && b > 1 {
			return 0, errVarint
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return n, nil
		}
	}
	return 0, errVarint
}
