package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"linemark/internal/code"
)

// parsed is the answer of code parse in JSON. Codes are shown with GS as {GS}.
type parsed struct {
	Code     string    `json:"code"`
	Group    string    `json:"group"`
	Type     string    `json:"type"`
	Ident    string    `json:"identification_code"`
	GTIN     string    `json:"gtin"`
	Serial   string    `json:"serial"`
	Elements []element `json:"elements"`
	GSLost   bool      `json:"gs_lost"`
	GSAt     []int     `json:"gs_at"` // positions of GS in the code, from 0
	Warnings []string  `json:"warnings"`
}

type element struct {
	AI    string `json:"ai"`
	Value string `json:"value"`
}

func runCode(_ context.Context, c *console, args []string) error {
	if len(args) > 0 && slices.Contains([]string{"help", "--help", "-h"}, args[0]) {
		return help(c, "code")
	}
	if len(args) == 0 || args[0] != "parse" {
		return wrong(errors.New("code needs a word: parse"), "linemark code parse --group water CODE")
	}
	var group, typ string
	var asJSON bool
	rest, err := flags(c, "code", args[1:], func(fs *flag.FlagSet) {
		fs.StringVar(&group, "group", "", "the product `group`: "+strings.Join(code.Table{}.Groups(), ", "))
		fs.StringVar(&typ, "type", string(code.Unit), "UNIT or GROUP")
		fs.BoolVar(&asJSON, "json", false, "answer in JSON")
	})
	if err != nil {
		return err
	}
	text, err := codeArgument(c, rest)
	if err != nil {
		return err
	}
	if group == "" {
		return wrong(errors.New("--group is needed: the length of a code does not tell its group"), "one of "+strings.Join(code.Table{}.Groups(), ", "))
	}
	p, err := code.Table{}.Profile(group, code.Type(typ))
	if err != nil {
		return wrong(err, "groups: "+strings.Join(code.Table{}.Groups(), ", ")+"; types: UNIT, GROUP")
	}
	parts, err := p.Parse(text)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", code.Visible(text), err), "compare it with the label; {GS} stands for the separator byte 1D")
	}
	out := parsed{Code: code.Visible(text), Group: group, Type: typ, Ident: code.Visible(parts.Ident), GTIN: parts.GTIN, Serial: code.Visible(code.Code(parts.Serial)),
		GSLost: parts.GSLost, GSAt: []int{}, Elements: []element{}, Warnings: append([]string{}, parts.Warnings...)}
	for i := range len(text) {
		if text[i] == code.GS {
			out.GSAt = append(out.GSAt, i)
		}
	}
	for _, e := range parts.Elements() {
		out.Elements = append(out.Elements, element{e.AI, code.Visible(code.Code(e.Value))})
	}
	if asJSON {
		body, err := json.MarshalIndent(out, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, string(body))
		return nil
	}
	fmt.Fprintf(c.out, "code                 %s\nidentification code  %s\nGTIN                 %s\nserial               %s\n", out.Code, out.Ident, out.GTIN, out.Serial)
	for _, e := range out.Elements {
		fmt.Fprintf(c.out, "  (%s) %s\n", e.AI, e.Value)
	}
	switch {
	case len(out.GSAt) > 0:
		fmt.Fprintf(c.out, "GS                   at byte %s\n", strings.Trim(fmt.Sprint(out.GSAt), "[]"))
	case out.GSLost:
		fmt.Fprintln(c.out, "GS                   lost: the code was cut by its length")
	}
	for _, w := range out.Warnings {
		fmt.Fprintf(c.out, "warning: %s\n", w)
	}
	return nil
}
