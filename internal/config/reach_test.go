package config

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestReachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := parseGood(t)
		var mu sync.Mutex
		var tried []string
		start := time.Now()
		got := Reachable(t.Context(), cfg, func(ctx context.Context, address string) error {
			mu.Lock()
			tried = append(tried, address)
			mu.Unlock()
			switch address {
			case "tcp://10.0.0.1:9100", "tcp://izkm.example:443": // silent
				<-ctx.Done()
				return ctx.Err()
			case "tcp://10.0.0.5:502":
				return errors.New("connection\nrefused")
			}
			return nil
		})
		if passed := time.Since(start); passed != 2*time.Second {
			t.Errorf("took %v, expected 2s for all together", passed)
		}
		slices.Sort(tried)
		want := []string{"tcp://10.0.0.1:9100", "tcp://10.0.0.3:9004", "tcp://10.0.0.5:502", "tcp://izkm.example:443"}
		if !slices.Equal(tried, want) {
			t.Errorf("tried %q", tried)
		}
		const lines = `conf/linemark.toml:5: izkm.url: tcp://izkm.example:443 cannot be reached: no answer in 2s (hint: see that this machine reaches the internet and that a firewall lets linemark through)
conf/linemark.toml:25: printer.address: tcp://10.0.0.1:9100 cannot be reached: no answer in 2s (hint: see that tij is on and its cable in, and compare the address with the device's own settings)
conf/linemark.toml:37: plc.address: tcp://10.0.0.5:502 cannot be reached: connection refused (hint: see that plc.hall-1 is on and its cable in, and compare the address with the device's own settings)`
		if got.Error() != lines {
			t.Errorf("got\n%v\nwant\n%s", got, lines)
		}
	})
}

func TestReachableSaysNothingWhenAllAnswer(t *testing.T) {
	if got := Reachable(t.Context(), parseGood(t), func(context.Context, string) error { return nil }); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestHostOf(t *testing.T) {
	for web, want := range map[string]string{
		"https://izkm.example/api": "tcp://izkm.example:443", "http://izkm.example": "tcp://izkm.example:80",
		"https://[::1]:8443": "tcp://[::1]:8443", "": "", "::": "",
	} {
		if got := hostOf(web); got != want {
			t.Errorf("hostOf(%q) = %q, want %q", web, got, want)
		}
	}
}
