package sim

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers/plc/modbus/modbustest"
	"linemark/drivers/printer/zpl/zpltest"
	"linemark/drivers/scanner/text/texttest"
	"linemark/internal/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The PLC's addresses in these tests.
const (
	atProducts, atRejects    = 100, 102
	atReject, atStop, atBeat = 0, 1, 2
)

// pulse is how long the far side keeps the reject output set.
const pulse = 2 * time.Millisecond

// bench is one belt with everything that it touches, and the far side of each wire. It lives in
// a bubble of testing/synctest: its times are exact.
type bench struct {
	t     *testing.T
	plant *Plant
	dir   string
	cam   *bufio.Reader // what the check camera sends
	pack  *bufio.Reader // what the packing camera sends

	mu  sync.Mutex // one request at a time
	plc net.Conn
	tij net.Conn
}

// newBench builds the belt of oneLine.
func newBench(t *testing.T, o Options) *bench {
	b := &bench{t: t, dir: t.TempDir()}
	o.Dir = b.dir
	if o.Restart == 0 {
		o.Restart = time.Second
	}
	b.plant = &Plant{opt: o,
		Printers: map[string]*zpltest.Printer{"tij": zpltest.New(zpltest.Options{Trigger: true})},
		Scanners: map[string]*texttest.Scanner{"cam-1": texttest.New(texttest.Options{}), "cam-2": texttest.New(texttest.Options{})},
		PLCs:     map[string]*modbustest.PLC{"plc": modbustest.New(modbustest.Options{Coils: 8, Holding: 200})},
	}
	for _, p := range b.plant.Printers {
		b.plant.closers = append(b.plant.closers, p)
	}
	for _, s := range b.plant.Scanners {
		b.plant.closers = append(b.plant.closers, s)
	}
	for _, p := range b.plant.PLCs {
		b.plant.closers = append(b.plant.closers, p)
	}
	if err := b.plant.belts(oneLine()); err != nil {
		t.Fatal(err)
	}
	b.tij = b.wire(b.plant.Printers["tij"].ServeConn)
	b.plc = b.wire(b.plant.PLCs["plc"].ServeConn)
	b.cam = bufio.NewReader(b.wire(b.plant.Scanners["cam-1"].ServeConn))
	b.pack = bufio.NewReader(b.wire(b.plant.Scanners["cam-2"].ServeConn))
	<-b.plant.Scanners["cam-1"].Connected()
	<-b.plant.Scanners["cam-2"].Connected()
	return b
}

// oneLine is a line with everything on one PLC.
func oneLine() *config.Config {
	return &config.Config{
		PLCs: []config.Device{{Name: "plc", Driver: "modbus", Options: map[string]any{
			"inputs":  map[string]any{"products": "holding:100:uint32", "rejects": "holding:102:uint32"},
			"outputs": map[string]any{"reject": "coil:0", "stop": "coil:1", "beat": "coil:2"},
		}}},
		Lines: []config.Line{{Name: "3", Stations: []config.Station{
			{Name: "mark", Kind: "print", Printer: "tij"},
			{Name: "check", Kind: "verify", Scanner: "cam-1", Reject: "plc.reject", Confirm: "plc.rejects", Stop: "plc.stop"},
			{Name: "box", Kind: "pack", Scanner: "cam-2"},
		}}},
	}
}

// wire is the far end of a connection to an emulator.
func (b *bench) wire(serve func(net.Conn)) net.Conn {
	near, far := net.Pipe()
	go serve(far)
	return near
}

// label puts labels with these codes into the printer.
func (b *bench) label(codes ...string) {
	for _, c := range codes {
		c = string(bytes.ReplaceAll([]byte(c), []byte{0x1d}, []byte("#1")))
		if _, err := b.tij.Write([]byte("^XA^FO20,20^BXN,4,200,,,,#^FD#1" + c + "^FS^PQ1^XZ")); err != nil {
			b.t.Error(err)
		}
	}
}

// set writes a coil as an agent does.
func (b *bench) set(address uint16, on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	request := []byte{0, 1, 0, 0, 0, 6, 1, 5, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(request[8:], address)
	if on {
		request[10] = 0xff
	}
	answer := make([]byte, len(request))
	if _, err := b.plc.Write(request); err != nil {
		b.t.Error(err)
	}
	if _, err := io.ReadFull(b.plc, answer); err != nil || !bytes.Equal(answer, request) {
		b.t.Errorf("the PLC answers % x, %v", answer, err)
	}
}

// reject gives the reject output one edge.
func (b *bench) reject() {
	b.set(atReject, true)
	time.Sleep(pulse)
	b.set(atReject, false)
}

// uint32 is a counter of the PLC.
func (b *bench) uint32(address int) int {
	p := b.plant.PLCs["plc"]
	return int(p.Holding(address))<<16 | int(p.Holding(address+1))
}

// beats toggles the beat until ctx ends.
func (b *bench) beats(ctx context.Context) {
	for on := true; ; on = !on {
		b.set(atBeat, on)
		if !sleep(ctx, 250*time.Millisecond) {
			return
		}
	}
}

// frames hands on each line that a camera sends, until it is closed.
func frames(from *bufio.Reader, to func(string)) {
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			return
		}
		to(line[:len(line)-2])
	}
}

// run lets the belt run for a time. onCheck and onPack are told what the cameras send.
func (b *bench) run(d time.Duration, beat bool, onCheck func(string), onPack func(string)) {
	ctx, end := context.WithTimeout(context.Background(), d)
	defer end()
	var cameras, rest sync.WaitGroup
	cameras.Go(func() { frames(b.cam, onCheck) })
	cameras.Go(func() { frames(b.pack, onPack) })
	if beat {
		rest.Go(func() { b.beats(ctx) })
	}
	b.plant.Run(ctx)
	rest.Wait()
	b.tij.Close()
	b.plc.Close()
	if err := b.plant.Close(); err != nil {
		b.t.Error(err)
	}
	cameras.Wait()
}

// events is the belt's log.
func (b *bench) events() []beltEvent {
	text, err := os.ReadFile(filepath.Join(b.dir, "conveyor-3.jsonl"))
	if err != nil {
		b.t.Fatal(err)
	}
	var all []beltEvent
	for _, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		var e beltEvent
		if err := json.Unmarshal(line, &e); err != nil {
			b.t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// codes are what the products of an event bear, in their order.
func codes(events []beltEvent, event string) []string {
	var all []string
	for _, e := range events {
		if e.Event == event {
			c, err := hex.DecodeString(e.Code)
			if err != nil {
				panic(err)
			}
			all = append(all, string(c))
		}
	}
	return all
}

func count(events []beltEvent, event string) int { return len(codes(events, event)) }

func nobody(string) {}
