package agent

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/internal/code"
	"linemark/internal/line"
)

// press is a printer whose sessions end when it is told so.
type press struct {
	sent []string // of each label the session's number and its code
	n    int      // of the session
	torn atomic.Bool
}

func (p *press) Traits() drivers.PrinterTraits { return drivers.PrinterTraits{Poll: time.Second} }

func (p *press) Open(context.Context) (drivers.PrintSession, error) {
	p.n++
	p.torn.Store(false)
	return p, nil
}

func (p *press) Send(_ context.Context, labels []drivers.Label) error {
	for _, l := range labels {
		p.sent = append(p.sent, string(rune('0'+p.n))+string(l.Code))
	}
	return nil
}

func (p *press) Printed(context.Context) (int, error) {
	if p.torn.Load() {
		return 0, errors.New("no answer")
	}
	return len(p.sent), nil
}

func (p *press) Close() error { return nil }

// What is handed over for a session that has ended is in doubt: it goes to no other, whether it comes while
// there is none or after the next one has begun.
func TestP1_NoLabelOutlivesItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		driver := &press{}
		p := newPrinter(newDevice("printer", "tij-1", "zpl", "tij", slog.New(slog.DiscardHandler)), driver)
		ctx, cancel := context.WithCancel(t.Context())
		go p.run(ctx)
		send := func(session int, c code.Code) { p.Send(session, []line.Label{{Code: c}}) }
		synctest.Wait()
		send(1, "A")
		synctest.Wait()
		driver.torn.Store(true)
		time.Sleep(idlePoll + time.Millisecond) // the session ends; the next one begins after a pause
		send(1, "B")
		time.Sleep(time.Second)
		send(1, "C")
		send(2, "D")
		synctest.Wait()
		if want := []string{"1A", "2D"}; !slices.Equal(driver.sent, want) {
			t.Errorf("sent %q, want %q", driver.sent, want)
		}
		cancel()
		<-p.ended
	})
}
