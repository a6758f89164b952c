// Package failpoint ends its own process at a named place, as the loss of power does. Only programs that were
// changed for a test have such places: the overlay that makes them calls this package.
package failpoint

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The environment of a changed program. Without Seen it works as if it were not changed.
const (
	// Order is where it ends: NAME#N, the Nth time that it comes to NAME. Empty: nowhere. With NAME#N+20ms
	// it stays there for a while before, and everything goes on that does not wait for what comes behind
	// the place.
	Order = "LINEMARK_FAILPOINT"
	// Seen is the file in which the places stand that any program has come to, see Inventory.
	Seen = "LINEMARK_FAILPOINT_SEEN"
	// Names tells what is at an address, as 127.0.0.1:9100=printer,...
	Names = "LINEMARK_FAILPOINT_NAMES"
)

// most is how often a place is counted in the file: its inventory stays small.
const most = 16

// places are those of this process.
type places struct {
	mu    sync.Mutex
	times map[string]int // how often this process has come to each
	known map[string]int // what the file says of each
	file  *os.File       // nil: this process has no orders

	name    string // where it ends
	nth     int
	stay    time.Duration
	devices map[string]string
	end     func()
}

var here = sync.OnceValue(func() *places {
	p, err := read(os.Getenv, end)
	if err != nil {
		panic("failpoint: " + err.Error()) // a test that goes on without its places shows nothing
	}
	return p
})

// read takes the orders of a process from its environment.
func read(env func(string) string, end func()) (*places, error) {
	p := &places{times: map[string]int{}, known: map[string]int{}, devices: map[string]string{}, end: end}
	path := env(Seen)
	if path == "" {
		return p, nil
	}
	for each := range strings.SplitSeq(env(Names), ",") {
		address, name, _ := strings.Cut(each, "=")
		p.devices[address] = name
	}
	var err error
	if order := env(Order); order != "" {
		if p.name, p.nth, p.stay, err = parse(order); err != nil {
			return nil, fmt.Errorf("%s: %w", Order, err)
		}
	}
	if p.known, err = Inventory(path); err != nil {
		return nil, err
	}
	p.file, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return p, err
}

// parse takes an order apart.
func parse(order string) (name string, nth int, stay time.Duration, err error) {
	name, times, ok := strings.Cut(order, "#")
	times, long, stays := strings.Cut(times, "+")
	nth, err = strconv.Atoi(times)
	if err == nil && stays {
		stay, err = time.ParseDuration(long)
	}
	if !ok || err != nil || nth < 1 {
		return "", 0, 0, fmt.Errorf("%q is not NAME#N or NAME#N+DURATION", order)
	}
	return name, nth, stay, nil
}

// end does not return: the process is dead before its next instruction.
func end() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill() // SIGKILL, where there are signals
	}
	select {}
}

// At says that the process has come to a place.
func At(name string) { here().at(name) }

func (p *places) at(name string) {
	if p.file == nil || !p.come(name) {
		return
	}
	time.Sleep(p.stay)
	p.end()
}

// come counts a place and says whether it is the one where the process ends.
func (p *places) come(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times[name]++
	n := p.times[name]
	if n > p.known[name] && n <= most && n&(n-1) == 0 { // 1, 2, 4, ...: one write each, whole or not at all
		p.known[name] = n
		if _, err := fmt.Fprintf(p.file, "%s#%d\n", name, n); err != nil {
			panic("failpoint: " + err.Error())
		}
	}
	return name == p.name && n == p.nth
}

// Inventory reads which places a file names, and how often one process has come to each at least.
func Inventory(path string) (map[string]int, error) {
	known := map[string]int{}
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, n, _, err := parse(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		known[name] = max(known[name], n)
	}
	return known, lines.Err()
}

// Sorted are the names of an inventory.
func Sorted(inventory map[string]int) []string { return slices.Sorted(maps.Keys(inventory)) }
