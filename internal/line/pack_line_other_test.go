package line

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// An open container is filled on only with what it was begun for: a change of the batch, also while
// the line runs, of its size, of what goes in or of the product sets it aside, and the next unit opens
// another.
func TestBench_otherContents(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name   string
		during string // the batch that begins while the line runs; empty: none
		after  string // the batch in which the line is started again
		change func([]StationConfig, *store)
		aside  string // empty: the container goes on
	}{
		{name: "nothing", after: "B1"},
		{name: "the same batch again", during: "B1", after: "B1"},
		{name: "the batch, while it runs", during: "B2", after: "B2", aside: `it was begun in batch "B1"`},
		{name: "the batch, at the start", after: "B2", aside: `it was begun in batch "B1"`},
		{name: "the size", after: "B1", change: func(s []StationConfig, _ *store) { s[1].Capacity = 4 }, aside: "it was begun for other contents, 3 of them"},
		{name: "the kind", after: "B1", change: func(s []StationConfig, _ *store) { s[1].Of = "other" }, aside: "it was begun for other contents, 3 of them"},
		{name: "the product", after: "B1", aside: "it was begun for another product", change: func(s []StationConfig, of *store) {
			still := Product{Product: ledger.Product{Name: "still-05", GTIN: gtin("0478001234574"), Group: "water", Type: code.Unit}}
			still.ID = must(of.Product(ctx, still.Product))
			s[0].Product = still
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				p, w := &tray{}, &wires{}
				r := run(t, dir, benches(p, w))
				settle := func() {
					time.Sleep(3 * tick)
					synctest.Wait()
				}
				r.post("mark", PrinterUp{Session: 1})
				settle()
				units := p.codes()
				r.post("box", read(1, units[0]), read(2, units[1]))
				settle()
				open := must(r.OpenContainerAt(ctx, "3", "box"))
				if len(open.In) != 2 {
					t.Fatalf("in it are %q", open.In)
				}
				if test.during != "" {
					fine(r.SetBatch(ctx, ledger.Batch{Name: test.during}, ""))
					settle()
					if now := must(r.Container(ctx, open.ID)); (now.State == ledger.ContainerAside) != (test.aside != "") {
						t.Errorf("while the line runs it is %s", now.State)
					}
				}
				r.stop()
				must(r.Recover(ctx, ledger.Bench{Line: "3", Station: "box"}))
				stations := benches(p, w)(r.store)
				if test.change != nil {
					test.change(stations, r.store)
				}
				again := must(New(ctx, Config{Name: "3", Batch: test.after, Ledger: r.Ledger, Log: r.Line.cfg.Log, Alarm: func(_, text string) { p.heard(text) }, Stations: stations}))
				running, cancel := context.WithCancel(ctx)
				ended := make(chan struct{})
				go func() { again.Run(running); close(ended) }()
				settle()
				cancel()
				<-ended
				now := must(r.Container(ctx, open.ID))
				if test.aside == "" {
					if now.State != ledger.ContainerOpen || len(now.In) != 2 {
						t.Errorf("it is %s with %q", now.State, now.In)
					}
					return
				}
				if now.State != ledger.ContainerAside || now.Reason != test.aside || len(now.In) != 0 {
					t.Errorf("it is %s (%q) with %q", now.State, now.Reason, now.In)
				}
				if test.during == "" && !strings.Contains(p.last, "with 2 in it is set aside: "+test.aside) {
					t.Errorf("the alarm is %q", p.last)
				}
			})
		})
	}
}
