package line

import (
	"fmt"
	"slices"
)

// Quality is what a reading must satisfy beside showing the right code.
type Quality struct {
	Grade float64 // the lowest print quality that passes, 0 (F) to 4 (A) as in ISO/IEC 15415; 0: any, and none at all
	GS1   bool    // the codes are GS1 element strings: they stand in a GS1 symbol, led by FNC1
}

// gs1Symbols are the AIM identifiers of symbols with FNC1 in the first position (ISO/IEC 15424); of
// Data Matrix ]d5 is the one with ECI.
var gs1Symbols = []string{"]d2", "]d5", "]C1", "]e0", "]Q3", "]Q4", "]J1", "]J4"}

// fault returns why a reading must not pass although it may be a known code; empty if it may.
func (q Quality) fault(s Scan) string {
	if q.GS1 && s.AIM != "" && !slices.Contains(gs1Symbols, s.AIM) {
		return fmt.Sprintf("the symbol is no GS1 symbol (%s): its leading FNC1 is missing", s.AIM)
	}
	if q.Grade == 0 {
		return ""
	}
	switch {
	case s.Grade.Text == "":
		return "the scanner gave no grade"
	case !s.Grade.Known:
		return fmt.Sprintf("the grade %q is not understood", s.Grade.Text)
	case s.Grade.Value < q.Grade:
		return fmt.Sprintf("print quality %s is below %.1f", s.Grade.Text, q.Grade)
	}
	return ""
}
