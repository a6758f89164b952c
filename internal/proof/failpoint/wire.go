package failpoint

import (
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Conn is a connection to a device.
type Conn interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

// Wire gives a connection to a device places before, in the middle of and after everything that is
// written to it. They are named by the device at the address and by what is written.
func Wire(c Conn, address string) Conn {
	device := here().devices[address]
	if device == "" {
		return c
	}
	return &wire{Conn: c, device: device}
}

type wire struct {
	Conn
	device string
}

func (w *wire) Write(b []byte) (int, error) {
	return halves(w.Conn, b, "send "+w.device+" "+what(b))
}

// halves writes b in two halves, with a place before, between and behind them.
func halves(w io.Writer, b []byte, name string) (int, error) {
	At(name + " before")
	half := len(b) / 2
	n, err := w.Write(b[:half])
	if err != nil {
		return n, err
	}
	At(name + " half")
	m, err := w.Write(b[half:])
	if err == nil {
		At(name + " after")
	}
	return n + m, err
}

var command = regexp.MustCompile(`[\^~][A-Z][A-Z0-9@]`)

// modbus function codes that write one place.
var single = map[byte]string{5: "coil", 6: "register"}

// what names the kind of a message: the first commands of a label printer's, or the function and the place of
// a request in Modbus TCP.
func what(b []byte) string {
	if found := command.FindAllString(string(b), -1); found != nil {
		if slices.Contains(found, "^FD") {
			return "label"
		}
		return strings.Join(found[:min(3, len(found))], "")
	}
	if len(b) >= 12 && b[2] == 0 && b[3] == 0 {
		if kind := single[b[7]]; kind != "" {
			return fmt.Sprintf("%s %d", kind, int(b[8])<<8|int(b[9]))
		}
		return fmt.Sprintf("function %d", b[7])
	}
	return "text"
}

type callKey struct{}

// Call gives a call of the national system its name: the places of its connection bear it.
func Call(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, callKey{}, name)
}

// Dial is what dials for calls: a connection has places before, in the middle of and after everything
// that is written to it.
func Dial(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		name, ok := ctx.Value(callKey{}).(string)
		if err != nil || !ok || here().file == nil {
			return c, err
		}
		return &called{Conn: c, name: name}, nil
	}
}

type called struct {
	net.Conn
	name string
}

func (c *called) Write(b []byte) (int, error) { return halves(c.Conn, b, "call "+c.name) }
