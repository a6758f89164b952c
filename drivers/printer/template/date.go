package template

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"linemark/drivers"
)

// letters are what a date's format consists of; everything else stands for itself. yyyy
// comes before yy, which begins the same.
var letters = []struct {
	text  string
	clock bool // a part of the time of day
	of    func(time.Time) string
}{
	{"yyyy", false, func(t time.Time) string { return padded(t.Year(), 4) }},
	{"yy", false, func(t time.Time) string { return padded(t.Year()%100, 2) }},
	{"MM", false, func(t time.Time) string { return padded(int(t.Month()), 2) }},
	{"dd", false, func(t time.Time) string { return padded(t.Day(), 2) }},
	{"HH", true, func(t time.Time) string { return padded(t.Hour(), 2) }},
	{"mm", true, func(t time.Time) string { return padded(t.Minute(), 2) }},
}

func padded(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

// write writes a date in a format; clock says whether the format holds a time of day.
func write(format string, t time.Time) (text string, clock bool) {
	var b strings.Builder
next:
	for i := 0; i < len(format); {
		for _, l := range letters {
			if strings.HasPrefix(format[i:], l.text) {
				b.WriteString(l.of(t))
				clock = clock || l.clock
				i += len(l.text)
				continue next
			}
		}
		b.WriteByte(format[i])
		i++
	}
	return b.String(), clock
}

// checkFormat finds what no date is written like: no part of a date at all, and minutes
// where the month was meant.
func checkFormat(inside, format string) error {
	const hint = "write it like dd.MM.yyyy: yyyy yy MM dd HH mm are year, month, day, hour, minute"
	one, _ := write(format, time.Date(2001, 2, 3, 4, 5, 0, 0, time.UTC))
	other, _ := write(format, time.Date(2099, 12, 31, 23, 59, 0, 0, time.UTC))
	switch {
	case one == other:
		return &Error{fmt.Sprintf("{%s}: the format holds no part of a date", inside), hint}
	case strings.Contains(format, "mm") && !strings.Contains(format, "HH"):
		return &Error{fmt.Sprintf("{%s}: mm is the minute, and there is no hour", inside), "write MM for the month"}
	}
	return nil
}

// Text returns what stands in the place of a part on one label: the literal, the value of a
// field, the date in the part's format and in the time zone that it came with. It returns an
// error where the label has no such value and where a date is none (RFC 3339, with the time
// or without). For {code} and {picture:MM} it always does: they are no texts, every driver writes them its own way.
func Text(p Part, l drivers.Label) (string, error) {
	if p.Name == "" {
		return p.Literal, nil
	}
	if p.Name == "code" || p.Name == Picture {
		return "", fmt.Errorf("{%s} is no plain text", p.Name)
	}
	text, ok := l.Fields[p.Name]
	if !ok || text == "" && IsDate(p.Name) {
		return "", fmt.Errorf("there is no value for {%s}", p.Name)
	}
	if !IsDate(p.Name) {
		return text, nil
	}
	format := p.Format
	if format == "" {
		format = defaultDate
	}
	t, err := time.Parse(time.RFC3339, text)
	day := err != nil
	if day {
		t, err = time.Parse(time.DateOnly, text)
	}
	if err != nil {
		return "", fmt.Errorf("the value of {%s} is no date: %q", p.Name, text)
	}
	written, clock := write(format, t)
	if clock && day {
		return "", fmt.Errorf("the value of {%s} has no time of day: %q", p.Name, text)
	}
	return written, nil
}
