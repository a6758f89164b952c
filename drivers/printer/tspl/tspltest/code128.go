package tspltest

import (
	"regexp"
	"strconv"
	"strings"
)

// barcodeLine is BARCODE x,y,"code type",height,human readable,rotation,narrow,wide,[alignment,]"content"
// up to the content.
var barcodeLine = regexp.MustCompile(`^\s*\d+\s*,\s*\d+\s*,\s*"([^"]+)"\s*,\s*\d+\s*,\s*[0-3]\s*,\s*(?:0|90|180|270)\s*,\s*\d+\s*,\s*\d+\s*,\s*(?:[0-3]\s*,\s*)?"`)

// code128 reads the arguments of BARCODE with the code type 128M, in which the host switches the sets: ! and three
// digits name a Code 128 character by its value, 103 to 105 the start in set A, B or C, 102 FNC1. Without a
// start it is B. ours is false for every other code type. drawn is false where the printer would draw nothing.
func code128(arguments string, quote Quote) (s Symbol, ours, drawn bool) {
	if fields := strings.Split(arguments, ","); len(fields) < 3 || strings.TrimSpace(fields[2]) != `"128M"` {
		return Symbol{}, false, false
	}
	head := barcodeLine.FindString(arguments)
	if head == "" {
		return Symbol{}, true, false
	}
	raw, ok := expression(arguments[len(head):], quote)
	if !ok {
		return Symbol{}, true, false
	}
	s, ok = manual128(raw)
	return s, true, ok
}

// manual128 reads the content of a bar code in which the host switches the sets.
func manual128(raw string) (Symbol, bool) {
	s := Symbol{Kind: "code128"}
	set := byte('B')
	for begun := false; len(raw) > 0; begun = true {
		switch value := control(raw); {
		case value >= 103 && begun:
			return Symbol{}, false // a start in the midst
		case value >= 103:
			set = "ABC"[value-103]
			raw = raw[4:]
		case value >= 96:
			var ok bool
			if set, ok = s.control(value, set); !ok {
				return Symbol{}, false
			}
			raw = raw[4:]
		case set != 'C':
			s.Data = append(s.Data, raw[0])
			raw = raw[1:]
		case len(raw) < 2 || strings.Trim(raw[:2], "0123456789") != "":
			return Symbol{}, false // set C holds pairs of digits
		default:
			s.Data = append(s.Data, raw[:2]...)
			raw = raw[2:]
		}
	}
	return s, len(s.Data) > 0
}

// control is the value that ! and three digits name, or -1.
func control(raw string) int {
	if len(raw) < 4 || raw[0] != '!' {
		return -1
	}
	n, err := strconv.ParseUint(raw[1:4], 10, 8)
	if err != nil || n < 96 || n > 105 {
		return -1
	}
	return int(n)
}

// control takes a function character and returns the set that follows; false where the set has none.
func (s *Symbol) control(value int, set byte) (byte, bool) {
	switch {
	case value == 102: // FNC1
		if len(s.Data) == 0 && !s.GS1 {
			s.GS1 = true
		} else {
			s.Data = append(s.Data, gs)
		}
	case value == 101 && set != 'A':
		return 'A', true
	case value == 100 && set != 'B':
		return 'B', true
	case value == 99 && set != 'C':
		return 'C', true
	default: // FNC2, FNC3, FNC4 and shift: no label here uses them
		return set, false
	}
	return set, true
}
