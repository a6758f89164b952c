package code

import (
	"fmt"
	"strconv"
)

// Lengths of an SSCC as Uzbekistan divides it: extension digit and nine-digit company part
// (tax number, for pharma the GS1 company prefix), then serial, then check digit. Source:
// help.crpt-turon.uz.
const (
	ssccPrefix = 10
	ssccSerial = 7
	ssccLength = len("00") + ssccPrefix + ssccSerial + 1
	ssccLimit  = 10_000_000 // serials are below it
)

// SSCC makes the code of a transport pack: "00", the prefix (extension digit and nine-digit
// company part), the serial in seven digits, the check digit. A serial above 9999999 and a
// prefix that is not ten digits are errors.
func SSCC(prefix string, serial uint64) (Code, error) {
	if len(prefix) != ssccPrefix || !digits(prefix) {
		return "", fmt.Errorf("SSCC prefix %q is not %d digits", prefix, ssccPrefix)
	}
	if serial >= ssccLimit {
		return "", fmt.Errorf("SSCC serial %d does not fit into %d digits", serial, ssccSerial)
	}
	body := prefix + strconv.FormatUint(ssccLimit+serial, 10)[1:]
	return Code("00" + body + string(rune(mod10(body)))), nil
}

// ParseSSCC divides a transport pack's code into what SSCC made it of. The error is that of
// ValidSSCC.
func ParseSSCC(c Code) (prefix string, serial uint64, err error) {
	if err := ValidSSCC(c); err != nil {
		return "", 0, err
	}
	at := len("00") + ssccPrefix
	for _, d := range []byte(c[at : at+ssccSerial]) {
		serial = serial*10 + uint64(d-'0')
	}
	return string(c[len("00"):at]), serial, nil
}

// ValidSSCC checks that c is "00" and 18 digits, the last of them the right check digit; the
// error says what was seen and names the digit expected.
func ValidSSCC(c Code) error {
	switch {
	case len(c) != ssccLength:
		return fmt.Errorf("SSCC %s has %d characters, expected %d", Visible(c), len(c), ssccLength)
	case c[:2] != "00":
		return fmt.Errorf("SSCC %s begins %s, expected 00", Visible(c), Visible(c[:2]))
	}
	want, err := CheckDigit(string(c[2 : ssccLength-1]))
	if err != nil {
		return fmt.Errorf("SSCC %s: %w", Visible(c), err)
	}
	if got := c[ssccLength-1]; got != want {
		return fmt.Errorf("SSCC %s ends in %q, expected check digit %c", Visible(c), got, want)
	}
	return nil
}

// isSSCC is ValidSSCC without a reason, so without allocation.
func isSSCC(c Code) bool {
	return len(c) == ssccLength && c[:2] == "00" && digits(string(c)) &&
		mod10(string(c[2:ssccLength-1])) == c[ssccLength-1]
}
