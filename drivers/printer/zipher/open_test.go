package zipher

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"linemark/drivers/drivertest"
)

func TestOpenPreparesThePrinter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		p := scripted(healthy)
		slr, src := []string{"1041", "1042"}, []string{"1", "0"}
		p.Answer(func(c string) string {
			got = append(got, c)
			switch c {
			case "": // the end of half a command of an earlier connection, and what it was still to be told
				return "ERR\rACK\rSLR|7|\r"
			case "SLR":
				n := slr[0]
				slr = slr[1:]
				return "PRC\rSLR|" + n + "|\r\n"
			case "SNI":
				return "SNI|1044|\n"
			case "SRC":
				n := src[0]
				src = src[1:]
				return "SRC|" + n + "|\r"
			}
			return healthy(c)
		})
		s := drivertest.Open(t, printer(t, p.Dial, map[string]any{"fields": map[string]any{"LOT": "{batch}", "CODE": "{code}"}})).(*session)
		want := []string{"", "GST", "SLR", "SNI", "SCB", "SRC", "SRC", "SLR", "SMR|50|", "SHO|CODE|LOT|"}
		if !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
		if s.first <= 1044+50 || s.last != 1042 {
			t.Errorf("the session begins at %d, after %d", s.first, s.last)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		answer  func(string) string
		options map[string]any
		want    string
	}{
		"silent":        {func(string) string { return "" }, nil, "text protocol is on"},
		"wrong device":  {func(string) string { return "HTTP/1.1 400 Bad Request\r\n" }, nil, "in place of its state: look at the port number"},
		"wrong speed":   {func(string) string { return "\xf8\x80\xe0" }, nil, "look at the port number, and at the speed"},
		"fault":         {faulty("FLT|1|E7|0|Ribbon out|\r"), nil, "the printer reports: Ribbon out (E7)"},
		"fault unnamed": {faulty("FLT|0|\r"), nil, "a fault that it does not name"},
		"offline":       {except("GST", "STS|4|0|Unit|0|0|\r"), nil, "offline: start it"},
		"starting":      {except("GST", "STS|1|0|Unit|0|0|\r"), nil, "starting"},
		"shut down":     {except("GST", "STS|0|0|Unit|0|0|\r"), nil, "shut down"},
		"shutting down": {except("GST", "STS|2|0|Unit|0|0|\r"), nil, "shutting down"},
		"cannot start":  {except("GST", "STS|4|0|Unit|0|0|\r"), map[string]any{"start": "driver"}, "offline"},
		"no job":        {except("GST", "STS|3|0||0|0|\r"), nil, "no job is selected"},
		"another job":   {healthy, map[string]any{"job": "Box"}, `job is "Unit", the configuration names "Box"`},
		"state":         {except("GST", "STS|9|0|Unit|0|0|\r"), nil, `state "9"`},
		"error state":   {except("GST", "STS|3|7|Unit|0|0|\r"), nil, `error state "7"`},
		"short state":   {except("GST", "STS|3|\r"), nil, "fewer than 3"},
		"no index":      {except("SLR", "ERR\r"), nil, "index that it printed last (SLR): the printer refuses it"},
		"index no text": {except("SNI", "SNI|many|\r"), nil, "holds no number"},
		"two indexes":   {except("SNI", "SNI|1|2|\r"), nil, "one number"},
		"keeps records": {except("SRC", "SRC|3|\r"), nil, "still holds 3 records"},
		"not emptied":   {except("SCB", "ERR\r"), nil, "emptying the printer's buffer"},
		"silent SCB":    {except("SCB", ""), nil, "keeps silent"},
		"records":       {except("SMR", "ERR\r"), nil, "setting records"},
		"header":        {except("SHO", "ERR\r"), nil, "setting fields"},
		"index too big": {except("SLR", "SLR|1073741824|\r"), nil, "reset it"},
		"endless":       {except("SCB", strings.Repeat("x", 2*maxLine)), nil, "without an end"},
		"doubled":       {except("SLR", "SLR|1|\rSLR|1|\r"), nil, "nobody asked for"},
		"doubled ACK":   {except("SCB", "ACK\rACK\r"), nil, "nobody asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := scripted(healthy)
				sent := false
				p.Answer(func(command string) string {
					sent = sent || strings.HasPrefix(command, "S") && strings.Contains("SID SDO SHD", command[:3])
					if command == "" {
						return ""
					}
					return c.answer(command)
				})
				s, err := printer(t, p.Dial, c.options).Open(t.Context())
				if err == nil {
					s.Close()
				}
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Open = %v, want %q", err, c.want)
				}
				synctest.Wait()
				if sent {
					t.Error("Open sent a record")
				}
			})
		})
	}
}

// faulty answers as a printer with the faults of an FLT line.
func faulty(faults string) func(string) string {
	return func(c string) string {
		if c == "GST" {
			return "STS|3|2|Unit|0|0|\r"
		}
		return except("GFT", faults)(c)
	}
}

func TestOpenStartsThePrinter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scripted(healthy)
		states := "4"
		p.Answer(func(c string) string {
			switch c {
			case "SST|3|":
				states = "344"
				return "ACK\r"
			case "GST":
				now := states[len(states)-1:]
				states = states[:max(1, len(states)-1)]
				return "STS|" + now + "|0|Unit|0|0|\r"
			}
			return healthy(c)
		})
		drivertest.Open(t, printer(t, p.Dial, map[string]any{"start": "driver"}))
	})
}
