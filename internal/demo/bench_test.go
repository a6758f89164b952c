package demo

import (
	"context"
	"testing"
	"time"

	_ "linemark/drivers/all"
)

// Goal is the least that the whole path must carry: order, print, read, pack, report.
const goal = 300 // codes a second

// BenchmarkWholePath lets products pass as fast as the line takes them, with every flush real.
// codes/s counts what was verified while products passed; through/s divides by the whole time
// until the last box is labelled and the last report is SENT. ratio is through/s to the goal.
func BenchmarkWholePath(b *testing.B) {
	for b.Loop() {
		began := time.Now()
		r, err := Run(context.Background(), Options{For: 5 * time.Second, Rate: 0, Seed: 1, Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		if !r.Good() {
			b.Fatalf("not good: %+v", r)
		}
		through := float64(r.Verified) / time.Since(began).Seconds()
		b.ReportMetric(r.CodesPerSecond, "codes/s")
		b.ReportMetric(through, "through/s")
		b.ReportMetric(through/goal, "ratio")
	}
}
