package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Record is the flight recorder.
type Record struct {
	Enabled Choice `toml:"enabled"` // default true
	Size    string `toml:"size"`    // of its files together, with a unit: KiB, MiB, GiB; default 64MiB
}

const defaultRecord = "64MiB"

// Bounds of size: less holds no stop with what led to it, and more takes minutes to search.
const (
	leastRecord = 8 << 20
	mostRecord  = 4 << 30
)

// On says whether anything is recorded.
func (r Record) On() bool { return r.Enabled.over(true) }

// Bytes is the size in bytes; 0 for one that cannot be read.
func (r Record) Bytes() int64 { return bytesOf(r.Size) }

// bytesOf reads a size with its unit; 0 for one that cannot be read.
func bytesOf(size string) int64 {
	for shift, unit := range map[int]string{10: "KiB", 20: "MiB", 30: "GiB"} {
		number, ok := strings.CutSuffix(size, unit)
		if !ok {
			continue
		}
		if n, err := strconv.ParseUint(number, 10, 31); err == nil {
			return int64(n) << shift
		}
	}
	return 0
}

func (c *checker) record() {
	at := c.root.at("record").at("size")
	if c.bad[at.path] {
		return
	}
	const hint = "write a number from 8 to 4096 and its unit without a blank, such as " + defaultRecord
	switch n := c.cfg.Record.Bytes(); {
	case n == 0:
		c.add(at, fmt.Sprintf("%q is no size", c.cfg.Record.Size), hint)
	case n < leastRecord || n > mostRecord:
		c.add(at, c.cfg.Record.Size+" is out of range", hint)
	}
}
