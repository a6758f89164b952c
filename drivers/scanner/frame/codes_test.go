package frame

import (
	"fmt"
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/drivers/scanner/reading"
)

// show lists readings so that their bytes can be seen.
func show(all []drivers.Scan) string {
	var texts []string
	for _, s := range all {
		switch {
		case s.NoRead:
			texts = append(texts, "no-read")
		case s.Bad != "":
			texts = append(texts, "bad "+s.Bad)
		default:
			texts = append(texts, fmt.Sprintf("%s%q", s.AIM, s.Code))
		}
		if s.More {
			texts[len(texts)-1] += "+"
		}
	}
	return strings.Join(texts, " ")
}

func TestScans(t *testing.T) {
	piped := Codes{Separator: "|", NoRead: "NR", Form: reading.Form{GS: "{GS}"}}
	for name, c := range map[string]struct {
		codes      Codes
		text, want string
	}{
		"a code":                   {Codes{}, "]d2\x1d01", `]d2"01"`},
		"no-read":                  {piped, "NR", "no-read"},
		"no-read is the whole":     {piped, "NR1", `"NR1"`},
		"no-read not by heart":     {Codes{NoRead: "X"}, "NR", `"NR"`},
		"several":                  {piped, "]d201|NR|02{GS}3", `]d2"01"+ no-read+ "02\x1d3"`},
		"separator at the end":     {piped, "01|02|", `"01"+ "02"`},
		"separators alone":         {piped, "||", "bad there is no code in the frame"},
		"nothing":                  {piped, "", "bad there is no code in the frame"},
		"nothing, no no-read text": {Codes{}, "", "no-read"},
		"separators, no such text": {Codes{Separator: "|"}, "||", "bad there is no code in the frame"},
		"bad among good":           {piped, "01|]|02", `"01"+ bad it begins with ] and has no AIM identifier+ "02"`},
		"no separator":             {Codes{}, "01|02", `"01|02"`},
	} {
		got := c.codes.Scans([]byte("raw"), []byte(c.text))
		if show(got) != c.want {
			t.Errorf("%s: %s, want %s", name, show(got), c.want)
		}
		for _, s := range got {
			if string(s.Raw) != "raw" {
				t.Errorf("%s: raw %q", name, s.Raw)
			}
		}
	}
}
