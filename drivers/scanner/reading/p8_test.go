package reading

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type mangling struct {
	name    string
	sent    string // in place of GS
	setting string // gs, as the configuration writes it; the same as sent if empty
	refused bool   // no setting can tell it from a code
}

// manglings are what is known to arrive in place of GS.
var manglings = []mangling{
	{name: "in angle brackets", sent: "<GS>", refused: true},
	{name: "letters", sent: "GS", refused: true},
	{name: "in braces", sent: "{GS}"},
	{name: "in brackets", sent: "[GS]"},
	{name: "caret", sent: "^]"},
	{name: "hexadecimal", sent: `\x1D`},
	{name: "JSON", sent: `\u001d`},
	{name: "backslash F", sent: `\F`},
	{name: "bar", sent: "|"},
	{name: "tilde", sent: "~1"},
	{name: "GS1-128 concatenated", sent: "]C1"},
	{name: "codeword 232", sent: "\xe8", setting: "\u00e8"},
	{name: "codeword 232 in UTF-8", sent: "\xc3\xa8", setting: "\u00c3\u00a8"},
	{name: "space", sent: " "},
	{name: "RS", sent: "\x1e"},
	{name: "FS", sent: "\x1c"},
	{name: "HTML", sent: "&#29;"},
	{name: "spreadsheet", sent: "_x001D_"},
	{name: "spreadsheet, lower case", sent: "_x001d_", refused: true},
}

func TestManglings(t *testing.T) {
	for _, m := range manglings {
		setting := m.setting
		if setting == "" {
			setting = m.sent
		}
		sent := strings.ReplaceAll(nasty, "\x1d", m.sent)
		for _, before := range []string{"", "]d2", m.sent, "]d2" + m.sent} {
			// Without the setting nothing is recognised, and no byte changes.
			if strings.HasPrefix(before, "]d2") || !strings.HasPrefix(before, "]") {
				got := Form{}.Take([]byte(before + sent))
				if string(got.Code) != strings.TrimPrefix(before, "]d2")+sent {
					t.Errorf("%s without a setting: %q", m.name, got.Code)
				}
			}
			f, err := options(Optional, setting, "")
			if (err != nil) != m.refused {
				t.Errorf("%s: %v", m.name, err)
			}
			if got := f.Take([]byte(before + sent)); !m.refused && string(got.Code) != nasty {
				t.Errorf("%s: %q comes out as %q", m.name, before+sent, got.Code)
			}
		}
	}
	// A GS that was dropped stays away, whatever is set.
	dropped := strings.ReplaceAll(nasty, "\x1d", "")
	for _, standIn := range []string{"", "|", "_x001D_"} {
		if got := (Form{GS: standIn}).Take([]byte("]d2" + dropped)); string(got.Code) != dropped {
			t.Errorf("a dropped GS: %q", got.Code)
		}
	}
}

// codes draws codes of set 82 with GS between their elements. Pieces of marks are frequent.
func codes() *rapid.Generator[string] {
	const set82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`
	piece := rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune(set82)), 1, 12, -1),
		rapid.SampledFrom([]string{"\x1d", "\x1d", "_x001D_", "_x005F_", "_x005F", "_x001D", "x001D_", "_", "x1D", "GS", "<GS>", "C1", "1", "29;", "F", "A"}),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return strings.TrimLeft(strings.Join(rapid.SliceOfN(piece, 1, 8).Draw(t, "pieces"), ""), "\x1d")
	}).Filter(func(code string) bool { return code != "" })
}

var escapeSequence = regexp.MustCompile(`^_x[0-9A-Fa-f]{4}_`)

// mangle is what a scanner with this stand-in sends for the code.
func mangle(code, standIn string) string {
	if standIn != "_x001D_" {
		return strings.ReplaceAll(code, "\x1d", standIn)
	}
	// A spreadsheet file, from the end: an underscore at which an escape sequence would
	// begin is escaped itself.
	sent := ""
	for i := len(code) - 1; i >= 0; i-- {
		switch c := code[i : i+1]; {
		case c == "\x1d":
			sent = "_x001D_" + sent
		case escapeSequence.MatchString(c + sent):
			sent = "_x005F_" + sent
		default:
			sent = c + sent
		}
	}
	return sent
}

// exact checks that a code comes out as it is, with everything that may stand before it.
func exact(t *rapid.T, f Form) {
	code := codes().Draw(t, "code")
	ids := map[string][]string{Optional: {"", "]d2", "]C1", "]Zz"}, Require: {"]d2", "]C1"}, None: {""}}
	id := rapid.SampledFrom(ids[f.AIM]).Draw(t, "identifier")
	mark := rapid.SampledFrom([]string{"", "\x1d", f.GS, f.FNC1}).Draw(t, "mark")
	sent := code // the device may send GS as it is, too
	if f.GS != "" && (f.GS == "_x001D_" || rapid.Bool().Draw(t, "mangled")) {
		sent = mangle(code, f.GS)
	}
	got := f.Take([]byte(id + mark + sent))
	if string(got.Code) != code || got.Bad != "" || id != "" && got.AIM != id {
		t.Fatalf("%q: %q comes out as %q, identifier %q, bad %q", f, id+mark+sent, got.Code, got.AIM, got.Bad)
	}
}

// P8: with a known stand-in every code comes out byte for byte.
func TestP8KnownStandIns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(manglings).Filter(func(m mangling) bool { return !m.refused }).Draw(t, "stand-in")
		f := Form{
			AIM:  rapid.SampledFrom([]string{Optional, Require, None}).Draw(t, "aim"),
			GS:   m.sent,
			FNC1: rapid.SampledFrom([]string{"", m.sent, "\x1d", "\x80"}).Draw(t, "fnc1"),
		}
		exact(t, f)
	})
}

// P8: whatever marks the configuration accepts, every code comes out byte for byte.
func TestP8EveryAcceptedMark(t *testing.T) {
	mark := rapid.StringOfN(rapid.RuneFrom([]rune("|]}{C1A_x\x1d ~")), 0, 4, -1)
	aim := rapid.SampledFrom([]string{Optional, Require, None})
	accepted := rapid.Custom(func(t *rapid.T) Form {
		return Form{AIM: aim.Draw(t, "aim"), GS: mark.Draw(t, "gs"), FNC1: mark.Draw(t, "fnc1")}
	}).Filter(func(f Form) bool {
		_, err := options(f.AIM, f.GS, f.FNC1)
		return err == nil
	})
	rapid.Check(t, func(t *rapid.T) {
		f := accepted.Draw(t, "form")
		for range 10 {
			exact(t, f)
		}
	})
}
