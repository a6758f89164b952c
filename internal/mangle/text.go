package mangle

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"strings"
	"unicode"

	"linemark/internal/code"
	"linemark/internal/escape"
)

func jsonEscapes(c code.Code) (code.Code, Finding, bool) {
	was, err := escape.ParseJSONString([]byte(`"` + string(c) + `"`))
	return was, Finding{
		What: `it holds the escapes of a JSON string (\", \\, \u...)`,
		Who:  "the code was copied out of a JSON text",
		Do:   "take the value of the string, not its text",
	}, err == nil && strings.Contains(string(c), `\`)
}

func urlEscapes(c code.Code) (code.Code, Finding, bool) {
	was, err := escape.ParseURL(string(c))
	return was, Finding{
		What: "it holds percent escapes",
		Who:  "the code was copied out of a URL",
		Do:   "decode it once (%2B is +, %1D is GS)",
	}, err == nil && was != c
}

func xmlEscapes(c code.Code) (code.Code, Finding, bool) {
	was := html.UnescapeString(string(c))
	return code.Code(was), Finding{
		What: "it holds the entities of XML (&amp; &lt; &quot; ...)",
		Who:  "the code was copied out of XML or a web page",
		Do:   "take the value, not its text",
	}, was != string(c)
}

// Keys of the Russian layout and what the same keys give in the US layout, which a scanner
// that types like a keyboard expects.
const (
	russianKeys = `йцукенгшщзхъфывапролджэячсмитьбюёЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ.,"№;:?/`
	usKeys      = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>~/?@#$^&|"
)

var toUS = pairs(russianKeys, usKeys)

// Cyrillic letters that look like Latin ones.
var toLatin = pairs("АВЕКМНОРСТУХЅІЈаеорсухѕіј", "ABEKMHOPCTYXSIJaeopcyxsij")

func pairs(from, to string) map[rune]rune {
	a, b := []rune(from), []rune(to)
	m := make(map[rune]rune, len(a))
	for i, r := range a {
		m[r] = b[i]
	}
	return m
}

// layout is not what happened where Latin letters are left: such a keyboard gives none.
func layout(c code.Code) (code.Code, Finding, bool) {
	if strings.ContainsFunc(string(c), func(r rune) bool { return unicode.Is(unicode.Latin, r) }) {
		return "", Finding{}, false
	}
	return translate(c, toUS, Finding{
		What: "it holds Cyrillic letters of the Russian keyboard layout",
		Who:  "a scanner that types like a keyboard gives them while the PC's layout is Russian",
		Do:   "switch the layout to English, or set the scanner to a serial port: keys lose GS too",
	})
}

func lookalikes(c code.Code) (code.Code, Finding, bool) {
	return translate(c, toLatin, Finding{
		What: "it holds Cyrillic letters that look like Latin ones",
		Who:  "a person typed it with the Russian layout",
		Do:   "type it again with the English layout, or scan it",
	})
}

func translate(c code.Code, table map[rune]rune, f Finding) (code.Code, Finding, bool) {
	if !strings.ContainsFunc(string(c), func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
		return "", Finding{}, false
	}
	was := strings.Map(func(r rune) rune {
		if to, ok := table[r]; ok {
			return to
		}
		return r
	}, string(c))
	return code.Code(was), f, was != string(c)
}

func leadingZero(c code.Code) (code.Code, Finding, bool) {
	n := 0
	for n < len(c) && c[n] >= '0' && c[n] <= '9' {
		n++
	}
	return "0" + c, Finding{
		What: "the zero at the beginning is missing",
		Who:  "a spreadsheet took the beginning for a number",
		Do:   "export the codes again as text",
	}, n >= code.GTINLength-1 && c[0] != '0'
}

func base64Text(c code.Code) (code.Code, Finding, bool) {
	was, err := base64.StdEncoding.DecodeString(string(c))
	return code.Code(was), Finding{
		What: "it is base64",
		Who:  "readers in an extended mode, and web services, write bytes so",
		Do:   "decode it, or set the reader to plain text",
	}, err == nil && len(was) > code.GTINLength
}

func hexText(c code.Code) (code.Code, Finding, bool) {
	was, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "", "-", "").Replace(string(c)))
	return code.Code(was), Finding{
		What: fmt.Sprintf("it is the hexadecimal form of %d bytes", len(was)),
		Who:  "protocol monitors and readers' test modes show bytes so",
		Do:   "turn it back into bytes",
	}, err == nil && len(was) > code.GTINLength
}
