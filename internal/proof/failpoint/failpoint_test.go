package failpoint

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// process is one that has these orders and only notes where it would end.
func process(t *testing.T, seen, order string) (p *places, ends *int) {
	t.Helper()
	ends = new(int)
	p, err := read(func(key string) string {
		return map[string]string{Order: order, Seen: seen, Names: "127.0.0.1:9100=TIJ,127.0.0.1:502=PLC"}[key]
	}, func() { *ends++ })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.file.Close() })
	return p, ends
}

func TestItEndsAtItsPlace(t *testing.T) {
	p, ends := process(t, filepath.Join(t.TempDir(), "seen"), "b before#3")
	for n, name := range []string{"b before", "a", "b before", "b after", "b before"} {
		if *ends != 0 {
			t.Fatalf("it has ended before place %d", n)
		}
		p.at(name)
	}
	if *ends != 1 {
		t.Fatal("it has come to its place three times and has not ended")
	}
}

// What a process has come to stands in the file for the next one, which adds only what is new.
func TestInventory(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	for _, times := range []int{1, 5, 3, 100} {
		p, _ := process(t, seen, "")
		p.at("b")
		for range times {
			p.at("a")
		}
	}
	got, err := Inventory(seen)
	if want := (map[string]int{"a": most, "b": 1}); err != nil || !maps.Equal(got, want) {
		t.Errorf("%v %v, want %v", got, err, want)
	}
	if names := Sorted(got); !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("%q", names)
	}
	text, err := os.ReadFile(seen)
	if want := "b#1\na#1\na#2\na#4\na#8\na#16\n"; err != nil || string(text) != want {
		t.Errorf("%q %v, want %q", text, err, want)
	}
}

func TestWrongOrders(t *testing.T) {
	for _, order := range []string{"a", "a#", "a#0", "a#x", "a#1+", "a#1+5"} {
		if _, err := read(func(string) string { return order }, nil); err == nil {
			t.Errorf("%q is taken for an order", order)
		}
	}
	if _, _, stay, err := parse("a b#2+25ms"); err != nil || stay != 25*time.Millisecond {
		t.Errorf("%v %v", stay, err)
	}
}

// The process is gone at the place: what stands behind it does not happen.
func TestKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process is not told to end there as it is here")
	}
	if os.Getenv(Seen) != "" {
		At("here")
		os.Stdout.WriteString("behind\n")
		At("here")
		os.Stdout.WriteString("alive\n")
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "TestKilled$")
	cmd.Env = append(os.Environ(), Seen+"="+filepath.Join(t.TempDir(), "seen"), Order+"=here#2")
	out, err := cmd.Output()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.String() != "signal: killed" {
		t.Errorf("it ended with %v", err)
	}
	if text := string(out); !strings.Contains(text, "behind") || strings.Contains(text, "alive") {
		t.Errorf("it said %q", text)
	}
}

type book struct{}

func (b *book) Claim() string { return b.do() }
func (b *book) Build() string { return b.freeze() }

//go:noinline
func (b *book) freeze() string { return func() string { return b.do() }() }

//go:noinline
func (*book) do() string { return Method("do") }

func TestMethod(t *testing.T) {
	for got, want := range map[string]string{
		new(book).Claim(): "TestMethod/Claim (testing.tRunner)",
		new(book).Build(): "TestMethod/freeze (testing.tRunner)",
		Method("other"):   "TestMethod (testing.tRunner)",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWhat(t *testing.T) {
	for text, want := range map[string]string{
		"~HS~HS":                       "~HS~HS",
		"~JA^XA^JZN^XZ":                "~JA^XA^JZ",
		"^XA^FO1,1^BXN,4^FDcode^FS^XZ": "label",
		"! U1 getvar \"odometer\"\r\n": "text",
		"\x00\x01\x00\x00\x00\x06\x01\x05\x00\x02\xff\x00": "coil 2",
		"\x00\x01\x00\x00\x00\x06\x01\x06\x01\x02\x00\x07": "register 258",
		"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x64\x00\x04": "function 3",
	} {
		if got := what([]byte(text)); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

type pieces struct {
	io.ReadWriteCloser
	got  []string
	fail int // from this piece on
}

func (p *pieces) Write(b []byte) (int, error) {
	if p.got = append(p.got, string(b)); len(p.got) >= p.fail {
		return 1, io.ErrClosedPipe
	}
	return len(b), nil
}
func (p *pieces) SetReadDeadline(time.Time) error  { return nil }
func (p *pieces) SetWriteDeadline(time.Time) error { return nil }

// All bytes go, in two parts; a fault of the connection comes through with how far it came.
func TestHalves(t *testing.T) {
	for _, c := range []struct {
		fail, n int
		err     error
	}{{9, 5, nil}, {1, 1, io.ErrClosedPipe}, {2, 3, io.ErrClosedPipe}} {
		p := &pieces{fail: c.fail}
		n, err := halves(p, []byte("12345"), "send")
		if n != c.n || !errors.Is(err, c.err) {
			t.Errorf("from piece %d: %d %v, want %d %v", c.fail, n, err, c.n, c.err)
		}
		if want := []string{"12", "345"}[:min(2, c.fail)]; !slices.Equal(p.got, want) {
			t.Errorf("it wrote %q, want %q", p.got, want)
		}
	}
}

// A process without orders works as if it were not changed.
func TestUnchanged(t *testing.T) {
	if c := net.Conn(nil); Wire(c, "127.0.0.1:1") != Conn(c) {
		t.Error("a connection of no device is wrapped")
	}
	near, far := net.Pipe()
	defer far.Close()
	dial := Dial(func(context.Context, string, string) (net.Conn, error) { return near, nil })
	if c, err := dial(Call(t.Context(), "GET /ping"), "tcp", "127.0.0.1:1"); err != nil || c != near {
		t.Errorf("%v %v", c, err)
	}
	At("nowhere")
	Commit([]string{"b", "a"}, "before")
}
