package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"go.bug.st/serial"
)

// Quirks of serial ports, for which this file exists:
//   - a port knows no deadlines, and on Windows neither a timeout for writing;
//   - a second open of the same port succeeds for root, so the process keeps its own list;
//   - closing a port waits in the kernel until all output has left, unless it is thrown away;
//   - a write under way cannot be taken back; with most port drivers throwing the output
//     away ends it, if what is left fits the kernel's buffer: hence writes in pieces.
const (
	pieceSize = 1024            // smaller than any kernel's buffer for output
	closeWait = 2 * time.Second // for a read or write that the operating system does not give back
)

// port is what is used of serial.Port.
type port interface {
	io.ReadWriteCloser
	ResetOutputBuffer() error
}

// openPorts holds the serial ports that this process has open. It stands for the
// exclusive access that the operating system does not give.
var openPorts = struct {
	sync.Mutex
	names map[string]*hold
}{names: map[string]*hold{}}

// hold is a connection's claim to a port.
type hold struct {
	name string
	hung bool // the connection is closed, and the port's driver has not given it back
}

// release gives the port to whoever wants it. The second call does nothing.
func (h *hold) release() {
	openPorts.Lock()
	defer openPorts.Unlock()
	if openPorts.names[h.name] == h {
		delete(openPorts.names, h.name)
	}
}

// hang notes that the port stays taken although nobody uses it any more.
func (h *hold) hang() {
	openPorts.Lock()
	defer openPorts.Unlock()
	h.hung = true
}

// reserve takes the port for this process; the second taker is refused.
func reserve(name string) (*hold, error) {
	if runtime.GOOS == "windows" {
		name = strings.ToUpper(strings.TrimPrefix(name, `\\.\`))
	} else if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real // /dev/serial/by-id/... and /dev/ttyUSB0 are one port
	}
	openPorts.Lock()
	defer openPorts.Unlock()
	if holder := openPorts.names[name]; holder != nil {
		if holder.hung {
			return nil, errors.New("an earlier connection has not let go of the port: pull the plug and put it in again, or restart the agent")
		}
		return nil, errors.New("the port is in use by another device of this configuration")
	}
	h := &hold{name: name}
	openPorts.names[name] = h
	return h, nil
}

func openSerial(ctx context.Context, p place) (Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("opening %s: %w", p.address, err)
	}
	held, err := reserve(p.port)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", p.address, err)
	}
	mode := &serial.Mode{BaudRate: p.baud, DataBits: 8, Parity: serial.NoParity, StopBits: serial.OneStopBit}
	switch p.parity {
	case "even":
		mode.Parity = serial.EvenParity
	case "odd":
		mode.Parity = serial.OddParity
	}
	if p.stop == 2 {
		mode.StopBits = serial.TwoStopBits
	}
	opened, err := serial.Open(p.port, mode)
	if err == nil {
		if err = opened.SetReadTimeout(serial.NoTimeout); err != nil {
			err = errors.Join(err, opened.Close())
		}
	}
	if err != nil {
		held.release()
		return nil, fmt.Errorf("opening %s: %w", p.address, err)
	}
	c := newSerialConn(p.address, opened, held)
	c.watch(listed(p.port))
	return c, nil
}

// serialConn gives a port the deadlines of a net.Conn: two goroutines carry bytes between
// the port and one end of a net.Pipe, the caller holds the other end. So Write returns
// when the bytes are on their way; a fault of the port shows at the next Read or Write.
type serialConn struct {
	net.Conn // the caller's end
	address  string
	inner    net.Conn
	port     port
	held     *hold
	pumps    sync.WaitGroup
	ended    chan struct{} // closed by Close

	close  func() error
	mu     sync.Mutex
	fault  error // the first error of the port
	closed bool
}

func newSerialConn(address string, p port, held *hold) *serialConn {
	c := &serialConn{address: address, port: p, held: held, ended: make(chan struct{})}
	c.Conn, c.inner = net.Pipe()
	c.close = sync.OnceValue(c.shut)
	c.pumps.Go(func() { c.pump(c.inner, c.port) })
	c.pumps.Go(func() { c.pump(c.port, c.inner) })
	return c
}

// pump carries bytes until either side fails, and then ends both directions.
func (c *serialConn) pump(to io.Writer, from io.Reader) {
	defer c.inner.Close()
	piece := make([]byte, pieceSize)
	for {
		n, err := from.Read(piece)
		for left := piece[:n]; err == nil && len(left) > 0; {
			n, err = to.Write(left)
			if n == 0 && err == nil {
				err = io.ErrShortWrite
			}
			left = left[n:]
		}
		if err != nil {
			c.failed(err)
			return
		}
	}
}

func (c *serialConn) failed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault == nil && !c.closed {
		c.fault = err
	}
}

func (c *serialConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, c.named("reading from", err)
}

func (c *serialConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, c.named("writing to", err)
}

// named says which port failed and, in place of the pipe's end, why.
func (c *serialConn) named(doing string, err error) error {
	if err == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		err = net.ErrClosed
	case c.fault != nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)):
		err = c.fault
	}
	return fmt.Errorf("%s %s: %w", doing, c.address, err)
}

// Close throws away what has not left yet, closes the port and waits for both pumps,
// though not for ever: some drivers do not give a blocked call back.
func (c *serialConn) Close() error { return c.close() }

func (c *serialConn) shut() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	close(c.ended)
	c.Conn.Close()
	_ = c.port.ResetOutputBuffer() // fails on a port that is gone, and then there is nothing to throw away
	err := c.port.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.pumps.Wait()
		c.held.release()
	}()
	select {
	case <-done:
	case <-time.After(closeWait):
		c.held.hang()
		err = errors.Join(err, errors.New("the port did not let go of a read or write"))
	}
	if err != nil {
		return fmt.Errorf("closing %s: %w", c.address, err)
	}
	return nil
}
