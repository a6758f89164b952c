package sppl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"linemark/drivers/printer/talk"
)

// separator stands between the parameters of queue commands.
const separator = "~gt~"

// command is one command to the printer.
type command struct{ name, param string }

func (c command) bytes() []byte {
	if c.param == "" {
		return []byte("~" + c.name + "^")
	}
	return []byte("~" + c.name + "{" + c.param + "}^")
}

// answer is what one ~SPGRES{...}^ holds: the name of a command and its result, or a single
// word, which the printer says after a print.
type answer struct{ tag, result, word string }

// answers takes the printer's bytes apart.
type answers = talk.Frames[answer]

func newAnswers() *answers {
	return &answers{Begin: '~', End: '^', Protocol: "SPPL", Parse: parseAnswer}
}

// parseAnswer reads what stands between ~ and ^. Spaces may follow the ~ and the {.
func parseAnswer(frame string) (answer, bool) {
	name, content, found := strings.Cut(frame, "{")
	if !found || strings.TrimSpace(name) != "SPGRES" {
		return answer{}, false
	}
	content, found = strings.CutSuffix(strings.TrimSpace(content), "}")
	if !found {
		return answer{}, false
	}
	content = strings.TrimSpace(content)
	tag, result, found := strings.Cut(content, ":")
	if !found {
		return answer{word: content}, true
	}
	return answer{tag: strings.TrimSpace(tag), result: strings.TrimSpace(result)}, true
}

// The printer's modes.
const (
	starting = "INIT"
	waiting  = "WAITING"
	running  = "RUNNING"
	faulty   = "ERROR"
)

// status is what SPPSTA tells of a printer.
type status struct {
	mode    string
	text    string
	blocked bool // the operator is outside the main screen: every other command fails
}

func parseStatus(result string) (status, error) {
	mode, text, _ := strings.Cut(result, "<")
	s := status{mode: strings.TrimSpace(mode), text: strings.TrimSpace(text)}
	s.blocked = strings.HasPrefix(s.text, "BLOCKED")
	switch s.mode {
	case starting, waiting, running, faulty:
		return s, nil
	}
	return status{}, fmt.Errorf("the printer's state %q is unknown", result)
}

// fault says what keeps the printer from printing and may have spoilt a label.
func (s status) fault() error {
	switch {
	case s.mode == faulty && s.text == "":
		return errors.New("the printer reports an error without a text")
	case s.mode == faulty:
		return fmt.Errorf("the printer reports: %s", s.text)
	case s.mode == starting:
		return errors.New("the printer is starting")
	}
	return nil
}

// parseCount reads a number of rows.
func parseCount(text string) (int, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	if err != nil {
		return 0, fmt.Errorf("the printer's count of rows %q is no number", text)
	}
	return int(n), nil
}

// parseCounts reads the numbers of rows of several fields, which are always the same.
func parseCounts(text string, fields []string) (int, error) {
	got := map[string]int{}
	for _, pair := range strings.Split(text, "<") {
		name, count, found := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !found {
			return 0, fmt.Errorf("the printer's counts of rows are %q", text)
		}
		n, err := parseCount(count)
		if err != nil {
			return 0, err
		}
		got[name] = n
	}
	for _, f := range fields {
		n, found := got[f]
		switch {
		case !found || len(got) != len(fields):
			return 0, fmt.Errorf("the printer's counts of rows are %q, asked for was every field", text)
		case n != got[fields[0]]:
			return 0, fmt.Errorf("the printer's queues have come apart: %s", strings.ReplaceAll(text, "<", ", "))
		}
	}
	return got[fields[0]], nil
}
