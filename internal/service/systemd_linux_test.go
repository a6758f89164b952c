package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// notified is a stand-in for systemd's end of the notify socket.
type notified struct {
	t    *testing.T
	name string
	conn *net.UnixConn
}

func listen(t *testing.T, name string) notified {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return notified{t, name, conn}
}

func inFolder(t *testing.T) notified { return listen(t, filepath.Join(t.TempDir(), "notify")) }

func (n notified) env(more ...string) func(string) string {
	values := append([]string{"NOTIFY_SOCKET=" + n.name}, more...)
	return func(key string) string {
		for _, v := range values {
			if name, value, _ := strings.Cut(v, "="); name == key {
				return value
			}
		}
		return ""
	}
}

// next waits for one message.
func (n notified) next() string {
	n.t.Helper()
	if err := n.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		n.t.Fatal(err)
	}
	b := make([]byte, 4096)
	size, err := n.conn.Read(b)
	if err != nil {
		n.t.Fatal(err)
	}
	return string(b[:size])
}

// all returns the messages that have come: a send has arrived when it returns.
func (n notified) all() []string {
	n.t.Helper()
	var all []string
	raw, err := n.conn.SyscallConn()
	if err != nil {
		n.t.Fatal(err)
	}
	b := make([]byte, 4096)
	for {
		var size int
		err := raw.Read(func(fd uintptr) bool {
			size, _, _ = syscall.Recvfrom(int(fd), b, syscall.MSG_DONTWAIT)
			return true
		})
		if err != nil || size <= 0 {
			return all
		}
		all = append(all, string(b[:size]))
	}
}

// The life of a program as systemd hears it, in order.
func TestLife(t *testing.T) {
	for _, name := range []string{"folder", "abstract"} {
		t.Run(name, func(t *testing.T) {
			n := inFolder(t)
			if name == "abstract" {
				n = listen(t, fmt.Sprintf("@linemark-%d-%d", os.Getpid(), time.Now().UnixNano()))
			}
			ctx, stop := context.WithCancel(t.Context())
			done, finish := make(chan error), make(chan bool)
			go func() {
				done <- foreground(ctx, ofSystemd(n.env("WATCHDOG_USEC=60000000"), 1), func(ctx context.Context, life *Life) error {
					life.Starting("migrating the ledger", time.Hour)
					life.Degraded("linemark.toml:3:\n agent.name is missing")
					life.Degraded("linemark.toml:3:\n agent.name is missing")
					life.Ready("line 3 running")
					life.Ready("line 3 running")
					life.Status("line 3 running")
					life.Alive()
					life.Alive()
					life.Status("line 3 waiting")
					life.Reloading()
					life.Ready("line 3 running")
					<-ctx.Done()
					<-finish
					return nil
				})
			}()
			for _, want := range []string{
				"EXTEND_TIMEOUT_USEC=3600000000\nSTATUS=migrating the ledger\n",
				"READY=1\nSTATUS=DEGRADED: linemark.toml:3: agent.name is missing\n",
				"READY=1\nSTATUS=line 3 running\n",
				"WATCHDOG=1\n",
				"STATUS=line 3 waiting\n",
			} {
				if got := n.next(); got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
			checkReload(t, n.next())
			if got, want := n.next(), "READY=1\nSTATUS=line 3 running\n"; got != want {
				t.Errorf("%q, want %q", got, want)
			}
			stop()
			if got, want := n.next(), "STOPPING=1\nSTATUS=stopping\n"; got != want { // while it still finishes
				t.Errorf("%q, want %q", got, want)
			}
			finish <- true
			if err := <-done; err != nil {
				t.Error(err)
			}
			if got := n.all(); len(got) > 0 {
				t.Errorf("%q after the end", got)
			}
		})
	}
}

// systemd compares the time with its own: it must be of the same clock, and now.
func checkReload(t *testing.T, message string) {
	t.Helper()
	lines := strings.Split(message, "\n")
	if len(lines) != 4 || lines[0] != "RELOADING=1" {
		t.Fatalf("%q", message)
	}
	us, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "MONOTONIC_USEC="), 10, 64)
	uptime, uptimeErr := os.ReadFile("/proc/uptime")
	var now float64
	if _, err := fmt.Sscan(string(uptime), &now); err != nil || uptimeErr != nil {
		t.Skip("no /proc/uptime")
	}
	// The machine's uptime also counts the time that it has slept.
	if err != nil || us <= 0 || float64(us)/1e6 > now+1 {
		t.Errorf("%q %v after the machine's start", message, now)
	}
}

// A program that ends by itself says so before it is gone, and how.
func TestEnds(t *testing.T) {
	n := inFolder(t)
	broken := errors.New("the port is taken")
	err := foreground(t.Context(), ofSystemd(n.env(), 1), func(context.Context, *Life) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if got, want := n.all(), []string{"STOPPING=1\nSTATUS=stopping\n", "STATUS=ended: the port is taken\n"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// The watchdog is fed a third of its interval apart while the program says that it is alive, and not otherwise.
func TestWatchdog(t *testing.T) {
	n := inFolder(t)
	synctest.Test(t, func(t *testing.T) {
		life := newLife(&unrepeated{to: ofSystemd(n.env("WATCHDOG_USEC=60000000", "WATCHDOG_PID=77"), 77)})
		for range 61 { // at 0, 20, 40 and 60 s
			life.Alive()
			time.Sleep(time.Second)
		}
		if got := n.all(); !slices.Equal(got, slices.Repeat([]string{"WATCHDOG=1\n"}, 4)) {
			t.Errorf("%q", got)
		}
		for i := range 300 {
			life.Status(fmt.Sprint("still thinking ", i))
			time.Sleep(time.Second)
			if got := n.all(); len(got) != 1 || strings.Contains(got[0], "WATCHDOG") {
				t.Fatalf("%q", got)
			}
		}
		life.Alive()
		if got := n.all(); !slices.Equal(got, []string{"WATCHDOG=1\n"}) {
			t.Errorf("%q", got)
		}
	})
}

func TestNoWatchdog(t *testing.T) {
	for name, env := range map[string][]string{
		"none":              nil,
		"of another":        {"WATCHDOG_USEC=60000000", "WATCHDOG_PID=76"},
		"zero":              {"WATCHDOG_USEC=0"},
		"no number":         {"WATCHDOG_USEC=soon"},
		"an empty interval": {"WATCHDOG_USEC="},
	} {
		t.Run(name, func(t *testing.T) {
			n := inFolder(t)
			newLife(ofSystemd(n.env(env...), 77)).Alive()
			if got := n.all(); len(got) > 0 {
				t.Errorf("%q", got)
			}
		})
	}
}

// Without systemd there is nobody to tell, and a socket of a kind that nobody has here does no harm.
func TestNobody(t *testing.T) {
	for _, socket := range []string{"", "vsock:2:1", "relative"} {
		if got := ofSystemd(func(string) string { return socket }, 1); got != (nobody{}) {
			t.Errorf("%q: %v", socket, got)
		}
	}
}

// READY that could not be told is told with the next message: without it systemd would end the program.
func TestOwed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	life := newLife(&unrepeated{to: ofSystemd(notified{name: path}.env("WATCHDOG_USEC=60000000"), 1)})
	life.Ready("running") // nobody listens yet
	life.Status("waiting")
	n := listen(t, path)
	life.Alive()
	life.Status("running")
	if got, want := n.all(), []string{"READY=1\nWATCHDOG=1\n", "STATUS=running\n"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// SIGHUP asks for a reload, once for many, and ends nothing.
func TestHangup(t *testing.T) {
	err := foreground(t.Context(), nobody{}, func(ctx context.Context, life *Life) error {
		for range 3 {
			if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
				return err
			}
			select {
			case <-life.Reload():
			case <-time.After(10 * time.Second):
				return errors.New("nobody was asked")
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Whatever a status says, it is one line of valid UTF-8 that systemd takes whole.
func TestOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.StringN(0, 2000, -1).Draw(t, "text")
		got := oneLine(text)
		if strings.ContainsAny(got, "\n\r\x00\v\f") && !strings.Contains(text, "\x00") || !utf8.ValidString(got) || len(got) > 1003 {
			t.Fatalf("%q", got)
		}
	})
}
