package tspl

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"linemark/drivers/drivertest"
	"linemark/drivers/link"
)

// failing is a printer whose media ends in the middle of the first label, right after it has
// told a status without a fault; it counts the half label.
type failing struct {
	after string // comes behind the count: a status that was told before
	ended string // the status from then on; empty: silence

	printing, broken bool
}

func (f *failing) serve(c net.Conn) {
	defer c.Close()
	answers := make(chan string, 100) // a printer takes more while nobody reads its answers
	defer close(answers)
	go func() {
		for a := range answers {
			if _, err := io.WriteString(c, a); err != nil {
				return
			}
		}
	}()
	var in string
	b := make([]byte, 1)
	for {
		if _, err := c.Read(b); err != nil {
			return
		}
		if in += string(b); !strings.HasSuffix(in, "\x1b!?") && !strings.HasSuffix(in, "\r\n") {
			continue
		}
		if a := f.answer(in); a != "" {
			answers <- a
		}
		in = ""
	}
}

func (f *failing) answer(command string) string {
	switch question, number, asks := strings.Cut(command, `"`); {
	case command == "\x1b!?" && f.broken:
		return f.ended
	case command == "\x1b!?":
		f.broken = f.printing
		return "\x00"
	case asks && strings.HasPrefix(question, "OUT"):
		number, _, _ = strings.Cut(number, `"`)
		if f.broken {
			return number + "1001\r\n" + f.after
		}
		return number + "1000\r\n"
	}
	f.printing = f.printing || strings.HasPrefix(command, "PRINT")
	return ""
}

// P3: a fault between the status and the count: the spoilt label is counted, and is not believed.
func TestP3FaultBetweenStatusAndCount(t *testing.T) {
	for name, c := range map[string]struct {
		f    failing
		want string
	}{
		"told":                     {failing{ended: "\x04"}, "paper out"},
		"silent":                   {failing{}, "keeps silent"},
		"an old status behind it":  {failing{ended: "\x04", after: "\x00"}, "paper out"},
		"a new status comes early": {failing{ended: "\x00", after: "\x04"}, "paper out"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := settings(t, unit, nil)
				s.Dial = func(context.Context, string) (link.Conn, error) {
					near, far := net.Pipe()
					go c.f.serve(far)
					return near, nil
				}
				p, err := New(s)
				if err != nil {
					t.Fatal(err)
				}
				session := drivertest.Open(t, p)
				drivertest.Send(t, session, "01A")
				if n, err := session.Printed(t.Context()); n != 0 || err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Printed = %d, %v, want %q", n, err, c.want)
				}
			})
		})
	}
}
