package sim

import (
	"fmt"

	"linemark/internal/code"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func try(err error) {
	if err != nil {
		panic(err)
	}
}

const unitGTIN = "04780012345677"

func codesOf(gtin string, from, n int) []code.Code {
	codes := make([]code.Code, n)
	for i := range codes {
		codes[i] = code.Code(fmt.Sprintf("01%s21s93%010d%c93%04d", gtin, from+i, code.GS, from+i))
	}
	return codes
}

func texts(codes []code.Code) []string {
	all := make([]string, len(codes))
	for i, c := range codes {
		all[i] = string(c)
	}
	return all
}
