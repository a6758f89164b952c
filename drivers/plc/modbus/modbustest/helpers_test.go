package modbustest

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers/link/linktest/servetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var whole = Options{Coils: 2000, Discretes: 2001, Holding: 200, Inputs: 126, Unit: 0x11}

func start(t testing.TB, opt Options) *PLC { return servetest.Start(t, New(opt)) }

// connect returns the client's end of a connection.
func connect(t testing.TB, p *PLC) net.Conn {
	t.Helper()
	return servetest.Pipe(t, p.ServeConn)
}

// raw turns hex with spaces into bytes.
func raw(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// adu puts a header of transaction 1501 and unit 11 before a PDU, both in hex.
func adu(t testing.TB, pdu string) []byte {
	t.Helper()
	return raw(t, fmt.Sprintf("1501 0000 %04X 11 %s", 1+len(raw(t, pdu)), pdu))
}

func send(t testing.TB, c net.Conn, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
}

// expect reads as many bytes as are wanted and compares them.
func expect(t testing.TB, c net.Conn, want []byte) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil { // or the test is held up
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != string(want) {
		t.Fatalf("got  % X, %v\nwant % X", got[:n], err, want)
	}
}

// ask sends a PDU and compares the answer's.
func ask(t testing.TB, c net.Conn, request, answer string) {
	t.Helper()
	send(t, c, adu(t, request))
	expect(t, c, adu(t, answer))
}
