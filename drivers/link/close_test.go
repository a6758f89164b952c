package link

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// both returns the two ends of a TCP connection for each way in which one comes about.
func both(t *testing.T) map[string]func(t *testing.T) (device *net.TCPConn, ours Conn) {
	t.Helper()
	return map[string]func(t *testing.T) (*net.TCPConn, Conn){
		"tcp": func(t *testing.T) (*net.TCPConn, Conn) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			c, err := Dial(t.Context(), "tcp://"+l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			device, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close(); device.Close() })
			return device.(*net.TCPConn), c
		},
		"listen": func(t *testing.T) (*net.TCPConn, Conn) {
			d, err := openDoor(t.Context(), place{address: "listen://127.0.0.1:0", tcp: "127.0.0.1:0"})
			if err != nil {
				t.Fatal(err)
			}
			device, err := net.Dial("tcp", d.listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			c, err := dialDoor(t.Context(), d, (*door).shut)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close(); device.Close() })
			return device.(*net.TCPConn), c
		},
	}
}

// P3: what a device has not taken when the session ends does not come out of it later.
func TestP3CloseThrowsAwayWhatIsUnsent(t *testing.T) {
	for name, connect := range both(t) {
		t.Run(name, func(t *testing.T) {
			device, c := connect(t)
			if err := device.SetReadBuffer(4096); err != nil {
				t.Fatal(err)
			}
			// A paused printer: it reads nothing, and its buffers and ours fill.
			written, piece := 0, bytes.Repeat([]byte("^XA^FDold^FS^XZ"), 1000)
			for {
				release := Until(t.Context(), c, time.Now().Add(200*time.Millisecond))
				n, err := c.Write(piece)
				written += n
				if release(); err != nil {
					if !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Fatal(err)
					}
					break
				}
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			// It goes on, and gets no more than its own buffer held.
			_ = device.SetReadDeadline(time.Now().Add(10 * time.Second))
			got, err := io.Copy(io.Discard, device)
			if err == nil {
				t.Errorf("all %d of %d bytes came, and then an orderly end", got, written)
			}
			if errors.Is(err, os.ErrDeadlineExceeded) || got > int64(written)/2 {
				t.Errorf("%d of %d bytes came after the session's end: %v", got, written, err)
			}
		})
	}
}

// What a device has answered, it has: Close takes nothing of that back.
func TestCloseAfterAnExchange(t *testing.T) {
	for name, connect := range both(t) {
		t.Run(name, func(t *testing.T) {
			device, c := connect(t)
			if _, err := c.Write([]byte("idle\r")); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 5)
			if _, err := io.ReadFull(device, got); err != nil || string(got) != "idle\r" {
				t.Fatalf("the device got %q, %v", got, err)
			}
			if _, err := device.Write([]byte("ok\r")); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(c, got[:3]); err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
			if n, err := device.Read(got); n != 0 || err == nil {
				t.Errorf("after the end the device read %d bytes, %v", n, err)
			}
		})
	}
}
