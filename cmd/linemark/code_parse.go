package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"linemark/internal/code"
	"linemark/internal/mangle"
)

// parsed is the answer of code parse in JSON. Codes are shown with GS as {GS}.
type parsed struct {
	Code     string     `json:"code"`
	Length   int        `json:"length"` // bytes
	Group    string     `json:"group,omitempty"`
	Type     string     `json:"type,omitempty"`
	Ident    string     `json:"identification_code,omitempty"`
	GTIN     string     `json:"gtin,omitempty"`
	Serial   string     `json:"serial,omitempty"`
	Elements []element  `json:"elements"`
	GSLost   bool       `json:"gs_lost"`
	GSAt     []int      `json:"gs_at"` // positions of GS in the code, from 0
	Fits     []string   `json:"fits"`  // structures that the code has, "water UNIT"
	Misfits  []string   `json:"does_not_fit,omitempty"`
	Happened []happened `json:"happened,omitempty"`
	Was      string     `json:"was,omitempty"` // the code before what happened to it
	Problems []string   `json:"problems"`
	Notes    []string   `json:"notes"`
}

type element struct {
	AI    string `json:"ai"`
	Value string `json:"value"`
	Title string `json:"title,omitempty"`
}

type happened struct {
	What string `json:"what"`
	Who  string `json:"who"`
	Do   string `json:"do"`
}

func codeParse(_ context.Context, c *console, args []string) error {
	var s structure
	var asJSON bool
	rest, err := flags(c, "code", args, func(fs *flag.FlagSet) {
		s.define(fs)
		fs.BoolVar(&asJSON, "json", false, "answer in JSON")
	})
	if err != nil {
		return err
	}
	text, err := codeArgument(c, rest)
	if err != nil {
		return err
	}
	if err := s.resolve(); err != nil {
		return err
	}
	out := parse(&s, text)
	if asJSON {
		if err := printJSON(c.out, out); err != nil {
			return err
		}
	} else {
		out.print(c.out)
	}
	if len(out.Problems) == 0 {
		return nil
	}
	hint := "compare it with the label; {GS} stands for the separator byte 1D"
	if len(out.Happened) > 0 {
		hint = out.Happened[len(out.Happened)-1].Do
	}
	return failed(errors.New(strings.Join(out.Problems, "; ")), hint)
}

// parse tells all that can be told of a text.
func parse(s *structure, text code.Code) parsed {
	out := parsed{Code: code.Visible(text), Length: len(text), GSAt: []int{}, Elements: []element{}, Fits: []string{}, Problems: []string{}, Notes: []string{}}
	for i := range len(text) {
		if text[i] == code.GS {
			out.GSAt = append(out.GSAt, i)
		}
	}
	if prefix, serial, err := code.ParseSSCC(text); err == nil {
		out.Elements = append(out.Elements, element{AI: "00", Value: string(text[2:]), Title: "SSCC"})
		out.Notes = append(out.Notes, fmt.Sprintf("a transport code (SSCC): extension digit %s, company part %s, serial %07d, check digit %s", prefix[:1], prefix[1:], serial, text[len(text)-1:]))
		return out
	}
	subject, problems := text, out.fit(s, text)
	switch {
	case len(out.Fits) == 0:
		out.Problems = problems
		subject = out.explain(s, text)
	case lost(s, text):
		out.Notes = append(out.Notes, "it may as well be a full code of another group whose separators were lost (see below): name the group with --group")
	}
	out.take(s, subject)
	return out
}

// explain tells what happened to a text that is no code as issued, and returns what it was.
func (out *parsed) explain(s *structure, text code.Code) code.Code {
	if len(text) == 20 && strings.HasPrefix(string(text), "00") && strings.Trim(string(text), "0123456789") == "" {
		out.Problems, out.Misfits = []string{code.ValidSSCC(text).Error()}, nil
		return text
	}
	orSSCC := func(fits func(code.Code) bool) func(code.Code) bool {
		return func(c code.Code) bool { return code.ValidSSCC(c) == nil || fits(c) }
	}
	was, found, ok := mangle.Explain(text, orSSCC(s.fits))
	gsLost := false
	if len(found) == 0 { // GS is lost, besides what else happened
		was, found, ok = mangle.Explain(text, func(c code.Code) bool { return lost(s, c) })
		gsLost = ok
	}
	for _, f := range found {
		out.Happened = append(out.Happened, happened(f))
	}
	if gsLost || lost(s, text) {
		out.Happened = append(out.Happened, happened{
			What: "every separator GS (byte 1D) is missing, the rest has the right length",
			Who:  "readers set to leave out what does not print, keyboards and text fields drop it",
			Do:   "set the reader to send GS, or a mark for it that its gs setting names; a code without GS is matched with issued codes exactly or not at all",
		})
	}
	if !ok {
		return text
	}
	out.Was = code.Visible(was)
	return was
}

// lost tells whether all that is wrong with a code is that its separators are missing.
func lost(s *structure, c code.Code) bool {
	for _, p := range s.profiles {
		if parts, wrong := faults(p, c); parts.GSLost && len(wrong) == 1 {
			return true
		}
	}
	return false
}

// fits is what a code must be for a person: see faults.
func (s *structure) fits(c code.Code) bool {
	for _, p := range s.profiles {
		if _, wrong := faults(p, c); len(wrong) == 0 {
			return true
		}
	}
	return false
}

// fit notes which structures the code has, and says why it has none of those asked for.
func (out *parsed) fit(s *structure, c code.Code) (problems []string) {
	for _, p := range s.profiles {
		if _, wrong := faults(p, c); len(wrong) > 0 {
			out.Misfits = append(out.Misfits, fmt.Sprintf("%s %s: %s", p.Group, p.Type, strings.TrimPrefix(wrong[0], fmt.Sprintf("%s %s code: ", p.Group, p.Type))))
			problems = append(problems, wrong...)
			continue
		}
		out.Fits = append(out.Fits, p.Group+" "+string(p.Type))
	}
	if s.group != "" {
		out.Misfits = nil
		if len(out.Fits) > 0 {
			return nil
		}
		var others []string
		for _, p := range s.table.Profiles() {
			if _, wrong := faults(p, c); len(wrong) == 0 {
				others = append(others, p.Group+" "+string(p.Type))
			}
		}
		if len(others) > 0 {
			out.Notes = append(out.Notes, "it fits "+strings.Join(others, ", "))
		}
		return problems
	}
	if len(out.Fits) == 0 {
		return []string{"the code fits no product group"}
	}
	if len(out.Fits) > 1 {
		out.Notes = append(out.Notes, "the group of a code is that of its order: several have codes of this form")
	}
	return nil
}

// take takes the code apart by the structure that it has, or else by the one asked for.
func (out *parsed) take(s *structure, c code.Code) {
	p := s.profiles[0]
	for _, candidate := range s.profiles {
		if _, wrong := faults(candidate, c); len(wrong) == 0 {
			p = candidate
			break
		}
	}
	if s.group != "" {
		out.Group, out.Type = p.Group, string(p.Type)
	}
	parts, err := p.Parse(c)
	if err != nil || code.ValidSSCC(c) == nil {
		out.elements(c)
		return
	}
	out.Ident, out.GTIN, out.Serial, out.GSLost = code.Visible(parts.Ident), parts.GTIN, code.Visible(code.Code(parts.Serial)), parts.GSLost
	for _, e := range parts.Elements() {
		out.add(e)
	}
	if parts.Tail == "" && p.Full > p.KI {
		out.Notes = append(out.Notes, "this is the identification code alone, the check part is missing: enough to trace it and to aggregate, but printing, utilisation and dropout need the full code")
	}
}

// elements shows a text of no known structure as a GS1 element string, as far as it is one.
func (out *parsed) elements(c code.Code) {
	found, err := code.ParseElements(c)
	if len(found) < 2 && err != nil {
		return
	}
	for _, e := range found {
		out.add(e)
	}
}

func (out *parsed) add(e code.Element) {
	shown := element{AI: e.AI, Value: code.Visible(code.Code(e.Value))}
	if ai, ok := code.LookupAI(e.AI); ok {
		shown.Title = ai.Title
	}
	out.Elements = append(out.Elements, shown)
}

func (out *parsed) print(w io.Writer) {
	line := func(name, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			fmt.Fprintf(w, "%-20s %s\n", name, text)
		}
	}
	line("code", "%s", out.Code)
	line("length", "%d bytes", out.Length)
	for _, h := range out.Happened {
		line("what happened", "%s: %s", h.What, h.Who)
		line("", "%s", h.Do)
	}
	line("it was", "%s", out.Was)
	line("identification code", "%s", out.Ident)
	line("GTIN", "%s", out.GTIN)
	line("serial", "%s", out.Serial)
	for _, e := range out.Elements {
		title := ""
		if e.Title != "" {
			title = "  " + e.Title
		}
		if e.AI == "" {
			line("", "%s", e.Value)
			continue
		}
		line("", "(%s) %s%s", e.AI, e.Value, title)
	}
	switch {
	case len(out.GSAt) > 0:
		line("GS", "after byte %s", strings.Trim(fmt.Sprint(out.GSAt), "[]"))
	case out.GSLost:
		line("GS", "lost: the code was cut by its length")
	}
	line("fits", "%s", strings.Join(out.Fits, ", "))
	for _, m := range out.Misfits {
		line("does not fit", "%s", m)
	}
	for _, n := range out.Notes {
		line("note", "%s", n)
	}
}
