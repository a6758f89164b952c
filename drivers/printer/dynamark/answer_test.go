package dynamark

import (
	"slices"
	"strings"
	"testing"

	"linemark/drivers/drivertest"
)

func TestClassify(t *testing.T) {
	for line, want := range map[string]answer{
		"OK":                  {kind: okay},
		"ERROR 5":             {kind: failure, number: "5"},
		"ERROR 123":           {kind: failure, number: "123"},
		"MSG 3":               {kind: message, number: "3"},
		"MSG 26":              {kind: message, number: "26"},
		"RESULT GETXML <a/>":  {kind: result},
		"OK ":                 {kind: stranger},
		"OKOK":                {kind: stranger},
		"OK\rMSG 3":           {kind: stranger},
		"ERROR":               {kind: stranger},
		"ERROR 1234":          {kind: stranger},
		"ERROR x":             {kind: stranger},
		"MSG":                 {kind: stranger},
		"MSG 3 4":             {kind: stranger},
		"MSG -3":              {kind: stranger},
		"RESULT":              {kind: stranger},
		"\x00\xf8":            {kind: stranger},
		`SETTEXT "CODE" "01"`: {kind: stranger},
	} {
		want.line = line
		if got := classify(line); got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}

// However the bytes are cut the lines are the same, and none holds the end of another.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{"OK\r\nMSG 3\r\n", "O\rK\r\r\n", "ERROR 12\rOK\n", "RESULT GETXML <x>\r\n\r\n", "MSG 26", strings.Repeat("x", maxLine+9)} {
		f.Add([]byte(s), 1)
	}
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		run := func(step int) []string {
			var l lines
			all, err := drivertest.Gather(in, step, l.add, l.next)
			if err != nil && len(l.buf) <= maxLine {
				t.Fatal(err)
			}
			return all
		}
		all := run(len(in))
		if len(in) <= maxLine && !slices.Equal(all, run(step)) {
			t.Errorf("cut at every %d bytes the lines are others", step)
		}
		for _, line := range all {
			if line == "" || strings.ContainsAny(line, "\n") {
				t.Errorf("the line %q", line)
			}
			a := classify(line)
			if (a.kind == failure || a.kind == message) != (a.number != "") {
				t.Errorf("%q became %+v", line, a)
			}
		}
	})
}
