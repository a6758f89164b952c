package demo

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linemark/drivers/link"
	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/sim"
)

// reactionLimit is the most that the agent may take, in 99 cases of 100, from what it hears of one
// device to the last byte that it sends to another.
const reactionLimit = 5 * time.Millisecond

// BenchmarkReaction measures the agent's own delays, from the read that brought the news to the
// write that answers it, on loopback with every flush real. p99-ms is their 99th percentile; ratio
// is the limit to it: above 1 is good.
//
// The first is from a printer's count to the next code on the wire, the other from a camera's bytes
// to the reject coil, every tenth product being unreadable and every tenth one read wrong.
func BenchmarkReaction(b *testing.B) {
	b.Run("print_to_next_code/50_a_second", func(b *testing.B) {
		react(b, 1, 50, sim.Faults{}, func(t *tap) []time.Duration { return t.fed })
	})
	b.Run("scan_to_reject/4_lines_33_a_second", func(b *testing.B) {
		react(b, 4, 33, sim.Faults{NoRead: 0.1, Wrong: 0.1}, func(t *tap) []time.Duration { return t.rejected })
	})
}

func react(b *testing.B, lines int, rate float64, faults sim.Faults, delays func(*tap) []time.Duration) {
	for b.Loop() {
		t := &tap{}
		produceTapped(b, t, lines, rate, faults)
		all := slices.Sorted(slices.Values(delays(t)))
		if len(all) < 100 {
			b.Fatalf("only %d delays were measured", len(all))
		}
		p99 := all[len(all)*99/100]
		b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(p99.Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(reactionLimit)/float64(p99), "ratio")
	}
}

// produceTapped runs lines that mark and check for some seconds, with the agent's connections tapped.
func produceTapped(b *testing.B, t *tap, lines int, rate float64, faults sim.Faults) {
	dir := b.TempDir()
	if root := os.Getenv("LINEMARK_BENCH_DIR"); root != "" {
		var err error
		if dir, err = os.MkdirTemp(root, "reaction-"); err != nil {
			b.Fatal(err)
		}
		defer os.RemoveAll(dir)
	}
	cfg := linesIn(b, dir, lines)
	plant, err := sim.New(cfg, sim.Options{Seed: 1, Rate: rate, Faults: faults})
	if err != nil {
		b.Fatal(err)
	}
	defer plant.Close()
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	a, err := agent.New(ctx, cfg, agent.Options{Log: slog.New(slog.DiscardHandler), Dial: t.dial(cfg)})
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	for until := time.Now().Add(time.Minute); verified(a) < 10*lines; { // until all have begun
		shift, end := context.WithTimeout(ctx, time.Second)
		plant.Run(shift)
		end()
		if time.Now().After(until) {
			b.Fatal("the lines do not begin")
		}
	}
	t.forget()
	shift, end := context.WithTimeout(ctx, 10*time.Second)
	plant.Run(shift)
	end()
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	if err := a.Close(); err != nil {
		b.Fatal(err)
	}
}

// linesIn writes a configuration of several lines that only mark and check.
func linesIn(b *testing.B, dir string, lines int) *config.Config {
	head, _, _ := bytes.Cut(demoConfig, []byte("[[product]]\nname           = \"water-05x6\""))
	text := string(head)
	for n := 1; n <= lines; n++ {
		text += fmt.Sprintf(`
[[printer]]
name    = "tij-%[1]d"
driver  = "zpl"
address = "tcp://127.0.0.1:0"
label   = "labels/unit.zpl"
poll    = "2ms"
settle  = "20ms"
[[scanner]]
name    = "cam-%[1]d"
driver  = "text"
address = "tcp://127.0.0.1:0"
no_read = "NOREAD"
[[plc]]
name    = "plc-%[1]d"
driver  = "modbus"
address = "tcp://127.0.0.1:0"
poll    = "20ms"
  [plc.inputs]
  products = "holding:100:uint32"
  rejects  = "holding:102:uint32"
  [plc.outputs]
  reject = "coil:0"
  stop   = "coil:1"
  beat   = "coil:2"
[[line]]
name  = "%[1]d"
batch = "B1"
  [[line.station]]
  name    = "mark"
  kind    = "print"
  product = "water-05"
  printer = "tij-%[1]d"
  ahead   = 8
  [[line.station]]
  name       = "check"
  kind       = "verify"
  scanner    = "cam-%[1]d"
  reject     = "plc-%[1]d.reject"
  confirm    = "plc-%[1]d.rejects"
  stop       = "plc-%[1]d.stop"
  stop_after = 1000
  pulse      = "5ms"
`, n)
	}
	if err := os.MkdirAll(filepath.Join(dir, "labels"), 0o750); err != nil {
		b.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "labels"), config.Labels()); err != nil {
		b.Fatal(err)
	}
	addressed, err := addressed([]byte(text), dir)
	if err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(dir, "linemark.toml")
	if err := os.WriteFile(file, addressed, 0o640); err != nil {
		b.Fatal(err)
	}
	cfg, err := config.Load(file)
	if err != nil {
		b.Fatal(err)
	}
	return cfg
}

// tap measures at the agent's own connections.
type tap struct {
	mu            sync.Mutex
	fed, rejected []time.Duration
	told          map[string]time.Time // by line: when the printer told of a print, and no code has followed
	read          map[string]time.Time // by line: when the camera last sent something
	counts        map[string]string    // by line: the odometer as last told
}

func (t *tap) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fed, t.rejected = nil, nil
}

// dial taps the connections by what the configuration says of their addresses; device names end in
// their line's number.
func (t *tap) dial(cfg *config.Config) link.Dialer {
	t.told, t.read, t.counts = map[string]time.Time{}, map[string]time.Time{}, map[string]string{}
	names := map[string]string{}
	for _, devices := range [][]config.Device{cfg.Printers, cfg.Scanners, cfg.PLCs} {
		for _, d := range devices {
			names[d.Address] = d.Name
		}
	}
	return func(ctx context.Context, address string) (link.Conn, error) {
		conn, err := link.Dial(ctx, address)
		kind, line, _ := strings.Cut(names[address], "-")
		return &tapped{Conn: conn, tap: t, kind: kind, line: line}, err
	}
}

type tapped struct {
	link.Conn
	tap        *tap
	kind, line string
}

func (c *tapped) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	now := time.Now()
	t := c.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	switch c.kind {
	case "tij":
		// An answer of the odometer stands in quotes; one that is new tells of a print.
		if from := bytes.IndexByte(b[:n], '"'); from >= 0 {
			count, _, _ := strings.Cut(string(b[from+1:n]), "\"") // the state may follow
			if was := t.counts[c.line]; was != "" && was != count && t.told[c.line].IsZero() {
				t.told[c.line] = now
			}
			t.counts[c.line] = count
		}
	case "cam":
		t.read[c.line] = now
	}
	return n, err
}

func (c *tapped) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	now := time.Now()
	t := c.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	switch c.kind {
	case "tij":
		if began := t.told[c.line]; !began.IsZero() && bytes.Contains(b, []byte("^FD")) {
			t.fed, t.told[c.line] = append(t.fed, now.Sub(began)), time.Time{}
		}
	case "plc":
		// Function 5, coil 0, on: after the seven bytes of the header.
		// A rejection for any reading but the last never goes out.
		if began := t.read[c.line]; !began.IsZero() && len(b) == 12 && bytes.Equal(b[7:11], []byte{5, 0, 0, 0xff}) {
			t.rejected, t.read[c.line] = append(t.rejected, now.Sub(began)), time.Time{}
		}
	}
	return n, err
}
