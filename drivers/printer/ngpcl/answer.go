package ngpcl

import (
	"errors"
	"fmt"
	"strings"

	"linemark/drivers/printer/talk"
)

// answer is what one {~XXn|...|} holds.
type answer struct {
	name   string   // two letters
	code   string   // what follows them: 0 is good
	values []string // without the spaces that some printers add
}

// answers takes the printer's bytes apart.
type answers = talk.Frames[answer]

func newAnswers() *answers {
	return &answers{Begin: '{', End: '}', Protocol: "NGPCL", Parse: parseAnswer}
}

// parseAnswer reads what stands between { and }.
func parseAnswer(frame string) (answer, bool) {
	values := strings.Split(frame, "|")
	for i, v := range values {
		values[i] = strings.Trim(v, " ")
	}
	head, last := values[0], len(values)-1
	if last < 1 || values[last] != "" || len(head) < 3 || head[0] != '~' {
		return answer{}, false
	}
	return answer{name: head[1:3], code: head[3:], values: values[1:last]}, true
}

// Places of a status' values (answer DS0), and the states that are known.
const (
	atBeam      = 2
	atAttention = 3
	atState     = 8
	atMode      = 9

	off       = "02"
	stopped   = "04"
	attention = "05"
	printing  = "06"
	beamStop  = "09"
	idling    = "11"
)

// status is what DS0 tells of a printer.
type status struct {
	state           string
	beam, attention bool
}

func parseStatus(values []string) (status, error) {
	if len(values) <= atMode {
		return status{}, fmt.Errorf("the printer's status has %d values, at least %d were expected", len(values), atMode+1)
	}
	s := status{state: values[atState]}
	for _, flag := range []struct {
		name, value string
		set         *bool
	}{{"beam stop", values[atBeam], &s.beam}, {"attention", values[atAttention], &s.attention}} {
		switch flag.value {
		case "0":
		case "1":
			*flag.set = true
		default:
			return status{}, fmt.Errorf("the printer's flag for %s is %q", flag.name, flag.value)
		}
	}
	return s, nil
}

// fault says what keeps the printer from marking and may have spoilt a mark.
func (s status) fault() error {
	switch {
	case s.attention || s.state == attention:
		return errors.New("the printer asks for attention: look at its panel")
	case s.beam || s.state == beamStop:
		return errors.New("the printer reports a beam stop")
	case s.state == off:
		return errors.New("the printer is off")
	case s.state != stopped && s.state != printing && s.state != idling:
		return fmt.Errorf("the printer is in the unknown state %q", s.state)
	}
	return nil
}
