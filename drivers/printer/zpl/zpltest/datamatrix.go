package zpltest

import "strconv"

const gs = 0x1D

// dataMatrix reads the field data of ^BXo,h,s,c,r,f,g,a. Only quality s = 200 knows the escape character g,
// and only when g is stated: the guides disagree about its default, so an absent one escapes nothing.
func dataMatrix(data []byte, param string) Symbol {
	if parameter(param, 2) != "200" {
		return Symbol{Kind: "datamatrix-ecc000", Data: data}
	}
	s := Symbol{Kind: "datamatrix"}
	g := parameter(param, 6)
	if g == "" {
		s.Data = data
		return s
	}
	for len(data) > 0 {
		if data[0] != g[0] || len(data) == 1 {
			s.Data = append(s.Data, data[0])
			data = data[1:]
			continue
		}
		data = s.escape(data, g[0])
	}
	return s
}

// escape takes one escape sequence, which is at least two bytes, and returns what follows it. What is no
// sequence stays in the symbol as it stands.
func (s *Symbol) escape(data []byte, g byte) []byte {
	switch c := data[1]; {
	case c == g:
		s.Data = append(s.Data, g)
		return data[2:]
	case c == '1':
		s.fnc1()
		return data[2:]
	case c == '2': // FNC2, structured append: nine digits of position and file
		if digits(data[2:], 9) {
			return data[11:]
		}
	case c == '3' || c == '0': // FNC3, and the pad codeword: no data
		return data[2:]
	case c == '5': // code page
		if digits(data[2:], 3) {
			return data[5:]
		}
	case c == 'd':
		if digits(data[2:], 3) {
			if n, err := strconv.ParseUint(string(data[2:5]), 10, 8); err == nil {
				s.Data = append(s.Data, byte(n))
				return data[5:]
			}
		}
	case '@' <= c && c <= '_': // control shift
		s.Data = append(s.Data, c-'@')
		return data[2:]
	}
	s.Data = append(s.Data, data[0])
	return data[1:]
}

// fnc1 adds an FNC1: the mark of GS1 in front of all data, a separator after.
func (s *Symbol) fnc1() {
	if len(s.Data) == 0 && !s.GS1 {
		s.GS1 = true
		return
	}
	s.Data = append(s.Data, gs)
}

// digits tells whether data begins with n decimal digits.
func digits(data []byte, n int) bool {
	if len(data) < n {
		return false
	}
	for _, c := range data[:n] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
