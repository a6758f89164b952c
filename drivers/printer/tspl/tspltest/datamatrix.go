package tspltest

import (
	"strconv"
	"strings"
)

const (
	gs            = 0x1D
	maxExpression = 2 << 10 // bytes between quotation marks
)

// dataMatrix reads the arguments of DMATRIX x,y,w,h,[c#,x#,r#,a#,row,col,]"content". It is false where the
// printer would draw nothing.
func dataMatrix(arguments string, quote Quote) (Symbol, bool) {
	list, content, ok := strings.Cut(arguments, `"`)
	if !ok {
		return Symbol{}, false
	}
	numbers, escape := 0, -1
	list, ok = strings.CutSuffix(strings.TrimSpace(list), ",")
	if !ok {
		return Symbol{}, false
	}
	for parameter := range strings.SplitSeq(list, ",") {
		parameter = strings.TrimSpace(parameter)
		if parameter == "" {
			return Symbol{}, false
		}
		letter := parameter[0]
		if strings.IndexByte("cxra", letter) >= 0 && numbers >= 4 {
			parameter = parameter[1:]
		} else {
			letter = 0
			numbers++
		}
		n, err := strconv.ParseUint(parameter, 10, 16)
		if err != nil {
			return Symbol{}, false
		}
		if letter == 'c' {
			escape = int(n)
		}
	}
	if numbers != 4 && numbers != 6 {
		return Symbol{}, false
	}
	raw, ok := expression(content, quote)
	if !ok {
		return Symbol{}, false
	}
	s := Symbol{Kind: "datamatrix"}
	if escape < 0 {
		s.Data = []byte(raw)
		return s, true
	}
	for len(raw) > 0 {
		if int(raw[0]) != escape {
			s.Data = append(s.Data, raw[0])
			raw = raw[1:]
			continue
		}
		if raw = s.escape(raw, quote); raw == bad {
			return Symbol{}, false
		}
	}
	return s, len(s.Data) > 0
}

// bad is what escape leaves of a content that cannot be drawn. A NUL is in no content.
const bad = "\x00"

// expression returns what stands before the closing quotation mark, after which nothing may follow.
func expression(content string, quote Quote) (string, bool) {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(content, `"`)
		if !ok {
			return "", false
		}
		if quote == QuoteBackslash && strings.HasSuffix(before, `\[`) && strings.HasPrefix(after, "]") {
			b.WriteString(strings.TrimSuffix(before, `\[`) + `"`)
			content = after[1:]
			continue
		}
		b.WriteString(before)
		return b.String(), strings.TrimSpace(after) == "" && b.Len() > 0 && b.Len() <= maxExpression
	}
}

// escape takes one escape sequence and returns what follows it, or bad.
func (s *Symbol) escape(raw string, quote Quote) string {
	if len(raw) < 2 {
		return bad
	}
	switch c := raw[1]; {
	case c == raw[0]:
		s.Data = append(s.Data, c)
	case c == '1':
		if len(s.Data) == 0 && !s.GS1 {
			s.GS1 = true
		} else {
			s.Data = append(s.Data, gs)
		}
	case c == 'd' && len(raw) >= 5:
		n, err := strconv.ParseUint(raw[2:5], 10, 8)
		if err == nil && quote != QuoteDecimal && n > 0 {
			n-- // a codeword is one more than its character
		}
		if err != nil || n == 0 {
			return bad
		}
		s.Data = append(s.Data, byte(n))
		return raw[5:]
	case '@' < c && c <= '_':
		s.Data = append(s.Data, c-'@')
	default:
		return bad
	}
	return raw[2:]
}
