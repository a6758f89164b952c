package ediweb

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"linemark/internal/escape"
)

func TestFileName(t *testing.T) {
	for _, c := range []struct{ base64, disposition, want string }{
		{"U3RhY2tRckNvZGVzX1JFU1BPTlNFXzMxMDgyMDIzMTAyNjEyLnppcA==", "attachment; filename=other.zip", "StackQrCodes_RESPONSE_31082023102612.zip"},
		{"U3RhY2tRckNvZGVzX1JFU1BPTlNFXzMxMDgyMDIzMTAyNjEyLnppcA", "", "StackQrCodes_RESPONSE_31082023102612.zip"},
		{base64.StdEncoding.EncodeToString([]byte("Коды ЭТрН??>.zip")), "", "Коды ЭТрН??>.zip"},
		{base64.URLEncoding.EncodeToString([]byte("Коды ЭТрН??>.zip")), "", "Коды ЭТрН??>.zip"},
		{base64.StdEncoding.EncodeToString([]byte("\xcf\xf0.zip")), "attachment; filename=a.zip", "a.zip"},
		{"not Base64!", `attachment; filename="../a b.zip"`, "../a b.zip"},
		{"", "attachment; filename*=UTF-8''%D0%96.zip", "Ж.zip"},
		{"", "attachment; filename=\"\xcf.zip\"", ""},
		{"", "attachment", ""},
		{"", "", ""},
	} {
		h := http.Header{}
		h.Set("file_name", c.base64)
		h.Set("content-disposition", c.disposition)
		if got := fileName(h); got != c.want {
			t.Errorf("%q, %q: %q, not %q", c.base64, c.disposition, got, c.want)
		}
	}
}

func FuzzFileName(f *testing.F) {
	f.Add("U3RhY2tRckNvZGVz", "attachment; filename=a.zip")
	f.Add("=", "attachment; filename*=UTF-8''%D0%96.zip")
	f.Fuzz(func(t *testing.T, a, b string) {
		if got := fileName(http.Header{"File_name": {a}, "Content-Disposition": {b}}); !utf8.ValidString(got) {
			t.Errorf("%q", got)
		}
	})
}

func TestMask(t *testing.T) {
	for name, want := range map[string][2]string{
		"QR_AT-1683121162935_03052023133944.zip": {"AT-1683121162935", "03052023133944"},
		"qr_a_b_03052023133944.ZIP":              {"a_b", "03052023133944"},
		"out/QR_1_03052023133944.zip":            {"1", "03052023133944"},
		"QR_a/QR_b_03052023133944.zip":           {"a/QR_b", "03052023133944"},
		"QR_a\n\x1d_03052023133944.zip":          {"a\n\x1d", "03052023133944"},
		"QR__03052023133944.zip":                 {},
		"QR_1_0305202313394.zip":                 {},
		"QR_1_03052023133944.zip.exe":            {},
		"xQR_1_03052023133944.zip":               {},
		"Inventory.xml":                          {},
	} {
		var got [2]string
		if m := mask.FindStringSubmatch(name); m != nil {
			got = [2]string{m[1], m[2]}
		}
		if got != want {
			t.Errorf("%q: %q, not %q", name, got, want)
		}
	}
}

func TestLotsKeepAllInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfN(rapid.StringN(1, 40, 200), 1, 350).Draw(t, "ids")
		var all []string
		for _, lot := range lots(ids) {
			list := escape.URLParam(strings.Join(lot, ","))
			if len(lot) == 0 || len(lot) > lotSize || len(list) > longestList {
				t.Fatalf("a lot of %d, %d bytes", len(lot), len(list))
			}
			all = append(all, lot...)
		}
		if strings.Join(all, ",") != strings.Join(ids, ",") {
			t.Fatal("not what was asked for")
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2023, 8, 31, 10, 26, 12, 0, time.UTC)
	for s, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-1": 0, "0": time.Second, "7": 7 * time.Second, "99999999999999999999": longest,
		"Thu, 31 Aug 2023 10:26:42 GMT": 30 * time.Second, "Thu, 31 Aug 2023 09:26:42 GMT": time.Second,
	} {
		if got := retryAfter(http.Header{"Retry-After": {s}}, now); got != want {
			t.Errorf("%q: %v, not %v", s, got, want)
		}
	}
}
