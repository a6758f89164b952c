package dataman

import (
	"bytes"
	"fmt"
	"strconv"
)

// footer ends every command and every frame with a header.
const footer = "\r\n"

// Statuses of a reply (DataMan Communications and Programming Guide, reader response).
const (
	statusOK      = 0
	statusReading = 1 // a read string that no command asked for
	statusError   = 100
)

// meaning says a status in words.
func meaning(status int) string {
	text, known := map[int]string{
		100: "unidentified error",
		101: "it does not know the command",
		102: "a parameter is invalid",
		103: "the checksum is wrong",
		104: "not in its present state",
		105: "the reader is unavailable",
	}[status]
	if !known {
		return fmt.Sprintf("status %d, which is unknown", status)
	}
	return fmt.Sprintf("%s (status %d)", text, status)
}

// reply is a frame with a header: ||checksum:id[status]data. Newer firmware puts more fields
// behind the id; they are passed over.
type reply struct {
	id      int // of the command that it answers; -1: not said
	status  int
	data    []byte
	xor     bool // it carries a checksum
	damaged bool // the checksum is wrong
}

// parse reads a frame without its footer; it is false if the frame has no header.
func parse(line []byte) (reply, bool) {
	r := reply{id: -1}
	head, rest, found := bytes.Cut(line, []byte("["))
	fields, ok := bytes.CutPrefix(head, []byte("||"))
	if !found || !ok || len(bytes.Trim(fields, "0123456789:")) > 0 {
		return r, false
	}
	status, data, found := bytes.Cut(rest, []byte("]"))
	if !found {
		return r, false
	}
	var err error
	if r.status, err = strconv.Atoi(string(status)); err != nil || status[0] < '0' || status[0] > '9' {
		return r, false
	}
	options := bytes.Split(fields, []byte(":"))
	if len(options) > 1 {
		if id, err := strconv.Atoi(string(options[1])); err == nil {
			r.id = id
		}
	}
	r.data = data
	if r.xor = string(options[0]) == "1"; r.xor {
		last := len(line) - 1
		if r.damaged = len(data) == 0 || line[last] != xor(line[:last]); !r.damaged {
			r.data = data[:len(data)-1]
		}
	}
	return r, true
}

// xor is checksum 1: all bytes of the frame before it.
func xor(b []byte) (sum byte) {
	for _, c := range b {
		sum ^= c
	}
	return sum
}

// command returns the bytes of a command. A number of 0 is none: silent readers give none back.
func command(number int, checksum bool, text string) []byte {
	mode := ""
	if number > 0 {
		mode = "0"
	}
	if checksum {
		mode = "1"
	}
	head := "||" + mode
	if number > 0 {
		head += ":" + strconv.Itoa(number)
	}
	b := []byte(head + ">" + text)
	if checksum {
		b = append(b, xor(b))
	}
	return append(b, footer...)
}
