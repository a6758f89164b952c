package link

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// pseudoTerminal returns the controlling side of a new pty and the path of its serial side.
func pseudoTerminal(t *testing.T) (*os.File, string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	var unlock, number int32
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&unlock))); e != 0 {
		t.Fatal(e)
	}
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), syscall.TIOCGPTN, uintptr(unsafe.Pointer(&number))); e != 0 {
		t.Fatal(e)
	}
	return master, fmt.Sprintf("/dev/pts/%d", number)
}

func TestSerialPort(t *testing.T) {
	master, path := pseudoTerminal(t)
	address := "serial://" + path + "?baud=115200"
	c, err := Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := Dial(t.Context(), address); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second Dial = %v", err)
	}

	const code = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"
	if _, err := c.Write([]byte(code)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(code))
	if _, err := io.ReadFull(master, got); err != nil || string(got) != code {
		t.Errorf("outwards %q, %v", got, err)
	}
	if _, err := master.Write([]byte(code + "\r\n")); err != nil {
		t.Fatal(err)
	}
	got = make([]byte, len(code)+2)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != code+"\r\n" {
		t.Errorf("inwards %q, %v", got, err)
	}

	c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := c.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read of a silent port = %v", err)
	}
	c.SetReadDeadline(time.Time{})
	master.Close()
	if _, err := c.Read(got); err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), path) {
		t.Errorf("read after the unplug = %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}
