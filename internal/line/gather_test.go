package line

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// listener is a station that keeps what it is told and wants nothing.
type listener struct {
	heard []Event
	ticks int
}

func (l *listener) Step(_ time.Time, ev Event) []Effect {
	if _, ok := ev.(Tick); ok {
		l.ticks++
	} else {
		l.heard = append(l.heard, ev)
	}
	return nil
}

func (l *listener) View() View { return View{} }

// Readings that wait are joined, and nothing ever changes the order in which things were told.
func TestRunner_gatherNeverReorders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { rapid.Check(struct{ rapid.TB }{t}, gatherNeverReorders) }) // a bubble has no deadline to ask for
}

func gatherNeverReorders(t *rapid.T) {
	station := &listener{}
	p := &place{station: station, log: slog.New(slog.DiscardHandler), inbox: make(chan letter, 256), gone: make(chan struct{}), moved: make(chan struct{}, 1)}
	var want []int64 // readings by their Seq, other events as negative numbers
	for n := range rapid.IntRange(0, 200).Draw(t, "events") {
		at := int64(10*n + 1)
		if rapid.IntRange(0, 4).Draw(t, "kind (4: not a reading)") == 4 {
			p.post(context.Background(), CountedRejects{N: int(at)})
			want = append(want, -at)
			continue
		}
		s := Scans{}
		for i := range rapid.IntRange(1, 5).Draw(t, "readings") {
			s.Scans = append(s.Scans, Scan{Seq: at + int64(i)})
			want = append(want, at+int64(i))
		}
		p.post(context.Background(), s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.after = func() {
		if len(p.inbox) == 0 && station.ticks > 0 {
			cancel()
		}
	}
	p.run(ctx)
	var got []int64
	for _, ev := range station.heard {
		switch ev := ev.(type) {
		case CountedRejects:
			got = append(got, -int64(ev.N))
		case Scans:
			if len(ev.Scans) >= maxBatch+5 {
				t.Errorf("%d readings share a commit, the limit is %d", len(ev.Scans), maxBatch)
			}
			for _, s := range ev.Scans {
				got = append(got, s.Seq)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("told %v, heard %v", want, got)
	}
}

func TestRunner_waitingReadingsAreJoined(t *testing.T) {
	p := &place{inbox: make(chan letter, 256)}
	for i := range 3 {
		p.post(context.Background(), read(i+2, "x"))
	}
	p.post(context.Background(), Tick{})
	batch, held := p.gather(read(1, "x"), 0)
	if s := batch.event.(Scans); len(s.Scans) != 4 || held.event != any(Tick{}) {
		t.Errorf("gathered %d readings and held %v, want 4 and the tick", len(s.Scans), held.event)
	}
}
