package config

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// A device that connects by itself need not be there: its port must be free.
func TestReachableListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := parseGood(t)
		cfg.Scanners[0].Address = "listen://:9004"
		for _, c := range []struct {
			err  error // nil: nobody connects
			want string
		}{
			{nil, ""},
			{errors.New("listening on listen://:9004: address already in use"),
				"conf/linemark.toml:31: scanner.address: listening on listen://:9004: address already in use (hint: another program has the port (a running agent has it too), or the address is not this machine's)"},
		} {
			got := Reachable(t.Context(), cfg, func(ctx context.Context, address string) error {
				switch {
				case address != "listen://:9004":
					return nil
				case c.err != nil:
					return c.err
				}
				<-ctx.Done()
				return fmt.Errorf("waiting: %w", ctx.Err())
			})
			if (got == nil) != (c.want == "") || got != nil && got.Error() != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		}
	})
}

// A PLC on a bus is reached by the port or the device server that the bus hangs on.
func TestReachableBus(t *testing.T) {
	for address, want := range map[string]string{
		"rtu:///dev/ttyS1?baud=19200&parity=odd": "serial:///dev/ttyS1?baud=19200&parity=odd", "rtu+tcp://10.0.0.5:4001": "tcp://10.0.0.5:4001",
	} {
		cfg := parseGood(t)
		cfg.PLCs[0].Address = address
		got := Reachable(t.Context(), cfg, func(_ context.Context, address string) error {
			if address == want {
				return errors.New("no such port")
			}
			return nil
		})
		if len(got) != 1 || !strings.Contains(got.Error(), "plc.address: "+address+" cannot be reached: no such port") {
			t.Errorf("%s: %v, want it tried as %s", address, got, want)
		}
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
