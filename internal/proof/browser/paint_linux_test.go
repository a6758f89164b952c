package browser

import (
	"context"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"linemark/internal/sim"
)

// Limits of the line view.
const (
	mostBytes = 150_000
	mostPaint = 200 // milliseconds on loopback
)

// painted is what the browser has measured of a page: when it first showed something, and how many bytes came over the wire.
type painted struct {
	Paint float64 `json:"paint"`
	Bytes int     `json:"bytes"`
}

const measure = `(() => {
	const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
	const first = performance.getEntriesByName("first-contentful-paint")[0];
	return {paint: first ? first.startTime : 0, bytes: all.reduce((n, e) => n + e.transferSize, 0)};
})()`

// paint opens the line view with nothing kept from before.
func (s *screen) paint() painted {
	s.t.Helper()
	s.do("nothing is kept", chromedp.Navigate("about:blank"), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.ClearBrowserCache, cdp.Empty{})
		return err
	}), chromedp.Navigate(s.url("/")))
	s.sees("#line-3")
	s.waits("the first paint", `performance.getEntriesByName("first-contentful-paint").length > 0`)
	return look[painted](s, measure)
}

// The line view with charts and codes of a line that runs comes in a bounded number of bytes.
func TestBytesOfTheLineView(t *testing.T) {
	s := newScreen(t, sim.Options{Seed: 6, Rate: 20})
	s.open("/")
	s.shows(".line .state", "running")
	if p := s.paint(); p.Bytes > mostBytes || p.Bytes < 1000 {
		t.Errorf("the line view takes %d bytes, %d are the most", p.Bytes, mostBytes)
	}
}

// BenchmarkFirstPaint is how long the line view takes until it shows something, as a share of what it may.
func BenchmarkFirstPaint(b *testing.B) {
	s := newScreen(b, sim.Options{Seed: 7, Rate: 20})
	s.open("/")
	s.shows(".line .state", "running")
	var all []float64
	bytes := 0
	for b.Loop() {
		for range 20 {
			p := s.paint()
			all, bytes = append(all, p.Paint), p.Bytes
		}
	}
	slices.Sort(all)
	b.ReportMetric(all[len(all)/2], "ms-median")
	b.ReportMetric(all[len(all)-1], "ms-max")
	b.ReportMetric(all[len(all)/2]/mostPaint, "x-of-200ms")
	b.ReportMetric(float64(bytes)/1000, "kB")
	b.ReportMetric(0, "ns/op")
}
