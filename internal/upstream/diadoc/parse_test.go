package diadoc

import (
	"bytes"
	"encoding/hex"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/upstream/diadoc/diadoctest"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const smallest = "0A04 25504446 1205 3003020105"

func TestParse(t *testing.T) {
	cases := []struct {
		name, body string
		says       string // empty: the smallest protocol
	}{
		{"as it comes", smallest, ""},
		{"in the other order", "1205 3003020105 0A04 25504446", ""},
		{"unknown fields of every type", "18AC02 " + "21 0102030405060708" + " 0A04 25504446" + " 2A03 616263" + " 1205 3003020105" + " 35 01020304", ""},
		{"the highest field number", smallest + "F8FFFFFF0F 01", ""},
		{"the last of two counts", "0A01 00 1200" + smallest, ""},
		{"one of ours as a number is unknown", smallest + "0805 1007", ""},
		{"a length longer than it needs to be", "0A8400 25504446 1285808000 3003020105", ""},

		{"nothing", "", "neither a print form nor a signature"},
		{"unknown fields alone", "18AC02", "neither a print form nor a signature"},
		{"empty", "0A00 1200", "it is empty: a print form and a signature of no bytes"},
		{"no print form", "1205 3003020105", "no print form (field 1)"},
		{"no signature", "0A04 25504446", "no signature (field 2)"},
		{"ours as numbers only", "0805 1007", "neither a print form nor a signature"},
		{"empty print form", "0A00 1205 3003020105", "its print form is empty"},
		{"empty signature", "0A04 25504446 1200", "its signature is empty"},
		{"the last is empty", smallest + "1200", "its signature is empty"},
		{"no PDF", "0A04 504B0304 1205 3003020105", "no PDF: it begins 50 4b 03 04"},
		{"half of the mark", "0A03 255044 1205 3003020105", "no PDF: it begins 25 50 44"},
		{"a blank before the mark", "0A05 2025504446 1205 3003020105", "no PDF"},
		{"the signature in PEM", "0A04 25504446 1205 2D2D2D2D2D", "not in DER: it begins with 2d"},
		{"cut within the print form", "0A04 255044", "byte 0: a value of 4 bytes where 3 are left"},
		{"cut within the signature", "0A04 25504446 1205 30030201", "byte 6: a value of 5 bytes where 4 are left"},
		{"cut within a length", "0A84", "beyond its end or beyond 64 bits"},
		{"cut behind a tag", "0A", "beyond its end"},
		{"cut within four bytes", smallest + "1D 010203", "a value of 4 bytes where 3 are left"},
		{"cut within eight bytes", smallest + "19 01020304050607", "a value of 8 bytes where 7 are left"},
		{"a length of 2^63", "0A 80808080808080808001", "9223372036854775808 bytes where 0 are left"},
		{"a length of 2^64-1", "0A FFFFFFFFFFFFFFFFFF01 00", "18446744073709551615 bytes where 1 are left"},
		{"a length of more than 64 bits", "0A FFFFFFFFFFFFFFFFFF02", "beyond 64 bits"},
		{"a length of eleven bytes", "0A 8080808080808080808000", "beyond 64 bits"},
		{"field 0", "02 00" + smallest, "no field has the number 0"},
		{"field 2^29", smallest + "8080808010 00", "no field has the number 536870912"},
		{"a group", smallest + "1B 1C", "field 3 has the wire type 3"},
		{"the end of a group", smallest + "1C", "field 3 has the wire type 4"},
		{"wire type 6", smallest + "1E 00", "field 3 has the wire type 6"},
		{"wire type 7", smallest + "1F 00", "byte 13: field 3 has the wire type 7"},
		{"text", hex.EncodeToString([]byte("Протокол готовится")), "not a DocumentProtocol"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			p, err := parse(unhex(t, tc.body))
			if tc.says == "" {
				if err != nil || string(p.PrintForm) != "%PDF" || string(p.Signature) != "\x30\x03\x02\x01\x05" {
					t.Fatalf("%q, %v", p, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v, want an error with %q", err, tc.says)
			}
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("more than one line: %q", err)
			}
			if p.PrintForm != nil || p.Signature != nil {
				t.Errorf("something is left: %q", p)
			}
		})
	}
}

// Whoever appends to one part writes into no other.
func TestPartsAreApart(t *testing.T) {
	p, err := parse(unhex(t, smallest))
	if err != nil {
		t.Fatal(err)
	}
	_ = append(p.PrintForm, "xxxxxxx"...)
	if p.Signature[0] != 0x30 {
		t.Error("the signature has changed")
	}
}

// What the emulator writes, between fields of any kind, is read byte for byte; cut anywhere it is refused.
func TestParseWhatIsWritten(t *testing.T) {
	unknown := rapid.Custom(func(t *rapid.T) []byte {
		text := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "text")
		return rapid.SampledFrom([][]byte{
			nil, {0x18, 0xAC, 0x02}, {0x21, 1, 2, 3, 4, 5, 6, 7, 8}, {0x35, 1, 2, 3, 4},
			append([]byte{0x2A, byte(len(text))}, text...),
		}).Draw(t, "unknown")
	})
	rapid.Check(t, func(t *rapid.T) {
		form := append([]byte("%PDF"), rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "form")...)
		sign := append([]byte{0x30}, rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "signature")...)
		before, after := unknown.Draw(t, "before"), unknown.Draw(t, "after")
		written := diadoctest.Encode(form, sign)
		p, err := parse(bytes.Join([][]byte{before, written, after}, nil))
		if err != nil || !bytes.Equal(p.PrintForm, form) || !bytes.Equal(p.Signature, sign) {
			t.Fatalf("%x, %v", p, err)
		}
		if p, err := parse(written[:rapid.IntRange(0, len(written)-1).Draw(t, "cut")]); err == nil {
			t.Fatalf("cut and read as %x", p)
		}
	})
}

// FuzzParse: what the reader takes is what an independent decoder finds, and what it refuses is either no message to
// that one, or lacks what a protocol has.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{smallest, "0A00 1200", "18AC02" + smallest, "0A 80808080808080808001", smallest + "1B 1C", "0A8400 25504446 1285808000 3003020105", "0805 1007"} {
		f.Add(unhex(f, seed))
	}
	f.Add(diadoctest.Encode(testForm, testSign))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := parse(body)
		fields, other := diadoctest.Decode(body)
		var want [3][]byte
		for _, field := range fields {
			if field.Wire == 2 && field.Number < 3 {
				want[field.Number] = field.Bytes
			}
		}
		good := other == nil && bytes.HasPrefix(want[1], []byte("%PDF")) && bytes.HasPrefix(want[2], []byte{0x30})
		switch {
		case good != (err == nil):
			t.Fatalf("%x: %v; the other decoder: %v", body, err, other)
		case err != nil && (p.PrintForm != nil || p.Signature != nil || strings.ContainsAny(err.Error(), "\r\n")):
			t.Fatalf("%x: %q with %q", body, p, err)
		case err == nil && (!bytes.Equal(p.PrintForm, want[1]) || !bytes.Equal(p.Signature, want[2])):
			t.Fatalf("%x: %q", body, p)
		}
	})
}

// The parts of a message are those that protoc finds in it.
func TestProtoc(t *testing.T) {
	protoc, err := exec.LookPath("protoc")
	if err != nil {
		t.Skip("peer missing: protoc (Debian: protobuf-compiler)")
	}
	// Neither part may look like a message itself, or protoc would take it apart.
	body := append(unhex(t, "18AC02 0A02 FFFF"), diadoctest.Encode(testForm, testSign)...)
	cmd := exec.CommandContext(t.Context(), protoc, "--decode_raw")
	cmd.Stdin = bytes.NewReader(body)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("protoc: %v", err)
	}
	var last [3][]byte
	for _, m := range regexp.MustCompile(`(?m)^([12]): (".*")$`).FindAllStringSubmatch(string(out), -1) {
		value, err := strconv.Unquote(strings.ReplaceAll(m[2], `\'`, `'`))
		if err != nil {
			t.Fatalf("%s: %v", m[2], err)
		}
		last[m[1][0]-'0'] = []byte(value)
	}
	p, err := parse(body)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(p.PrintForm, last[1]) || !bytes.Equal(p.Signature, last[2]) {
		t.Errorf("read %q, protoc says\n%s", p, out)
	}
}
