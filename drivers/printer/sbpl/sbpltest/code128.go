package sbpltest

import "strings"

// code128 reads <ESC>BG: aabbb, the width of the narrow bar and the height in dots, then the data. In it > and one
// more character is a character of Code 128: >G >H >I start in set A, B or C (B where none is named), >C >D >E
// change to C, B, A, >F is FNC1. It is false where the printer would draw nothing that is known.
func code128(parameters string) (Symbol, bool) {
	if len(parameters) < 5 || !digits(parameters[:5], 5) || parameters[:2] == "00" || parameters[2:5] == "000" {
		return Symbol{}, false
	}
	s := Symbol{Kind: "code128"}
	set := byte('B')
	data := parameters[5:]
	if at := strings.IndexByte("GHI", second(data)); at >= 0 {
		set, data = "ABC"[at], data[2:]
	}
	for len(data) > 0 {
		switch c := second(data); {
		case c == 'F':
			if len(s.Data) == 0 && !s.GS1 {
				s.GS1 = true
			} else {
				s.Data = append(s.Data, gs)
			}
			data = data[2:]
		case strings.IndexByte("EDC", c) >= 0: // in their own set >D and >E are FNC4
			to := "ABC"[strings.IndexByte("EDC", c)]
			if to == set {
				return Symbol{}, false
			}
			set, data = to, data[2:]
		case data[0] == '>': // other functions, and a start in the midst: no label here uses them
			return Symbol{}, false
		case set != 'C':
			s.Data, data = append(s.Data, data[0]), data[1:]
		case len(data) < 2 || !digits(data[:2], 2): // what becomes of an odd number is a setting of the printer
			return Symbol{}, false
		default:
			s.Data, data = append(s.Data, data[:2]...), data[2:]
		}
	}
	return s, len(s.Data) > 0
}

// second is the character after a leading >, or 0.
func second(data string) byte {
	if len(data) < 2 || data[0] != '>' {
		return 0
	}
	return data[1]
}
