package tspl

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func take(in []byte, step int) (all []string) {
	var a answers
	for len(in) > 0 {
		n := min(step, len(in))
		a.add(in[:n])
		in = in[n:]
		for {
			got, ok, err := a.next()
			if err != nil {
				return append(all, err.Error())
			}
			if !ok {
				break
			}
			if got.status {
				all = append(all, fmt.Sprintf("%02X", byte(got.bits)))
			} else {
				all = append(all, got.line)
			}
		}
	}
	return all
}

func TestAnswers(t *testing.T) {
	for in, want := range map[string][]string{
		"\x00\x20LM1=12\r\n\x04":         {"00", "20", "LM1=12", "04"},
		"LM1=1\r\nLM1=1\r\n\x0d\x0a":     {"LM1=1", "LM1=1", "0D", "0A"},
		"READY\n\x80":                    {"READY", "80"},
		"LM1=1":                          nil,
		"\xf8\xd8":                       {errForeign.Error()},
		"LM1=\x011\r\n":                  {errForeign.Error()},
		strings.Repeat("x", maxAnswer+1): {"the printer sent 257 bytes without an end"},
	} {
		for _, step := range []int{1, 2, 1000} {
			if got := take([]byte(in), step); !slices.Equal(got, want) {
				t.Errorf("%q by %d: %q, want %q", in, step, got, want)
			}
		}
	}
}

func TestParseCount(t *testing.T) {
	for line, want := range map[string]string{
		"LM7=12": "12 true <nil>", "LM7= 12": "12 true <nil>", "LM6=12": "0 false <nil>", "LM71=2": "0 false <nil>",
		"LM7=": `0 true the printer's count "" is no number`, "LM7=-1": `0 true the printer's count "-1" is no number`,
	} {
		n, mine, err := parseCount(line, "LM7=")
		if got := fmt.Sprint(n, mine, err); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

func TestStatusFault(t *testing.T) {
	for bits, want := range map[status]string{
		0x00: "<nil>", 0x10: "<nil>", 0x20: "<nil>", 0x30: "<nil>", 0x01: "the printer reports: head open",
		0x06: "the printer reports: paper jam, paper out", 0x88: "the printer reports: ribbon out, another error",
	} {
		if got := fmt.Sprint(bits.fault()); got != want {
			t.Errorf("%02X: %s, want %s", byte(bits), got, want)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte("\x00LM1=12\r\n\x20READY\r\n"), 1)
	f.Add([]byte("\xf8\xd8LM"), 2)
	f.Add([]byte("LM1=\r\r\n\n\x0a"), 3)
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		if len(in) > maxAnswer || step < 1 { // beyond it the end depends on what came at once
			return
		}
		if one, all := take(in, step), take(in, len(in)+1); !slices.Equal(one, all) {
			t.Errorf("%q, cut %q", all, one)
		}
	})
}
