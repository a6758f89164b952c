package agent

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/plc/modbus/modbustest"
	"linemark/internal/line"
)

const (
	rejectCoil = 0
	stopCoil   = 1
	beatCoil   = 2
)

// bus is one PLC with its owner, without an agent.
type bus struct {
	t      *testing.T
	remote *modbustest.PLC
	plc    *plc
	site   *site // its network
	log    *lines
	cancel context.CancelFunc
	ended  chan struct{}

	mu     sync.Mutex
	writes []string // "coil=value at" as the PLC saw them
	counts []string
	alarms []string
	beats  bool
	began  time.Time
}

// onBus runs the test on a PLC whose bus is up: output reject is pulsed, stop is a level, rejects counts in
// 32 bits and small in 16.
func onBus(t *testing.T, before func(b *bus), test func(b *bus)) {
	onBusWith(t, nil, before, test)
}

// onBusWith has further options.
func onBusWith(t *testing.T, more map[string]any, before func(b *bus), test func(b *bus)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bus{t: t, log: &lines{}, began: time.Now(), beats: true, ended: make(chan struct{})}
		b.remote = modbustest.New(modbustest.Options{Coils: 8, Holding: 200, Discretes: 8})
		defer b.remote.Close()
		b.site = &site{t: t, away: map[string]bool{}, conns: map[string][]net.Conn{}, tries: map[string]int{}, served: map[string]func(net.Conn){"plc": b.remote.ServeConn}}
		b.remote.OnCoil(func(addr int, on bool) {
			b.mu.Lock()
			defer b.mu.Unlock()
			if addr != beatCoil {
				b.writes = append(b.writes, fmt.Sprintf("%d=%v at %s", addr, on, time.Since(b.began)))
			}
		})
		options := map[string]any{"poll": "100ms", "inputs": map[string]any{"rejects": "holding:102:uint32", "small": "holding:110:uint16"},
			"outputs": map[string]any{"reject": "coil:0", "stop": "coil:1", "beat": "coil:2"}}
		maps.Copy(options, more)
		driver, err := drivers.NewPLC("modbus", drivers.Settings{Name: "plc-1", Address: "tcp://plc:502", Options: options,
			Dial: func(ctx context.Context, a string) (link.Conn, error) { return b.site.dial(ctx, a) }})
		if err != nil {
			t.Fatal(err)
		}
		b.plc = newPLC(newDevice("plc", "plc-1", "modbus", "tcp://plc:502", slog.New(b.log)), driver)
		b.plc.pulsed["reject"] = true
		b.plc.bits["rejects"], b.plc.bits["small"] = driver.Points()["rejects"].Bits, driver.Points()["small"].Bits
		b.plc.alive = func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.beats }
		b.plc.alarm = func(text string) { b.mu.Lock(); defer b.mu.Unlock(); b.alarms = append(b.alarms, text) }
		b.plc.onCount = func(input string, n int) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.counts = append(b.counts, fmt.Sprintf("%s+%d", input, n))
		}
		if before != nil {
			before(b)
		}
		var ctx context.Context
		ctx, b.cancel = context.WithCancel(t.Context())
		go func() { defer close(b.ended); b.plc.run(ctx) }()
		b.pause(time.Second)
		test(b)
		b.cancel()
		<-b.ended
	})
}

func (b *bus) pause(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// take returns what the PLC saw written since the last take, without the times.
func (b *bus) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var values []string
	for _, w := range b.writes {
		v, _, _ := strings.Cut(w, " ")
		values = append(values, v)
	}
	b.writes = nil
	return values
}

func (b *bus) taken(list *[]string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { *list = nil }()
	return *list
}

// TestPulse: one rising edge for one rejection, taken back after its length, also when the next one comes
// while the first still stands.
func TestPulse(t *testing.T) {
	onBus(t, nil, func(b *bus) {
		b.take()
		out := signals{b.plc}
		if err := out.Pulse(b.t.Context(), "reject", 20*time.Millisecond); err != nil {
			t.Error(err)
		}
		if got := b.take(); !slices.Equal(got, []string{"0=true"}) || !b.remote.Coil(rejectCoil) {
			t.Errorf("when Pulse returns the PLC has %v, want the edge", got)
		}
		b.pause(19 * time.Millisecond)
		if got := b.take(); len(got) != 0 {
			t.Errorf("after 19 ms of 20 the PLC has %v", got)
		}
		b.pause(2 * time.Millisecond)
		if got := b.take(); !slices.Equal(got, []string{"0=false"}) {
			t.Errorf("after 21 ms the PLC has %v, want the end of the pulse", got)
		}
		for range 3 {
			if err := out.Pulse(b.t.Context(), "reject", 20*time.Millisecond); err != nil {
				t.Error(err)
			}
			b.pause(5 * time.Millisecond)
		}
		b.pause(time.Second)
		if got := b.take(); !slices.Equal(got, []string{"0=true", "0=false", "0=true", "0=false", "0=true", "0=false"}) {
			t.Errorf("three rejections close together are %v, want an edge each", got)
		}
		if err := out.Set(b.t.Context(), "stop", true); err != nil {
			t.Error(err)
		}
		b.pause(time.Minute)
		if got := b.take(); !slices.Equal(got, []string{"1=true"}) {
			t.Errorf("a level is %v, want it to stay", got)
		}
		if err := out.Set(b.t.Context(), "stop", false); err != nil || b.remote.Coil(stopCoil) {
			t.Errorf("the level was not taken back: %v", err)
		}
		if err := out.Set(b.t.Context(), "horn", true); err == nil {
			t.Error("an unknown output was set")
		}
	})
}

// TestStalePulse: a pulse that the session before left standing is taken back first of all; levels are not
// touched. Writes while the PLC is away fail at once: the caller must stop, not wait.
func TestStalePulse(t *testing.T) {
	onBus(t, func(b *bus) {
		b.remote.SetCoil(rejectCoil, true)
		b.remote.SetCoil(stopCoil, true)
	}, func(b *bus) {
		if got := b.take(); !slices.Equal(got, []string{"0=false"}) {
			t.Errorf("at its start the PLC has got %v, want the reject output taken back", got)
		}
		if err := (signals{b.plc}).Pulse(b.t.Context(), "reject", time.Hour); err != nil {
			t.Error(err)
		}
		b.site.goAway("plc")
		b.pause(time.Second)
		began := time.Now()
		if err := (signals{b.plc}).Pulse(b.t.Context(), "reject", time.Second); err == nil || time.Since(began) > 0 {
			t.Errorf("a rejection without a PLC took %s and came to %v", time.Since(began), err)
		}
		if b.plc.Values() != nil {
			t.Errorf("without a PLC its values are %v", b.plc.Values())
		}
		b.take()
		b.site.comeBack("plc")
		b.pause(10 * time.Second)
		if got := b.take(); !slices.Equal(got, []string{"0=false"}) || b.remote.Coil(rejectCoil) {
			t.Errorf("after its return the PLC has got %v, want the reject output taken back", got)
		}
	})
}

// TestCounters: rises are told, by the counter's own width; a jump is a restarted PLC and told as that; what
// rose while nobody looked is not counted.
func TestCounters(t *testing.T) {
	onBus(t, func(b *bus) {
		b.remote.SetUint32(102, 4_294_967_290)
		b.remote.SetHolding(110, 65_530)
	}, func(b *bus) {
		if got := b.taken(&b.counts); len(got) != 0 {
			t.Errorf("the first look counts %v", got)
		}
		steps := []struct {
			rejects uint32
			small   uint16
			counts  string
			alarm   string
		}{
			{4_294_967_291, 65_530, "rejects+1", ""},
			{4_294_967_291, 65_535, "small+5", ""},
			{3, 65_535, "rejects+8", ""},
			{3, 2, "small+3", ""},
			{33, 2, "rejects+30", ""},
			{64, 2, "", "counter rejects went from 33 to 64"},
			{65, 2, "rejects+1", ""},
			{0, 2, "", "counter rejects went from 65 to 0"},
			{2, 2, "rejects+2", ""},
			{2, 65_000, "", "counter small went from 2 to 65000"},
			{2, 0, "", "counter small went from 65000 to 0"}, // no 536 products
			{2, 2, "small+2", ""},
			{2, 0, "", "counter small went from 2 to 0"},
			{2, 1, "small+1", ""},
		}
		for _, step := range steps {
			b.remote.SetUint32(102, step.rejects)
			b.remote.SetHolding(110, step.small)
			b.pause(300 * time.Millisecond)
			if got := strings.Join(b.taken(&b.counts), " "); got != step.counts {
				t.Errorf("at %+v the counts are %q", step, got)
			}
			if got := strings.Join(b.taken(&b.alarms), " "); !strings.HasPrefix(got, step.alarm) || (step.alarm == "") != (got == "") {
				t.Errorf("at %+v the alarm is %q", step, got)
			}
		}
		b.site.goAway("plc")
		b.pause(time.Second)
		b.remote.SetUint32(102, 50)
		b.site.comeBack("plc")
		b.pause(10 * time.Second)
		if counts, alarms := b.taken(&b.counts), b.taken(&b.alarms); len(counts)+len(alarms) != 0 {
			t.Errorf("a new session counts %v and says %v", counts, alarms)
		}
		b.remote.SetUint32(102, 51)
		b.pause(300 * time.Millisecond)
		if got := strings.Join(b.taken(&b.counts), " "); got != "rejects+1" {
			t.Errorf("the first rise after it is %q", got)
		}
	})
}

// TestBeat: the output changes at least every 500 ms as long as the stations live, and not at all when they
// do not.
func TestBeat(t *testing.T) {
	var mu sync.Mutex
	var changes []time.Time
	onBus(t, func(b *bus) {
		last := false
		b.remote.OnCoil(func(addr int, on bool) {
			mu.Lock()
			defer mu.Unlock()
			if addr == beatCoil && on != last {
				last = on
				changes = append(changes, time.Now())
			}
		})
	}, func(b *bus) {
		b.pause(10 * time.Second)
		mu.Lock()
		for i := 1; i < len(changes); i++ {
			if gap := changes[i].Sub(changes[i-1]); gap > 500*time.Millisecond {
				t.Errorf("the beat stood still for %s", gap)
			}
		}
		if len(changes) < 20 {
			t.Errorf("%d changes in 11 s", len(changes))
		}
		changes = nil
		mu.Unlock()
		b.mu.Lock()
		b.beats = false
		b.mu.Unlock()
		b.pause(10 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		if len(changes) > 1 {
			t.Errorf("%d changes while nothing is alive", len(changes))
		}
	})
}

// TestRefusingPLC: a refused write reaches who asked and ends nothing; a PLC that refuses to be read is
// down, for nothing can be counted. Neither fills the log.
func TestRefusingPLC(t *testing.T) {
	refuse := func(functions ...byte) func(int, byte) modbustest.Fault {
		return func(_ int, function byte) modbustest.Fault {
			if slices.Contains(functions, function) {
				return modbustest.Fault{Kind: modbustest.Exception, Code: 4}
			}
			return modbustest.Fault{}
		}
	}
	onBus(t, nil, func(b *bus) {
		const writeCoil = 5
		b.remote.SetFault(refuse(writeCoil))
		for range 100 {
			if err := (signals{b.plc}).Set(b.t.Context(), "stop", true); err == nil || !strings.Contains(err.Error(), "device failure") {
				t.Errorf("a refused write came to %v", err)
			}
			b.pause(time.Second)
		}
		if st := b.plc.Status(); !st.Up || b.plc.Values() == nil {
			t.Errorf("refused writes left the PLC as %+v", st)
		}
		if n := len(b.log.with("refused")); n != 3 { // the stop, and the beat's two values
			t.Errorf("100 s of refused writes and beats left %d lines, want 3", n)
		}
		b.remote.SetFault(refuse(1, 3))
		b.pause(time.Minute)
		if st := b.plc.Status(); st.Up || !strings.Contains(st.Error, "device failure") {
			t.Errorf("refused reads left the PLC as %+v", st)
		}
		if lines := b.log.with("plc is down"); len(lines) != 1 {
			t.Errorf("the log says %q", lines)
		}
		b.remote.SetFault(nil)
		b.pause(10 * time.Second)
		if !b.plc.Status().Up {
			t.Error("it is not taken up again")
		}
	})
}

// TestHeart: a PLC whose own beat stands still counts as gone, although its Modbus server answers; it is
// back when the beat is seen to change, not before.
func TestHeart(t *testing.T) {
	var states []string
	inputs := map[string]any{"rejects": "holding:102:uint32", "small": "holding:110:uint16", "heart": "discrete:0"}
	onBusWith(t, map[string]any{"inputs": inputs, "alive": "heart", "alive_within": "1s"}, func(b *bus) {
		b.plc.onState = func(up bool, why string) {
			b.mu.Lock()
			defer b.mu.Unlock()
			states = append(states, fmt.Sprintf("%v %s", up, why))
		}
	}, func(b *bus) {
		if got := b.taken(&states); len(got) != 0 && strings.HasPrefix(got[0], "true") {
			t.Errorf("before its first beat it says %v", got)
		}
		beat, stop := false, make(chan struct{})
		go func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(300 * time.Millisecond):
					beat = !beat
					b.remote.SetDiscrete(0, beat)
				}
			}
		}()
		b.pause(20 * time.Second)
		if got := b.taken(&states); len(got) == 0 || got[len(got)-1] != "true " {
			t.Errorf("with a beat it says %v", got)
		}
		close(stop)
		b.pause(1500 * time.Millisecond)
		if got := b.taken(&states); len(got) != 1 || !strings.HasPrefix(got[0], "false its beat (input heart) has stood still for 1") {
			t.Errorf("without it %v", got)
		}
		b.pause(30 * time.Second)
		for _, s := range b.taken(&states) {
			if strings.HasPrefix(s, "true") {
				t.Errorf("it came back without a beat: %s", s)
			}
		}
	})
}

// TestMachine: a machine with PackML is held by a command and stands while its state is not that of work.
func TestMachine(t *testing.T) {
	const state, command = 107, 120
	var said []line.Event
	onBusWith(t, map[string]any{
		"inputs":       map[string]any{"rejects": "holding:102:uint32", "small": "holding:110:uint16", "state": "holding:107:uint16"},
		"outputs":      map[string]any{"reject": "coil:0", "stop": "coil:1", "beat": "coil:2", "command": "holding:120:uint16"},
		"packml_state": "state", "packml_command": "command", "packml_hold": int64(4), "packml_execute": int64(6),
	}, func(b *bus) {
		b.remote.SetHolding(state, 6)
		b.plc.watchStop(func(ev line.Event) {
			b.mu.Lock()
			defer b.mu.Unlock()
			if _, ok := ev.(line.StopOutput); ok {
				said = append(said, ev)
			}
		}, "command")
	}, func(b *bus) {
		take := func() []line.Event {
			b.mu.Lock()
			defer b.mu.Unlock()
			defer func() { said = nil }()
			return said
		}
		if got := take(); !slices.Equal(got, []line.Event{line.StopOutput{}}) {
			t.Errorf("a machine at work says %v", got)
		}
		if err := (signals{b.plc}).Set(b.t.Context(), "command", true); err != nil || b.remote.Holding(command) != 4 {
			t.Errorf("held by %d, %v", b.remote.Holding(command), err)
		}
		b.pause(time.Second)
		if got := take(); len(got) != 0 {
			t.Errorf("before it has left its work it says %v", got)
		}
		for _, step := range []struct {
			state uint16
			want  []line.Event
		}{{10, []line.Event{line.StopOutput{Set: true}}}, {11, nil}, {12, nil}, {6, []line.Event{line.StopOutput{}}}} {
			b.remote.SetHolding(state, step.state)
			b.pause(time.Second)
			if got := take(); !slices.Equal(got, step.want) {
				t.Errorf("in state %d it says %v, want %v", step.state, got, step.want)
			}
		}
		if err := (signals{b.plc}).Set(b.t.Context(), "command", true); err != nil {
			t.Error(err)
		}
		b.pause(6 * time.Second)
		if got := b.taken(&b.alarms); len(got) != 1 || !strings.Contains(got[0], "told to hold") {
			t.Errorf("a machine that does not hold: %q", got)
		}
		b.remote.SetHolding(state, 11)
		b.pause(time.Second)
		// One that starts after it was told to hold is held: nobody has seen it stand for this stop.
		b.remote.SetHolding(state, 3)
		b.pause(time.Second)
		if err := (signals{b.plc}).Set(b.t.Context(), "command", true); err != nil {
			t.Error(err)
		}
		b.remote.SetHolding(command, 0)
		take()
		b.remote.SetHolding(state, 6)
		b.pause(300 * time.Millisecond)
		if got := take(); len(got) != 0 || b.remote.Holding(command) != 4 {
			t.Errorf("a machine that starts after it was told to hold: %v, command %d", got, b.remote.Holding(command))
		}
		b.remote.SetHolding(state, 11)
		b.pause(time.Second)
		b.remote.SetHolding(state, 6)
		b.pause(time.Second)
		if got := take(); !slices.Equal(got, []line.Event{line.StopOutput{}}) {
			t.Errorf("its restart: %v", got)
		}
	})
}

// TestStopIsNotLost: a line that stands, a PLC that goes and comes back standing, and a stop set then:
// clearing the output is seen as the restart, and the next cause stops the line again.
func TestStopIsNotLost(t *testing.T) {
	var said []line.Event
	onBusWith(t, nil, func(b *bus) {
		b.plc.watchStop(func(ev line.Event) {
			b.mu.Lock()
			defer b.mu.Unlock()
			if _, ok := ev.(line.StopOutput); ok {
				said = append(said, ev)
			}
		}, "stop")
	}, func(b *bus) {
		want := func(when string, events ...line.Event) {
			t.Helper()
			b.pause(time.Second)
			b.mu.Lock()
			defer b.mu.Unlock()
			if !slices.Equal(said, events) {
				t.Errorf("%s it says %v, want %v", when, said, events)
			}
			said = nil
		}
		want("at the first look", line.StopOutput{})
		b.remote.SetCoil(stopCoil, true)
		want("stopped by others", line.StopOutput{Set: true})
		b.site.goAway("plc")
		b.pause(time.Second)
		b.site.comeBack("plc")
		b.pause(10 * time.Second)
		want("back, standing still", line.StopOutput{Set: true})
		if err := (signals{b.plc}).Set(b.t.Context(), "stop", true); err != nil {
			t.Error(err)
		}
		want("set while it stands", line.StopOutput{Set: true})
		b.remote.SetCoil(stopCoil, false)
		want("cleared by a person", line.StopOutput{})
	})
}
