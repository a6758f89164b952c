package zpltest

// code128 reads the field data of ^BCo,h,f,g,e,m: > and one more character is an invocation code, >8 being
// FNC1. Mode D leads with FNC1 by itself and drops brackets and spaces; in mode U the field is an SSCC of 19
// digits and FNC1 leads too.
func code128(data []byte, param string) Symbol {
	s := Symbol{Kind: "code128"}
	mode := parameter(param, 5)
	if mode == "D" || mode == "U" {
		s.GS1 = true
	}
	set := byte('B')
	var first byte // of a pair of digits in sets A and C; 0 for none
	for i := 0; i < len(data); i++ {
		c := data[i]
		if c == '>' && i+1 < len(data) {
			i++
			first = 0
			set = s.invoke(data[i], set, mode)
			continue
		}
		switch {
		case mode == "D" && (c == '(' || c == ')' || c == ' '):
		case set == 'B' || mode == "A" || mode == "D" || mode == "U":
			s.Data = append(s.Data, c)
		case c < '0' || c > '9': // spoils a pair that has begun, else is ignored
			first = 0
		case first == 0:
			first = c
		default:
			s.pair(first, c, set)
			first = 0
		}
	}
	return s
}

// invoke acts on the invocation code > c and returns the set that follows.
func (s *Symbol) invoke(c, set byte, mode string) byte {
	switch c {
	case '8':
		// Mode D has put its own FNC1 in front: one written out before all data is the same one.
		if !(len(s.Data) == 0 && mode == "D") {
			s.fnc1()
		}
	case ';', '5':
		return 'C'
	case ':', '6':
		return 'B'
	case '9', '7':
		return 'A'
	case '<':
		s.Data = append(s.Data, '^')
	case '0':
		s.Data = append(s.Data, '>')
	case '=':
		s.Data = append(s.Data, '~')
	case '1':
		s.Data = append(s.Data, 0x7F)
	}
	return set // >2, >3 and >4 are FNC3, FNC2 and shift: no data
}

// pair adds a pair of digits: itself in set C, the character of that value in set A.
func (s *Symbol) pair(a, b, set byte) {
	if set == 'C' {
		s.Data = append(s.Data, a, b)
		return
	}
	switch v := (a-'0')*10 + b - '0'; {
	case v < 64:
		s.Data = append(s.Data, ' '+v)
	case v < 96:
		s.Data = append(s.Data, v-64)
	}
}
