package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"linemark/internal/code"
	"linemark/internal/config"
)

// codeWords are what linemark code can do.
func codeWords() []word {
	return []word{{"parse", codeParse}, {"check", codeCheck}, {"escape", codeEscape}, {"sscc", codeSSCC}}
}

// word is the second word of a command.
type word struct {
	name string
	run  func(context.Context, *console, []string) error
}

// choose runs the word that a command's arguments begin with.
func choose(ctx context.Context, c *console, command string, words []word, args []string, example string) error {
	if len(args) > 0 && slices.Contains([]string{"help", "--help", "-h"}, args[0]) {
		return help(c, command)
	}
	var names []string
	for _, w := range words {
		if len(args) > 0 && w.name == args[0] {
			return w.run(ctx, c, args[1:])
		}
		names = append(names, w.name)
	}
	known := strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
	if len(args) > 0 {
		return wrong(fmt.Errorf("%s knows no %q", command, args[0]), "it knows "+strings.Join(names, ", "))
	}
	return wrong(fmt.Errorf("%s needs a word: %s", command, known), example)
}

func runCode(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "code", codeWords(), args, "linemark code parse --group water CODE")
}

// structure is the flags that say what a code should be.
type structure struct {
	group, typ, config string

	table    code.Table
	profiles []code.Profile // those asked for; all, without a group
}

func (s *structure) define(fs *flag.FlagSet) {
	fs.StringVar(&s.group, "group", "", "the product `group`: "+strings.Join(code.Table{}.Groups(), ", "))
	fs.StringVar(&s.typ, "type", "", "UNIT (default) or GROUP")
	fs.StringVar(&s.config, "config", "", "a configuration `file` whose [[group]] tables count")
}

// resolve finds the structures that the flags name.
func (s *structure) resolve() error {
	if s.config != "" {
		cfg, err := config.Load(s.config)
		var problems config.Problems
		if errors.As(err, &problems) { // only those of the groups matter at a desk: the token may well be missing there
			problems = slices.DeleteFunc(problems, func(p config.Problem) bool {
				return p.Key != "file" && p.Key != "syntax" && !strings.HasPrefix(p.Key, "group")
			})
			if len(problems) > 0 {
				return problems
			}
		} else if err != nil {
			return err
		}
		s.table = cfg.Table
	}
	types := []code.Type{code.Type(s.typ)}
	switch s.typ {
	case string(code.Unit), string(code.Group):
	case "":
		types = []code.Type{code.Unit, code.Group}
		if s.group != "" {
			types = types[:1]
		}
	default:
		return wrong(fmt.Errorf("type %q is unknown", s.typ), "types: UNIT, GROUP")
	}
	groups := s.table.Groups()
	if s.group != "" {
		groups = []string{s.group}
	}
	for _, g := range groups {
		for _, t := range types {
			p, err := s.table.Profile(g, t)
			if err == nil {
				s.profiles = append(s.profiles, p)
				continue
			}
			if s.group != "" {
				return wrong(err, "groups: "+strings.Join(s.table.Groups(), ", ")+"; types: UNIT, GROUP")
			}
		}
	}
	if len(s.profiles) == 0 {
		return wrong(errors.New("no group has codes of type "+s.typ), "leave --type out")
	}
	return nil
}

// faults are what is wrong with a code that a person has in hand: it must be whole, or the
// identification code alone, and keep every rule. Data of a server may break some of them.
func faults(p code.Profile, c code.Code) (parts code.Parts, all []string) {
	parts, err := p.Parse(c)
	if err != nil {
		return parts, []string{err.Error()}
	}
	if parts.GSLost {
		all = append(all, fmt.Sprintf("the separator GS (byte 1D) is missing: the code was cut by its length, %d bytes, as %s %s", len(c), p.Group, p.Type))
	}
	for _, w := range parts.Warnings {
		if !parts.GSLost || !strings.HasPrefix(w, "GS missing") {
			all = append(all, w)
		}
	}
	return parts, all
}
