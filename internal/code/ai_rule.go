package code

import (
	"fmt"
	"strings"
)

// rule is something about a part of a value that its characters and length do not say. It is
// asked only after they were found right. An empty problem means that the rule is kept.
type rule struct {
	name  string // for people
	fault func(s string) (at int, problem string)
}

var (
	ruleCheckDigit = rule{"check digit", func(s string) (int, string) {
		last := len(s) - 1
		if want := mod10(s[:last]); s[last] != want {
			return last, fmt.Sprintf("ends in %q, expected check digit %c", s[last], want)
		}
		return 0, ""
	}}
	// Stands behind rulePrefix, so that there are characters before the two.
	ruleCheckPair = rule{"two check characters", func(s string) (int, string) {
		body, pair := s[:len(s)-2], s[len(s)-2:]
		if want := checkPair(body); pair != want {
			return len(body), fmt.Sprintf("ends in %q, expected check characters %s", pair, want)
		}
		return 0, ""
	}}
	// A GS1 company prefix has four digits or more. Whose it is only GS1 can tell.
	rulePrefix = rule{"company prefix first", func(s string) (int, string) {
		for i := range 4 {
			if i == len(s) || !isDigit(s[i]) {
				return i, "expected a company prefix of four digits or more"
			}
		}
		return 0, ""
	}}
	ruleNotDigits = rule{"not only digits", func(s string) (int, string) {
		if digits(s) {
			return 0, "only digits, expected another character among them"
		}
		return 0, ""
	}}
	rulePercent = rule{"percent-encoded", func(s string) (int, string) {
		for i := range len(s) {
			if s[i] == '%' && (len(s) < i+3 || !isHex(s[i+1]) || !isHex(s[i+2])) {
				return i, "%, expected two hexadecimal digits behind it"
			}
		}
		return 0, ""
	}}
	ruleLetters = rule{"capital letters", func(s string) (int, string) {
		for i := range len(s) {
			if !isCapital(s[i]) {
				return i, fmt.Sprintf("%s, expected a capital letter", seenByte(s[i]))
			}
		}
		return 0, ""
	}}
	rulePositive = rule{"not zero", func(s string) (int, string) {
		if strings.Trim(s, "0") == "" {
			return 0, "zero, expected a number above it"
		}
		return 0, ""
	}}
	ruleNoZeros = rule{"no leading zero", func(s string) (int, string) {
		if s[0] == '0' {
			return 0, "a leading zero, expected none"
		}
		return 0, ""
	}}
	ruleImporter = rule{"importer index", func(s string) (int, string) {
		if !in64(s[0]) {
			return 0, fmt.Sprintf("%s, expected a digit, a letter, - or _", seenByte(s[0]))
		}
		return 0, ""
	}}
	ruleZero    = oneOf("0")
	ruleYesNo   = oneOf("01")
	ruleWinding = oneOf("019")  // outside, inside, not applicable
	ruleSex     = oneOf("0129") // ISO/IEC 5218
	ruleMinus   = oneOf("-")

	// Degrees times ten million, shifted so that none are negative.
	ruleLatitude  = atMost("latitude", "1800000000")
	ruleLongitude = atMost("longitude", "3600000000")

	rulePiece = rule{"piece and total", func(s string) (int, string) {
		piece, total := s[:len(s)/2], s[len(s)/2:]
		if strings.Trim(piece, "0") == "" || piece > total {
			return 0, fmt.Sprintf("piece %s of %s, expected 1 to the total", piece, total)
		}
		return 0, ""
	}}
	ruleBirth = rule{"place/number of children", func(s string) (int, string) {
		place, total, ok := strings.Cut(s, "/")
		if !ok || !digits(place+total) || place == "" || total == "" || place[0] == '0' ||
			len(place) > len(total) || len(place) == len(total) && place > total {
			return 0, fmt.Sprintf("%q, expected such as 1/2", s)
		}
		return 0, ""
	}}
	ruleIBAN = rule{"IBAN", func(s string) (int, string) {
		if rest, ok := mod97(s); !ok {
			return 0, "expected two capital letters, two digits, then capital letters and digits"
		} else if rest != 1 {
			return 2, fmt.Sprintf("check digits %s are wrong", s[2:4])
		}
		return 0, ""
	}}
)

// oneOf allows one character out of those given.
func oneOf(characters string) rule {
	name := strings.Join(strings.Split(characters, ""), " or ")
	return rule{name, func(s string) (int, string) {
		if !strings.Contains(characters, s) {
			return 0, fmt.Sprintf("%s, expected %s", seenByte(s[0]), name)
		}
		return 0, ""
	}}
}

// atMost compares digits with a limit of the same length.
func atMost(name, limit string) rule {
	return rule{name, func(s string) (int, string) {
		if s > limit {
			return 0, fmt.Sprintf("%s, expected at most %s", s, limit)
		}
		return 0, ""
	}}
}

func isHex(b byte) bool { return isDigit(b) || 'A' <= b && b <= 'F' || 'a' <= b && b <= 'f' }

// primes weigh the characters before a check pair, from the right. No value that has a pair is
// longer than 25 characters.
var primes = [...]int{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83}

// checkPair computes the two check characters of an alphanumeric key whose other characters
// are of set 82: their places in that set, weighed with primes, modulo 1021, written in two
// characters of a set of 32 that leaves out 0, 1, I and O (GS1 General Specifications, 7.9.5).
func checkPair(body string) string {
	const set32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	sum := 0
	for i := range len(body) {
		sum += primes[len(body)-1-i] * strings.IndexByte(Set82, body[i])
	}
	sum %= 1021
	return string([]byte{set32[sum/32], set32[sum%32]})
}

// mod97 is the remainder of an IBAN (ISO 13616), which is 1 for a right one, and false for
// what cannot be an IBAN.
func mod97(s string) (rest int, ok bool) {
	if len(s) < 5 || !isCapital(s[0]) || !isCapital(s[1]) || !digits(s[2:4]) {
		return 0, false
	}
	for _, b := range []byte(s[4:] + s[:4]) {
		switch {
		case isDigit(b):
			rest = (rest*10 + int(b-'0')) % 97
		case isCapital(b):
			rest = (rest*100 + int(b-'A') + 10) % 97
		default:
			return 0, false
		}
	}
	return rest, true
}
