package record

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Text is a record as one line for people, without its moment.
func Text(r Record) string {
	switch r.Kind {
	case KindIn:
		return r.Source + " < " + strconv.QuoteToASCII(string(r.Data))
	case KindOut:
		return r.Source + " > " + strconv.QuoteToASCII(string(r.Data))
	case KindOpen:
		return fmt.Sprintf("%s -- connected to %s", r.Source, r.Data)
	case KindClose:
		return r.Source + " -- closed"
	case KindFault:
		return fmt.Sprintf("%s -- fault: %s", r.Source, r.Data)
	case KindMark:
		var m Mark
		if json.Unmarshal(r.Data, &m) == nil {
			return fmt.Sprintf("%s == %s: %s", r.Source, m.Kind, m.Text)
		}
	case KindCall:
		var c Call
		if json.Unmarshal(r.Data, &c) == nil {
			return c.text(r.Source)
		}
	case KindStep:
		var s struct {
			N              uint64
			Event, Effects json.RawMessage
		}
		if json.Unmarshal(r.Data, &s) == nil {
			if len(s.Effects) == 0 {
				s.Effects = json.RawMessage("nothing")
			}
			return fmt.Sprintf("%s .. %d %s -> %s", r.Source, s.N, s.Event, s.Effects)
		}
	case KindTicks:
		n, at, ok := UnTick(r)
		if ok && len(at) > 0 {
			return fmt.Sprintf("%s .. %d nothing for %s", r.Source, n, at[len(at)-1]-at[0])
		}
	case KindDropped:
		return fmt.Sprintf("%s == dropped: %s records are missing before this one", r.Source, r.Data)
	}
	return fmt.Sprintf("%s .. %s %s", r.Source, r.Kind, r.Data)
}

func (c Call) text(source string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s > %s %s", source, c.Method, c.URL)
	if c.Body.Length > 0 {
		fmt.Fprintf(&b, " %s", c.Body)
	}
	fmt.Fprintf(&b, " < %d after %s", c.Status, c.Took)
	if c.Answer.Length > 0 {
		fmt.Fprintf(&b, " %s", c.Answer)
	}
	if c.Error != "" {
		fmt.Fprintf(&b, " -- %s", c.Error)
	}
	return b.String()
}

// String shows a body, and how much of it is not there.
func (b Body) String() string {
	text := strconv.QuoteToASCII(b.Text)
	if more := b.Length - len(b.Text); more > 0 {
		text += fmt.Sprintf(" and %d bytes more", more)
	}
	return text
}
