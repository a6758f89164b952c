package sbpltest

import "testing"

func TestCode128(t *testing.T) {
	for command, want := range map[string]struct {
		data  string
		gs1   bool
		drawn bool
	}{
		"BG04256>I>F00301234567000000017": {"00301234567000000017", true, true},
		"BG04256>I00301234567000000017":   {"00301234567000000017", false, true},
		"BG02120>GABCD123456":             {"ABCD123456", false, true},
		"BG03100>GAB>D78a>C123456":        {"AB78a123456", false, true},
		"BG04256>I>F10>DA1>F>C21":         {"10A1\x1d21", true, true},
		"BG04256AB":                       {"AB", false, true},
		"BG04256>I>F>F01":                 {"\x1d01", true, true},
		"BG04256>I123":                    {},
		"BG04256>I12AB":                   {},
		"BG04256>HA>D1":                   {},
		"BG04256>HA>I12":                  {},
		"BG04256>HA>":                     {},
		"BG04256>I>F":                     {},
		"BG00256>I12":                     {},
		"BG04000>I12":                     {},
		"BG4256>I12":                      {},
	} {
		p := start(t, Options{Trigger: true})
		h := connect(t, p)
		h.Send("\x02\x1bA\x1bID01\x1bV0100\x1bH0100\x1b" + command + "\x1bQ1\x1bZ\x03")
		h.status(32)
		got := p.Received()[0].Symbols
		switch {
		case !want.drawn && len(got) > 0:
			t.Errorf("%s: %+v", command, got)
		case want.drawn && (len(got) != 1 || got[0].Kind != "code128" || string(got[0].Data) != want.data || got[0].GS1 != want.gs1):
			t.Errorf("%s: %+v", command, got)
		}
	}
}
