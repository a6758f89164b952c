package drivertest

import (
	"bytes"
	"cmp"
	"slices"
	"testing"
	"time"

	"linemark/drivers"
)

// Wire measures what a code costs on the wire: b.N labels with the longest codes that the driver
// carries, as many ahead as the printer takes, printed and confirmed one after another.
//
// It reports bytes/code, all that Send wrote; ratio, that to the code's own length; and asked/code,
// what the driver wrote besides for one Printed.
func Wire(b *testing.B, c Case) {
	e := c.Emulator(b)
	tap := NewTap(b, e.Serve)
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	p := c.Printer(b, tap.Dial)
	traits := p.Traits()
	s := Open(b, p)
	_ = tap.Take() // what the start wrote

	next := longest(b, traits.CheckCode)
	var own, wrote, asked, asks int
	printed := func() int {
		n, err := s.Printed(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		asked += len(tap.Take())
		asks++
		return n
	}
	most := cmp.Or(traits.MaxAhead, fill)
	for sent, out := 0, 0; out < b.N; {
		var labels []drivers.Label
		for ; sent < min(b.N, out+most); sent++ {
			code := next()
			own += len(code)
			labels = append(labels, label(code))
		}
		if len(labels) > 0 {
			if err := s.Send(b.Context(), labels); err != nil {
				b.Fatal(err)
			}
			wrote += len(tap.Take())
		}
		if c.Watched {
			_ = printed()
		}
		await(b, e.Print, "the label does not come out")
		out++
		if printed() < out && traits.Confirms != drivers.ConfirmsNothing {
			time.Sleep(traits.Poll)
			await(b, func() bool { return printed() >= out }, "the label is not confirmed")
		}
	}
	b.ReportMetric(0, "ns/op") // says how fast the emulator is
	b.ReportMetric(float64(wrote)/float64(b.N), "bytes/code")
	b.ReportMetric(float64(wrote)/float64(own), "ratio")
	b.ReportMetric(float64(asked)/float64(asks), "asked/code")
}

// await waits until the condition holds.
func await(t testing.TB, condition func() bool, what string) {
	t.Helper()
	for until := time.Now().Add(patience); !condition(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(until) {
			t.Fatal(what)
		}
	}
}

// longest returns what makes codes of the longest shape of which the driver carries any: they hold
// the most characters that it may have to write in another way.
func longest(t testing.TB, check func([]byte) error) (next func() []byte) {
	t.Helper()
	order := slices.SortedFunc(slices.Values(shapes), func(a, b shape) int { return len(b.code(0)) - len(a.code(0)) })
	for _, s := range order {
		for first := range len(set82) {
			if check(s.code(first)) != nil {
				continue
			}
			n := first - 1
			return func() []byte {
				for n++; check(s.code(n)) != nil; n++ {
				}
				return bytes.Clone(s.code(n))
			}
		}
	}
	t.Fatal("CheckCode refuses codes of every product group")
	return nil
}
