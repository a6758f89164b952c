package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"linemark/internal/code"
)

// codeSSCC makes a transport code, or checks one.
func codeSSCC(_ context.Context, c *console, args []string) error {
	var prefix string
	var serial int64
	rest, err := flags(c, "code", args, func(fs *flag.FlagSet) {
		fs.StringVar(&prefix, "prefix", "", "extension digit and company part, 10 `digits`: makes a code")
		fs.Int64Var(&serial, "serial", -1, "its serial `number`, 0 to 9999999")
	})
	if err != nil {
		return err
	}
	const example = "linemark code sscc --prefix 0307797292 --serial 1, or linemark code sscc 00030779729200000015"
	if prefix != "" {
		if serial < 0 || len(rest) > 0 {
			return wrong(errors.New("--prefix needs --serial and no code"), example)
		}
		made, err := code.SSCC(prefix, uint64(serial))
		if err != nil {
			return wrong(err, example)
		}
		fmt.Fprintln(c.out, made)
		return nil
	}
	if serial >= 0 || len(rest) != 1 {
		return wrong(errors.New("a transport code is needed, or --prefix and --serial to make one"), example)
	}
	text, err := codeArgument(c, rest)
	if err != nil {
		return err
	}
	if len(text) == 18 {
		text = "00" + text // as printed on labels without its identifier
	}
	own, n, err := code.ParseSSCC(text)
	if err != nil {
		return failed(err, "compare it with the label: 00 and 18 digits")
	}
	fmt.Fprintf(c.out, "SSCC                 %s\nextension digit      %s\ncompany part         %s\nserial               %07d\ncheck digit          %s\n", text, own[:1], own[1:], n, text[len(text)-1:])
	return nil
}
