package talk

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// frames takes words in brackets; one with a question mark is no answer.
func frames() *Frames[string] {
	return &Frames[string]{Begin: '<', End: '>', Protocol: "BRACKETS", Parse: func(frame string) (string, bool) {
		return frame, !strings.Contains(frame, "?")
	}}
}

func all(t interface{ Fatal(...any) }, f *Frames[string], in string) (got []string) {
	f.Add([]byte(in))
	for {
		next, ok, err := f.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return got
		}
		got = append(got, next)
	}
}

func TestFrames(t *testing.T) {
	for in, want := range map[string][]string{
		"":                    nil,
		"<A>":                 {"A"},
		"<A><B>\r\n<>":        {"A", "B", ""},
		"x>y<A>z":             {"A"},
		"<cut<A>":             {"A"},
		"<A?><B>":             {"B"},
		"<not whole":          nil,
		"\x00<A>\x00<B> \r\n": {"A", "B"},
	} {
		if got := all(t, frames(), in); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// However the network cuts the bytes, the answers are the same.
func TestFramesAreIndependentOfCuts(t *testing.T) {
	piece := rapid.SampledFrom([]string{"<A>", "<B?>", "<", ">", "x", "\r\n"})
	rapid.Check(t, func(t *rapid.T) {
		stream := strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), "")
		want := all(t, frames(), stream)
		var got []string
		f := frames()
		for len(stream) > 0 {
			n := rapid.IntRange(1, len(stream)).Draw(t, "cut")
			got = append(got, all(t, f, stream[:n])...)
			stream = stream[n:]
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

func TestStrange(t *testing.T) {
	endless := frames()
	endless.Add([]byte(strings.Repeat("HTTP/1.1 400 ", maxFrame)))
	if _, _, err := endless.Next(); err == nil || !strings.Contains(err.Error(), "HTTP/1.1 400") || len(err.Error()) > 200 {
		t.Errorf("endless: %v", err)
	}
	for in, want := range map[string]string{"": "", " \r\n": "", "\xff\x01": `no BRACKETS ("\xff\x01")`, "ACK\r": "ACK", "<A?>": "<A?", "<A>": ""} {
		f := frames()
		all(t, f, in)
		err := f.Strange()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("<A><B?>x>y<<C>\r\n"))
	f.Add([]byte("<<>>\x00\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a := frames()
		a.Add(b)
		for range len(b) + 1 {
			if _, ok, err := a.Next(); !ok || err != nil {
				if len(a.noise) > maxShown {
					t.Errorf("%d bytes are kept for a message", len(a.noise))
				}
				return
			}
		}
		t.Errorf("more answers than bytes in %q", b)
	})
}
