package zpl

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	idle1 = "030,0,0,0245,000,0,0,0,000,0,0,0"
	idle2 = "001,0,0,0,1,2,4,0,00000000,1,000"
	idle3 = "1234,0"
)

func all(t interface{ Fatal(...any) }, a *answers) (got []answer) {
	for {
		next, ok, err := a.next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return got
		}
		got = append(got, next)
	}
}

func TestAnswers(t *testing.T) {
	for in, want := range map[string][]answer{
		`"123"`:                           {{value, "123"}},
		"\"123\"\r\n":                     {{value, "123"}},
		`"1""2"`:                          {{value, "1"}, {value, "2"}},
		`"?"`:                             {{value, "?"}},
		`"12`:                             nil,
		"\x02a,b\x03\r\n\x02c\x03":        {{frame, "a,b"}, {frame, "c"}},
		"ALERT: X [1]\r\n\"5\"":           {{line, "ALERT: X [1]"}, {value, "5"}},
		"ALERT: X \"q\"\n\"5\"":           {{line, `ALERT: X "q"`}, {value, "5"}},
		"ALERT: no end\x02a\x03\"5\"\r\n": {{line, "ALERT: no end"}, {frame, "a"}, {value, "5"}},
		"ALERT: not whole":                nil,
		"\r\n\x00\r\n":                    nil,
	} {
		a := &answers{buf: []byte(in)}
		if got := all(t, a); !slices.Equal(got, want) {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}

// However the network cuts the bytes, the answers are the same.
func TestAnswersAreIndependentOfCuts(t *testing.T) {
	piece := rapid.SampledFrom([]string{"\"17\"", "\"?\"\r\n", "\x02" + idle1 + "\x03\r\n", "ALERT: X\r\n", "\r\n", "\x00", "x\n", "\x02\x03"})
	rapid.Check(t, func(t *rapid.T) {
		stream := strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), "")
		want := all(t, &answers{buf: []byte(stream)})
		var got []answer
		a := &answers{}
		for len(stream) > 0 {
			n := rapid.IntRange(1, len(stream)).Draw(t, "cut")
			a.add([]byte(stream[:n]))
			got = append(got, all(t, a)...)
			stream = stream[n:]
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

func TestAnswersWithoutEnd(t *testing.T) {
	a := &answers{buf: []byte(strings.Repeat("x", maxAnswer+1))}
	if _, _, err := a.next(); err == nil {
		t.Error("an endless line is gathered for ever")
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte("\"123\"\r\n\x02" + idle1 + "\x03\r\nALERT: X\r\n"))
	f.Add([]byte("\"\"\x02\x03\x00\r\"?"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a := &answers{}
		a.add(b)
		for range len(b) + 1 {
			if _, ok, err := a.next(); !ok || err != nil {
				return
			}
		}
		t.Errorf("more answers than bytes in %q", b)
	})
}

func TestParseOdometer(t *testing.T) {
	for text, want := range map[string]uint64{"0": 0, "123": 123, "0000123": 123, "9223372036854775807": 1<<63 - 1} {
		if got, err := parseOdometer(text); err != nil || got != want {
			t.Errorf("%q = %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", " 1", "-1", "+1", "1.0", "0x1", "1_0", "12 LABELS", "9223372036854775808", "٣"} {
		if got, err := parseOdometer(text); err == nil {
			t.Errorf("%q = %d", text, got)
		}
	}
	if _, err := parseOdometer("?"); !errors.Is(err, errNoVariable) {
		t.Errorf("unknown variable: %v", err)
	}
}

func FuzzParseOdometer(f *testing.F) {
	for _, s := range []string{"123", "?", "", "+5", "18446744073709551616"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseOdometer(text)
		if err != nil {
			return
		}
		if digits := strings.TrimLeft(text, "0"); digits != strconv.FormatUint(n, 10) && !(digits == "" && n == 0) {
			t.Errorf("%q = %d", text, n)
		}
	})
}

func TestParseStatus(t *testing.T) {
	for name, c := range map[string]struct {
		one, two string
		idle     bool
		faults   string
		paused   bool
	}{
		"idle":           {idle1, idle2, true, "", false},
		"formats":        {"030,0,0,0245,002,0,0,0,000,0,0,0", idle2, false, "", false},
		"labels":         {idle1, "001,0,0,0,1,2,4,0,00000007,1,000", false, "", false},
		"media counter":  {idle1, "001,0,0,0,1,2,4,0,00999998,1,000", true, "", false},
		"paper":          {"030,1,0,0245,000,0,0,0,000,0,0,0", idle2, true, "paper out", false},
		"pause":          {"030,0,1,0245,000,0,0,0,000,0,0,0", idle2, true, "", true},
		"head":           {idle1, "001,0,1,0,1,2,4,0,00000000,1,000", true, "head up", false},
		"ribbon":         {idle1, "001,0,0,1,1,2,4,0,00000000,1,000", true, "ribbon out", false},
		"paper and head": {"030,1,0,0245,000,0,0,0,000,0,0,0", "001,0,1,0,1,2,4,0,00000000,1,000", true, "paper out, head up", false},
	} {
		s, err := parseStatus([]string{c.one, c.two, idle3})
		if err != nil || s.idle() != c.idle || strings.Join(s.faults, ", ") != c.faults || (s.fault() == nil) != (c.faults == "") || (s.pause() == nil) == c.paused {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

func FuzzStatus(f *testing.F) {
	f.Add(idle1, idle2, idle3)
	f.Add("", ",,", "-1")
	f.Fuzz(func(t *testing.T, one, two, three string) {
		var frames []string
		for _, text := range []string{one, two, three} {
			var err error
			if frames, _, err = gather(frames, text); err != nil {
				return
			}
		}
		if s, err := parseStatus(frames); err == nil && (s.formats < 0 || s.remaining < 0) {
			t.Errorf("%+v", s)
		}
	})
}
