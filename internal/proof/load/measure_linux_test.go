package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"linemark/internal/agent"
	"linemark/internal/ledger"
	"linemark/internal/proof/site"
)

// sample is how things stand at one moment of a run.
type sample struct {
	at       time.Time
	asked    time.Duration  // how long the agent's page took to tell its status
	verified map[string]int // by line, since the agent's start
	waits    map[string]int // what print stations wait for, without numbers; "" for those that do not
	dropped  uint64         // records that the flight recorder had no room for

	agent, plant process
	machine      float64 // seconds of processor time that the whole machine was busy for
	inside       inside
	ledger, log  int64 // bytes of ledger.db and of ledger.db-wal
	tape         int64 // where in its ring the flight recorder writes
}

// process is what the system knows of a process.
type process struct {
	cpu         float64 // seconds of processor time
	rss         int64   // bytes in memory
	descriptors int
	written     int64 // bytes that it had the system bring to the disk
}

// inside is what the agent alone knows of itself, see figures.
type inside struct {
	Goroutines int64 `json:"goroutines"`
	Heap       int64 `json:"heap"`  // bytes of objects, dead ones that were not collected yet among them
	Live       int64 `json:"live"`  // bytes that the last collection has left
	Total      int64 `json:"total"` // bytes that the Go runtime holds; what SQLite takes comes on top
}

// take takes a sample of a running site and of the plant beside it.
func (p plan) take(s *site.Site, plant *site.Process) (sample, error) {
	begun := time.Now()
	st, err := s.Status()
	if err != nil {
		return sample{}, err
	}
	m := sample{asked: time.Since(begun), verified: verified(st), waits: waits(st)}
	if st.Record != nil {
		m.dropped = st.Record.Dropped
	}
	if m.inside, err = ask(s.At[figuresAt]); err != nil {
		return sample{}, err
	}
	m.at = time.Now()
	agent, err := processOf(s.Agent.Cmd.Process.Pid)
	if err != nil {
		return sample{}, err
	}
	beside, err := processOf(plant.Cmd.Process.Pid)
	if err != nil {
		return sample{}, err
	}
	m.agent, m.plant = agent, beside
	if m.machine, err = busy(); err != nil {
		return sample{}, err
	}
	for file, to := range map[string]*int64{ledger.FileName: &m.ledger, ledger.FileName + "-wal": &m.log} {
		info, err := os.Stat(filepath.Join(s.Data, file))
		if err != nil {
			return sample{}, err
		}
		*to = info.Size()
	}
	m.tape, err = tape(filepath.Join(s.Data, "record"), p.ring())
	return m, err
}

// tape is where in the ring of folder dir, of 16 files, the newest record stands.
func tape(dir string, ring int64) (int64, error) {
	files, err := os.ReadDir(dir) // in the order of their numbers
	if err != nil {
		return 0, err
	}
	var newest time.Time
	at := int64(0)
	for i, f := range files {
		info, err := f.Info()
		if err != nil {
			return 0, err
		}
		if info.ModTime().After(newest) {
			newest, at = info.ModTime(), int64(i)*ring/16+info.Size()
		}
	}
	return at, nil
}

// verified counts what the check stations of each line have let pass.
func verified(st agent.Status) map[string]int {
	n := map[string]int{}
	for _, l := range st.Lines {
		for _, station := range l.Stations {
			if station.Kind == "verify" {
				n[l.Name] += station.Count["verified"]
			}
		}
	}
	return n
}

// waits counts what keeps print stations from marking.
func waits(st agent.Status) map[string]int {
	n := map[string]int{}
	for _, l := range st.Lines {
		for _, station := range l.Stations {
			if station.Kind == "print" {
				n[strings.TrimSpace(strings.Map(func(r rune) rune {
					if r >= '0' && r <= '9' {
						return -1
					}
					return r
				}, station.Why))]++
			}
		}
	}
	return n
}

// figuresAt is the name of the address at which the program tells its figures.
const figuresAt = "FIGURES"

func ask(address string) (f inside, err error) {
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return f, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return f, err
	}
	text, err := io.ReadAll(conn)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(text, &f)
}

// ticks is how many of its units of processor time the kernel counts in a second: 100 on all of Linux's
// machines that Go knows.
const ticks = 100

func processOf(pid int) (p process, err error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return p, err
	}
	// Behind the name, which may hold anything: state is the first field, utime and stime are the 12th and 13th.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return p, fmt.Errorf("reading the processor time of %d: %q", pid, stat)
	}
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return p, err
		}
		p.cpu += float64(n) / ticks
	}
	if p.rss, err = value(filepath.Join(dir, "status"), "VmRSS:"); err != nil {
		return p, err
	}
	p.rss <<= 10 // it is given in KiB
	if p.written, err = value(filepath.Join(dir, "io"), "write_bytes:"); err != nil && !errors.Is(err, fs.ErrPermission) {
		return p, err
	}
	open, err := os.ReadDir(filepath.Join(dir, "fd"))
	p.descriptors = len(open)
	return p, err
}

// value reads a number behind its name from a file of /proc.
func value(path, name string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return 0, fmt.Errorf("%s has no %s", path, name)
}

// busy is how long all processors of the machine have worked.
func busy() (float64, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(strings.SplitN(string(text), "\n", 2)[0]) // cpu user nice system idle iowait irq softirq steal
	sum := 0.0
	for i, f := range fields[1:min(9, len(fields))] {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return 0, err
		}
		if i != 3 && i != 4 {
			sum += n / ticks
		}
	}
	return sum, nil
}
