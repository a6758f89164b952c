package graphics

import (
	"fmt"
	"slices"

	"linemark/drivers"
	"linemark/drivers/link/option"
)

// resolutions are those of printers. Six, eight, twelve and twenty-four dots a millimetre are called both by
// round numbers and by exact ones.
var resolutions = []int{150, 152, 200, 203, 300, 305, 600, 609}

const hint = "write dpi = 203, 300 or 600, as it stands on the printer's plate or in its manual"

// Resolution reads the setting dpi; 0 where it is absent or wrong.
func Resolution(k *option.Keys) int {
	dpi := k.Int("dpi", 0, resolutions[0], resolutions[len(resolutions)-1])
	if dpi != 0 && !slices.Contains(resolutions, dpi) {
		k.Fail("dpi", fmt.Sprintf("no printer is known with %d dots an inch", dpi), hint)
	}
	return dpi
}

// Need says to k that dpi is missing where the label has a picture and the settings do not name it.
func (w Want) Need(k *option.Keys, s drivers.Settings) {
	if _, given := s.Options["dpi"]; w.Width > 0 && !given {
		k.Fail("dpi", fmt.Sprintf("the label has {picture:%d}, and how many dots an inch the printer has is missing", w.Width), hint)
	}
}
