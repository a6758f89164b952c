package text

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers"
)

// camera is a scanner's own settings and the driver's for it.
type camera struct {
	options    map[string]any
	prefix     string
	separators []string // any of them
	ends       []string
	render     func(code, grade, place string) string
	gs         string
}

func drawCamera(t *rapid.T) camera {
	d := camera{options: map[string]any{"no_read": "error", "heartbeat": "ALIVE", "heartbeat_pattern": "HB [0-9]+"}, separators: []string{""}, gs: "\x1d"}
	lines := []string{"\r", "\n", "\r\n", "\n\r"}
	switch rapid.IntRange(0, 4).Draw(t, "separator") {
	case 0: // one code a frame
		d.options["terminator"], d.ends = "\r\n", append(lines, "\x03", "\x00", "\r\x00\x03\n")
	case 1:
		d.options["terminator"], d.ends = "\n", lines
		d.options["separator"], d.separators = "|", []string{"|"}
	case 2:
		d.options["terminator"], d.ends = "\x03", []string{"\x03", "\x00", "\x03\r\n", "\r\x03"}
		d.options["separator"], d.separators = "\n\r", lines
	case 3:
		d.options["terminator"], d.ends = "#|", []string{"#|"}
		d.options["separator"], d.separators = "|;", []string{"|;"}
	case 4:
		d.options["terminator"], d.ends = "#|", []string{"#|"}
		d.options["separator"], d.separators = "\n\r", lines
	}
	if rapid.Bool().Draw(t, "prefixed") {
		d.prefix = "\x02S"
		d.options["prefix"] = d.prefix
	}
	if rapid.Bool().Draw(t, "stand-in") {
		d.gs = "{GS}"
		d.options["gs"] = d.gs
	}
	d.render = map[string]func(code, grade, place string) string{
		"":                                 func(code, _, _ string) string { return code },
		"{code}@{grade}({place})":          func(code, grade, place string) string { return code + "@" + grade + "(" + place + ")" },
		"{place}~{code} {grade}":           func(code, grade, place string) string { return place + "~" + code + " " + grade },
		"<{code}>^{skip}/{grade}:{place}$": func(code, grade, place string) string { return "<" + code + ">^x/" + grade + ":" + place + "$" },
	}[d.template(t)]
	return d
}

// template draws one; a pattern of heartbeats does not go with a field in front.
func (d camera) template(t *rapid.T) string {
	text := rapid.SampledFrom([]string{"", "{code}@{grade}({place})", "{place}~{code} {grade}", "<{code}>^{skip}/{grade}:{place}$"}).Draw(t, "template")
	if text != "" {
		d.options["template"] = text
	}
	if strings.HasPrefix(text, "{place}") {
		delete(d.options, "heartbeat_pattern")
	}
	return text
}

// P8: any sequence of codes, no-reads and heartbeats that a device sends as it is set is read back exactly,
// however the bytes are cut.
func TestP8WhatIsSentIsRead(t *testing.T) {
	code := rapid.Custom(func(t *rapid.T) string {
		serial := rapid.StringMatching("[!\"%&'()*+,./:;<=>?_0-9A-Za-z-]{1,20}")
		return "0104780012345677" + "21" + serial.Draw(t, "serial") + "\x1d93" + serial.Draw(t, "check")
	})
	rapid.Check(t, func(t *rapid.T) {
		d := drawCamera(t)
		sc, err := New(settings(d.options))
		if err != nil {
			t.Fatal(err)
		}
		scanner, now := newDevice(sc.rules), time.Unix(1, 0)
		var got []drivers.Scan
		graded := sc.rules.template.text != ""

		var stream strings.Builder
		var want []drivers.Scan
		for range rapid.IntRange(0, 8).Draw(t, "frames") {
			beats := []string{"", "ALIVE"}
			if d.options["heartbeat_pattern"] != nil {
				beats = append(beats, "HB 17")
			}
			if beat := rapid.SampledFrom(beats).Draw(t, "heartbeat"); beat != "" {
				stream.WriteString(beat + rapid.SampledFrom(d.ends).Draw(t, "end"))
			}
			pieces := 1
			if d.separators[0] != "" {
				pieces = rapid.IntRange(1, 4).Draw(t, "pieces")
			}
			stream.WriteString(d.prefix)
			for i := range pieces {
				scan := drivers.Scan{NoRead: true, More: i+1 < pieces}
				text := "error"
				if rapid.Bool().Draw(t, "read") {
					c := code.Draw(t, "code")
					scan = drivers.Scan{Code: []byte(c), AIM: rapid.SampledFrom([]string{"", "]d2"}).Draw(t, "aim"), More: scan.More}
					grade, place := rapid.StringMatching("[A-F0-9.]*").Draw(t, "grade"), rapid.StringMatching("[0-9,]*").Draw(t, "place")
					text = d.render(scan.AIM+strings.ReplaceAll(c, "\x1d", d.gs), grade, place)
					if graded {
						scan.Grade, scan.Place = grade, place
					}
				}
				want = append(want, scan)
				stream.WriteString(text)
				if scan.More {
					stream.WriteString(rapid.SampledFrom(d.separators).Draw(t, "separator"))
				}
			}
			stream.WriteString(rapid.SampledFrom(d.ends).Draw(t, "end"))
		}
		for left := stream.String(); left != ""; {
			n := rapid.IntRange(1, len(left)).Draw(t, "cut")
			scans, err := scanner.Take(now, []byte(left[:n]))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, scans...)
			left = left[n:]
		}
		same := func(a, b drivers.Scan) bool {
			return string(a.Code) == string(b.Code) && a.NoRead == b.NoRead && a.AIM == b.AIM && a.Bad == b.Bad &&
				a.Grade == b.Grade && a.Place == b.Place && a.More == b.More
		}
		if !slices.EqualFunc(got, want, same) || scanner.stream.Begun() {
			t.Fatalf("%q with %q gives\n%s, want\n%s", stream.String(), d.options, show(got...), show(want...))
		}
	})
}
