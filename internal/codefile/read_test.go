package codefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"linemark/internal/code"
)

// told is what was read, a line each: the number and the code, or the error as people see it.
func told(r io.Reader, f Format) string {
	var b strings.Builder
	for l, err := range Read(r, f) {
		switch {
		case err != nil:
			fmt.Fprintf(&b, "end: %v\n", err)
		case l.Err != nil:
			fmt.Fprintf(&b, "%v\n", l.Err)
		default:
			fmt.Fprintf(&b, "%d %q\n", l.Number, l.Code)
		}
	}
	return b.String()
}

const (
	csvHint   = " (hint: write one code a line, in quotes, with each quote within doubled, without a header or a second column)\n"
	izkmHint  = " (hint: write one code a line, in quotes, with each apostrophe within doubled, without a header or a second column)\n"
	linesHint = " (hint: write one code a line, each line ended by LF or CR LF)\n"
	jsonHint  = " (hint: write each code as one string, with quotes, backslashes and control characters escaped)\n"
	arrayHint = " (hint: the file must be one array, like [\"code\",\"code\"])\n"
	emptyHint = " (hint: take it out, or export the codes again if one is missing here)\n"
	sheetHint = " (hint: export the codes again from where they came, and do not open the file in a spreadsheet)\n"
	markHint  = " (hint: save the file as UTF-8 without a byte order mark)\n"
	utf16     = "it begins as a UTF-16 file does (FF FE or FE FF) (hint: save the file as UTF-8)\n"
)

func TestRead(t *testing.T) {
	long := strings.Repeat("a", MaxLine)
	huge := strings.Repeat("a", 3*bufferSize)
	tooLong := "it is longer than 4096 bytes, as no code is"
	for _, tc := range []struct {
		name string
		f    Format
		in   string
		want string
	}{
		{"no file", Lines, "", ""},
		{"line ends", Lines, "a\nb\r\nc", "1 \"a\"\n2 \"b\"\n3 \"c\"\n"},
		{"nothing trimmed", Lines, " a\t\n'b \nc;d,\"e\"\n\x00\xe8\n", "1 \" a\\t\"\n2 \"'b \"\n3 \"c;d,\\\"e\\\"\"\n4 \"\\x00\\xe8\"\n"},
		{"empty lines", Lines, "\na\n\r\nb\n", "line 1: it is empty" + emptyHint + "2 \"a\"\nline 3: it is empty" + emptyHint + "4 \"b\"\n"},
		{"a lone CR", Lines, "a\rb\nc\r\r\nd\r", "line 1: a line end (CR or LF) stands within the code" + linesHint +
			"line 2: a line end (CR or LF) stands within the code" + linesHint + "line 3: a line end (CR or LF) stands within the code" + linesHint},
		{"byte order mark", Lines, "\ufeffa\nb\n", "line 1: it begins with a byte order mark (EF BB BF)" + markHint + "2 \"b\"\n"},
		{"two files joined", Lines, "a\n\ufeffb\n", "1 \"a\"\nline 2: it begins with a byte order mark (EF BB BF)" + markHint},
		{"UTF-16", Lines, "\xff\xfea\x00\n\x00", "end: line 1: " + utf16},
		{"UTF-16 the other way", CSV, "\xfe\xff\x00a\x00\n", "end: line 1: " + utf16},
		{"UTF-16 without anything", JSON, "\xff\xfe", "end: line 1: " + utf16},
		{"spreadsheet", Lines, "a\nS_x001D_93\n", "1 \"a\"\nline 2: at byte 1 of the code a spreadsheet has written GS as _x001D_" + sheetHint},
		{"longest line", Lines, long + "\r\n" + long, fmt.Sprintf("1 %q\n2 %q\n", long, long)},
		{"too long lines", Lines, "a\n" + long + "a\nb\n" + huge + "\nc\n" + huge, "1 \"a\"\nline 2: " + tooLong + linesHint + "3 \"b\"\nline 4: " + tooLong + linesHint +
			"5 \"c\"\nline 6: " + tooLong + linesHint},

		{"both forms", CSV, "a\n\"b\"\r\n\"c\"\"'d,e\"\n", "1 \"a\"\n2 \"b\"\n3 \"c\\\"'d,e\"\n"},
		{"no header guessed", CSV, "code\n 'a\n", "1 \"code\"\n2 \" 'a\"\n"},
		{"fields", CSV, "a,b\n\"a\",\"b\"\na;b\n", "line 1: CSV: at byte 1: more than one field" + csvHint + "line 2: CSV: at byte 3: more than one field" + csvHint + "3 \"a;b\"\n"},
		{"a record over two lines", CSV, "\"a\nb\"\nc\n", "line 1: CSV: at byte 2: closing quote missing" + csvHint +
			"line 2: CSV: at byte 1: a quote in a field that is not in quotes" + csvHint + "3 \"c\"\n"},
		{"an empty field", CSV, "\"\"\n\n", "line 1: it is empty" + emptyHint + "line 2: it is empty" + emptyHint},
		{"byte order mark", CSV, "\ufeff\"a\"\n\"\ufeffb\"\n", "line 1: it begins with a byte order mark (EF BB BF)" + markHint + "line 2: it begins with a byte order mark (EF BB BF)" + markHint},
		{"spreadsheet", CSV, "\"S_x001D_93\"\n", "line 1: at byte 1 of the code a spreadsheet has written GS as _x001D_" + sheetHint},
		{"not UTF-8", CSV, "\"a\xe8\"\n", "line 1: invalid UTF-8: byte 2 is 0xE8 (hint: save the file as UTF-8; only plain lines may hold other bytes)\n"},
		{"a lone CR", CSV, "\"a\rb\"\n\"c\"\r", "line 1: CSV: at byte 2: a line end in the field" + csvHint +
			"line 2: CSV: at byte 3: text after the closing quote, or a quote within the field that is not doubled" + csvHint},

		{"the dialect", CSVIzkm, "\"a''b\"c,d\"\r\n\"'\"\n\"x\n a\n\"a\",\"b\"\n", "1 \"a'b\\\"c,d\"\nline 2: CSV with doubled apostrophes: at byte 1: an apostrophe that is not doubled" + izkmHint +
			"line 3: CSV with doubled apostrophes: at byte 2: closing quote missing" + izkmHint +
			"line 4: CSV with doubled apostrophes: at byte 0: the field is not in quotes" + izkmHint + "5 \"a\\\",\\\"b\"\n"},
		{"spreadsheet", CSVIzkm, "\"S_x001d_93\"", "line 1: at byte 1 of the code a spreadsheet has written GS as _x001D_" + sheetHint},

		{"empty array", JSON, " [\r\n\t] \n", ""},
		{"one line", JSON, `["a","b\u001d\"\\","c"]`, "1 \"a\"\n1 \"b\\x1d\\\"\\\\\"\n1 \"c\"\n"},
		{"lines of the file", JSON, "[\n\n\"a\"\n,\r\n\"b\"]", "3 \"a\"\n5 \"b\"\n"},
		{"bad strings", JSON, "[\"a\",\n\"\",\"\\x\",\"\\ud800\",\"a\\nb\",\"a\nb\",\n\"S_x001D_\",\"\ufeff\",\"b\xe8\",\"c\"]", "1 \"a\"\n" +
			"line 2, string 2: it is empty" + emptyHint +
			"line 2, string 3: JSON string: at byte 1: escape unknown to JSON" + jsonHint +
			"line 2, string 4: JSON string: at byte 1: half a surrogate pair" + jsonHint +
			"line 2, string 5: a line end (CR or LF) stands within the code" + jsonHint +
			"line 2, string 6: JSON string: at byte 2: control byte 0x0A not escaped" + jsonHint +
			"line 4, string 7: at byte 1 of the code a spreadsheet has written GS as _x001D_" + sheetHint +
			"line 4, string 8: it begins with a byte order mark (EF BB BF)" + markHint +
			"line 4, string 9: invalid UTF-8: byte 2 is 0xE8 (hint: save the file as UTF-8; only plain lines may hold other bytes)\n4 \"c\"\n"},
		{"byte order mark", JSON, "\ufeff[\"a\"]", "line 1: it begins with a byte order mark (EF BB BF)" + markHint + "1 \"a\"\n"},
		{"longest string", JSON, `["` + long[2:] + `"]`, fmt.Sprintf("1 %q\n", long[2:])},
		{"too long strings", JSON, `["` + long[1:] + `",` + "\n\"" + huge + "\n" + strings.Repeat(`\"`, bufferSize) + huge[1:] + `\\` + `","c"]`,
			"line 1, string 1: " + tooLong + jsonHint + "line 2, string 2: " + tooLong + jsonHint + "3 \"c\"\n"},
		{"backslashes before quotes", JSON, `["\\","\\\"","\\\\",` + "\"\\\\\\\"x\"]", "1 \"\\\\\"\n1 \"\\\\\\\"\"\n1 \"\\\\\\\\\"\n1 \"\\\\\\\"x\"\n"},

		{"no array", JSON, "", "end: line 1: not a JSON array of strings: found the end of the file, expected [" + arrayHint},
		{"an object", JSON, "\n{\"codes\":[]}", "end: line 2: not a JSON array of strings: found '{', expected [" + arrayHint},
		{"a number", JSON, "[\n\"a\",\n 46]", "2 \"a\"\nend: line 3, string 1: not a JSON array of strings: found '4', expected a string in quotes" + arrayHint},
		{"null", JSON, "[null]", "end: line 1: not a JSON array of strings: found 'n', expected a string in quotes" + arrayHint},
		{"no comma", JSON, "[\"a\"\n\"b\"]", "1 \"a\"\nend: line 2, string 1: not a JSON array of strings: found '\"', expected a comma or ]" + arrayHint},
		{"a comma too many", JSON, "[\"a\",]", "1 \"a\"\nend: line 1, string 1: not a JSON array of strings: found ']', expected a string in quotes" + arrayHint},
		{"a comma first", JSON, "[,\"a\"]", "end: line 1: not a JSON array of strings: found ',', expected a string in quotes" + arrayHint},
		{"cut off in a string", JSON, "[\"a\",\n\"b\n", "1 \"a\"\nend: line 2, string 2: not a JSON array of strings: found the end of the file, expected the closing quote of this string" + arrayHint},
		{"cut off behind a string", JSON, "[\"a\"", "1 \"a\"\nend: line 1, string 1: not a JSON array of strings: found the end of the file, expected a comma or ]" + arrayHint},
		{"cut off behind a comma", JSON, "[\"a\",", "1 \"a\"\nend: line 1, string 1: not a JSON array of strings: found the end of the file, expected a string in quotes" + arrayHint},
		{"two arrays", JSON, "[\"a\"]\n[]", "1 \"a\"\nend: line 2, string 1: not a JSON array of strings: found '[', expected nothing behind the array" + arrayHint},
		{"a foreign byte", JSON, "[\xa0]", "end: line 1: not a JSON array of strings: found byte 0xA0, expected a string in quotes" + arrayHint},
		{"not white space", JSON, "[\v]", "end: line 1: not a JSON array of strings: found '\\v', expected a string in quotes" + arrayHint},
	} {
		t.Run(string(tc.f)+" "+tc.name, func(t *testing.T) {
			if got := told(strings.NewReader(tc.in), tc.f); got != tc.want {
				t.Errorf("read as\n%s\nwant\n%s", cut(got), cut(tc.want))
			}
			if got := told(iotest.HalfReader(strings.NewReader(tc.in)), tc.f); got != tc.want {
				t.Errorf("in pieces read as\n%s\nwant\n%s", cut(got), cut(tc.want))
			}
		})
	}
}

// A string longer than the buffer is passed over to its true end, wherever the buffer ends.
func TestReadJSONAcrossTheBuffer(t *testing.T) {
	const bad = "line 1, string 1: it is longer than 4096 bytes, as no code is" + jsonHint
	for shift := -4; shift <= 4; shift++ {
		for _, tail := range []string{`\`, `\n`, `\"`, `\"b`, `\\`, `\\\"`, `\\b`} {
			in := `["` + strings.Repeat("a", bufferSize+shift) + tail
			want := bad + "2 \"c\"\n"
			if tail == `\` {
				in, want = in+`"b`, bad+"2 \"c\"\n"
			}
			if got := told(strings.NewReader(in+"\",\n\"c\"]"), JSON); got != want {
				t.Errorf("%d %s: read as\n%s", shift, tail, cut(got))
			}
		}
	}
	got := told(strings.NewReader("[\n\"a\",\n\"b\n"+strings.Repeat("a", 2*bufferSize)), JSON)
	if !strings.HasPrefix(got, "2 \"a\"\nend: line 3, string 2: ") {
		t.Errorf("cut off in a long string: %s", got)
	}
}

func cut(s string) string { return s[:min(len(s), 2000)] }

// What of a bad line could be read is there, for whoever asks.
func TestReadSpreadsheetCode(t *testing.T) {
	for _, f := range []struct {
		f  Format
		in string
	}{{Lines, "a\nS_x001D_93\n"}, {CSV, "a\n\"S_x001D_93\"\n"}, {CSVIzkm, "\"a\"\n\"S_x001D_93\"\n"}, {JSON, "[\"a\",\n\"S_x001D_93\"]"}} {
		lines, err := readAll(strings.NewReader(f.in), f.f)
		var line *LineError
		var sheet *SpreadsheetError
		if err != nil || len(lines) != 2 || lines[0].Err != nil || lines[1].Code != "S_x001D_93" || lines[1].Number != 2 || lines[1].Index != 2 ||
			!errors.As(lines[1].Err, &line) || line.Number != 2 || !errors.As(lines[1].Err, &sheet) || sheet.Pos != 1 {
			t.Errorf("%s: %v, %v", f.f, lines, err)
		}
	}
}

// A file that fails in the middle gives no half line as a code, even where the failure is told
// as a kind of io.EOF.
func TestReadFails(t *testing.T) {
	for _, cause := range []error{io.ErrClosedPipe, io.ErrUnexpectedEOF, fmt.Errorf("share gone: %w", io.EOF)} {
		for f, want := range map[Format]string{
			Lines:   "1 \"a\"\n2 \"b\"\nend: reading line 3: ",
			CSV:     "1 \"a\"\n2 \"b\"\nend: reading line 3: ",
			CSVIzkm: "1 \"a\"\n2 \"b\"\nend: reading line 3: ",
			JSON:    "2 \"a\"\n3 \"b\"\nend: reading line 4: ",
		} {
			file := write(t, f, "a", "b", "cd")
			half := io.MultiReader(bytes.NewReader(file[:bytes.LastIndexByte(file, 'd')]), iotest.ErrReader(cause))
			if got := told(half, f); got != want+cause.Error()+"\n" {
				t.Errorf("%s: %s", f, got)
			}
			half = io.MultiReader(bytes.NewReader(file[:bytes.LastIndexByte(file[:bytes.LastIndexByte(file, 'd')], '\n')+1]), iotest.ErrReader(cause))
			if got := told(half, f); got != want+cause.Error()+"\n" {
				t.Errorf("%s, cut at a line: %s", f, got)
			}
			if _, err := readAll(iotest.ErrReader(cause), f); !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), "reading line 1: ") {
				t.Errorf("%s: %v", f, err)
			}
		}
		for _, upTo := range []string{"[", "[\"a\",", "[\"a\"", "[\"a\"]"} {
			half := io.MultiReader(strings.NewReader(upTo), iotest.ErrReader(cause))
			if _, err := readAll(half, JSON); !errors.Is(err, cause) {
				t.Errorf("%s: %v", upTo, err)
			}
		}
	}
}

// A reader that fails once and then goes on has failed all the same.
func TestReadFailsOnce(t *testing.T) {
	for _, f := range Formats() {
		once := iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(write(t, f, "a", "b"))))
		if got := told(once, f); got != "end: reading line 1: timeout\n" {
			t.Errorf("%s: %s", f, got)
		}
	}
}

// Whoever has enough goes, after a good line as after a bad one.
func TestReadStops(t *testing.T) {
	for _, f := range Formats() {
		for _, in := range []string{string(write(t, f, "a", "b")), "\ufeff[\"a\"]", "[,"} {
			for l, err := range Read(strings.NewReader(in), f) {
				_, _ = l, err
				break
			}
		}
	}
}

func fuzzRead(f *testing.F, format Format, seeds ...string) {
	for _, s := range append(seeds, "", "\n", "a\r\nb", "\ufeffa\n", "\xff\xfea\x00", "\xe8\n", "S_x001D_93\n", "a\rb\n", "[]", "\"") {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, err := readAll(bytes.NewReader(b), format)
		pieces, err2 := readAll(iotest.OneByteReader(bytes.NewReader(b)), format)
		if fmt.Sprint(lines, err) != fmt.Sprint(pieces, err2) {
			t.Fatalf("%q read as %v, %v, byte by byte as %v, %v", b, lines, err, pieces, err2)
		}
		var codes []code.Code
		for i, l := range lines {
			if number := 1 + bytes.Count(b, []byte("\n")); l.Number < 1 || l.Number > number || i > 0 && l.Number < lines[i-1].Number {
				t.Fatalf("%q: line %d is said to be number %d", b, i, l.Number)
			}
			if l.Err == nil {
				codes = append(codes, l.Code)
			}
		}
		if format != JSON {
			want := bytes.Count(b, []byte("\n"))
			if len(b) > 0 && b[len(b)-1] != '\n' {
				want++
			}
			if err == nil && len(lines) != want {
				t.Fatalf("%q: %d lines, want %d", b, len(lines), want)
			}
		}
		again, err := readAll(bytes.NewReader(write(t, format, codes...)), format)
		if err != nil || len(again) != len(codes) {
			t.Fatalf("%q read again as %v, %v", codes, again, err)
		}
		for i, l := range again {
			if l.Err != nil || l.Code != codes[i] {
				t.Fatalf("%q read again as %+v", codes[i], l)
			}
		}
	})
}

func FuzzReadLines(f *testing.F) { fuzzRead(f, Lines) }

func FuzzReadCSV(f *testing.F) {
	fuzzRead(f, CSV, "a\n\"b\"\r\n", "a,b\n", "\"a\"\"b\"", "\"a\nb\"\n", "\"a\"b\"", "\ufeff\"a\"", "\"\ufeffa\"")
}

func FuzzReadCSVIzkm(f *testing.F) {
	fuzzRead(f, CSVIzkm, "\"a''b\"\n", "\"a'b\"\n", "\"a\"b\"", "a\n", "\"a\nb\"\n", "\"\"\n")
}

func FuzzReadJSON(f *testing.F) {
	fuzzRead(f, JSON, `["a","b"]`, "[\n\"a\\u001d\",\n\"b\\\\\"\n]\n", `["a",]`, `[1]`, `["\ud800","\""]`, "\ufeff[]", `["a"`, `["a\`, `["\\\"`, "[\"a\nb\"]", `[]]`)
}
