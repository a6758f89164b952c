package code

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// expand gives every identifier of a row.
func expand(a AI) (ais []string) {
	for last := a.First[len(a.First)-1]; last <= a.Last[len(a.Last)-1]; last++ {
		ais = append(ais, a.First[:len(a.First)-1]+string(rune(last)))
	}
	return ais
}

// How many identifiers begin with which two digits, and their number of digits.
func TestAIsComplete(t *testing.T) {
	type count struct{ digits, ais int }
	want := map[string]count{
		"00": {2, 1}, "01": {2, 1}, "02": {2, 1}, "03": {2, 1},
		"10": {2, 1}, "11": {2, 1}, "12": {2, 1}, "13": {2, 1}, "15": {2, 1}, "16": {2, 1}, "17": {2, 1},
		"20": {2, 1}, "21": {2, 1}, "22": {2, 1}, "23": {3, 1}, "24": {3, 4}, "25": {3, 5},
		"30": {2, 1}, "31": {4, 42}, "32": {4, 60}, "33": {4, 48}, "34": {4, 60}, "35": {4, 48}, "36": {4, 60},
		"37": {2, 1}, "39": {4, 50}, "40": {3, 4}, "41": {3, 8}, "42": {3, 8}, "43": {4, 31},
		"70": {4, 27}, "71": {3, 8}, "72": {4, 23}, "80": {4, 24}, "81": {4, 3}, "82": {4, 1},
		"90": {2, 1}, "91": {2, 1}, "92": {2, 1}, "93": {2, 1}, "94": {2, 1}, "95": {2, 1}, "96": {2, 1}, "97": {2, 1}, "98": {2, 1}, "99": {2, 1},
	}
	got := map[string]count{}
	total, before := 0, ""
	for a := range AIs() {
		if len(a.First) != len(a.Last) || a.First[:len(a.First)-1] != a.Last[:len(a.Last)-1] {
			t.Errorf("%s to %s: only the last digit may differ", a.First, a.Last)
		}
		for _, ai := range expand(a) {
			if ai <= before {
				t.Errorf("%s stands behind %s", ai, before)
			}
			before = ai
			total++
			got[ai[:2]] = count{len(ai), got[ai[:2]].ais + 1}
			if found, ok := LookupAI(ai); !ok || found.First != a.First || found.Title != a.Title {
				t.Errorf("LookupAI(%s) = %s %q, %v", ai, found.First, found.Title, ok)
			}
		}
		if a.Title == "" && a.First != "8110" && a.First != "8112" {
			t.Errorf("%s has no title", a.First)
		}
		for i, p := range a.parts {
			last := i == len(a.parts)-1
			if p.min < 1 || p.max < p.min || p.max > 90 || !last && (p.min != p.max || p.optional && !a.parts[i+1].optional) {
				t.Errorf("%s: part %d is %+v", a.First, i, p)
			}
		}
	}
	if total != 541 {
		t.Errorf("%d identifiers", total)
	}
	for two := range 100 {
		key := fmt.Sprintf("%02d", two)
		if got[key] != want[key] {
			t.Errorf("%s: %v, want %v", key, got[key], want[key])
		}
	}
	for range AIs() {
		break
	}
}

// Figure 7.8.5-2 of the GS1 General Specifications: the first two digits, and how long
// identifier and value are together.
func TestAIsOfPredefinedLength(t *testing.T) {
	predefined := map[string]int{
		"00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "11": 8, "12": 8, "13": 8, "14": 8, "15": 8, "16": 8, "17": 8, "18": 8, "19": 8,
		"20": 4, "31": 10, "32": 10, "33": 10, "34": 10, "35": 10, "36": 10, "41": 16,
	}
	for a := range AIs() {
		total, ok := predefined[a.First[:2]]
		if a.Predefined != ok {
			t.Errorf("%s: predefined %v, want %v", a.First, a.Predefined, ok)
		}
		if ok && (len(a.parts) != 1 || a.parts[0].min != a.parts[0].max || a.parts[0].set != 'N' || len(a.First)+a.parts[0].max != total) {
			t.Errorf("%s: %s, want %d digits with the identifier", a.First, a.Format(), total)
		}
	}
}

func TestLookupAIRefuses(t *testing.T) {
	for _, ai := range []string{"", "0", "1", "04", "05", "14", "18", "19", "23", "010", "0104", "2355", "230", "38", "310", "3106", "3109",
		"31000", "3170", "3380", "3946", "3956", "404", "418", "419", "428", "4327", "4329", "500", "7012", "7042", "718", "7243", "8015", "8027", "8044",
		"8113", "8201", "900", "x1", "1x", "310x", "31 0", "310:", "310/", "-1", "٠١"} {
		if a, ok := LookupAI(ai); ok || a.First != "" || a.parts != nil {
			t.Errorf("LookupAI(%q) = %s %q, %v", ai, a.First, a.Title, ok)
		}
	}
	if n := testing.AllocsPerRun(100, func() { LookupAI("8043"); LookupAI("3695"); LookupAI("04") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAIRows(t *testing.T) {
	const rows = `
00 | SSCC | N18, check digit
01 | GTIN | N14, check digit
10 | BATCH/LOT | X..20
17 | USE BY or EXPIRY | N6, date YYMMDD or YYMM00
20 | VARIANT | N2
21 | SERIAL | X..20
235 | TPX | X..28
253 | GDTI | N13, check digit; optional X..17
255 | GCN | N13, check digit; optional N..12
30 | VAR. COUNT | N..8
3103 | NET WEIGHT (kg) | N6
3165 | NET VOLUME (m³) | N6
37 | COUNT | N..8
3909 | AMOUNT | N..15
3932 | PRICE | N3; N..15
3943 | PRCNT OFF | N4
402 | GSIN | N17, check digit
414 | LOC No. | N13, check digit
421 | SHIP TO POST | N3; X..9
423 | COUNTRY - INITIAL PROCESS | N3; optional N3; optional N3; optional N3; optional N3
4309 | SHIP TO GEO | N10, latitude; N10, longitude
4330 | MAX TEMP F. | N6; optional X1, -
7003 | EXPIRY TIME | N6, date YYMMDD; N4, time HHMM
7035 | PROCESSOR # 5 | N3; X..27
7040 | UIC+EXT | N1; X1; X1; X1, importer index
8001 | DIMENSIONS | N4, not zero; N5, not zero; N3, not zero; N1, 0 or 1 or 9; N1
8003 | GRAI | N1, 0; N13, check digit; optional X..16
8005 | PRICE PER UNIT | N6
8006 | ITIP | N14, check digit; N4, piece and total
8008 | PROD TIME | N6, date YYMMDD; N2, hour; optional N2, minute; optional N2, second
8010 | CPID | Y..30, company prefix first
8013 | GMN | X..25, company prefix first, two check characters
8030 | DIGSIG | Z..90
8043 | PSIM | N18; optional N..2
8200 | PRODUCT URL | X..70
90 | INTERNAL | X..30
91 | INTERNAL | X..90
99 | INTERNAL | X..90`
	for _, row := range strings.Split(strings.TrimSpace(rows), "\n") {
		ai, _, _ := strings.Cut(row, " ")
		a, ok := LookupAI(ai)
		if got := fmt.Sprintf("%s | %s | %s", ai, a.Title, a.Format()); !ok || got != row {
			t.Errorf("row\n got %s\nwant %s", got, row)
		}
	}
}

func TestAICheck(t *testing.T) {
	for _, tc := range []struct{ ai, value, want string }{
		{"01", "04601234567893", ""},
		{"01", "04601234567894", "AI 01: byte 13: ends in '4', expected check digit 3"},
		{"01", "0460123456789", "AI 01: byte 13: 13 characters, expected N14, check digit"},
		{"01", "046012345678930", "AI 01: byte 14: 15 characters, expected N14, check digit"},
		{"01", "0460123456789x", `AI 01: byte 13: 'x' (0x78), expected a digit`},
		{"01", "", "AI 01: byte 0: 0 characters, expected N14, check digit"},
		{"21", "", "AI 21: byte 0: 0 characters, expected X..20"},
		{"21", "5\"<&'_1>=,;%/()*+-.:", ""},
		{"21", "123456789012345678901", "AI 21: byte 20: 21 characters, expected X..20"},
		{"21", "a b", "AI 21: byte 1: 0x20, expected a character of GS1 set 82"},
		{"21", "a\x1d93", "AI 21: byte 1: 0x1D, expected a character of GS1 set 82"},
		{"21", "aё", "AI 21: byte 1: 0xD1, expected a character of GS1 set 82"},
		{"91", "a#", `AI 91-99: byte 1: '#' (0x23), expected a character of GS1 set 82`},

		{"17", "260228", ""}, {"17", "240229", ""}, {"17", "000229", ""}, {"17", "260200", ""}, {"17", "261231", ""},
		{"17", "260229", "AI 17: byte 4: day 29 of month 02, expected 00 to 28"},
		{"17", "240230", "AI 17: byte 4: day 30 of month 02, expected 00 to 29"},
		{"17", "260431", "AI 17: byte 4: day 31 of month 04, expected 00 to 30"},
		{"17", "261301", "AI 17: byte 2: month 13, expected 01 to 12"},
		{"17", "260001", "AI 17: byte 2: month 00, expected 01 to 12"},
		{"17", "260000", "AI 17: byte 2: month 00, expected 01 to 12"},
		{"7006", "260200", "AI 7006: byte 4: day 00 of month 02, expected 01 to 28"},
		{"4326", "261231", ""},
		{"7007", "260101", ""}, {"7007", "260101260131", ""},
		{"7007", "260101260132", "AI 7007: byte 10: day 32 of month 01, expected 01 to 31"},
		{"7007", "2601012601", "AI 7007: byte 10: 10 characters, expected N6, date YYMMDD; optional N6, date YYMMDD"},
		{"7003", "2601012359", ""}, {"7003", "2601010000", ""},
		{"7003", "2601012400", "AI 7003: byte 6: 24, expected 00 to 23"},
		{"7003", "2601012360", "AI 7003: byte 8: 60, expected 00 to 59"},
		{"7011", "260101", ""}, {"7011", "2601012359", ""},
		{"4324", "2601009999", "AI 4324: byte 6: 99, expected 00 to 23"}, // day 00 is allowed, hour 99 is not
		{"4325", "2601002359", ""},
		{"8008", "26010112", ""}, {"8008", "2601011259", ""}, {"8008", "260101125959", ""},
		{"8008", "26010124", "AI 8008: byte 6: 24, expected 00 to 23"},
		{"8008", "2601011260", "AI 8008: byte 8: 60, expected 00 to 59"},
		{"8008", "260101125960", "AI 8008: byte 10: 60, expected 00 to 59"},
		{"8008", "260101125", "AI 8008: byte 9: 9 characters, expected N6, date YYMMDD; N2, hour; optional N2, minute; optional N2, second"},
		{"7250", "20000229", ""}, {"7250", "19001231", ""},
		{"7250", "19000229", "AI 7250: byte 6: day 29 of month 02, expected 01 to 28"},
		{"7251", "199912312359", ""},

		{"8005", "123456", ""}, {"8005", "000000", ""},
		{"8005", "12345", "AI 8005: byte 5: 5 characters, expected N6"},
		{"8005", "12,456", "AI 8005: byte 2: ',' (0x2C), expected a digit"},
		{"3103", "001250", ""}, {"3103", "1250", "AI 3100-3105: byte 4: 4 characters, expected N6"},
		{"253", "4000001000005", ""}, {"253", "4000001000005A-1", ""},
		{"253", "4000001000006A-1", "AI 253: byte 12: ends in '6', expected check digit 5"},
		{"255", "4000001000005A", "AI 255: byte 13: 'A' (0x41), expected a digit"},
		{"402", "10614141123456780", ""}, {"402", "10614141123456785", "AI 402: byte 16: ends in '5', expected check digit 0"},
		{"421", "860", "AI 421: byte 3: 3 characters, expected N3; X..9"}, {"421", "860100000", ""},
		{"423", "860", ""}, {"423", "860398417", ""}, {"423", "8603", "AI 423: byte 4: 4 characters, expected N3; optional N3; optional N3; optional N3; optional N3"},
		{"423", "860398417643112", ""}, {"423", "8603984176431120", "AI 423: byte 15: 16 characters, expected N3; optional N3; optional N3; optional N3; optional N3"},
		{"4300", "Caf%C3%A9+Uz", ""}, {"4300", "100%", "AI 4300: byte 3: %, expected two hexadecimal digits behind it"},
		{"4300", "a%2", "AI 4300: byte 1: %, expected two hexadecimal digits behind it"},
		{"4300", "a%fg", "AI 4300: byte 1: %, expected two hexadecimal digits behind it"},
		{"4307", "UZ", ""}, {"4307", "Uz", "AI 4307: byte 1: 'z' (0x7A), expected a capital letter"},
		{"4309", "18000000003600000000", ""},
		{"4309", "18000000010000000000", "AI 4309: byte 0: 1800000001, expected at most 1800000000"},
		{"4309", "00000000003600000001", "AI 4309: byte 10: 3600000001, expected at most 3600000000"},
		{"4321", "1", ""}, {"4321", "2", "AI 4321: byte 0: '2' (0x32), expected 0 or 1"},
		{"4331", "001000", ""}, {"4331", "001000-", ""}, {"4331", "001000+", "AI 4331: byte 6: '+' (0x2B), expected -"},
		{"7040", "1ABc", ""}, {"7040", "1AB/", "AI 7040: byte 3: '/' (0x2F), expected a digit, a letter, - or _"},
		{"7252", "9", ""}, {"7252", "3", "AI 7252: byte 0: '3' (0x33), expected 0 or 1 or 2 or 9"},
		{"7258", "1/2", ""}, {"7258", "2/1", `AI 7258: byte 0: "2/1", expected such as 1/2`},
		{"7258", "0/2", `AI 7258: byte 0: "0/2", expected such as 1/2`}, {"7258", "12/", `AI 7258: byte 0: "12/", expected such as 1/2`},
		{"7258", "/12", `AI 7258: byte 0: "/12", expected such as 1/2`}, {"7258", "123", `AI 7258: byte 0: "123", expected such as 1/2`},
		{"8001", "00010000100190", ""},
		{"8001", "00000000100190", "AI 8001: byte 0: zero, expected a number above it"},
		{"8001", "00010000100120", "AI 8001: byte 12: '2' (0x32), expected 0 or 1 or 9"},
		{"8003", "04000001000005AZ", ""}, {"8003", "14000001000005AZ", "AI 8003: byte 0: '1' (0x31), expected 0"},
		{"8004", "4000001A", ""}, {"8004", "400A", "AI 8004: byte 3: expected a company prefix of four digits or more"},
		{"8004", "400", "AI 8004: byte 3: expected a company prefix of four digits or more"},
		{"8006", "046012345678930102", ""}, {"8006", "046012345678930302", "AI 8006: byte 14: piece 03 of 02, expected 1 to the total"},
		{"8006", "046012345678930002", "AI 8006: byte 14: piece 00 of 02, expected 1 to the total"},
		{"8007", "FR7630006000011234567890189", ""}, {"8007", "MU43BOMM0101123456789101000MUR", ""},
		{"8007", "FR7630006000011234567890188", "AI 8007: byte 2: check digits 76 are wrong"},
		{"8007", "fr7630006000011234567890189", "AI 8007: byte 0: expected two capital letters, two digits, then capital letters and digits"},
		{"8007", "FR76", "AI 8007: byte 0: expected two capital letters, two digits, then capital letters and digits"},
		{"8010", "4000001#A/B-1", ""}, {"8010", "4000001a", "AI 8010: byte 7: 'a' (0x61), expected a character of GS1 set 39"},
		{"8011", "120", ""}, {"8011", "0120", "AI 8011: byte 0: a leading zero, expected none"},
		{"8013", "1987654Ad4X4bL5ttr2310c2K", ""},
		{"8013", "1987654Ad4X4bL5ttr2310c2X", `AI 8013: byte 23: ends in "2X", expected check characters 2K`},
		{"8013", "4000001x", `AI 8013: byte 6: ends in "1x", expected check characters LB`},
		{"8014", "12345678901234567890123NT", ""}, // the pair may be what is not a digit
		{"8014", "123456789752", "AI 8014: byte 0: only digits, expected another character among them"},
		{"8030", "Zm9v_-8=", ""}, {"8030", "Zm9v_w==", ""}, {"8030", "Zm9=v", "AI 8030: byte 3: '=' (0x3D), expected a character of GS1 set 64"},
		{"8030", "Zm===", "AI 8030: byte 2: '=' (0x3D), expected a character of GS1 set 64"},
		{"8030", "Zm9+", "AI 8030: byte 3: '+' (0x2B), expected a character of GS1 set 64"},
		{"8043", "123456789012345678", ""}, {"8043", "1234567890123456781", ""}, {"8043", "123456789012345678123", "AI 8043: byte 20: 21 characters, expected N18; optional N..2"},
	} {
		a, ok := LookupAI(tc.ai)
		if !ok {
			t.Errorf("%s is not in the table", tc.ai)
			continue
		}
		err := a.Check(tc.value)
		if got := message(err); got != tc.want {
			t.Errorf("%s %q\n got %s\nwant %s", tc.ai, tc.value, got, tc.want)
		}
		var element *ElementError
		if err != nil && !errors.As(err, &element) {
			t.Errorf("%s %q: %T", tc.ai, tc.value, err)
		}
	}
}

// Values that GS1 and the owners of brands publish.
func TestCheckPair(t *testing.T) {
	for _, key := range []string{"1987654Ad4X4bL5ttr2310c2K", "12345678901234567890123NT", "12345_ABCDEFGHIJKLMCP", "12345_NOPQRSTUVWXYZDN",
		"12345_abcdefghijklmN3", "12345_nopqrstuvwxyzP2", `12345_!"%&'()*+,-./LC`, "12345_0123456789:;<=>?62", "!22"} {
		if got := checkPair(key[:len(key)-2]); got != key[len(key)-2:] {
			t.Errorf("%s: %s", key, got)
		}
	}
}
