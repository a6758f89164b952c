package sbpltest

import (
	"errors"
	"strconv"
	"strings"
)

const (
	gs        = 0x1D
	maxData   = 500 // characters of <ESC>DC
	maxCopies = 999_999
)

// parse reads a job: <ESC>A, commands, <ESC>Z. The caller holds the lock.
func (p *Printer) parse(sbpl []byte) (l Label, copies int, err error) {
	commands := strings.Split(string(sbpl), string([]byte{esc}))
	if len(commands) < 3 || commands[0] != "" || commands[1] != "A" || commands[len(commands)-1] != "Z" {
		return Label{}, 0, errors.New("no <ESC>A to <ESC>Z")
	}
	l = Label{ID: noID, SBPL: append([]byte(nil), sbpl...)}
	at := position{wide: 1, high: 1}
	symbol := false // <ESC>BX has come, and its data has not
	for _, c := range commands[2 : len(commands)-1] {
		switch {
		case at.move(c):
		case strings.HasPrefix(c, "GH"):
			if d, ok := at.graphic(c[2:]); ok {
				l.Drawn = append(l.Drawn, d)
			}
		case strings.HasPrefix(c, "DC"):
			if s, ok := dataMatrix(c[2:], p.opt.FNC1); ok && symbol {
				l.Symbols = append(l.Symbols, s)
			}
			symbol = false
		case strings.HasPrefix(c, "BG"):
			if s, ok := code128(c[2:]); ok {
				l.Symbols = append(l.Symbols, s)
			}
		case strings.HasPrefix(c, "BX"):
			symbol = drawable(c[2:], p.opt.ECC)
		case strings.HasPrefix(c, "ID") && digits(c[2:], 2):
			l.ID = c[2:]
		case strings.HasPrefix(c, "Q"):
			if copies, err = strconv.Atoi(c[1:]); err != nil || copies < 1 || copies > maxCopies {
				return Label{}, 0, errors.New("no such quantity: " + c)
			}
		}
	}
	if copies == 0 {
		return Label{}, 0, errors.New("no quantity")
	}
	return l, copies, nil
}

// drawable tells whether a symbol comes of aabbccddeeefffghh. Where a value is out of range none comes, and
// nothing is reported.
func drawable(parameters, ecc string) bool {
	if len(parameters) != 15+len(ecc) || !digits(parameters, len(parameters)) {
		return false
	}
	a, b, rest := parameters[:2], parameters[2:2+len(ecc)], parameters[2+len(ecc):]
	within := func(s string, least, most int) bool {
		n, err := strconv.Atoi(s)
		return err == nil && n >= least && n <= most
	}
	size := func(s string) bool { return s == "000" || within(s, 8, 144) }
	return (within(a, 1, 6) || within(a, 11, 16)) && b == ecc && within(rest[:2], 3, 12) && within(rest[2:4], 3, 12) &&
		size(rest[4:7]) && size(rest[7:10]) && rest[10] == '0' && rest[11:] == "01"
}

// dataMatrix reads the data of <ESC>DC.
func dataMatrix(data, fnc1 string) (Symbol, bool) {
	s := Symbol{Kind: "datamatrix"}
	if len(data) > maxData {
		return s, false
	}
	for len(data) > 0 {
		rest, found := strings.CutPrefix(data, fnc1)
		switch {
		case fnc1 == "" || !found:
			s.Data = append(s.Data, data[0])
			data = data[1:]
		case len(s.Data) == 0 && !s.GS1:
			s.GS1, data = true, rest
		default:
			s.Data, data = append(s.Data, gs), rest
		}
	}
	return s, len(s.Data) > 0
}

// digits tells whether s is n decimal digits.
func digits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}
