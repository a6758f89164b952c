package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/link"
)

// gateway joins Modbus TCP to a serial line whose one unit answers in its own time. It gives
// up with exception 11, puts the number of its latest request on whatever the unit says
// next, and keeps what the unit says while nobody asks, where hoards is set. Every register
// and coil holds the low byte of its own address.
type gateway struct {
	patience time.Duration
	hoards   bool
	missing  bool // there is nothing behind address 100

	mu     sync.Mutex
	delays []time.Duration // of the unit's next answers
	asked  int
	line   chan []byte // what the unit has said, in order
	conns  []net.Conn
}

func (g *gateway) dial(context.Context, string) (link.Conn, error) {
	near, far := net.Pipe()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns = append(g.conns, near, far)
	go g.serve(far)
	return near, nil
}

func (g *gateway) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.conns {
		c.Close()
	}
}

func (g *gateway) serve(c net.Conn) {
	for {
		b := make([]byte, 12)
		if _, err := io.ReadFull(c, b); err != nil {
			return
		}
		for !g.hoards && len(g.line) > 0 {
			<-g.line
		}
		g.ask(b[7:])
		answer := []byte{b[7] | 0x80, noAnswer}
		select {
		case answer = <-g.line:
		case <-time.After(g.patience):
		}
		head := []byte{b[0], b[1], 0, 0, 0, byte(1 + len(answer)), b[6]}
		if _, err := c.Write(append(head, answer...)); err != nil {
			return
		}
	}
}

func (g *gateway) ask(pdu []byte) {
	first, n := int(binary.BigEndian.Uint16(pdu[1:])), int(binary.BigEndian.Uint16(pdu[3:]))
	answer := []byte{pdu[0], byte(2 * n)}
	for i := range n {
		answer = append(answer, 0, byte(first+i))
	}
	if pdu[0] < 3 {
		answer = append([]byte{pdu[0], byte((n + 7) / 8)}, make([]byte, (n+7)/8)...)
		for i := range n {
			answer[2+i/8] |= byte((first+i)&1) << (i % 8)
		}
	}
	if g.missing && first+n > 101 {
		answer = []byte{pdu[0] | 0x80, illegalAddress}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	delay := 5 * time.Millisecond
	if len(g.delays) > 0 {
		delay, g.delays = g.delays[0], g.delays[1:]
	}
	time.AfterFunc(delay, func() { g.line <- answer })
}

func (g *gateway) questions() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked
}

func (g *gateway) late(by ...time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.delays = by
}

// gatewayMaps are maps for which a question of another form is easy to find, hard, or behind the last place.
var gatewayMaps = map[string]struct {
	inputs map[string]any
	want   drivers.Values
}{
	"single registers": {map[string]any{"a": "holding:10:uint16", "b": "holding:20:uint16", "c": "holding:100:uint16"},
		drivers.Values{"a": 10, "b": 20, "c": 100}},
	"one register": {map[string]any{"c": "holding:100:uint16"}, drivers.Values{"c": 100}},
	"single coils": {map[string]any{"a": "coil:10", "b": "coil:21", "c": "coil:100"}, drivers.Values{"a": 0, "b": 1, "c": 0}},
	"of two forms": {map[string]any{"a": "holding:10:uint16", "b": "coil:21"}, drivers.Values{"a": 10, "b": 1}},
	"the last one": {map[string]any{"a": "holding:65535:uint16", "b": "input:65535:uint16"}, drivers.Values{"a": 255, "b": 255}},
}

func behind(t *testing.T, g *gateway, inputs map[string]any) *PLC {
	t.Helper()
	g.line = make(chan []byte, 1000)
	t.Cleanup(g.close)
	s := settings(map[string]any{"timeout": "500ms", "quiet": "300ms", "max_gap": int64(0), "inputs": inputs})
	s.Dial = g.dial
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// gatewayHistory goes through sessions of which each has one answer late, and says what was read wrong.
func gatewayHistory(t *testing.T, g *gateway, inputs map[string]any, want drivers.Values, delays []int) (wrong string) {
	p := behind(t, g, inputs)
	for _, d := range delays {
		g.late(append(make([]time.Duration, d%4), time.Duration(d)*time.Millisecond)...)
		s, err := p.Open(t.Context())
		if err != nil {
			continue
		}
		for range 6 {
			got, err := s.Read(t.Context())
			if err != nil {
				break
			}
			for k, v := range want {
				if got[k] != v {
					wrong = "read " + k + " wrong"
				}
			}
		}
		s.Close()
	}
	time.Sleep(time.Second) // what the unit still has to say
	return wrong
}

// Two late answers in the gateway, of which the older had the form of a probe, once passed for an answer in order.
func TestP6GatewayKeepsTwoAnswers(t *testing.T) {
	m := gatewayMaps["single registers"]
	synctest.Test(t, func(t *testing.T) {
		g := &gateway{patience: 200 * time.Millisecond, hoards: true, missing: true}
		if wrong := gatewayHistory(t, g, m.inputs, m.want, []int{54, 192, 594, 79, 428, 653, 700, 60}); wrong != "" {
			t.Error(wrong)
		}
	})
}

// P6: a gateway passes a late answer on as that to the next request. No value is believed
// that belongs to another place, whatever the gateway keeps, where the PLC is no later than
// timeout and quiet allow.
func TestP6GatewayPassesOnLateAnswers(t *testing.T) {
	for name, m := range gatewayMaps {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				delays := rapid.SliceOfN(rapid.IntRange(0, 700), 1, 8).Draw(rt, "delays in ms")
				g := &gateway{patience: 200 * time.Millisecond, hoards: rapid.Bool().Draw(rt, "hoards"), missing: rapid.Bool().Draw(rt, "missing")}
				if name == "the last one" {
					g.missing = false
				}
				var wrong string
				synctest.Test(t, func(t *testing.T) {
					wrong = gatewayHistory(t, g, m.inputs, m.want, delays)
				})
				if wrong != "" {
					rt.Fatal(wrong)
				}
			})
		})
	}
}

// The gateway's word that nobody answered ends the session. The next waits until the answer
// is surely over, and works with a gateway that throws it away; after a clean end it begins at once.
func TestGatewayWithoutAnAnswer(t *testing.T) {
	for name, m := range gatewayMaps {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gateway{patience: 200 * time.Millisecond}
				p := behind(t, g, m.inputs)
				opened := func(want time.Duration, asks int) drivers.PLCSession {
					t.Helper()
					begun, before := time.Now(), g.questions()
					s := connect(t, p)
					if took := time.Since(begun); took != want || g.questions()-before != asks {
						t.Errorf("opened after %v and %d questions, want %v and %d", took, g.questions()-before, want, asks)
					}
					return s
				}
				good := func(s drivers.PLCSession) {
					t.Helper()
					if _, err := s.Read(t.Context()); err != nil {
						t.Error(err)
					}
				}
				s := opened(0, 0)
				good(s)
				s.Close()
				s = opened(0, 0)
				g.late(250 * time.Millisecond)
				_, err := s.Read(t.Context())
				if _, refused := errors.AsType[*drivers.Refusal](err); err == nil || refused || !strings.Contains(err.Error(), "exception 11") {
					t.Fatalf("Read = %v", err)
				}
				before := g.questions()
				if _, again := s.Read(t.Context()); again != err || g.questions() != before {
					t.Errorf("the ended session = %v", again)
				}
				// Of timeout and quiet, 800 ms, the gateway has taken 200; two probes take 5 each:
				// one for an answer that the gateway may have kept, and one more.
				s = opened(610*time.Millisecond, 2)
				good(s)
				s.Close()
				s = opened(0, 0)
				good(s)
				s.Close()
			})
		})
	}
}

// A timeout is as good as the gateway's word, and the time that has passed since counts.
func TestTCPAfterATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gateway{patience: time.Hour}
		p := behind(t, g, gatewayMaps["one register"].inputs)
		s := connect(t, p)
		g.late(750 * time.Millisecond)
		if _, err := s.Read(t.Context()); err == nil {
			t.Fatal("a late answer was waited for")
		}
		time.Sleep(100 * time.Millisecond)
		begun := time.Now()
		s = connect(t, p)
		if took := time.Since(begun); took != 210*time.Millisecond {
			t.Errorf("opened after %v", took)
		}
		if got, err := s.Read(t.Context()); err != nil || got["c"] != 100 {
			t.Errorf("Read = %v, %v", got, err)
		}
		s.Close()
	})
}
