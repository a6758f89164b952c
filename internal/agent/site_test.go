package agent

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	_ "linemark/drivers/all"
	"linemark/drivers/link"
	"linemark/drivers/plc/modbus/modbustest"
	"linemark/drivers/printer/zpl/zpltest"
	"linemark/drivers/scanner/text/texttest"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm/izkmtest"
)

// siteConfig is one line with everything that a line may have. The polls are slow: virtual time is cheap,
// what is done in it is not.
const siteConfig = `
version = 1
[agent]
name     = "line-3"
data_dir = "DATA"
[izkm]
url            = "http://izkm"
oms_id         = "cdf12109-10d3-11e6-8b6f-0050569977a1"
client_token   = "token"
group          = "water"
participant_id = "301234567"
timeout        = "10s"
[[product]]
name           = "water-05"
gtin           = "04780012345677"
template_id    = 3
low_water      = 100
order_quantity = 200
block_quantity = 100
[[product]]
name           = "water-05x6"
gtin           = "14780012345674"
template_id    = 3
cis_type       = "GROUP"
low_water      = 20
order_quantity = 40
block_quantity = 40
[[printer]]
name    = "tij-1"
driver  = "zpl"
address = "tcp://tij:9100"
label   = "labels/unit.zpl"
poll    = "200ms"
[[printer]]
name    = "box-1"
driver  = "zpl"
address = "tcp://box:9100"
label   = "labels/box.zpl"
poll    = "200ms"
[[scanner]]
name    = "cam-1"
driver  = "text"
address = "tcp://cam1:9004"
no_read = "NOREAD"
[[scanner]]
name    = "cam-2"
driver  = "text"
address = "tcp://cam2:9004"
no_read = "NOREAD"
[[plc]]
name    = "plc-1"
driver  = "modbus"
address = "tcp://plc:502"
poll    = "100ms"
  [plc.inputs]
  products = "holding:100:uint32"
  rejects  = "holding:102:uint32"
  [plc.outputs]
  reject = "coil:0"
  stop   = "coil:1"
  beat   = "coil:2"
[[line]]
name  = "3"
batch = "B1"
  [[line.station]]
  name    = "mark"
  kind    = "print"
  product = "water-05"
  printer = "tij-1"
  ahead   = 4
  [[line.station]]
  name    = "check"
  kind    = "verify"
  scanner = "cam-1"
  reject  = "plc-1.reject"
  confirm = "plc-1.rejects"
  stop    = "plc-1.stop"
  [[line.station]]
  name     = "box"
  kind     = "pack"
  scanner  = "cam-2"
  capacity = 6
  unit     = "water-05x6"
  printer  = "box-1"
[report.utilisation]
every = "20s"
[report.aggregation]
every = "20s"
`

// site is a plant of emulators and the agent of its only line, joined by pipes in a bubble of
// testing/synctest.
type site struct {
	t    *testing.T
	dir  string
	cfg  *config.Config
	log  *lines
	izkm *izkmtest.Server
	tij  *zpltest.Printer
	box  *zpltest.Printer
	cam1 *texttest.Scanner
	cam2 *texttest.Scanner
	plc  *modbustest.PLC

	agent  *Agent             // nil: there is none
	cancel context.CancelFunc // nil: it does not run
	ended  chan error

	mu     sync.Mutex
	away   map[string]bool       // hosts that nobody answers for
	conns  map[string][]net.Conn // far ends by host
	tries  map[string]int        // to reach a host
	web    chan net.Conn
	served map[string]func(net.Conn)
}

// inSite runs the test on a site whose agent has not been started.
func inSite(t *testing.T, test func(s *site)) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{t: t, dir: t.TempDir(), log: &lines{}, away: map[string]bool{}, conns: map[string][]net.Conn{}, tries: map[string]int{}, web: make(chan net.Conn),
			izkm: izkmtest.New(izkmtest.Options{OMSID: "cdf12109-10d3-11e6-8b6f-0050569977a1", Token: "token", Seed: 1}),
			tij:  zpltest.New(zpltest.Options{Trigger: true}), box: zpltest.New(zpltest.Options{}),
			cam1: texttest.New(texttest.Options{}), cam2: texttest.New(texttest.Options{}),
			plc: modbustest.New(modbustest.Options{Coils: 8, Holding: 200})}
		s.served = map[string]func(net.Conn){"tij": s.tij.ServeConn, "box": s.box.ServeConn, "cam1": s.cam1.ServeConn, "cam2": s.cam2.ServeConn, "plc": s.plc.ServeConn,
			"izkm": func(c net.Conn) { s.web <- c }}
		server := &http.Server{Handler: s.izkm, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
		listener := &pipes{conns: s.web, closed: make(chan struct{})}
		go server.Serve(listener) //nolint:errcheck // ends with Close
		defer server.Close()
		for _, c := range []io.Closer{s.tij, s.box, s.cam1, s.cam2, s.plc} {
			defer c.Close()
		}
		s.cfg = configIn(t, s.dir, siteConfig)
		defer s.stop()
		test(s)
	})
}

// configIn writes a configuration and the labels that it names, and loads it.
func configIn(t *testing.T, dir, text string) *config.Config {
	t.Helper()
	if err := os.CopyFS(filepath.Join(dir, "labels"), config.Labels()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "linemark.toml")
	text = strings.ReplaceAll(text, "DATA", filepath.ToSlash(dir))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTP.Listen = "" // a real port would stop the bubble's time
	return cfg
}

// pipes is the national system's listener.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// reach opens a connection to a host of the site.
func (s *site) reach(host string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries[host]++
	serve := s.served[host]
	if s.away[host] || serve == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	s.conns[host] = append(s.conns[host], far)
	go serve(far)
	return near, nil
}

func (s *site) dial(_ context.Context, address string) (link.Conn, error) {
	host, _, err := net.SplitHostPort(strings.TrimPrefix(address, "tcp://"))
	if err != nil {
		return nil, err
	}
	return s.reach(host)
}

// goAway cuts a host's connections and lets nobody reach it any more.
func (s *site) goAway(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away[host] = true
	for _, c := range s.conns[host] {
		c.Close()
	}
	s.conns[host] = nil
}

func (s *site) comeBack(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away[host] = false
}

// build makes an agent of the configuration.
func (s *site) build() {
	s.t.Helper()
	a, err := New(s.t.Context(), s.cfg, Options{Log: slog.New(s.log), Dial: s.dial, Look: 4 * time.Second,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return s.reach("izkm") }})
	if err != nil {
		s.t.Fatal(err)
	}
	s.agent = a
}

// start builds the agent and runs it.
func (s *site) start() {
	s.t.Helper()
	s.build()
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(context.Background())
	s.ended = make(chan error, 1)
	go func(a *Agent, ended chan error) { ended <- a.Run(ctx) }(s.agent, s.ended)
}

// stop ends the agent and closes its ledger.
func (s *site) stop() {
	s.t.Helper()
	if s.cancel != nil {
		s.cancel()
		if err := <-s.ended; err != nil {
			s.t.Errorf("Run ended with %v", err)
		}
	}
	if s.agent != nil {
		if err := s.agent.Close(); err != nil {
			s.t.Errorf("closing the agent: %v", err)
		}
	}
	s.agent, s.cancel = nil, nil
}

// until lets time pass until done, for a quarter of an hour at most.
func (s *site) until(what string, done func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(15 * time.Minute); time.Now().Before(deadline); time.Sleep(500 * time.Millisecond) {
		if synctest.Wait(); done() {
			return
		}
	}
	s.t.Fatalf("%s never came; the status is %+v", what, s.status())
}

func (s *site) status() Status {
	s.t.Helper()
	st, err := s.agent.Status(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return st
}

func (s *site) device(name string) DeviceStatus {
	s.t.Helper()
	for _, d := range s.status().Devices {
		if d.Name == name {
			return d
		}
	}
	s.t.Fatalf("the status has no device %s", name)
	return DeviceStatus{}
}

func (s *site) station(name string) StationStatus {
	s.t.Helper()
	for _, st := range s.status().Lines[0].Stations {
		if st.Name == name {
			return st
		}
	}
	s.t.Fatalf("the status has no station %s", name)
	return StationStatus{}
}

// verified says how many units are verified.
func (s *site) verified() int { return s.status().Products[0].States[ledger.Verified.String()] }

// ready waits until the printer holds labels: stock, devices and permits are there.
func (s *site) ready() {
	s.t.Helper()
	s.until("a fed printer", func() bool { return s.tij.Waiting() == 4 })
}

// pass lets n products pass the whole line, one in half a second.
func (s *site) pass(n int) {
	s.t.Helper()
	for range n {
		s.ready()
		l, ok := s.tij.Print()
		if !ok {
			s.t.Fatal("the printer did not print")
		}
		c := bytes.Clone(l.Symbols[0].Data)
		time.Sleep(250 * time.Millisecond)
		s.cam1.Read(c)
		time.Sleep(250 * time.Millisecond)
		s.cam2.Read(c)
	}
}

// lines is a log that a test can read.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (*lines) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler         { return l }
func (l *lines) WithGroup(string) slog.Handler              { return l }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	text := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, text)
	return nil
}

// with returns the lines that hold all of these words.
func (l *lines) with(words ...string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for _, line := range l.all {
		missing := false
		for _, w := range words {
			missing = missing || !strings.Contains(line, w)
		}
		if !missing {
			found = append(found, line)
		}
	}
	return found
}

// mark forgets what was logged so far.
func (l *lines) mark() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = nil
}
