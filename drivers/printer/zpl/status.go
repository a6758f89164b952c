package zpl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The three parts of a ~HS answer have this many fields (ZPL II Programming Guide, ~HS).
const (
	fields1 = 12
	fields2 = 11
	fields3 = 2

	frames = 3
)

// maxRemaining is the largest count of labels that is believed. Some clones keep a
// counter of media near a million there after the head was opened.
const maxRemaining = 9999

const paused = "paused"

// status is what a ~HS answer tells of a printer.
type status struct {
	formats   int // formats in the receive buffer
	remaining int // labels of the present batch still to print
	paused    bool
	faults    []string // what may have spoilt a label
}

// idle reports whether the printer holds nothing that it could still print.
func (s status) idle() bool {
	return s.formats == 0 && (s.remaining == 0 || s.remaining > maxRemaining)
}

// pause says that the printer prints nothing until somebody lets it go on.
func (s status) pause() error {
	if !s.paused {
		return nil
	}
	return errors.New("the printer is paused")
}

func (s status) fault() error {
	if len(s.faults) == 0 {
		return nil
	}
	return fmt.Errorf("the printer reports: %s", strings.Join(s.faults, ", "))
}

// gather adds a frame to the answer; whole is true with the third.
func gather(parts []string, text string) (all []string, whole bool, err error) {
	want := []int{fields1, fields2, fields3}[len(parts)]
	if got := strings.Count(text, ",") + 1; got != want {
		return nil, false, fmt.Errorf("frame %d of the printer's status has %d fields, not %d", len(parts)+1, got, want)
	}
	all = append(parts, text)
	return all, len(all) == frames, nil
}

// parseStatus reads the parts that gather has collected.
func parseStatus(parts []string) (status, error) {
	if len(parts) != frames {
		return status{}, errors.New("the printer's status is not whole")
	}
	one, two := strings.Split(parts[0], ","), strings.Split(parts[1], ",")
	if len(one) != fields1 || len(two) != fields2 {
		return status{}, errors.New("the printer's status has a wrong number of fields")
	}
	var s status
	for _, flag := range []struct{ value, fault string }{
		{one[1], "paper out"}, {two[2], "head up"}, {two[3], "ribbon out"}, {one[2], paused},
	} {
		switch flag.value {
		case "0":
		case "1":
			if flag.fault == paused {
				s.paused = true
				continue
			}
			s.faults = append(s.faults, flag.fault)
		default:
			return status{}, fmt.Errorf("the printer's flag for %s is %q", flag.fault, flag.value)
		}
	}
	var err error
	if s.formats, err = strconv.Atoi(one[4]); err != nil || s.formats < 0 {
		return status{}, fmt.Errorf("the printer's count of formats is %q", one[4])
	}
	if s.remaining, err = strconv.Atoi(two[8]); err != nil || s.remaining < 0 {
		return status{}, fmt.Errorf("the printer's count of labels is %q", two[8])
	}
	return s, nil
}
