package page

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/words"
)

// belt claims and verifies codes at the speed of a line of 33 products a second, on eight lines, and times each.
type belt struct {
	l       *ledger.Ledger
	lot     ledger.LotID
	profile code.Profile
}

const (
	beltEvery = 30 * time.Millisecond
	belts     = 8
)

// run lets the lines run for a while and returns how long claims and verdicts took.
func (b belt) run(tb testing.TB, length time.Duration) (claims, verdicts []time.Duration) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	ctx := context.Background()
	for i := range belts {
		wg.Go(func() {
			time.Sleep(time.Duration(i) * beltEvery / belts)
			tick := time.NewTicker(beltEvery)
			defer tick.Stop()
			for end := time.Now().Add(length); time.Now().Before(end); <-tick.C {
				began := time.Now()
				claimed, err := b.l.Claim(ctx, "3/mark", b.lot, 1)
				took := time.Since(began)
				if err != nil || len(claimed) != 1 {
					tb.Errorf("claiming: %d, %v", len(claimed), err)
					return
				}
				began = time.Now()
				_, err = b.l.Verify(ctx, "3/check", b.lot, b.profile, []code.Code{claimed[0].Code})
				verdict := time.Since(began)
				if err != nil {
					tb.Error(err)
					return
				}
				mu.Lock()
				claims, verdicts = append(claims, took), append(verdicts, verdict)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return claims, verdicts
}

// watch holds n pages open, in all languages, until the function that it returns is called; that tells how many parts came.
func watch(tb testing.TB, address string, n int) func() int {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var mu sync.Mutex
	parts := 0
	for i := range n {
		wg.Go(func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/live/lines", nil)
			if err != nil {
				tb.Error(err)
				return
			}
			all := words.Languages()
			r.AddCookie(&http.Cookie{Name: languageCookie, Value: all[i%len(all)].Code})
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				tb.Error(err)
				return
			}
			defer answer.Body.Close()
			for in := bufio.NewScanner(answer.Body); in.Scan(); {
				if strings.HasPrefix(in.Text(), "event: ") {
					mu.Lock()
					parts++
					mu.Unlock()
				}
			}
		})
	}
	return func() int {
		cancel()
		wg.Wait()
		return parts
	}
}

// BenchmarkOpenPages holds 50 open pages against none, by turns, in the same run: the p99 of claims and verdicts of eight
// lines of 33 products a second.
func BenchmarkOpenPages(b *testing.B) {
	d := newDesk(b)
	work := d.belt(b, 200_000)
	server := httptest.NewServer(d.page)
	defer server.Close()
	with, without := map[string][]time.Duration{}, map[string][]time.Duration{}
	for b.Loop() {
		for turn := range 60 { // short ones: what else the machine does meets both alike
			into, leave := without, func() int { return 1 }
			if turn%2 == 1 {
				into, leave = with, watch(b, server.URL, 50)
			}
			claims, verdicts := work.run(b, time.Second)
			if leave() == 0 {
				b.Error("no page was told anything")
			}
			into["claim"], into["verdict"] = append(into["claim"], claims...), append(into["verdict"], verdicts...)
		}
	}
	for _, what := range []string{"claim", "verdict"} {
		alone, shown := p99(without[what]), p99(with[what])
		b.ReportMetric(float64(shown)/float64(alone), "x-p99-"+what)
		b.ReportMetric(float64(alone.Microseconds())/1000, "ms-p99-"+what+"-alone")
	}
	b.ReportMetric(0, "ns/op")
}

func p99(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)*99/100]
}

// belt fills the ledger with codes of the desk's product.
func (d *desk) belt(tb testing.TB, n int) belt {
	tb.Helper()
	ctx, l := context.Background(), d.agent.Ledger()
	cfg := d.agent.Config()
	p := cfg.Products[0]
	profile, err := cfg.Table.Profile(p.GroupOr(cfg), code.Type(p.CISType))
	if err != nil {
		tb.Fatal(err)
	}
	product, err := l.Product(ctx, ledger.Product{Name: p.Name, GTIN: p.GTIN, Group: p.GroupOr(cfg), Type: code.Type(p.CISType)})
	if err != nil {
		tb.Fatal(err)
	}
	order, err := l.PlaceOrder(ctx, product, n)
	if err == nil {
		err = l.SetOrder(ctx, order, "order-1", ledger.Active, "")
	}
	if err != nil {
		tb.Fatal(err)
	}
	const block = 20_000
	for from := 0; from < n; from += block {
		codes := make([]code.Code, block)
		for i := range codes {
			codes[i] = code.Code(fmt.Sprintf("01%s21s93%010d%c93%04d", p.GTIN, from+i, code.GS, (from+i)%10000))
		}
		if err := l.Receive(ctx, order, fmt.Sprint("block-", from), profile, codes); err != nil {
			tb.Fatal(err)
		}
	}
	lot, err := l.Lot(ctx, "3", product, "B1")
	if err != nil {
		tb.Fatal(err)
	}
	return belt{l, lot, profile}
}
