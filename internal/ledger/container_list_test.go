package ledger

import (
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestContainerPages: all pages together are the containers that a look at each one finds, with what is in them,
// however few one query goes over.
func TestContainerPages(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := openPlant(must(os.MkdirTemp(t.TempDir(), "")))
		defer func() { try(p.Close()) }()
		p.stock(p.unit, 80)
		n := rapid.IntRange(1, 12).Draw(rt, "containers")
		for range n {
			new := NewContainer{Line: rapid.SampledFrom([]string{"3", "4"}).Draw(rt, "line"), Station: rapid.SampledFrom([]string{"box", "box 2"}).Draw(rt, "station"), Group: "water", Batch: "B1", Capacity: 3}
			id := must(p.OpenContainer(p.ctx, new))
			units := p.claim(p.unit, rapid.IntRange(0, 3).Draw(rt, "units"))
			must(p.Put(p.ctx, "box", id, p.unit.lot, p.unit.profile, texts(units)))
			switch rapid.IntRange(0, 3).Draw(rt, "fate") {
			case 1:
				try(p.Fill(p.ctx, id))
			case 2:
				try(p.Fill(p.ctx, id))
				try(p.CloseWithSSCC(p.ctx, id, must(p.NextSSCC(p.ctx, "0301234567"))))
			case 3:
				try(p.do(p.ctx, func(x *tx) error { return x.aside("3/box", id, "torn") }))
			}
		}
		if rapid.Bool().Draw(rt, "a gap") {
			try(p.do(p.ctx, func(x *tx) error {
				_, err := x.exec("DELETE FROM container WHERE id = ? AND NOT EXISTS (SELECT 1 FROM code WHERE container = container.id)", rapid.IntRange(1, n).Draw(rt, "gone"))
				return err
			}))
		}
		for range 6 {
			q := ContainerQuery{Line: rapid.SampledFrom([]string{"", "3", "5"}).Draw(rt, "line"), Station: rapid.SampledFrom([]string{"", "box"}).Draw(rt, "station"),
				States: rapid.SliceOfDistinct(rapid.SampledFrom(ContainerStates()), func(s ContainerState) ContainerState { return s }).Draw(rt, "states"), Limit: rapid.IntRange(1, 4).Draw(rt, "limit")}
			var want, got []ContainerID
			for id := ContainerID(n); id > 0; id-- {
				c, err := p.Container(p.ctx, id)
				if err == nil && (q.Line == "" || c.Line == q.Line) && (q.Station == "" || c.Station == q.Station) && (len(q.States) == 0 || slices.Contains(q.States, c.State)) {
					want = append(want, id)
				}
			}
			most := rapid.Int64Range(1, 15).Draw(rt, "most")
			for rounds := 0; ; rounds++ {
				page := must(p.containersOf(p.ctx, q, most))
				for _, listed := range page.Containers {
					c := must(p.Container(p.ctx, listed.ID))
					if len(c.In) != listed.Count || listed.Code != c.Code || listed.State != c.State || listed.Reason != c.Reason || !listed.ClosedAt.Equal(c.ClosedAt) || listed.In != nil {
						rt.Fatalf("listed %+v, is %+v", listed, c)
					}
					got = append(got, listed.ID)
				}
				if page.More == 0 {
					break
				}
				if len(page.Containers) > q.Limit || rounds > 2*n+2 || q.Before != 0 && page.More >= q.Before {
					rt.Fatalf("%+v is followed by %d", q, page.More)
				}
				q.Before = page.More
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("%+v, most %d: got %v, want %v", q, most, got, want)
			}
		}
	})
}

// TestBatchesNewestFirst: a line's batches, and all, each time that which was started last first.
func TestBatchesNewestFirst(t *testing.T) {
	p := newPlant(t)
	for _, name := range []string{"A", "B", "C"} {
		for _, line := range []string{"3", "4"} {
			try(p.StartBatch(p.ctx, Batch{Line: line, Name: name}))
			must(p.EndBatch(p.ctx, line))
		}
	}
	names := func(line string, n int) (all string) {
		for _, b := range must(p.Batches(p.ctx, line, n)) {
			if b.Running() {
				t.Errorf("%+v", b)
			}
			all += b.Line + b.Name + " "
		}
		return all
	}
	for _, test := range []struct {
		line string
		n    int
		want string
	}{{"3", 0, "3C 3B 3A "}, {"4", 2, "4C 4B "}, {"", 3, "4C 3C 4B "}, {"5", 0, ""}} {
		if got := names(test.line, test.n); got != test.want {
			t.Errorf("line %q, %d: %s, want %s", test.line, test.n, got, test.want)
		}
	}
}
