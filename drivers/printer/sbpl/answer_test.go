package sbpl

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func take(in []byte, status3 bool, step int) (all []string) {
	var a answers
	for len(in) > 0 {
		n := min(step, len(in))
		a.add(in[:n])
		in = in[n:]
		for {
			got, ok, err := a.next(status3)
			if err != nil {
				return append(all, err.Error())
			}
			if !ok {
				break
			}
			switch got.kind {
			case accepted:
				all = append(all, "ACK")
			case refused:
				all = append(all, "NAK")
			default:
				all = append(all, got.status.String())
			}
		}
	}
	return all
}

func TestAnswers(t *testing.T) {
	const (
		name  = "                "
		four  = "\x0207G000001" + name + "\x03"
		three = "\x02  A000000\x03"
		seven = "status G, job 07, 1 to come"
	)
	for _, c := range []struct {
		in      string
		status3 bool
		want    []string
	}{
		{"\x06" + three + "\x15" + three, true, []string{"ACK", "status A, no job", "NAK", "status A, no job"}},
		{"\x00\x00\x00\x0b" + three + "\x06", true, []string{"status A, no job", "ACK"}},
		{four + four, false, []string{seven, seven}},
		{"\x00\x00\x00\x1c\x05" + four + "\x06", false, []string{seven, "ACK"}},
		{"\x00\x00\x00\x20\x00\x00\x00\x1c\x05" + four, false, []string{seven}},
		{"\x00\x00\x00\x01\x06\x00\x00\x00\x01\x15\x00\x00\x00\x1c\x05" + four, false, []string{"ACK", "NAK", seven}},
		{"\x00\x00\x00\x01\x05", false, []string{errForeign.Error()}},
		{"\x0299c000012\x03", true, []string{"status c, job 99, 12 to come"}},
		{"\x0207G000001NAME\x03\x02\x05 OF A JOB\x03", false, []string{seven}},
		{three, false, []string{errShort.Error()}},
		{four, true, []string{errLong.Error()}},
		{"\x00\x00\x00\x0b" + three, false, []string{errShort.Error()}},
		{"\x00\x00\x00\x1c\x05" + four, true, []string{errLong.Error()}},
		{"\x00\x00\x00\x1d", false, []string{errForeign.Error()}},
		{"\x00\x00\x00\x1c\x06" + four, false, []string{errForeign.Error()}},
		{"\x00\x00\x00\x20\x00\x00\x00\x1d\x05" + four, false, []string{errForeign.Error()}},
		{strings.Replace(four, "\x03", "x", 1), false, []string{errForeign.Error()}},
		{"HTTP/1.1", false, []string{errForeign.Error()}},
		{strings.Replace(three, "  ", "1 ", 1), true, []string{`the id in the printer's status is "1 "`}},
		{strings.Replace(three, "000000", "00000x", 1), true, []string{`the remaining count in the printer's status is "00000x"`}},
	} {
		for _, step := range []int{1, 2, 1000} {
			if got := take([]byte(c.in), c.status3, step); !slices.Equal(got, c.want) {
				t.Errorf("%q by %d: %q, want %q", c.in, step, got, c.want)
			}
		}
	}
}

func TestStatusFault(t *testing.T) {
	for letter := range 256 {
		s := status{letter: byte(letter)}
		kinds := 0
		for _, is := range []bool{s.offline(), s.idle(), s.printing(), s.dispense(), s.analyse(), s.fault() != nil} {
			if is {
				kinds++
			}
		}
		if kinds != 1 {
			t.Errorf("%q is of %d kinds", byte(letter), kinds)
		}
	}
	for letter, want := range map[byte]string{'b': "head open", 'c': "paper out", 'd': "ribbon out", 'e': "media error", 'g': "head error", 'k': `fault, code 'k'`} {
		if got := fmt.Sprint(status{letter: letter}.fault()); got != "the printer reports: "+want {
			t.Errorf("%c: %s", letter, got)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte("\x06\x02  A000000\x03\x15"), true, 1)
	f.Add([]byte("\x00\x00\x00\x1c\x05\x0207G000001                \x03"), false, 2)
	f.Add([]byte("\x00\x00\x00\x01\x06\x00\x00\x00\x01\x15\x00\x00\x00\x01\x05"), false, 2)
	f.Add([]byte("\x00\x00\x00\x20\x00\x00\x00\x1c\x05\x0207G000001                \x03"), false, 3)
	f.Fuzz(func(t *testing.T, in []byte, status3 bool, step int) {
		if step < 1 {
			return
		}
		if one, all := take(in, status3, step), take(in, status3, len(in)+1); !slices.Equal(one, all) {
			t.Errorf("%q, cut %q", all, one)
		}
	})
}
