package text

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// cut feeds the stream in pieces of the given lengths and lists what came out.
func cut(terminator string, limit int, stream string, lengths func(left int) int) (got []string) {
	f := frames{terminator: terminator, run: lineEnd(terminator), max: limit}
	for len(stream) > 0 {
		n := lengths(len(stream))
		f.feed([]byte(stream[:n]), func(frame []byte, long bool) {
			got = append(got, fmt.Sprintf("%q %v", frame, long))
		})
		stream = stream[n:]
	}
	return got
}

func whole(left int) int { return left }

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
		if got := cut(c.terminator, 7, c.in, whole); !slices.Equal(got, c.want) {
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
		got := cut(terminator, limit, stream.String(), func(left int) int { return rapid.IntRange(1, left).Draw(t, "cut") })
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func FuzzFrames(f *testing.F) {
	f.Add("\r\n", "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz\r\nNOREAD\r\n", 1, 64)
	f.Add("#|", "A#B##|#|", 2, 3)
	f.Add("###", "####A###", 1, 1)
	f.Fuzz(func(t *testing.T, terminator, stream string, size, limit int) {
		if terminator == "" || size < 1 || limit < 1 || limit > 1<<16 {
			return
		}
		at := func(left int) int { return min(size, left) }
		got, want := cut(terminator, limit, stream, at), cut(terminator, limit, stream, whole)
		if !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %v, whole: %v", size, got, want)
		}
		if len(got) > len(stream) {
			t.Errorf("%d frames of %d bytes", len(got), len(stream))
		}
	})
}
