package template

import (
	"fmt"
	"strconv"
)

// Picture is the name of the placeholder for a label's picture, {picture:MM}. Only a driver that
// prints pictures takes it: it names Picture to Parse.
const Picture = "picture"

// MaxWidth is the width in millimetres of the widest picture.
const MaxWidth = 200

// picture reads the inside of {picture:MM}.
func picture(inside, width string, printed bool) (Part, error) {
	if !printed {
		return Part{}, &Error{fmt.Sprintf("{%s}: this driver prints no pictures", inside), `the drivers "zpl", "tspl" and "sbpl" do`}
	}
	n, err := strconv.Atoi(width)
	if err != nil || n < 1 || n > MaxWidth || strconv.Itoa(n) != width {
		return Part{}, &Error{fmt.Sprintf("{%s} does not say how wide the picture is", inside),
			fmt.Sprintf("write it like {picture:40}: whole millimetres, from 1 to %d", MaxWidth)}
	}
	return Part{Name: Picture, Format: width}, nil
}

// Millimetres returns how wide the picture of a part {picture:MM} is.
func Millimetres(p Part) int {
	n, _ := strconv.Atoi(p.Format)
	return n
}
