package symbol

import (
	"fmt"

	"linemark/internal/code"
)

// Row is a bar code without its quiet zones.
type Row struct {
	Size int // in modules
	dark []bool
}

// Dark says whether module x, counted from the left, is dark. Beyond the symbol none is.
func (r Row) Dark(x int) bool { return x >= 0 && x < r.Size && r.dark[x] }

// Values of Code 128 that are no pair of digits (ISO/IEC 15417, table 1).
const (
	fnc1Bars = 102
	startC   = 105
	stop     = 106
)

// widths of bars and spaces by turns, six to a value; the stop has a seventh.
const widths = "" +
	"212222222122222221121223121322131222122213122312132212221213" +
	"221312231212112232122132122231113222123122123221223211221132" +
	"221231213212223112312131311222321122321221312212322112322211" +
	"212123212321232121111323131123131321112313132113132311211313" +
	"231113231311112133112331132131113123113321133121313121211331" +
	"231131213113213311213131311123311321331121312113312311332111" +
	"314111221411431111111224111422121124121421141122141221112214" +
	"112412122114122411142112142211241211221114413111241112134111" +
	"111242121142121241114212124112124211411212421112421211212141" +
	"214121412121111143111341131141114113114311411113411311113141" +
	"1141313111414111312114122112142112322331112"

// Bars makes the GS1-128 symbol of a transport code (GS1 General Specifications, 5.4): start, FNC1 and pairs of digits
// in code set C, check character, stop. The error is that of code.ValidSSCC.
func Bars(sscc code.Code) (Row, error) {
	if err := code.ValidSSCC(sscc); err != nil {
		return Row{}, fmt.Errorf("making bars: %w", err)
	}
	values := []int{startC, fnc1Bars}
	for i := 0; i < len(sscc); i += 2 {
		values = append(values, int(sscc[i]-'0')*10+int(sscc[i+1]-'0'))
	}
	check := 0
	for i, v := range values {
		check += max(i, 1) * v
	}
	var r Row
	dark := true
	draw := func(pattern string) {
		for _, width := range []byte(pattern) {
			for range width - '0' {
				r.dark = append(r.dark, dark)
			}
			dark = !dark
		}
	}
	for _, v := range append(values, check%103) {
		draw(widths[6*v : 6*v+6])
	}
	draw(widths[6*stop:])
	r.Size = len(r.dark)
	return r, nil
}
