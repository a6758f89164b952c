package service

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// Run runs the program until ctx or the program ends and returns its error. What the program says of its
// life goes to systemd where that has started it, as a unit of Type=notify; asService makes no difference.
func Run(ctx context.Context, _ bool, program func(ctx context.Context, life *Life) error) error {
	return foreground(ctx, ofSystemd(os.Getenv, os.Getpid()), program)
}

// notifier talks to systemd over the socket that sd_notify(3) describes.
type notifier struct {
	socket   string
	watchdog time.Duration // 0: there is none

	mu   sync.Mutex
	owed string // a change that could not be told
	fed  time.Time
}

// ofSystemd returns nobody in a process that systemd has not started as a notifying unit.
func ofSystemd(env func(string) string, pid int) teller {
	socket := env("NOTIFY_SOCKET")
	if !strings.HasPrefix(socket, "/") && !strings.HasPrefix(socket, "@") {
		return nobody{}
	}
	n := &notifier{socket: socket}
	if of := env("WATCHDOG_PID"); of == "" || of == strconv.Itoa(pid) {
		if us, err := strconv.ParseInt(env("WATCHDOG_USEC"), 10, 64); err == nil && us > 0 {
			n.watchdog = time.Duration(us) * time.Microsecond
		}
	}
	return n
}

func (n *notifier) tell(what change, text string, most time.Duration) {
	message := ""
	switch what {
	case starting:
		message = fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d\n", most.Microseconds())
	case ready:
		message = "READY=1\n"
	case degraded:
		message, text = "READY=1\n", "DEGRADED: "+text
	case reloading:
		message, text = fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d\n", monotonic()), "taking another configuration over"
	case stopping:
		message, text = "STOPPING=1\n", "stopping"
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.send(n.owed+message+"STATUS="+oneLine(text)+"\n") == nil {
		n.owed = ""
	} else if message != "" {
		n.owed = message
	}
}

// alive feeds the watchdog, three times in its interval at most.
func (n *notifier) alive() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.watchdog > 0 && time.Since(n.fed) >= n.watchdog/3 && n.send(n.owed+"WATCHDOG=1\n") == nil {
		n.fed, n.owed = time.Now(), ""
	}
}

// send waits a second at most: a busy service control is no reason for a line to wait.
func (n *notifier) send(message string) error {
	conn, err := net.Dial("unixgram", n.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	_, err = conn.Write([]byte(message))
	return err
}

// monotonic is the clock that systemd compares with the time at which it asked for a reload.
func monotonic() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0
	}
	return t.Nano() / 1000
}

// oneLine is a text as a STATUS takes it.
func oneLine(text string) string {
	const most = 1000 // bytes; systemd takes 4096 for all
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if len(text) <= most {
		return text
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}
