package code

import "fmt"

// CheckDigit computes the GS1 check digit (mod 10) of digits that do not yet include it and
// returns it as an ASCII digit. From the right the weights are 3, 1, 3, 1 and so on: the same
// rule for GTIN-14, GLN-13 and SSCC-18 (GS1 General Specifications). The error says
// that there are no digits, or is a *CharError.
func CheckDigit(digits string) (byte, error) {
	if digits == "" {
		return 0, fmt.Errorf("check digit of no digits")
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, &CharError{Byte: digits[i], Pos: i, Rule: "a digit"}
		}
	}
	return mod10(digits), nil
}

// mod10 is CheckDigit over what is known to be digits.
func mod10(digits string) byte {
	sum, weight := 0, 3
	for i := len(digits) - 1; i >= 0; i-- {
		sum += weight * int(digits[i]-'0')
		weight = 4 - weight
	}
	return byte('0' + (10-sum%10)%10)
}

// ValidGTIN checks that s is 14 digits with the right check digit; the error names the one
// expected. National samples break the rule, so it is a refusal only for our own data.
func ValidGTIN(s string) error {
	if len(s) != GTINLength {
		return fmt.Errorf("GTIN %q has %d characters, expected %d digits", s, len(s), GTINLength)
	}
	want, err := CheckDigit(s[:GTINLength-1])
	if err != nil {
		return fmt.Errorf("GTIN %q: %w", s, err)
	}
	if got := s[GTINLength-1]; got != want {
		return fmt.Errorf("GTIN %q ends in %q, expected check digit %c", s, got, want)
	}
	return nil
}
