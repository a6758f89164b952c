package drivers

import (
	"strconv"
	"strings"
)

// ParseGrade reads a print quality as scanners send it and people write it: a letter from A (4) to
// F (0), or a number from 0 to 4 as in ISO/IEC 15415, perhaps with aperture, wavelength and angle
// behind a slash ("3.4/10/660").
func ParseGrade(text string) (grade float64, ok bool) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "/")
	if i := strings.Index("FDCBA", strings.ToUpper(text)); len(text) == 1 && i >= 0 {
		return float64(i), true
	}
	grade, err := strconv.ParseFloat(text, 64)
	return grade, err == nil && grade >= 0 && grade <= 4
}
