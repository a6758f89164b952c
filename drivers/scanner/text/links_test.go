package text

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/scanner/scantest"
	"linemark/drivers/scanner/text/texttest"
)

const patience = 10 * time.Second

// peer is an emulated scanner on a real link, and the driver for it.
type peer struct {
	*texttest.Scanner
	driver  *Scanner
	connect func() // begins another connection where the scanner is the one that connects
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func (p *peer) open(t *testing.T) drivers.ScanSession {
	t.Helper()
	p.connect()
	s, err := p.driver.Open(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	select {
	case <-p.Connected():
	case <-time.After(patience):
		t.Fatal("the scanner has no connection")
	}
	return s
}

// alone waits until the scanner has noticed that its connection is gone.
func (p *peer) alone(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); runtime.Gosched() {
		select {
		case <-p.Connected():
		default:
			return
		}
	}
	t.Fatal("the scanner still has a connection")
}

func with(t *testing.T, address string, opt texttest.Options, options map[string]any) *peer {
	t.Helper()
	sc, err := New(drivers.Settings{Name: "cam-1", Address: address, Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return &peer{Scanner: servetest.Start(t, texttest.New(opt)), driver: sc, connect: func() {}}
}

// client is a driver that connects to the scanner.
func client(t *testing.T, opt texttest.Options, options map[string]any) *peer {
	l := servetest.Listen(t)
	p := with(t, "tcp://"+l.Addr().String(), opt, options)
	go p.Serve(l)
	return p
}

// server is a driver that the scanner connects to.
func server(t *testing.T, opt texttest.Options, options map[string]any) *peer {
	l := servetest.Listen(t)
	target := l.Addr().String()
	l.Close()
	p := with(t, "listen://"+target, opt, options)
	p.connect = func() {
		t.Helper()
		go func() {
			for t.Context().Err() == nil && p.Connect(t.Context(), target) != nil { // until the port is open
			}
		}()
	}
	return p
}

// cable is a pair of serial ports.
func cable(t *testing.T, opt texttest.Options, options map[string]any) *peer {
	laid := scantest.Plug(t, scantest.Socat(t), scantest.Ports(t))
	p := with(t, laid.Address, opt, options)
	go p.ServeConn(laid.Far)
	return p
}

var links = map[string]func(*testing.T, texttest.Options, map[string]any) *peer{"client": client, "server": server, "serial": cable}

// P8: over every link pictures, heartbeats and answers to a trigger come as the scanner sent them.
func TestP8EveryLink(t *testing.T) {
	for name, on := range links {
		t.Run(name, func(t *testing.T) {
			var p *peer
			triggers := 0
			p = on(t, texttest.Options{Terminator: "\x03", NoRead: "error", Prefix: "]d2", Grades: true, Places: true, Trigger: "LON\r",
				OnTrigger: func(bool) {
					p.Raw([]byte("OK,LON\x03"))
					p.Picture(texttest.Symbol{Code: fmt.Append(nil, "trigger", triggers), Grade: "B"})
					triggers++
				}},
				map[string]any{"terminator": "\x03", "separator": "\n\r", "no_read": "error", "aim": "require", "heartbeat": "ALIVE",
					"heartbeat_pattern": "OK,.*", "template": "{code}@{grade}({place})", "trigger": "LON\r"})
			s := p.open(t)
			go func() {
				for i := range 50 {
					p.Heartbeat()
					p.Picture(texttest.Symbol{Code: []byte(nasty), Grade: "A", X: i, Y: 2}, texttest.Symbol{}, texttest.Symbol{Code: fmt.Append(nil, i)})
				}
			}()
			expect := func(want drivers.Scan) {
				t.Helper()
				got, err := s.Next(soon(t))
				got.Raw = nil
				if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("Next = %+v, %v, want %+v", got, err, want)
				}
			}
			for i := range 50 {
				expect(drivers.Scan{Code: []byte(nasty), AIM: "]d2", Grade: "A", Place: fmt.Sprintf("%d,2", i), More: true})
				expect(drivers.Scan{NoRead: true, More: true})
				expect(drivers.Scan{Code: fmt.Append(nil, i), AIM: "]d2", Place: "0,0"})
			}
			for i := range 2 {
				if err := s.(drivers.Triggerer).Trigger(soon(t)); err != nil {
					t.Fatal(err)
				}
				expect(drivers.Scan{Code: fmt.Append(nil, "trigger", i), AIM: "]d2", Grade: "B", Place: "0,0"})
			}
		})
	}
}

// A scanner that loses its power and comes back: as TCP client it takes over from its own dead connection, and
// with a heartbeat it is missed in every case.
func TestScannerLosesItsPower(t *testing.T) {
	for name, c := range map[string]struct {
		on      func(*testing.T, texttest.Options, map[string]any) *peer
		options map[string]any
		returns bool // before it is missed
		want    string
	}{
		"client, heartbeat":  {client, map[string]any{"heartbeat": "ALIVE", "heartbeat_within": "200ms"}, false, "silent for 200ms"},
		"serial, heartbeat":  {cable, map[string]any{"heartbeat": "ALIVE", "heartbeat_within": "200ms"}, false, "silent for 200ms"},
		"server, heartbeat":  {server, map[string]any{"heartbeat": "ALIVE", "heartbeat_within": "200ms"}, false, "silent for 200ms"},
		"server, comes back": {server, nil, true, "127.0.0.1 connected anew"},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.on(t, texttest.Options{}, c.options)
			s := p.open(t)
			p.Heartbeat()
			p.Read([]byte("before"))
			for {
				got, err := s.Next(soon(t))
				if err != nil {
					t.Fatal(err)
				}
				if string(got.Code) == "before" {
					break
				}
			}
			p.Freeze()
			if c.returns {
				p.connect()
				<-p.Connected()
				p.Read([]byte("after"))
			}
			if got, err := s.Next(soon(t)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Next = %+v, %v, want %s", got, err, c.want)
			}
			if !c.returns {
				return
			}
			s.Close()
			again, err := p.driver.Open(soon(t))
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			if got, err := again.Next(soon(t)); err != nil || string(got.Code) != "after" {
				t.Errorf("after it came back: %+v, %v", got, err)
			}
		})
	}
}

// A scanner that hangs up between readings misses none that it sends at once when it is back.
func TestScannerReconnects(t *testing.T) {
	p := server(t, texttest.Options{}, nil)
	s := p.open(t)
	for i := range 5 {
		p.Read(fmt.Append(nil, i))
		if got, err := s.Next(soon(t)); err != nil || string(got.Code) != fmt.Sprint(i) {
			t.Fatalf("%+v, %v", got, err)
		}
		s.Close()
		p.alone(t)
		s = p.open(t)
	}
}
