package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"linemark/internal/code"
)

// codeCheck judges many codes, a line for each. Numbers of GS1 lengths need no group.
func codeCheck(_ context.Context, c *console, args []string) error {
	var s structure
	rest, err := flags(c, "code", args, s.define)
	if err != nil {
		return err
	}
	if err := s.resolve(); err != nil {
		return err
	}
	if len(rest) == 0 {
		return wrong(errors.New("a code is needed"), "put each in single quotes, or give - and one code a line on standard input")
	}
	bad, total := 0, 0
	judge := func(text code.Code) {
		total++
		verdict, ok := s.judge(text)
		if !ok {
			bad++
		}
		fmt.Fprintf(c.out, "%s  %s  %s\n", map[bool]string{true: "ok ", false: "bad"}[ok], code.Visible(text), verdict)
	}
	for _, arg := range rest {
		if arg != "-" {
			judge(code.Code(strings.ReplaceAll(arg, "{GS}", string(code.GS))))
			continue
		}
		lines := bufio.NewScanner(c.in)
		for lines.Scan() {
			judge(code.Code(lines.Text()))
		}
		if err := lines.Err(); err != nil {
			return fmt.Errorf("reading the codes: %w", err)
		}
	}
	if bad > 0 {
		return failed(fmt.Errorf("%d of %d are bad", bad, total), "linemark code parse tells more of each")
	}
	return nil
}

// numbers are the GS1 identification numbers that end in a check digit, by their length.
var numbers = map[int]string{8: "GTIN-8", 12: "GTIN-12", 13: "GTIN-13 or GLN", 14: "GTIN-14", 18: "SSCC without its 00"}

// judge says in one line what a text is, or what is wrong with it.
func (s *structure) judge(c code.Code) (verdict string, ok bool) {
	digits := strings.Trim(string(c), "0123456789") == ""
	if name := numbers[len(c)]; digits && name != "" && s.group == "" {
		want, err := code.CheckDigit(string(c[:len(c)-1]))
		if err == nil && want == c[len(c)-1] {
			return name + ", the check digit is right", true
		}
		return fmt.Sprintf("%s ends in %c, expected check digit %c", name, c[len(c)-1], want), false
	}
	if digits && len(c) == 20 && c[:2] == "00" {
		if err := code.ValidSSCC(c); err != nil {
			return err.Error(), false
		}
		return "SSCC, the check digit is right", true
	}
	if code.ValidSSCC(c) == nil {
		return "SSCC", true
	}
	out := parsed{}
	problems := out.fit(s, c)
	if len(out.Fits) == 0 {
		return strings.Join(problems, "; "), false
	}
	return strings.Join(out.Fits, ", "), true
}
