package codefile

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"linemark/internal/code"
	"linemark/internal/escape"
	"pgregory.net/rapid"
)

// readAll is everything that Read yields, and the error that ended it.
func readAll(r io.Reader, f Format) (lines []Line, err error) {
	for l, e := range Read(r, f) {
		if e != nil {
			return lines, e
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func write(t interface{ Fatal(...any) }, f Format, codes ...code.Code) []byte {
	var b bytes.Buffer
	w := NewWriter(&b, f)
	for _, c := range codes {
		if err := w.Write(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The files of one code each that chapter 2.3's vectors make, and of none.
func TestWrite(t *testing.T) {
	const a, b = code.Code(`010460165303004621a,b'c"d`), code.Code("010487021676000721qKkdi+S\x1d93U3g5")
	for f, want := range map[Format][2]string{
		Lines:   {"", "010460165303004621a,b'c\"d\n010487021676000721qKkdi+S\x1d93U3g5\n"},
		CSV:     {"", "\"010460165303004621a,b'c\"\"d\"\r\n\"010487021676000721qKkdi+S\x1d93U3g5\"\r\n"},
		CSVIzkm: {"", "\"010460165303004621a,b''c\"d\"\n\"010487021676000721qKkdi+S\x1d93U3g5\"\n"},
		JSON:    {"[]\n", "[\n\"010460165303004621a,b'c\\\"d\",\n\"010487021676000721qKkdi+S\\u001d93U3g5\"\n]\n"},
	} {
		if got := write(t, f); string(got) != want[0] {
			t.Errorf("%s of no codes: %q, want %q", f, got, want[0])
		}
		got := write(t, f, a, b)
		if string(got) != want[1] {
			t.Errorf("%s: %q, want %q", f, got, want[1])
		}
		lines, err := readAll(bytes.NewReader(got), f)
		if err != nil || len(lines) != 2 || lines[0].Code != a || lines[1].Code != b {
			t.Errorf("%s: read back %v, %v", f, lines, err)
		}
	}
}

// Whatever Write takes, Read gives back, and where a peer can read the file, it reads the same.
func TestRoundTrip(t *testing.T) {
	mark := rapid.StringOfN(rapid.SampledFrom([]rune(code.Set82+"\x1d")), 1, 60, -1)
	bytesOf := rapid.Map(rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.Just(byte(0xe8))), 1, 60), func(b []byte) string { return string(b) })
	nasty := rapid.StringOfN(rapid.SampledFrom([]rune("\"',\\ _x001Dd\ufeff\x1d")), 1, 20, -1)
	for _, f := range Formats() {
		t.Run(string(f), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var b bytes.Buffer
				w := NewWriter(&b, f)
				var want []code.Code
				for _, s := range rapid.SliceOfN(rapid.OneOf(mark, bytesOf, nasty, rapid.String()), 0, 20).Draw(t, "codes") {
					err := w.Write(code.Code(s))
					if err == nil {
						want = append(want, code.Code(s))
					} else if strings.Trim(s, code.Set82+"\x1d") == "" && s != "" && spreadsheetGS(s) < 0 {
						t.Fatalf("%q refused: %v", s, err)
					}
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				var reader io.Reader = bytes.NewReader(b.Bytes())
				if rapid.Bool().Draw(t, "byte by byte") {
					reader = iotest.OneByteReader(reader)
				}
				lines, err := readAll(reader, f)
				if err != nil || len(lines) != len(want) {
					t.Fatalf("%q read as %v, %v", b.Bytes(), lines, err)
				}
				for i, l := range lines {
					number := i + 1
					if f == JSON { // the bracket has a line of its own
						number++
					}
					if l.Err != nil || l.Code != want[i] || l.Index != i+1 || l.Number != number {
						t.Fatalf("code %d, %q, read as %+v", i, want[i], l)
					}
				}
				peer(t, f, b.Bytes(), want)
			})
		})
	}
}

// peer reads the file with the standard library's own decoder.
func peer(t *rapid.T, f Format, file []byte, want []code.Code) {
	var got []code.Code
	switch f {
	case CSV:
		records, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			got = append(got, code.Code(strings.Join(r, "|")))
		}
	case JSON:
		if err := json.Unmarshal(file, &got); err != nil {
			t.Fatal(err)
		}
	default:
		return
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the standard library reads %q, wrote %q", got, want)
	}
}

// Where invalid UTF-8 can stand and where not.
func TestByteE8(t *testing.T) {
	const c code.Code = "01046\xe893"
	lines, err := readAll(bytes.NewReader(write(t, Lines, c)), Lines)
	if err != nil || len(lines) != 1 || lines[0].Code != c {
		t.Errorf("lines: %v, %v", lines, err)
	}
	for f, file := range map[Format]string{CSV: "01046\xe893\n", CSVIzkm: "\"01046\xe893\"\n", JSON: "[\"01046\xe893\"]"} {
		var bad *escape.UTF8Error
		if err := NewWriter(io.Discard, f).Write(c); !errors.As(err, &bad) || bad.Byte != 0xe8 {
			t.Errorf("%s: written: %v", f, err)
		}
		lines, err := readAll(strings.NewReader(file), f)
		if err != nil || len(lines) != 1 || !errors.As(lines[0].Err, &bad) || bad.Byte != 0xe8 || lines[0].Code != "" {
			t.Errorf("%s: read as %v, %v", f, lines, err)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, f := range Formats() {
		var b bytes.Buffer
		w := NewWriter(&b, f)
		for c, want := range map[code.Code]error{
			"": ErrEmpty, "a\rb": ErrLineEnd, "a\n": ErrLineEnd, "\ufeffa": ErrByteOrderMark, "\xff\xfea": ErrUTF16, "\xfe\xffa": ErrUTF16,
			code.Code(strings.Repeat("a", MaxLine+1)): ErrTooLong,
		} {
			if err := w.Write(c); !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "code 1 of the file: ") {
				t.Errorf("%s: Write(%.20q): %v; want %v", f, c, err, want)
			}
		}
		for c, at := range map[code.Code]int{"010487021676000721qKkdi+S_x001D_93U3g5": 25, "_x001d_": 0, "_x001_x001D_": 5, "_x001__x001D_": 6} {
			var bad *SpreadsheetError
			if err := w.Write(c); !errors.As(err, &bad) || bad.Pos != at {
				t.Errorf("%s: Write(%q): %v", f, c, err)
			}
		}
		for _, c := range []code.Code{"_x001D", "_x001E_", "x001D_", "_X001D_", "_x001"} {
			if err := w.Write(c); err != nil {
				t.Errorf("%s: Write(%q): %v", f, c, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Errorf("%s: closed again: %v", f, err)
		}
		if err := w.Write("a"); err == nil {
			t.Errorf("%s: written after Close", f)
		}
		if lines, err := readAll(&b, f); err != nil || len(lines) != 5 {
			t.Errorf("%s: what was refused is in the file: %v, %v", f, lines, err)
		}
	}
}

// broken takes some bytes and then no more.
type broken struct{ room int }

var errFull = errors.New("no space left on device")

func (b *broken) Write(p []byte) (int, error) {
	n := min(len(p), b.room)
	b.room -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func TestWriteFails(t *testing.T) {
	for _, f := range Formats() {
		w := NewWriter(&broken{room: bufferSize + 100}, f)
		var err error
		for range 2 * bufferSize {
			if err = w.Write("abc"); err != nil {
				break
			}
		}
		if !errors.Is(err, errFull) || !strings.HasPrefix(err.Error(), "writing code ") {
			t.Errorf("%s: Write: %v", f, err)
		}
		if err := w.Close(); !errors.Is(err, errFull) {
			t.Errorf("%s: Close: %v", f, err)
		}
		w = NewWriter(&broken{}, f)
		if err := w.Write("abc"); err != nil {
			t.Error(err)
		}
		if err := w.Close(); !errors.Is(err, errFull) {
			t.Errorf("%s: Close: %v", f, err)
		}
		if err := w.Close(); !errors.Is(err, errFull) {
			t.Errorf("%s: closed again: %v", f, err)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	const want = `"xlsx" is no format of a code file: they are lines, csv, csv-izkm, json`
	if _, err := readAll(strings.NewReader("abc"), "xlsx"); err == nil || err.Error() != want {
		t.Error(err)
	}
	w := NewWriter(io.Discard, "xlsx")
	if err := w.Write("abc"); err == nil || !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
	if err := w.Close(); err == nil || err.Error() != want {
		t.Error(err)
	}
}
