package frame

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// lines is cut with the cutter of a configuration.
func lines(terminator string, limit int, stream string, lengths func(left int) int) []string {
	c := NewCutter(terminator, "", limit)
	return feed(&c, stream, lengths)
}

func TestFrames(t *testing.T) {
	for name, c := range map[string]struct {
		terminator, in string
		want           []string
	}{
		"two":                  {"\r\n", "A\r\nB\r\n", []string{`"A" false`, `"B" false`}},
		"LF CR":                {"\r\n", "A\n\rB\n\r", []string{`"A" false`, `"B" false`}},
		"any run":              {"\r", "\nA\x03\x00\r\r\nB\n", []string{`"A" false`, `"B" false`}},
		"GS does not split":    {"\r\n", "A\x1dB\r\n", []string{`"A\x1dB" false`}},
		"spaces stay":          {"\r\n", " A \x1d\r\n", []string{`" A \x1d" false`}},
		"not ended":            {"\r\n", "AB", nil},
		"exact":                {"#|", "A|B#C##|D#|", []string{`"A|B#C#" false`, `"D" false`}},
		"exact keeps line end": {"#|", "A\r\n#|", []string{`"A\r\n" false`}},
		"exact, empty":         {"#|", "#|#|A#|", []string{`"A" false`}},
		"longest":              {"\r\n", "1234567\r\nA\r\n", []string{`"1234567" false`, `"A" false`}},
		"too long":             {"\r\n", "12345678\r\nA\r\n", []string{`"1234567" true`, `"A" false`}},
		"longest, exact":       {"#|", "1234567#|A#|", []string{`"1234567" false`, `"A" false`}},
		"too long, exact":      {"#|", "12345678#|A#|", []string{`"1234567" true`, `"A" false`}},
		"much too long":        {"#|", strings.Repeat("1#", 500) + "#|A#|", []string{`"1#1#1#1" true`, `"A" false`}},
		"endless":              {"\r\n", strings.Repeat("1", 500), []string{`"1111111" true`}},
	} {
		if got := lines(c.terminator, 7, c.in, whole); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Frames joined by their terminator and cut anywhere come out as they went in.
func TestFramesAreIndependentOfCuts(t *testing.T) {
	const limit = 40
	content := rapid.StringOfN(rapid.RuneFrom([]rune("01abAB]|\x1d <>,")), 0, limit+20, -1)
	rapid.Check(t, func(t *rapid.T) {
		terminator := rapid.SampledFrom([]string{"\r\n", "\r", "\x03", "\x04", "#|", "##", "\r\n."}).Draw(t, "terminator")
		var stream strings.Builder
		var want []string
		for _, frame := range rapid.SliceOf(content).Draw(t, "frames") {
			stream.WriteString(frame + terminator)
			if len(frame) > limit {
				want = append(want, fmt.Sprintf("%q true", frame[:limit]))
			} else if frame != "" {
				want = append(want, fmt.Sprintf("%q false", frame))
			}
		}
		got := lines(terminator, limit, stream.String(), func(left int) int { return rapid.IntRange(1, left).Draw(t, "cut") })
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// Whatever mixture of line ends is set, whatever mixture the device sends and wherever the bytes are cut, the
// frames are the same.
func TestFramesInEveryMixture(t *testing.T) {
	mixtures := []string{"\r", "\n", "\r\n", "\n\r", "\x03", "\x00", "\x03\r\n", "\r\n\x03", "\r\r\n\n", "\x00\x03\n\r"}
	want := []string{`"A" false`, `"\x1dB" false`}
	for _, set := range mixtures {
		for _, sent := range mixtures {
			stream := "A" + sent + "\x1dB" + sent
			for at := range len(stream) {
				lengths := []int{at, len(stream) - at}
				if at == 0 {
					lengths = []int{len(stream)}
				}
				got := lines(set, 7, stream, func(int) (n int) { n, lengths = lengths[0], lengths[1:]; return n })
				if !slices.Equal(got, want) {
					t.Fatalf("set %q, sent %q, cut at %d: %v", set, sent, at, got)
				}
			}
			if got := lines(set, 7, stream, func(int) int { return 1 }); !slices.Equal(got, want) {
				t.Fatalf("set %q, sent %q, byte by byte: %v", set, sent, got)
			}
		}
	}
}

// Line ends between the codes do not end the frame, and around it they mean nothing.
func TestFramesWithLineEndsInside(t *testing.T) {
	for name, c := range map[string]struct {
		terminator, separator, in string
		want                      []string
	}{
		"ETX":                {"\x03", "\n\r", "A\n\rB\x03C\x03", []string{`"A\n\rB" false`, `"C" false`}},
		"NUL for ETX":        {"\x03", "\n\r", "A\r\nB\x00\x03C\x03", []string{`"A\r\nB" false`, `"C" false`}},
		"line after ETX":     {"\x03\r\n", "\r\n", "\r\nA\r\nB\x03\r\nC\x03\r\n", []string{`"A\r\nB" false`, `"C" false`}},
		"line before ETX":    {"\r\n\x03", "\r\n", "A\r\nB\r\n\x03\r\n\x03", []string{`"A\r\nB" false`}},
		"CR inside, LF ends": {"\n", "\r", "A\rB\nC\r\n", []string{`"A\rB" false`, `"C" false`}},
		"exact":              {"#|", "\r\n", "\nA\r\nB#|\r\nC#|", []string{`"A\r\nB" false`, `"C" false`}},
		"too long":           {"\x03", "\r", "12345678\r9\x03\rA\x03", []string{`"1234567" true`, `"A" false`}},
	} {
		var got []string
		f := NewCutter(c.terminator, c.separator, 7)
		for i := range len(c.in) {
			f.Feed([]byte(c.in[i:i+1]), func(frame []byte, how Ending) {
				got = append(got, fmt.Sprintf("%q %v", frame, how == TooLong))
			})
		}
		if !slices.Equal(got, c.want) || f.Begun() {
			t.Errorf("%s: %v, begun %v, want %v", name, got, f.Begun(), c.want)
		}
	}
}

// A line that never ends is told of once and takes no memory.
func TestFramesOfAnEndlessLine(t *testing.T) {
	for _, terminator := range []string{"\r\n", "#|"} {
		f, told := NewCutter(terminator, "", 4096), 0
		line := []byte(strings.Repeat("0104601234567893#", 1<<16))
		for piece := range slices.Chunk(line, 4096) {
			f.Feed(piece, func(frame []byte, how Ending) {
				if told++; how != TooLong || len(frame) != 4096 {
					t.Errorf("a frame of %d bytes, ending %v", len(frame), how)
				}
			})
		}
		if told != 1 || cap(f.buf) > 4*4096 || !f.Begun() {
			t.Errorf("%q: told %d times, holds %d bytes, begun %v", terminator, told, cap(f.buf), f.Begun())
		}
		f.GiveUp(func([]byte, Ending) { t.Error("told of again when it falls silent") })
		var got []string
		f.Feed([]byte("A"+terminator), func(frame []byte, how Ending) { got = append(got, string(frame)) })
		if !slices.Equal(got, []string{"A"}) {
			t.Errorf("%q: after the endless line %q", terminator, got)
		}
	}
}

func TestGiveUp(t *testing.T) {
	f := NewCutter("\r\n", "", 7)
	var got []string
	emit := func(frame []byte, how Ending) { got = append(got, fmt.Sprint(string(frame), how)) }
	f.GiveUp(emit)
	f.Feed([]byte("A\r\nB"), emit)
	f.GiveUp(emit)
	f.GiveUp(emit)
	f.Feed([]byte("C\r\n"), emit)
	if want := []string{"A0", "B2", "C0"}; !slices.Equal(got, want) || f.Begun() {
		t.Errorf("%v, want %v; begun %v", got, want, f.Begun())
	}
}

func FuzzNewCutter(f *testing.F) {
	f.Add("\r\n", "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz\r\nNOREAD\r\n", 1, 64)
	f.Add("#|", "A#B##|#|", 2, 3)
	f.Add("###", "####A###", 1, 1)
	f.Fuzz(func(t *testing.T, terminator, stream string, size, limit int) {
		if terminator == "" || size < 1 || limit < 1 || limit > 1<<16 {
			return
		}
		at := func(left int) int { return min(size, left) }
		got, want := lines(terminator, limit, stream, at), lines(terminator, limit, stream, whole)
		if !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %v, whole: %v", size, got, want)
		}
		if len(got) > len(stream) {
			t.Errorf("%d frames of %d bytes", len(got), len(stream))
		}
	})
}
