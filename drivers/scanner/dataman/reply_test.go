package dataman

import (
	"bytes"
	"fmt"
	"testing"
)

func TestParse(t *testing.T) {
	for line, want := range map[string]string{
		"||[0]":                "-1 0 \"\" false",
		"||[1]MDE=":            "-1 1 \"MDE=\" false",
		"||0:7[0]1":            "7 0 \"1\" false",
		"||:7[104]":            "7 104 \"\" false",
		"||:::5[0]467":         "-1 0 \"467\" false", // newer firmware: fields behind the id
		"||0:7::3[0]1":         "7 0 \"1\" false",
		"||[1]]d2[0]":          "-1 1 \"]d2[0]\" false", // readings have brackets too
		"||1:7[0]A\x4b":        "7 0 \"A\" false",
		"||1:7[0]A\x25":        "7 0 \"A%\" true",
		"||1[0]":               "-1 0 \"\" true",
		"||1:7[0]\x0a":         "7 0 \"\" false",
		"":                     "none",
		"||":                   "none",
		"0104601234567893":     "none",
		"|[0]":                 "none",
		"||>TRIGGER ON":        "none", // an echo
		"||0:7>GET X[0]":       "none",
		"||[]":                 "none",
		"||[+1]":               "none",
		"||[0":                 "none",
		"x||[0]":               "none",
		"||99999999999999999[": "none",
	} {
		r, ok := parse([]byte(line))
		got := "none"
		if ok {
			got = fmt.Sprintf("%d %d %q %v", r.id, r.status, r.data, r.damaged)
		}
		if got != want {
			t.Errorf("%q is %s, want %s", line, got, want)
		}
	}
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		number   int
		checksum bool
		want     string
	}{
		{0, false, "||>TRIGGER ON\r\n"},
		{0, true, "||1>TRIGGER ON\x76\r\n"},
		{12, false, "||0:12>TRIGGER ON\r\n"},
		{12, true, "||1:12>TRIGGER ON\x4f\r\n"},
	} {
		if got := string(command(c.number, c.checksum, "TRIGGER ON")); got != c.want {
			t.Errorf("%d %v: %q, want %q", c.number, c.checksum, got, c.want)
		}
	}
}

func TestMeaning(t *testing.T) {
	for status := 100; status <= 105; status++ {
		if s := meaning(status); !bytes.Contains([]byte(s), fmt.Appendf(nil, "(status %d)", status)) {
			t.Errorf("%d: %s", status, s)
		}
	}
	if meaning(7) != "status 7, which is unknown" {
		t.Error(meaning(7))
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{"||0:7[0]1", "||:::5[0]ON", "||1:7[0]A\x4b", "||[1]MDE=", "||[", "||1[0]"} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		before := bytes.Clone(line)
		r, ok := parse(line)
		if !bytes.Equal(line, before) {
			t.Error("the line was changed")
		}
		if ok && (r.status < 0 || r.id < -1 || len(r.data) > len(line)) {
			t.Errorf("%q is %+v", line, r)
		}
	})
}
