package keyence

import (
	"slices"
	"strings"
)

const (
	cmdTrigger = "LON"
	cmdStop    = "LOFF"
)

// commands are those that this driver sends.
var commands = []string{cmdTrigger, cmdStop, "KEYENCE"}

// reply is an answer to a command.
type reply struct {
	command string
	refused bool
	code    string // why, as the reader numbers it
}

// parse reads OK,LON or ER,LON,ee. It is false for anything else: a reading.
func parse(content []byte) (reply, bool) {
	parts := strings.SplitN(string(content), ",", 3)
	if len(parts) < 2 || parts[0] != "OK" && parts[0] != "ER" || !slices.Contains(commands, parts[1]) {
		return reply{}, false
	}
	r := reply{command: parts[1], refused: parts[0] == "ER"}
	if r.refused && len(parts) == 3 {
		r.code = parts[2]
	}
	return r, true
}

// meaning says why a reader refused, where that is known (codes of the SR-2000, seen in a working
// driver).
func (r reply) meaning() string {
	text, known := map[string]string{
		"00": "it does not know the command",
		"01": "the command has another form",
		"02": "the first parameter is out of range",
		"03": "the second parameter is out of range",
		"20": "not in its present state",
		"21": "its buffer is full",
		"22": "its settings could not be loaded or saved",
		"23": "it is connected to its setup program",
	}[r.code]
	switch {
	case known:
		return text + " (" + r.code + ")"
	case r.code == "":
		return "it gave no reason"
	}
	return "reason " + r.code
}

// meaningN says what a communication unit of the N series reports in place of a reading (N-410
// manual), "" if it is no such report.
func meaningN(content string) string {
	number, found := strings.CutPrefix(content, "ERR")
	if !found || len(number) != 2 || strings.Trim(number, "0123456789") != "" {
		return ""
	}
	text, known := map[string]string{
		"91": "it does not know the command",
		"92": "a parameter is wrong",
		"93": "not in its present mode",
		"94": "its memory is damaged: set it up anew",
		"95": "it takes no commands in multi-head mode",
	}[number]
	if !known {
		return content
	}
	return text + " (" + content + ")"
}
