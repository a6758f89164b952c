package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/internal/line"
	"linemark/internal/web"
)

// mute is a printer that confirms nothing, and notes in which order it is spoken to.
type mute struct {
	said []string
	no   error // of Send
	open int
}

func (m *mute) Traits() drivers.PrinterTraits {
	return drivers.PrinterTraits{Poll: 100 * time.Millisecond}
}
func (m *mute) note(what string) { m.said = append(m.said, what) }

func (m *mute) Open(context.Context) (drivers.PrintSession, error) {
	m.open++
	m.note(fmt.Sprint("open ", m.open))
	return m, nil
}

func (m *mute) Send(_ context.Context, all []drivers.Label) error {
	for _, l := range all {
		m.note("send " + string(l.Code))
	}
	return m.no
}

func (m *mute) Printed(context.Context) (int, error) { return 0, nil }
func (m *mute) Close() error                         { m.note(fmt.Sprint("close ", m.open)); return nil }

// The station learns of the end of its session before anything is sent in another, and of the next one after the
// test. A printer that confirms nothing has its time; one that refuses the label is no printer that is down.
func TestP1_SessionsOfATest(t *testing.T) {
	refusal := &drivers.Refusal{Device: "tij-1", What: "NAK"}
	for name, test := range map[string]struct {
		no   error
		want error
		took time.Duration
	}{
		"silent":  {nil, nil, testSilent},
		"refuses": {refusal, refusal, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &mute{no: test.no}
				p := newPrinter(newDevice("printer", "tij-1", "zpl", "tij", slog.New(slog.DiscardHandler)), m)
				p.post = func(ev line.Event) { m.note(fmt.Sprintf("%T", ev)) }
				ctx, cancel := context.WithCancel(t.Context())
				go p.run(ctx)
				synctest.Wait()
				began, first := time.Now(), p.open.Load()
				printed, err := p.test(t.Context(), first, drivers.Label{Code: []byte("T")})
				if printed || !errors.Is(err, test.want) || time.Since(began) != test.took {
					t.Errorf("printed %v, %v, after %s", printed, err, time.Since(began))
				}
				synctest.Wait()
				want := []string{"open 1", "line.PrinterUp", "close 1", "line.PrinterDown", "open 2", "send T", "close 2", "open 3", "line.PrinterUp"}
				if !slices.Equal(m.said, want) || !p.Status().Up {
					t.Errorf("it went %q\nwant %q", m.said, want)
				}
				var gone *web.DeviceError
				if _, err := p.test(t.Context(), first, drivers.Label{Code: []byte("U")}); !errors.As(err, &gone) || gone.Trouble != web.NotNow {
					t.Errorf("a session that has ended takes another test: %v", err)
				}
				cancel()
				<-p.ended
				if slices.Contains(m.said, "send U") {
					t.Error("it was sent")
				}
			})
		})
	}
}
