package sim

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/sim/check"
)

// given are the ports that were given out: two devices of one plant must not have the same.
var given sync.Map

// freePort is an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 { // below the ports that the system gives to outgoing connections
		n := 10_000 + rand.IntN(2_000)
		if _, had := given.LoadOrStore(n, true); had {
			continue
		}
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(n))); err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// whole is oneLine with devices on free ports of this machine.
func whole(t *testing.T) *config.Config {
	c := oneLine()
	c.PLCs[0].Address = "tcp://" + freePort(t)
	c.Printers = []config.Device{{Name: "tij", Driver: "zpl", Address: "tcp://" + freePort(t)}}
	for _, name := range []string{"cam-1", "cam-2"} {
		c.Scanners = append(c.Scanners, config.Device{Name: name, Driver: "text", Address: "tcp://" + freePort(t),
			Options: map[string]any{"terminator": "\x03", "no_read": "nothing"}})
	}
	c.IZKM.URL = "http://" + freePort(t)
	return c
}

// What a plant cannot simulate, or may not, is refused, and nothing stays open.
func TestPlantRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*config.Config)
		want  string
	}{
		{"a device elsewhere", func(c *config.Config) { c.Scanners[1].Address = "tcp://192.0.2.1:9004" }, "scanner cam-2: 192.0.2.1:9004 is not an address of this machine's loopback"},
		{"every address of this machine", func(c *config.Config) { c.Printers[0].Address = "tcp://0.0.0.0:9100" }, "printer tij: 0.0.0.0:9100 is not an address"},
		{"a serial port", func(c *config.Config) { c.Printers[0].Address = "serial://COM3" }, "printer tij: "},
		{"a driver without an emulator", func(c *config.Config) { c.Printers[0].Driver = "laser" }, `printer tij: the simulated plant has no emulator for driver "laser"`},
		{"the real system", func(c *config.Config) { c.IZKM.URL = "https://izkm.example" }, "[izkm] url https://izkm.example: the simulated plant serves http on loopback only"},
		{"a system elsewhere", func(c *config.Config) { c.IZKM.URL = "http://192.0.2.1:80" }, "[izkm] url: 192.0.2.1:80 is not an address"},
		{"a port that is taken", func(c *config.Config) { c.PLCs[0].Address = c.Printers[0].Address }, "plc plc: listen tcp"},
		{"a counter of another width", func(c *config.Config) {
			c.PLCs[0].Options["inputs"].(map[string]any)["rejects"] = "holding:102:uint16"
		}, `line 3, station check: the simulated PLC has coils and holding registers of uint32, not rejects = "holding:102:uint16"`},
		{"an output that is no coil", func(c *config.Config) {
			c.PLCs[0].Options["outputs"].(map[string]any)["stop"] = "holding:5"
		}, `not stop = "holding:5"`},
		{"another word order", func(c *config.Config) { c.PLCs[0].Options["word_order"] = "CDAB" }, "the simulated PLC has word order ABCD, not CDAB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := whole(t)
			c.spoil(cfg)
			p, err := New(cfg, Options{Dir: t.TempDir()})
			if err == nil {
				p.Close()
				t.Fatal("the plant was built")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
			for _, d := range cfg.Printers { // the first device to be served
				if address := strings.TrimPrefix(d.Address, "tcp://"); strings.HasPrefix(address, "127.") {
					l, err := net.Listen("tcp", address)
					if err != nil {
						t.Fatalf("still open: %v", err)
					}
					l.Close()
				}
			}
		})
	}
}

// The plant speaks as the configuration says, at any address of its PLC.
func TestPlantFollowsTheConfiguration(t *testing.T) {
	cfg := whole(t)
	cfg.PLCs[0].Options["inputs"].(map[string]any)["products"] = "holding:40000:uint32"
	cfg.PLCs[0].Options["outputs"].(map[string]any)["beat"] = "coil:9000"
	p := must(New(cfg, Options{}))
	defer p.Close()
	conn := must(net.Dial("tcp", strings.TrimPrefix(cfg.Scanners[0].Address, "tcp://")))
	defer conn.Close()
	<-p.Scanners["cam-1"].Connected()
	p.Scanners["cam-1"].Read([]byte("code"))
	p.Scanners["cam-1"].NoRead()
	const want = "code\x03nothing\x03"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("the scanner sends %q, %v", got, err)
	}
	if got := p.conveyors[0].points; got != (points{40000, 102, 0, 1, 9000}) {
		t.Errorf("points %+v", got)
	}
	p.PLCs["plc"].SetUint32(40000, 1)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

const orderLine = `{"at":"2026-03-01T06:00:00Z","method":"POST","path":"/api/v2/water/orders","status":200,"order":{"orderId":"4a65df83-08cd-4240-8446-69e8daedd162",` +
	`"omsId":"x","group":"water","created":"2026-03-01T06:00:00Z","ready":"2026-03-01T06:00:00Z","products":[{"gtin":"04780012345677","cisType":"UNIT","quantity":5}]}}` + "\n"

// A plant that was killed in the midst of a line starts again, as often as one likes, and its
// logs can be read.
func TestPlantGoesOnAfterAKill(t *testing.T) {
	cfg, dir := whole(t), t.TempDir()
	for _, half := range []string{"", `{"at":"2026-03-01T06:00:01Z","method":"GET","path":"/api/v2/wat`, orderLine[:len(orderLine)-1]} {
		file := filepath.Join(dir, "izkm.jsonl")
		try(os.WriteFile(file, []byte(orderLine+half), 0o600))
		try(os.WriteFile(filepath.Join(dir, "conveyor-3.jsonl"), []byte("{\"event\":\"made\",\"product\":1}\n{\"event\":\"pas"), 0o600))
		for life := range 3 {
			p, err := New(cfg, Options{Dir: dir})
			if err != nil {
				t.Fatalf("after %q, life %d: %v", half, life, err)
			}
			if orders := p.IZKM.History().Orders; len(orders) == 0 || orders[0].ID != "4a65df83-08cd-4240-8446-69e8daedd162" {
				t.Errorf("after %q, life %d: orders %+v", half, life, orders)
			}
			try(p.Close())
		}
		belt := string(must(os.ReadFile(filepath.Join(dir, "conveyor-3.jsonl"))))
		if !strings.Contains(belt, "\n{\"event\":\"pas\n{") || strings.Count(belt, `"started"`) != 3 {
			t.Errorf("the belt's log is %s", belt)
		}
		l := must(ledger.Open(t.Context(), t.TempDir(), ledger.Options{Agent: "line-3"}))
		if _, err := check.Judge(t.Context(), dir, l); err != nil {
			t.Errorf("after %q: %v", half, err)
		}
		try(l.Close())
	}
}

// A log that is broken elsewhere than at its end is not gone on with.
func TestPlantRefusesABrokenLog(t *testing.T) {
	cfg, dir := whole(t), t.TempDir()
	try(os.WriteFile(filepath.Join(dir, "izkm.jsonl"), []byte("{\"at\n"+orderLine), 0o600))
	if p, err := New(cfg, Options{Dir: dir}); err == nil {
		p.Close()
		t.Error("the plant was built")
	}
}

// Without a folder nothing is logged, and no log is gone on with that happens to lie about.
func TestPlantWithoutLogs(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	try(os.WriteFile("izkm.jsonl", []byte("no log\n"), 0o600))
	p := must(New(whole(t), Options{}))
	try(p.Close())
	if files := must(os.ReadDir(dir)); len(files) != 1 {
		t.Errorf("%d files", len(files))
	}
}

// said gathers what an emulator says to the person at the desk.
type said struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{}
}

func (s *said) say(format string, args ...any) {
	s.mu.Lock()
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
	s.mu.Unlock()
	s.more <- struct{}{}
}

func (s *said) last() string {
	<-s.more
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines[len(s.lines)-1]
}

// Each emulator alone is there, says where, and tells what it was made to do.
func TestAlone(t *testing.T) {
	var a Alone
	if !a.Empty() {
		t.Error("nothing was chosen and it is not empty")
	}
	for list, to := range map[string]*[]string{"zpl": &a.Printers, "text": &a.Scanners, "modbus": &a.PLCs} {
		if err := a.Add(to)(list + "=" + freePort(t)); err != nil || a.Empty() {
			t.Fatal(err)
		}
	}
	a.IZKM = freePort(t)
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s := &said{more: make(chan struct{}, 100)}
	go func() { ended <- a.Run(ctx, Options{}, s.say) }()
	for range 4 {
		s.last()
	}
	at := func(choice string) string { _, address, _ := strings.Cut(choice, "="); return address }
	want := fmt.Sprintf("[izkm at http://%s: any oms_id and token are taken zpl at tcp://%s text at tcp://%s modbus at tcp://%s]", a.IZKM, at(a.Printers[0]), at(a.Scanners[0]), at(a.PLCs[0]))
	if got := fmt.Sprint(s.lines); got != want {
		t.Errorf("said %s\nwant %s", got, want)
	}

	resp := must(http.Get("http://" + a.IZKM + "/api/v2/water/orders"))
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode == http.StatusNotFound {
		t.Errorf("the national system says %s", resp.Status)
	}

	printer := must(net.Dial("tcp", at(a.Printers[0])))
	defer printer.Close()
	must(printer.Write([]byte("^XA^FO20,20^BXN,4,200,,,,#^FD#1010478#193abcd^FS^PQ1^XZ")))
	if got := s.last(); got != "printed 010478{GS}93abcd" {
		t.Errorf("said %q", got)
	}

	scanner := must(net.Dial("tcp", at(a.Scanners[0])))
	defer scanner.Close()
	try(scanner.SetReadDeadline(time.Now().Add(time.Minute)))
	if line := must(bufio.NewReader(scanner).ReadString('\n')); !strings.HasPrefix(line, "010478001234567721") || !strings.HasSuffix(line, "\r\n") {
		t.Errorf("read %q", line)
	}

	plc := must(net.Dial("tcp", at(a.PLCs[0])))
	defer plc.Close()
	must(plc.Write([]byte{0, 1, 0, 0, 0, 6, 1, 5, 0x23, 0x28, 0xff, 0}))
	if got := s.last(); got != "coil 9000 is true" {
		t.Errorf("said %q", got)
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAloneRefuses(t *testing.T) {
	var a Alone
	for _, choice := range []string{"", "zpl", "zpl=", "=127.0.0.1:9100"} {
		if err := a.Add(&a.Printers)(choice); err == nil || !a.Empty() {
			t.Errorf("%q was taken", choice)
		}
	}
	for _, c := range []struct {
		alone Alone
		want  string
	}{
		{Alone{IZKM: "192.0.2.1:80"}, "--izkm: 192.0.2.1:80 is not an address of this machine's loopback"},
		{Alone{Printers: []string{"laser=127.0.0.1:1"}}, `--printer laser=127.0.0.1:1: no emulator speaks "laser" here, only dynamark, ngpcl, sbpl, sppl, tspl, zipher, zpl`},
		{Alone{Scanners: []string{"zpl=127.0.0.1:1"}}, `no emulator speaks "zpl" here, only text`},
		{Alone{PLCs: []string{"modbus=0.0.0.0:1502"}}, "--plc modbus=0.0.0.0:1502: 0.0.0.0:1502 is not an address"},
	} {
		if err := c.alone.Run(t.Context(), Options{}, func(string, ...any) {}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v\nwant %s", err, c.want)
		}
	}
}

// Every protocol's emulator stands alone and ends.
func TestAlonePrinters(t *testing.T) {
	for protocol := range printers {
		ctx, cancel := context.WithCancel(t.Context())
		a := &Alone{Printers: []string{protocol + "=127.0.0.1:0"}}
		up := make(chan string, 10)
		ended := make(chan error, 1)
		go func() {
			ended <- a.Run(ctx, Options{}, func(format string, args ...any) { up <- fmt.Sprintf(format, args...) })
		}()
		if said := <-up; !strings.HasPrefix(said, protocol+" at tcp://127.0.0.1:") {
			t.Errorf("%s says %q", protocol, said)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", protocol, err)
		}
	}
}
