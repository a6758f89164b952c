package ngpcl

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func all(t interface{ Fatal(...any) }, a *answers) (got []string) {
	for {
		next, ok, err := a.next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return got
		}
		got = append(got, fmt.Sprintf("%s %s %q", next.name, next.code, next.values))
	}
}

func TestAnswers(t *testing.T) {
	for in, want := range map[string][]string{
		"{~JU0|}":                         {`JU 0 []`},
		"{~JN0|unit.job|}\r\n{~JS1|}":     {`JN 0 ["unit.job"]`, `JS 1 []`},
		"{~FC0|CODE  |01A   |  }":         {`FC 0 ["CODE" "01A"]`},
		"{~FC0|CODE||}":                   {`FC 0 ["CODE" ""]`},
		"{~FC0|CODE|01\x1d2|}":            {"FC 0 [\"CODE\" \"01\\x1d2\"]"},
		"{~FC0|CO{~JU0|}":                 {`JU 0 []`},
		"x}{~JU0}{JU0|}{~J|}{}{~JU0|a}{~": nil,
		"{~NK1|}{~DS|}":                   {`NK 1 []`, `DS  []`},
	} {
		if got := all(t, &answers{buf: []byte(in)}); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// However the network cuts the bytes, the answers are the same.
func TestAnswersAreIndependentOfCuts(t *testing.T) {
	piece := rapid.SampledFrom([]string{"{~JU0|}", "{~FC0|CODE|01A|}\r\n", "{~NK1|}", "{", "}", "x", "|", "~"})
	rapid.Check(t, func(t *rapid.T) {
		stream := strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), "")
		want := all(t, &answers{buf: []byte(stream)})
		var got []string
		a := &answers{}
		for len(stream) > 0 {
			n := rapid.IntRange(1, len(stream)).Draw(t, "cut")
			a.add([]byte(stream[:n]))
			got = append(got, all(t, a)...)
			stream = stream[n:]
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

func TestStrange(t *testing.T) {
	endless := &answers{buf: []byte(strings.Repeat("HTTP/1.1 400 ", maxAnswer))}
	if _, _, err := endless.next(); err == nil || !strings.Contains(err.Error(), "HTTP/1.1 400") || len(err.Error()) > 200 {
		t.Errorf("endless: %v", err)
	}
	for in, want := range map[string]string{"": "", " \r\n": "", "\xff\x01": `\xff\x01`, "ACK\r": "ACK", "{JU}": "{JU", "{~JU0|}": ""} {
		a := &answers{buf: []byte(in)}
		if _, _, err := a.next(); err != nil {
			t.Fatal(err)
		}
		err := a.strange()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func TestParseStatus(t *testing.T) {
	for frame, want := range map[string]string{
		"~DS0|0|1|0|0|0|2|0|000000000|06|1|": "",
		"~DS0|0|0|0|0|0|2|0|000000000|11|1|": "",
		"~DS0|0|0|0|0|0|2|0|000000000|04|1|": "",
		"~DS0|0|0|1|0|0|2|0|000000000|06|1|": "beam stop",
		"~DS0|0|0|0|1|0|2|0|000000000|06|1|": "attention",
		"~DS0|0|0|0|0|0|2|0|000000000|09|1|": "beam stop",
		"~DS0|0|0|0|0|0|2|0|000000000|05|1|": "attention",
		"~DS0|0|0|0|0|0|2|0|000000000|02|1|": "off",
		"~DS0|0|0|0|0|0|2|0|000000000|07|1|": `unknown state "07"`,
		"~DS0|0|0|0|0|0|2|0|000000000||1|":   `unknown state ""`,
	} {
		a, ok := parseAnswer(frame)
		if !ok {
			t.Fatal(frame)
		}
		s, err := parseStatus(a.values)
		if err != nil {
			t.Errorf("%s: %v", frame, err)
		}
		if fault := s.fault(); (fault == nil) != (want == "") || fault != nil && !strings.Contains(fault.Error(), want) {
			t.Errorf("%s: %v, want %q", frame, fault, want)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte("{~DS0|0|1|0|0|0|2|0|000000000|06|1|}\r\n{~FC0|CODE|01A|}{~NK1|}"))
	f.Add([]byte("{~{~J|}}{|}{~JU0| }"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a := &answers{}
		a.add(b)
		for range len(b) + 1 {
			found, ok, err := a.next()
			if !ok || err != nil {
				if len(a.noise) > maxShown {
					t.Errorf("%d bytes are kept for a message", len(a.noise))
				}
				return
			}
			if len(found.name) != 2 || strings.ContainsAny(strings.Join(found.values, ""), "{}|") {
				t.Errorf("%+v", found)
			}
			if s, err := parseStatus(found.values); err == nil && s.state == "" && s.fault() == nil {
				t.Errorf("no state is a good one: %q", found.values)
			}
		}
		t.Errorf("more answers than bytes in %q", b)
	})
}
