package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"linemark/internal/code"
	"linemark/internal/escape"
)

func runEscape(medium, gs string, c code.Code) (string, error) {
	switch medium {
	case "url":
		return escape.URLCode(c), nil
	case "json-get":
		return escape.JSONGet(c), nil
	case "json":
		body, err := escape.JSONString(c)
		return string(body), err
	case "csv":
		field, err := escape.CSV(c)
		return string(field), err
	case "csv-izkm":
		field, err := escape.CSVIzkm(c)
		return string(field), err
	}
	x, err := escape.NewXML(gs)
	if err != nil {
		return "", err
	}
	text, err := x.Text(c)
	return string(text), err
}

var media = []string{"url", "json-get", "json", "csv", "csv-izkm", "xml"}

// codeEscape prints the escaped text alone, for a person or a script.
func codeEscape(_ context.Context, c *console, args []string) error {
	var medium, gs string
	rest, err := flags(c, "code", args, func(fs *flag.FlagSet) {
		fs.StringVar(&medium, "for", "", "the `medium`: "+strings.Join(media, ", "))
		fs.StringVar(&gs, "gs", "", "xml only: the `text` that the receiver takes for GS, such as {GS}")
	})
	if err != nil {
		return err
	}
	known := false
	for _, m := range media {
		known = known || m == medium
	}
	switch {
	case medium == "":
		return wrong(errors.New("--for is needed"), "one of "+strings.Join(media, ", "))
	case !known:
		return wrong(fmt.Errorf("medium %q is unknown", medium), "one of "+strings.Join(media, ", "))
	case gs != "" && medium != "xml":
		return wrong(errors.New("--gs belongs to --for xml"), "every other medium carries GS")
	}
	text, err := codeArgument(c, rest)
	if err != nil {
		return err
	}
	out, err := runEscape(medium, gs, text)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", code.Visible(text), err), escapeHint(medium))
	}
	fmt.Fprintln(c.out, out)
	return nil
}

func escapeHint(medium string) string {
	if medium == "xml" {
		return "give the identification code, which has no GS, or agree a text with the receiver: --gs '{GS}'"
	}
	return "a code of this system is ASCII: read the symbol again"
}
