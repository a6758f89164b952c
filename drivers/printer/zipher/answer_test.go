package zipher

import (
	"slices"
	"strings"
	"testing"

	"linemark/drivers/drivertest"
)

func TestClassify(t *testing.T) {
	for line, want := range map[string]answer{
		"ACK":                 {kind: ack},
		"ERR":                 {kind: refusal},
		"PRC":                 {kind: tagged, tag: "PRC"},
		"SLR|1041|":           {kind: tagged, tag: "SLR", values: []string{"1041"}},
		"SLR||":               {kind: tagged, tag: "SLR", values: []string{""}},
		"STS|3|0|Job 1|0|12|": {kind: tagged, tag: "STS", values: []string{"3", "0", "Job 1", "0", "12"}},
		"PRC|":                {kind: tagged, tag: "PRC"},
		"SLR|104":             {kind: stranger},
		"ACK|":                {kind: stranger},
		"ERR|5|":              {kind: stranger},
		"ACKACK":              {kind: stranger},
		"slr|1|":              {kind: stranger},
		"1041":                {kind: stranger},
		"\x00\xf8x":           {kind: stranger},
	} {
		want.line = line
		got := classify(line)
		if got.kind != want.kind || got.tag != want.tag || !slices.Equal(got.values, want.values) || got.line != line {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	for line, want := range map[string]string{
		"FLT|1|E12|0|Ribbon out|":           "Ribbon out (E12)",
		"FLT|2|E12|0|Ribbon out|E9|1|Open|": "Ribbon out (E12), Open (E9)",
		"FLT|0|":                            "a fault that it does not name",
		"FLT|1|E12|0|":                      "",
		"FLT":                               "",
	} {
		got, err := classify(line).faults()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
}

// However the bytes are cut the lines are the same, and none holds the end of another.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{"ACK\rERR\n", "SLR|1041|\r\n", "STS|3|2|Job|0|0|\rPRC\rFLT|1|a|0|b|\r", "SLR|\r||\r|", "\r\n\r", strings.Repeat("x", maxLine+9)} {
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
			if line == "" || strings.ContainsAny(line, "\r\n") {
				t.Errorf("the line %q", line)
			}
			a := classify(line)
			if a.kind == tagged && a.values != nil && a.tag+"|"+strings.Join(a.values, "|")+"|" != line {
				t.Errorf("%q became %+v", line, a)
			}
			if n, err := a.number(); err == nil && n < 0 {
				t.Errorf("%q holds the number %d", line, n)
			}
			if st, err := a.state(); err == nil && st.overall == "" {
				t.Errorf("%q is a state", line)
			}
			if s, err := a.faults(); err == nil && s == "" {
				t.Errorf("%q names no fault", line)
			}
			if a.line != line {
				t.Errorf("%q became %+v", line, a)
			}
		}
	})
}
