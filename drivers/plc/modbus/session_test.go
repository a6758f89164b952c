package modbus

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer answers requests on the far end of a connection with what a test lays down, all
// in hexadecimal: the request from its unit on, and the answer from its unit on.
type peer struct {
	mu      sync.Mutex
	answers map[string]string
	refuse  byte // the exception that answers all else; 0: silence
	got     []string
	conn    net.Conn
	mangle  func(frame []byte) []byte // of a whole answer
}

func (p *peer) dial(context.Context, string) (link.Conn, error) {
	near, far := net.Pipe()
	p.conn = far
	go p.serve()
	return near, nil
}

func (p *peer) serve() {
	for {
		head := make([]byte, 6)
		if _, err := io.ReadFull(p.conn, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint16(head[4:]))
		if _, err := io.ReadFull(p.conn, body); err != nil {
			return
		}
		p.mu.Lock()
		request := hex.EncodeToString(body)
		p.got = append(p.got, request)
		answer, _ := hex.DecodeString(p.answers[request])
		if len(answer) == 0 && p.refuse != 0 {
			answer = []byte{body[0], body[1] | 0x80, p.refuse}
		}
		frame := append(head[:4:4], 0, byte(len(answer)))
		frame = append(frame, answer...)
		if len(answer) == 0 {
			frame = nil
		}
		if p.mangle != nil {
			frame = p.mangle(frame)
		}
		p.mu.Unlock()
		if frame == nil {
			continue
		}
		if _, err := p.conn.Write(frame); err != nil {
			return
		}
	}
}

func (p *peer) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

func open(t *testing.T, p *peer, options map[string]any) drivers.PLCSession {
	t.Helper()
	s := settings(options)
	s.Dial = p.dial
	made, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := made.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close(); p.conn.Close() })
	return opened
}

const (
	askProducts = "010300640002"
	products    = "0103040001e240"
)

func TestRead(t *testing.T) {
	p := &peer{answers: map[string]string{
		"110100000003": "11010105",               // coils 0 to 2: 1 0 1
		"11020007000a": "110202ff01",             // discrete 7 to 16
		"1104000a0001": "110402fffe",             // input 10
		"110300640004": "1103080001e240ffff0000", // holding 100 to 103
		"1103ea600004": "11030800000000000000ff", // holding 60000 to 60003
	}}
	s := open(t, p, map[string]any{
		"unit": int64(17),
		"inputs": map[string]any{
			"products": "holding:100:uint32", "offset": "holding:102:int16", "wide": "holding:60000:uint64",
			"door": "discrete:7", "far": "discrete:16", "between": "discrete:15", "level": "input:10:int16",
		},
		"outputs": map[string]any{"reject": "coil:0", "stop": "coil:1", "beat": "coil:2", "speed": "holding:103:uint16"},
	})
	want := drivers.Values{"products": 123456, "offset": 1<<64 - 1, "wide": 255, "door": 1, "between": 1, "far": 0,
		"level": 1<<64 - 2, "reject": 1, "stop": 0, "beat": 1, "speed": 0}
	for range 2 {
		got, err := s.Read(t.Context())
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("Read = %v, %v, want %v", got, err, want)
		}
	}
	if n := len(p.requests()); n != 10 {
		t.Errorf("%d requests in two readings", n)
	}
}

func TestWrite(t *testing.T) {
	outputs := map[string]any{"stop": "coil:1", "speed": "holding:10:uint16", "shift": "holding:11:int16", "target": "holding:12:uint32",
		"ready": "holding:20.3", "top": "holding:20.15", "level": "holding:16:float32"}
	for _, c := range []struct {
		output  string
		value   uint64
		request string
		answer  string
	}{
		{"stop", 1, "01050001ff00", "01050001ff00"},
		{"stop", 0, "010500010000", "010500010000"},
		{"speed", 65535, "0106000affff", "0106000affff"},
		{"shift", 1<<64 - 2, "0106000bfffe", "0106000bfffe"},
		{"target", 123456, "0110000c0002040001e240", "0110000c0002"},
		{"ready", 1, "01160014fff70008", "01160014fff70008"},
		{"ready", 0, "01160014fff70000", "01160014fff70000"},
		{"top", 1, "011600147fff8000", "011600147fff8000"},
		{"level", math.Float64bits(-1.5), "01100010000204bfc00000", "011000100002"},
	} {
		p := &peer{answers: map[string]string{c.request: c.answer}}
		s := open(t, p, map[string]any{"outputs": outputs})
		if err := s.Write(t.Context(), c.output, c.value); err != nil || !slices.Equal(p.requests(), []string{c.request}) {
			t.Errorf("%s = %d: %v, sent %v", c.output, c.value, err, p.requests())
		}
	}
	for output, value := range map[string]uint64{"stop": 2, "speed": 65536, "shift": 32768, "target": 1 << 32, "ready": 2, "level": math.Float64bits(math.NaN()), "sotp": 1, "products": 1} {
		p := &peer{answers: map[string]string{askProducts: products}}
		s := open(t, p, map[string]any{"outputs": outputs})
		err := s.Write(t.Context(), output, value)
		if bad, ok := errors.AsType[*drivers.OptionError](err); !ok || bad.Key != "outputs."+output || bad.Hint == "" {
			t.Errorf("%s = %d: %#v", output, value, err)
		}
		if len(p.requests()) > 0 {
			t.Errorf("%s = %d was sent", output, value)
		}
	}
}

func TestExceptionIsARefusal(t *testing.T) {
	p := &peer{answers: map[string]string{askProducts: "018302", "01050001ff00": "018506", "010100010001": "01010100"}}
	s := open(t, p, map[string]any{"outputs": map[string]any{"stop": "coil:1"}})
	_, err := s.Read(t.Context())
	no, ok := errors.AsType[*drivers.Refusal](err)
	if !ok || no.Device != "plc-1" || no.What != "reading inputs.products, holding 100 to 101 (40101 to 40102): illegal data address (exception 2)" {
		t.Errorf("Read = %#v", err)
	}
	no, ok = errors.AsType[*drivers.Refusal](s.Write(t.Context(), "stop", 1))
	if !ok || no.What != "writing 1 to outputs.stop, coil 1 (00002): server device busy (exception 6)" {
		t.Errorf("Write = %#v", no)
	}
	p.mu.Lock()
	p.answers[askProducts] = products
	p.mu.Unlock()
	if got, err := s.Read(t.Context()); err != nil || got["products"] != 123456 {
		t.Errorf("after the refusals: %v, %v", got, err)
	}
}

// A fault ends the session, closes the connection, and nothing more is sent.
func TestFaultEndsTheSession(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		mangle func([]byte) []byte
		want   string
	}{
		"silence":                 {"", nil, "timeout"},
		"half an answer":          {products, func(b []byte) []byte { return b[:9] }, "timeout"},
		"another transaction":     {products, func(b []byte) []byte { b[1]++; return b }, "transaction"},
		"another protocol":        {products, func(b []byte) []byte { b[2]++; return b }, "protocol"},
		"another unit":            {"0203040001e240", nil, "unit"},
		"another function":        {"0104040001e240", nil, "exception"},
		"no function's answer":    {"0183", nil, "exception"},
		"too few registers":       {"0103020001", nil, "2 bytes, not 4"},
		"too many registers":      {"0103060001e2400000", nil, "6 bytes, not 4"},
		"count and size differ":   {"0103050001e240", nil, "does not match count"},
		"nothing behind the head": {products, func(b []byte) []byte { b[5] = 1; return b }, "length is 1"},
		"endless":                 {products, func(b []byte) []byte { b[4] = 0xff; return b }, "length is"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &peer{answers: map[string]string{askProducts: c.answer}, mangle: c.mangle}
				s := open(t, p, nil)
				start := time.Now()
				_, err := s.Read(t.Context())
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "holding 100") {
					t.Fatalf("Read = %v, want %q", err, c.want)
				}
				if _, ok := errors.AsType[*drivers.Refusal](err); ok {
					t.Errorf("%v is a refusal", err)
				}
				if d := time.Since(start); d > time.Second {
					t.Errorf("noticed after %v", d)
				}
				if _, again := s.Read(t.Context()); again != err {
					t.Errorf("Read after the fault = %v", again)
				}
				synctest.Wait()
				if n := len(p.requests()); n != 1 {
					t.Errorf("%d requests", n)
				}
				if _, err := p.conn.Write([]byte{0}); !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("the connection is open: %v", err)
				}
			})
		})
	}
}

func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{answers: map[string]string{askProducts: products}}
		s := open(t, p, nil)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Read(ended); !errors.Is(err, context.Canceled) || len(p.requests()) > 0 {
			t.Errorf("Read under an ended context = %v", err)
		}
		if _, err := s.Read(t.Context()); err != nil {
			t.Errorf("and then: %v", err)
		}
		p.mu.Lock()
		p.answers = nil
		p.mu.Unlock()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		if _, err := s.Read(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("interrupted Read = %v after %v", err, time.Since(start))
		}
		if _, err := s.Read(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an interrupted session went on: %v", err)
		}
	})
}

func TestDialError(t *testing.T) {
	refused := errors.New("connection refused")
	s := settings(nil)
	s.Dial = func(context.Context, string) (link.Conn, error) { return nil, refused }
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Open(t.Context()); !errors.Is(err, refused) {
		t.Errorf("Open = %v", err)
	}
}

func FuzzAnswer(f *testing.F) {
	good, _ := hex.DecodeString("00010000000a0103040001e240")
	f.Add(good)
	f.Add([]byte{0, 1, 0, 0, 0, 3, 1, 0x83, 2})
	f.Add([]byte{0, 1, 0, 0, 0, 2, 1, 3})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, answer []byte) {
		near, far := net.Pipe()
		s := settings(nil)
		s.Dial = func(context.Context, string) (link.Conn, error) { return near, nil }
		p, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := p.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		go func() {
			io.ReadFull(far, make([]byte, 12))
			far.Write(answer)
			far.Close()
		}()
		values, err := opened.Read(t.Context())
		if (err == nil) != (values != nil) {
			t.Errorf("%v and %v", values, err)
		}
		if err == nil && (len(answer) < 13 || !bytes.Equal(answer[:2], []byte{0, 1}) || answer[6] != 1 || answer[7] != 3) {
			t.Errorf("% x was taken for an answer", answer)
		}
	})
}
