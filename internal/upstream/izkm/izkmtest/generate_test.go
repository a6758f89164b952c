package izkmtest

import (
	"net/http/httptest"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestCodesOfEachGroup(t *testing.T) {
	const serial = "[A-Za-z0-9!\"%&'()*+,./:;<=>?_-]"
	const b64 = "[A-Za-z0-9+/]"
	const start = "^01" + testGTIN + "21" + serial
	for _, tc := range []struct {
		group, cisType string
		full, ki       int
		pattern        string
	}{
		{"tobacco", "UNIT", 29, 21, "^" + testGTIN + serial + "{7}" + b64 + "{8}$"},
		{"tobacco", "GROUP", 43, 25, start + "{7}\x1d8005[0-9]{6}\x1d93" + b64 + "{4}$"},
		{"alcohol", "UNIT", 32, 25, start + "{7}\x1d93" + b64 + "{4}$"},
		{"alcohol", "GROUP", 32, 25, start + "{7}\x1d93" + b64 + "{4}$"},
		{"beer", "UNIT", 32, 25, start + "{7}\x1d93" + b64 + "{4}$"},
		{"beer", "GROUP", 32, 25, start + "{7}\x1d93" + b64 + "{4}$"},
		{"water", "UNIT", 38, 31, start + "{13}\x1d93" + b64 + "{4}$"},
		{"water", "GROUP", 38, 31, start + "{13}\x1d93" + b64 + "{4}$"},
		{"pharma", "UNIT", 85, 31, start + "{13}\x1d91[A-Z0-9]{4}\x1d92" + b64 + "{43}=$"},
		{"appliances", "UNIT", 92, 38, start + "{20}\x1d91[A-Z0-9]{4}\x1d92" + b64 + "{43}=$"},
	} {
		t.Run(tc.group+" "+tc.cisType, func(t *testing.T) {
			x := newSite(t, tc.group, Options{Seed: 11})
			const n = 400
			id := x.order(productRow(testGTIN, tc.cisType, n))
			codes := x.take(id, testGTIN, n, n)
			form := regexp.MustCompile(tc.pattern)
			used := make(map[rune]bool)
			for _, c := range codes {
				if len(c) != tc.full || !form.MatchString(c) {
					t.Fatalf("%q", c)
				}
				for _, r := range c {
					used[r] = true
				}
			}
			for _, r := range serialChars {
				if !used[r] {
					t.Errorf("%q never occurs", r)
				}
			}
			if ki := x.srv.History().Codes[0].KI; ki != codes[0][:tc.ki] {
				t.Errorf("KI %q of %q", ki, codes[0])
			}
		})
	}
	if len(serialChars) != 82 {
		t.Errorf("%d serial characters", len(serialChars))
	}
}

func TestSeedDecidesAll(t *testing.T) {
	run := func(seed uint64) (ids, codes []string) {
		x := newSite(t, "water", Options{Seed: seed})
		for range 2 {
			codes = append(codes, x.take(x.order(productRow(testGTIN, "UNIT", 20)), testGTIN, 20, 6)...)
		}
		x.utilise(codes...)
		return x.srv.History().ids(), codes
	}
	one, codes := run(1)
	if same, _ := run(1); !reflect.DeepEqual(one, same) {
		t.Error("one seed, two outcomes")
	}
	_, others := run(2)
	seen := make(map[string]bool)
	for _, c := range append(codes, others...) {
		if seen[c] {
			t.Errorf("%q comes twice", c)
		}
		seen[c] = true
	}
}

func TestSSCC(t *testing.T) {
	for s, want := range map[string]bool{
		"00030779729200000015":  true,
		"00130779729200000029":  true,
		"00106141411234567897":  true,
		"00106141411234567890":  false,
		"10030779729200000015":  false,
		"0003077972920000001":   false,
		"000307797292000000150": false,
		"0003077972920000001A":  false,
		"":                      false,
	} {
		if validSSCC(s) != want {
			t.Errorf("%q", s)
		}
	}
}

// BenchmarkBlock takes the largest possible block with the longest codes.
func BenchmarkBlock(b *testing.B) {
	for range b.N {
		b.StopTimer()
		x := newSite(b, "appliances", Options{Log: discard{}})
		id := x.order(productRow(testGTIN, "UNIT", maxQuantity))
		b.StartTimer()
		w := httptest.NewRecorder()
		x.srv.ServeHTTP(w, x.request("GET", "codes", "", "orderId", id, "gtin", testGTIN, "quantity", strconv.Itoa(maxQuantity)))
		if w.Code != 200 || strings.Count(w.Body.String(), testGTIN) != maxQuantity {
			b.Fatalf("%d %.200s", w.Code, w.Body)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestCodesAreNeverIssuedAgain(t *testing.T) {
	one := newSite(t, "water", Options{})
	first := one.take(one.order(productRow(testGTIN, "UNIT", 3)), testGTIN, 3, 3)
	// An emulator of the same seed that knows one of these codes already has to pass it by.
	two := newSite(t, "water", Options{})
	two.srv.byKI[first[1][:31]] = nil
	second := two.take(two.order(productRow(testGTIN, "UNIT", 3)), testGTIN, 3, 3)
	if second[0] != first[0] || second[1] == first[1] || second[1][:31] != first[2][:31] {
		t.Errorf("%q after %q", second, first)
	}
}
