package drivers

import (
	"fmt"
	"math"
	"strconv"
)

// Text writes a value of the point as people do.
func (p Point) Text(v uint64) string {
	switch {
	case p.Float:
		return strconv.FormatFloat(math.Float64frombits(v), 'g', -1, 64)
	case p.Signed:
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatUint(v, 10)
}

// Type names the point's type: bit, or such as uint32, int16 and float32.
func (p Point) Type() string {
	switch {
	case p.Bits == 1:
		return "bit"
	case p.Float:
		return fmt.Sprintf("float%d", p.Bits)
	case p.Signed:
		return fmt.Sprintf("int%d", p.Bits)
	}
	return fmt.Sprintf("uint%d", p.Bits)
}
