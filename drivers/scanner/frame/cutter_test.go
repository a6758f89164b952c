package frame

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// cut feeds the stream in pieces of the given lengths and lists what came out.
func cut(end string, limit int, stream string, lengths func(left int) int) (got []string) {
	c := Cutter{End: end, Max: limit}
	if end == "" {
		c.Ends = LineEnds
	}
	return feed(&c, stream, lengths)
}

// feed does so with any cutter.
func feed(c *Cutter, stream string, lengths func(left int) int) (got []string) {
	for len(stream) > 0 {
		n := lengths(len(stream))
		c.Feed([]byte(stream[:n]), func(frame []byte, how Ending) {
			got = append(got, fmt.Sprintf("%q %v", frame, how == TooLong))
		})
		stream = stream[n:]
	}
	return got
}

func whole(left int) int { return left }

func TestCutter(t *testing.T) {
	for name, c := range map[string]struct {
		end, in string
		want    []string
	}{
		"any line end":      {"", "A\r\nB\n\rC\x03\x00\r\r\nD\n", []string{`"A" false`, `"B" false`, `"C" false`, `"D" false`}},
		"GS does not cut":   {"", "A\x1dB\r", []string{`"A\x1dB" false`}},
		"spaces stay":       {"", " A \r", []string{`" A " false`}},
		"not ended":         {"", "AB", nil},
		"CR LF and no less": {"\r\n", "A\rB\nC\r\r\nD\n\r\n\r\n", []string{`"A\rB\nC\r" false`, `"D\n" false`}},
		"own":               {"#|", "A|B#C##|#|D#|", []string{`"A|B#C#" false`, `"D" false`}},
		"longest":           {"\r\n", "1234567\r\nA\r\n", []string{`"1234567" false`, `"A" false`}},
		"too long":          {"\r\n", "12345678\r\nA\r\n", []string{`"1234567" true`, `"A" false`}},
		"endless":           {"", strings.Repeat("1", 5000) + "\rA\r", []string{`"1111111" true`, `"A" false`}},
		"endless, own":      {"#|", strings.Repeat("1#", 500) + "#|A#|", []string{`"1#1#1#1" true`, `"A" false`}},
	} {
		if got := cut(c.end, 7, c.in, whole); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestRest(t *testing.T) {
	c := Cutter{Ends: LineEnds, Max: 10}
	c.Feed([]byte("A\rUser: "), func([]byte, Ending) {})
	if got := string(c.Rest()); got != "User: " {
		t.Errorf("%q", got)
	}
	c.Feed([]byte(strings.Repeat("x", 1<<20)), func([]byte, Ending) {})
	if n := len(c.Rest()); n > 10 {
		t.Errorf("%d bytes are kept", n)
	}
}

// Frames joined by their end and cut anywhere come out as they went in.
func TestCutterIsIndependentOfCuts(t *testing.T) {
	const limit = 40
	content := rapid.StringOfN(rapid.RuneFrom([]rune("01abAB]|\x1d <>,")), 0, limit+20, -1)
	rapid.Check(t, func(t *rapid.T) {
		end := rapid.SampledFrom([]string{"", "\r\n", "\x04", "#|", "##", "\r\n."}).Draw(t, "end")
		mark := end
		if end == "" {
			mark = rapid.SampledFrom([]string{"\r", "\n", "\x03", "\n\r", "\x00"}).Draw(t, "line end")
		}
		var stream strings.Builder
		var want []string
		for _, frame := range rapid.SliceOf(content).Draw(t, "frames") {
			stream.WriteString(frame + mark)
			if len(frame) > limit {
				want = append(want, fmt.Sprintf("%q true", frame[:limit]))
			} else if frame != "" {
				want = append(want, fmt.Sprintf("%q false", frame))
			}
		}
		got := cut(end, limit, stream.String(), func(left int) int { return rapid.IntRange(1, left).Draw(t, "cut") })
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func FuzzCutter(f *testing.F) {
	f.Add("\r\n", "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz\r\nNOREAD\r\n", 1, 64)
	f.Add("", "A#B##|#\r|", 2, 3)
	f.Add("###", "####A###", 1, 1)
	f.Fuzz(func(t *testing.T, end, stream string, size, limit int) {
		if size < 1 || limit < 1 || limit > 1<<16 {
			return
		}
		got, want := cut(end, limit, stream, func(left int) int { return min(size, left) }), cut(end, limit, stream, whole)
		if !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %v, whole: %v", size, got, want)
		}
	})
}
