package code

import (
	"fmt"
	"time"
)

// Date reads a date of a GS1 element, YYMMDD. The century is the one that brings the year nearest
// to thisYear: from 49 years before it to 50 years after it (GS1 General Specifications, 7.12).
// Day 0 means that only the month was given; what day that stands for depends on the
// identifier. The error is an *ElementError without an AI.
func Date(yymmdd string, thisYear int) (year, month, day int, err error) {
	if len(yymmdd) != 6 {
		return 0, 0, 0, &ElementError{Pos: min(len(yymmdd), 6), Problem: fmt.Sprintf("%d characters, expected YYMMDD", len(yymmdd))}
	}
	for i := range len(yymmdd) {
		if !isDigit(yymmdd[i]) {
			return 0, 0, 0, &ElementError{Pos: i, Problem: seenByte(yymmdd[i]) + ", expected a digit"}
		}
	}
	century, now := thisYear-thisYear%100, thisYear%100
	year = century + number(yymmdd[:2])
	switch ahead := number(yymmdd[:2]) - now; {
	case ahead > 50:
		year -= 100
	case ahead < -49:
		year += 100
	}
	if at, problem := notInCalendar(year, yymmdd[2:], true); problem != "" {
		return 0, 0, 0, &ElementError{Pos: 2 + at, Problem: problem}
	}
	return year, number(yymmdd[2:4]), number(yymmdd[4:]), nil
}

// A value alone does not say its century, so that the leap years of ruleDate are those of
// 2000 to 2099.
var (
	ruleDate = rule{"date YYMMDD", func(s string) (int, string) {
		at, problem := notInCalendar(2000+number(s[:2]), s[2:], false)
		return at + 2, problem
	}}
	ruleDate0 = rule{"date YYMMDD or YYMM00", func(s string) (int, string) {
		at, problem := notInCalendar(2000+number(s[:2]), s[2:], true)
		return at + 2, problem
	}}
	ruleLongDate = rule{"date YYYYMMDD", func(s string) (int, string) {
		at, problem := notInCalendar(number(s[:4]), s[4:], false)
		return at + 4, problem
	}}
	ruleHour       = rule{"hour", func(s string) (int, string) { return outOfClock(s, 0, 23) }}
	ruleMinute     = rule{"minute", func(s string) (int, string) { return outOfClock(s, 0, 59) }}
	ruleSecond     = rule{"second", func(s string) (int, string) { return outOfClock(s, 0, 59) }}
	ruleHourMinute = rule{"time HHMM", func(s string) (int, string) {
		if at, problem := outOfClock(s, 0, 23); problem != "" {
			return at, problem
		}
		return outOfClock(s, 2, 59)
	}}
)

// notInCalendar judges a month and a day, MMDD.
func notInCalendar(year int, mmdd string, noDay bool) (at int, problem string) {
	month, day := number(mmdd[:2]), number(mmdd[2:])
	if month < 1 || month > 12 {
		return 0, fmt.Sprintf("month %s, expected 01 to 12", mmdd[:2])
	}
	if day == 0 && noDay {
		return 0, ""
	}
	days := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	if day < 1 || day > days {
		least := "01"
		if noDay {
			least = "00"
		}
		return 2, fmt.Sprintf("day %s of month %s, expected %s to %d", mmdd[2:], mmdd[:2], least, days)
	}
	return 0, ""
}

// outOfClock judges the two digits at a place of s.
func outOfClock(s string, at, last int) (int, string) {
	if two := s[at : at+2]; number(two) > last {
		return at, fmt.Sprintf("%s, expected 00 to %d", two, last)
	}
	return 0, ""
}

// number is the value of a few digits.
func number(digits string) (n int) {
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}
