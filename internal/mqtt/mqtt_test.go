package mqtt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// diary is a log that a test can read.
type diary struct {
	mu  sync.Mutex
	all []string
}

func (*diary) Enabled(context.Context, slog.Level) bool { return true }
func (d *diary) WithAttrs([]slog.Attr) slog.Handler     { return d }
func (d *diary) WithGroup(string) slog.Handler          { return d }

func (d *diary) Handle(_ context.Context, r slog.Record) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, r.Level.String()+" "+r.Message)
	return nil
}

// with counts the entries that hold a text.
func (d *diary) with(text string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, entry := range d.all {
		if strings.Contains(entry, text) {
			n++
		}
	}
	return n
}

// While nobody answers, telling never waits, what waits is bounded, and the log has one line about it.
func TestBrokerAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, tries := &diary{}, 0
		p, err := New(Options{Broker: "mqtt://broker:1883", ClientID: "x", Presence: "p/online", Buffer: 10, Log: slog.New(log),
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				tries++
				return nil, errors.New("connection refused")
			}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		began := time.Now()
		for i := range 25 {
			p.Tell("p/alarm", fmt.Append(nil, i), false)
			p.Keep("p/state", fmt.Append(nil, i))
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("telling took %v", waited)
		}
		time.Sleep(time.Hour)
		s := p.Status()
		if s.Up || s.Waiting != 10 || s.Dropped != 15 || s.Told != 0 || !strings.Contains(s.Error, "connection refused") {
			t.Errorf("the status is %+v", s)
		}
		if got := texts(p.queue.all); got[0] != "15" || got[9] != "24" {
			t.Errorf("what waits is %v", got)
		}
		if string(p.values["p/state"]) != "24" {
			t.Errorf("the state is %s", p.values["p/state"])
		}
		if n := log.with("WARN"); n != 1 {
			t.Errorf("%d warnings in an hour: %q", n, log.all)
		}
		if tries < 100 || tries > 250 { // every 15 to 30 s
			t.Errorf("%d tries in an hour", tries)
		}
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func TestOptions(t *testing.T) {
	for address, want := range map[string]string{"mqtt://h": "h:1883", "tls://h": "h:8883", "tls://[::1]:99": "[::1]:99", "mqtt://10.0.0.1:1": "10.0.0.1:1"} {
		p, err := New(Options{Broker: address})
		if err != nil || p.address != want || (p.tls != nil) != strings.HasPrefix(address, "tls") {
			t.Errorf("%s: %s, %v", address, p.address, err)
		}
	}
	for _, o := range []Options{{Broker: "http://h"}, {Broker: "h:1883"}, {Broker: ""}, {Broker: "tls://"}, {Broker: "tls://h", CA: []byte("x")}, {Broker: "tls://h", Cert: []byte("x"), Key: []byte("y")}} {
		if p, err := New(o); err == nil {
			t.Errorf("%+v became %+v", o, p)
		}
	}
}

// A name is one level of a topic, whatever it is.
func TestLevel(t *testing.T) {
	if got := Level("3/a+#\n б"); got != "3_a___ б" {
		t.Errorf("%q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		if got := Level(name); strings.ContainsAny(got, "/+#\x00") || len([]rune(got)) != len([]rune(name)) {
			t.Fatalf("%q became %q", name, got)
		}
	})
}

func TestReasons(t *testing.T) {
	got := []string{reason(0x86), reason(0x99)}
	if !slices.Equal(got, []string{"bad user name or password", "reason 0x99"}) {
		t.Errorf("%q", got)
	}
}
