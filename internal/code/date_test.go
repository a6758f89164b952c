package code

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestDate(t *testing.T) {
	for _, tc := range []struct {
		date             string
		now              int
		year, month, day int
		err              string
	}{
		{"260731", 2026, 2026, 7, 31, ""},
		{"260700", 2026, 2026, 7, 0, ""},
		{"760101", 2026, 2076, 1, 1, ""}, // 50 years ahead
		{"770101", 2026, 1977, 1, 1, ""}, // 49 years back
		{"991231", 2026, 1999, 12, 31, ""},
		{"000229", 2026, 2000, 2, 29, ""},
		{"490101", 2099, 2149, 1, 1, ""},
		{"500101", 2099, 2050, 1, 1, ""},
		{"510101", 2000, 1951, 1, 1, ""},
		{"500101", 2000, 2050, 1, 1, ""},
		{"000101", 2050, 2100, 1, 1, ""},
		{"000229", 2050, 0, 0, 0, "byte 4: day 29 of month 02, expected 00 to 28"}, // 2100 is no leap year
		{"010101", 2050, 2001, 1, 1, ""},
		{"240229", 2026, 2024, 2, 29, ""},
		{"250229", 2026, 0, 0, 0, "byte 4: day 29 of month 02, expected 00 to 28"},
		{"251301", 2026, 0, 0, 0, "byte 2: month 13, expected 01 to 12"},
		{"250032", 2026, 0, 0, 0, "byte 2: month 00, expected 01 to 12"},
		{"250132", 2026, 0, 0, 0, "byte 4: day 32 of month 01, expected 00 to 31"},
		{"25013", 2026, 0, 0, 0, "byte 5: 5 characters, expected YYMMDD"},
		{"20250131", 2026, 0, 0, 0, "byte 6: 8 characters, expected YYMMDD"},
		{"", 2026, 0, 0, 0, "byte 0: 0 characters, expected YYMMDD"},
		{"25-131", 2026, 0, 0, 0, "byte 2: '-' (0x2D), expected a digit"},
	} {
		year, month, day, err := Date(tc.date, tc.now)
		if year != tc.year || month != tc.month || day != tc.day || message(err) != tc.err {
			t.Errorf("Date(%q, %d) = %d-%d-%d, %v; want %d-%d-%d, %s", tc.date, tc.now, year, month, day, err, tc.year, tc.month, tc.day, tc.err)
		}
		var element *ElementError
		if err != nil && !errors.As(err, &element) {
			t.Errorf("%q: %T", tc.date, err)
		}
	}
}

// The year keeps its last two digits and is from 49 years back to 50 years ahead.
func TestDateCentury(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := rapid.IntRange(1951, 2199).Draw(t, "now")
		yy := chars("0123456789", 2).Draw(t, "yy")
		year, _, _, err := Date(yy+"0100", now)
		if err != nil || year < now-49 || year > now+50 || year%100 != int(yy[0]-'0')*10+int(yy[1]-'0') {
			t.Fatalf("%s in %d: %d, %v", yy, now, year, err)
		}
	})
}
