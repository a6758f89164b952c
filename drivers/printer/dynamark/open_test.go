package dynamark

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"linemark/drivers/drivertest"
)

func TestOpenPreparesTheLaser(t *testing.T) {
	for name, c := range map[string]struct {
		options map[string]any
		want    []string
	}{
		"as it is": {nil, []string{"ROLLBACKTRANS", "MARK STOP", "SETMSG 1 1", "SETMSG 4 1", "SETMSG 3 1", "SETMSG 26 1"}},
		"project and 25": {map[string]any{"project": "store:MsgStore1/Unit", "marked": "25"},
			[]string{"ROLLBACKTRANS", "MARK STOP", "SETMSG 1 1", "SETMSG 4 1", "SETMSG 25 1", "SETMSG 26 1", `LOADPROJECT "store:MsgStore1/Unit"`}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := scripted(healthy)
				var got []string
				p.Answer(func(c string) string {
					got = append(got, c)
					switch c {
					case "ROLLBACKTRANS": // what an earlier connection left behind comes first
						return "MSG 3\r\nx\xf8\r\nERROR 5\r\n"
					case "SETMSG 4 1": // a laser that does not know this message
						return "ERROR 2\r\n"
					}
					return "MSG 3\r\nOK\r\nMSG 5\r\n"
				})
				drivertest.Open(t, printer(t, p.Dial, c.options))
				if !slices.Equal(got, c.want) {
					t.Errorf("sent %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	project := map[string]any{"project": "Unit"}
	for name, c := range map[string]struct {
		answer  func(string) string
		options map[string]any
		want    string
	}{
		"silent":        {func(string) string { return "" }, nil, "serves only one"},
		"wrong device":  {func(string) string { return "<html>\r\n" }, nil, "in place of an answer: look at the port number"},
		"wrong speed":   {func(string) string { return "\xf8\x80" }, nil, "look at the port number, and at the speed"},
		"echo":          {func(c string) string { return c + "\r\nOK\r\n" }, nil, "switch ECHO off"},
		"late garbage":  {except("MARK STOP", "\xf8\r\n"), nil, "no line of the Dynamark protocol"},
		"cannot stop":   {except("MARK STOP", "ERROR 12\r\n"), nil, "refuses MARK STOP: ERROR 12"},
		"no message":    {except("SETMSG 26", "ERROR 12\r\n"), nil, "refuses SETMSG 26 1: ERROR 12"},
		"silent later":  {except("SETMSG 26", ""), nil, "SETMSG 26 1: the laser keeps silent"},
		"no project":    {except("LOADPROJECT", "ERROR 3\r\n"), project, `refuses LOADPROJECT "Unit": ERROR 3`},
		"loads forever": {except("LOADPROJECT", ""), project, "keeps silent"},
		"doubled":       {except("MARK STOP", "OK\r\nOK\r\n"), nil, "nobody asked for"},
		"doubled last":  {except("SETMSG 26", "OK\r\nOK\r\n"), nil, "nobody asked for"},
		"a result":      {except("MARK STOP", "RESULT GETXML <a/>\r\n"), nil, "nobody asked for"},
		"endless":       {except("MARK STOP", strings.Repeat("x", 2*maxLine)), nil, "without an end"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := scripted(healthy)
				p.Answer(func(command string) string {
					if strings.HasPrefix(command, "SETTEXT") || command == "MARK START" || command == "TRIGGER" {
						t.Errorf("Open sent %q", command)
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
			})
		})
	}
}
