package tspltest

import "testing"

func TestCode128(t *testing.T) {
	const head = `BARCODE 88,192,"128M",256,0,0,4,4,"`
	for line, want := range map[string]struct {
		data  string
		gs1   bool
		drawn bool
	}{
		head + `!105!10200301234567000000017"`: {"00301234567000000017", true, true},
		`BARCODE 8,8,"128M",80,1,90,2,2,2,"!105!102011234567890123421123456!10210!100ABCD1234"`: {
			"011234567890123421123456\x1d10ABCD1234", true, true},
		head + `!10500301234567000000017"`:       {"00301234567000000017", false, true},
		head + `AB!0991234!101C!102"`:            {"AB1234C\x1d", false, true},
		head + `!103A!100b!x!"`:                  {"Ab!x!", false, true},
		head + `!105!102!10201"`:                 {"\x1d01", true, true},
		head + `!105123"`:                        {},
		head + `!10512AB"`:                       {},
		head + `12!105"`:                         {},
		head + `!098a"`:                          {},
		head + `!105!102"`:                       {},
		head + `!10512" x`:                       {},
		`BARCODE 88,192,"128M",256,0,45,4,4,"1"`: {},
		`BARCODE 88,192,"128M",256,0,0,4,4,1`:    {},
	} {
		p := start(t, Options{Trigger: true})
		h := connect(t, p)
		h.Send("CLS\r\n" + line + "\r\nPRINT 1,1\r\n")
		h.status()
		got := p.Received()[0].Symbols
		switch {
		case !want.drawn && len(got) > 0:
			t.Errorf("%s: %+v", line, got)
		case want.drawn && (len(got) != 1 || got[0].Kind != "code128" || string(got[0].Data) != want.data || got[0].GS1 != want.gs1):
			t.Errorf("%s: %+v", line, got)
		}
	}
}

// Code types in which the printer chooses the sets are drawn, and not read.
func TestOtherBarCodes(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	h.Send("CLS\r\nREM a comment\r\nBARCODE 8,8,\"128\",80,1,0,2,2,\"A\"\r\nPRINT 1,1\r\n")
	h.status()
	if got := p.Received()[0].Symbols; len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
