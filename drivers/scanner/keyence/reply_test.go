package keyence

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for content, want := range map[string]string{
		"OK,LON":                  "LON false ",
		"OK,LOFF":                 "LOFF false ",
		"OK,KEYENCE,SR-2000,1.00": "KEYENCE false ",
		"ER,LON,20":               "LON true 20",
		"ER,LON":                  "LON true ",
		"ER,LOFF,2,3":             "LOFF true 2,3",
		"OK":                      "none",
		"OK,":                     "none",
		"OK,LONG":                 "none",
		"OK, LON":                 "none",
		"ok,LON":                  "none",
		"NG,LON":                  "none",
		"ERROR":                   "none",
		"0104601234567893":        "none",
		"":                        "none",
	} {
		r, ok := parse([]byte(content))
		got := "none"
		if ok {
			got = fmt.Sprintf("%s %v %s", r.command, r.refused, r.code)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", content, got, want)
		}
	}
}

func TestMeanings(t *testing.T) {
	for code, want := range map[string]string{"": "no reason", "00": "(00)", "20": "present state (20)", "77": "reason 77"} {
		if got := (reply{refused: true, code: code}).meaning(); !strings.Contains(got, want) {
			t.Errorf("%q: %s", code, got)
		}
	}
	for content, want := range map[string]string{"ERR91": "does not know the command (ERR91)", "ERR12": "ERR12", "ERR9": "", "ERR911": "", "ERROR": "", "ERRxx": ""} {
		if got := meaningN(content); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q", content, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, content := range []string{"OK,LON", "ER,LON,20", "ERR91", "ERROR", ","} {
		f.Add([]byte(content))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		before := bytes.Clone(content)
		if r, ok := parse(content); ok && (!bytes.Contains(content, []byte(r.command)) || meaningN(string(content)) != "") {
			t.Errorf("%q is %+v", content, r)
		}
		if !bytes.Equal(content, before) {
			t.Error("the content was changed")
		}
	})
}
