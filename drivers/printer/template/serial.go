package template

import (
	"fmt"
	"slices"
)

// CheckSerial returns why a label whose {serial} is written by write cannot go with a code. The
// serial is a piece of the code, and no driver knows which: so write must take every byte but GS,
// which is in no value. A code is asked about before it is claimed for a product; the label is
// written later, where a refusal would cost the code.
func CheckSerial(code []byte, write func(text string) error) error {
	for i, b := range code {
		if b == 0x1d {
			continue
		}
		if err := write(string([]byte{b})); err != nil {
			return fmt.Errorf("byte %d of the code is %02X (%c), and the label shows {serial} in a place that cannot hold it", i+1, b, b)
		}
	}
	return nil
}

// Shows reports whether a text holds a placeholder.
func Shows(parts []Part, name string) bool {
	return slices.ContainsFunc(parts, func(p Part) bool { return p.Name == name })
}
