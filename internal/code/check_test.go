package code

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Samples of the operator and of the documents, with the digit that is right.
func TestCheckDigit(t *testing.T) {
	for _, tc := range []struct {
		number string
		want   byte
	}{
		{"04780101164394", '4'}, {"04870216760007", '7'}, {"04323456788176", '6'},
		{"01234567890123", '8'},
		{"04601653030046", '6'}, {"04650117240408", '8'}, {"04600266010353", '3'}, {"04810978862694", '4'},
		{"01334567894339", '8'}, {"23859334576487", '1'}, {"00000000666999", '2'}, {"00000000777999", '5'},
		{"04607143560598", '8'}, {"01230000211093", '3'},
		{"2359874562330", '5'}, {"2000000009994", '5'}, // GLN
		{"030779729200000015", '5'}, {"130779729200000029", '9'}, {"106141411234567897", '7'}, // SSCC
	} {
		body, last := tc.number[:len(tc.number)-1], tc.number[len(tc.number)-1]
		got, err := CheckDigit(body)
		if err != nil || got != tc.want {
			t.Errorf("%s: %c, %v; want %c", tc.number, got, err, tc.want)
		}
		if len(tc.number) != GTINLength {
			continue
		}
		err = ValidGTIN(tc.number)
		if last == tc.want && err != nil {
			t.Errorf("%s: %v", tc.number, err)
		}
		if want := fmt.Sprintf("GTIN %q ends in '%c', expected check digit %c", tc.number, last, tc.want); last != tc.want && message(err) != want {
			t.Errorf("%s: %v, want %s", tc.number, err, want)
		}
	}
}

func TestCheckDigitRefuses(t *testing.T) {
	var char *CharError
	if _, err := CheckDigit("12a4"); !errors.As(err, &char) || char.Byte != 'a' || char.Pos != 2 {
		t.Errorf("a letter: %v", err)
	}
	if _, err := CheckDigit(""); err == nil {
		t.Error("no digits: no error")
	}
	for s, want := range map[string]string{
		"":                `GTIN "" has 0 characters, expected 14 digits`,
		"4780101164394":   `GTIN "4780101164394" has 13 characters, expected 14 digits`,
		"047801011643941": `GTIN "047801011643941" has 15 characters, expected 14 digits`,
		"0478010116439x":  `GTIN "0478010116439x" ends in 'x', expected check digit 4`,
		" 4780101164394":  `GTIN " 4780101164394": byte 0 is 0x20, expected a digit`,
	} {
		if got := message(ValidGTIN(s)); got != want {
			t.Errorf("ValidGTIN(%q)\n got %s\nwant %s", s, got, want)
		}
	}
}

// The digit catches every single wrong digit.
func TestCheckDigitFindsOneWrongDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := chars("0123456789", GTINLength-1).Draw(t, "body")
		gtin := []byte(body + string(rune(must(CheckDigit(body)))))
		if err := ValidGTIN(string(gtin)); err != nil {
			t.Fatal(err)
		}
		at := rapid.IntRange(0, GTINLength-1).Draw(t, "at")
		gtin[at] = '0' + (gtin[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if ValidGTIN(string(gtin)) == nil {
			t.Fatalf("%s passes", gtin)
		}
	})
}

func TestSSCC(t *testing.T) {
	for _, tc := range []struct {
		prefix string
		serial uint64
		want   Code // empty: refused
	}{
		{"0307797292", 1, "00030779729200000015"},
		{"1307797292", 2, "00130779729200000029"},
		{"1061414112", 3456789, "00106141411234567897"},
		{"0307797292", 10_000_000, ""},
		{"0307797292", 1 << 63, ""},
		{"030779729", 1, ""},
		{"03077972920", 1, ""},
		{"03077972x2", 1, ""},
		{"", 1, ""},
	} {
		got, err := SSCC(tc.prefix, tc.serial)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("SSCC(%q, %d) = %q, %v; want %q", tc.prefix, tc.serial, got, err, tc.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		prefix := chars("0123456789", 10).Draw(t, "prefix")
		serial := rapid.Uint64Range(0, 9_999_999).Draw(t, "serial")
		c, err := SSCC(prefix, serial)
		if err != nil {
			t.Fatal(err)
		}
		p, s, err := ParseSSCC(c)
		if err != nil || p != prefix || s != serial || !isSSCC(c) {
			t.Fatalf("ParseSSCC(%q) = %q, %d, %v", c, p, s, err)
		}
	})
}

func TestValidSSCC(t *testing.T) {
	for c, want := range map[Code]string{
		"00030779729200000015":    "",
		"00030779729200000016":    "SSCC 00030779729200000016 ends in '6', expected check digit 5",
		"01030779729200000015":    "SSCC 01030779729200000015 begins 01, expected 00",
		"0003077972920000001":     "SSCC 0003077972920000001 has 19 characters, expected 20",
		"000307797292000000150":   "SSCC 000307797292000000150 has 21 characters, expected 20",
		"0003077972\x1d200000015": "SSCC 0003077972{GS}200000015: byte 8 is 0x1D, expected a digit",
	} {
		got := message(ValidSSCC(c))
		if got != want || isSSCC(c) != (want == "") {
			t.Errorf("ValidSSCC(%q)\n got %s\nwant %s", c, got, want)
		}
		if _, _, err := ParseSSCC(c); message(err) != want {
			t.Errorf("ParseSSCC(%q): %v", c, err)
		}
	}
}

func TestSet82(t *testing.T) {
	if len(alphabet82) != 82 {
		t.Fatalf("the alphabet has %d characters", len(alphabet82))
	}
	if err := CheckSerial82(alphabet82); err != nil {
		t.Error(err)
	}
	for b := range 256 {
		err := CheckSerial82("aZ" + string([]byte{byte(b)}) + "#")
		var char *CharError
		if !errors.As(err, &char) {
			t.Fatalf("%#02x: %v", b, err)
		}
		want := CharError{Byte: byte(b), Pos: 2, Rule: char.Rule}
		if strings.IndexByte(alphabet82, byte(b)) >= 0 {
			want.Byte, want.Pos = '#', 3
		}
		if *char != want {
			t.Errorf("%#02x: %v", b, err)
		}
	}
}

func TestVisible(t *testing.T) {
	for c, want := range map[Code]string{
		"":                                "",
		"010487021676000721qKkdi+S\x1d93": "010487021676000721qKkdi+S{GS}93",
		`"<&'_1>=,;%/ ` + "`|~":           `"<&'_1>=,;%/ ` + "`|~",
		"a\r\n\x00\x7fb":                  `a\x0D\x0A\x00\x7Fb`,
		"a\xe8b\xff":                      `a\xE8b\xFF`,
		"\xd0":                            `\xD0`,
		"ё\u0085\u202e\ufeff":             `ё\xC2\x85\xE2\x80\xAE\xEF\xBB\xBF`,
		"\uFFFD":                          "\uFFFD",
	} {
		if got := Visible(c); got != want {
			t.Errorf("Visible(%q) = %q, want %q", c, got, want)
		}
	}
}
