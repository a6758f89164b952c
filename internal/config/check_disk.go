package config

import "fmt"

// Disk says how much room the ledger's disk must have.
type Disk struct {
	Warn string `toml:"warn"` // below it there is an alarm, with a unit: KiB, MiB, GiB; default a tenth of the disk, at most 1GiB
	Stop string `toml:"stop"` // below it nothing is printed; default a fiftieth of the disk, at most 200MiB
}

// WarnBytes is Warn in bytes; 0: the default.
func (d Disk) WarnBytes() int64 { return bytesOf(d.Warn) }

// StopBytes is Stop in bytes; 0: the default.
func (d Disk) StopBytes() int64 { return bytesOf(d.Stop) }

func (c *checker) disk() {
	d, root := c.cfg.Disk, c.root.at("disk")
	for key, size := range map[string]string{"warn": d.Warn, "stop": d.Stop} {
		if at := root.at(key); c.ok(at) && bytesOf(size) == 0 {
			c.add(at, fmt.Sprintf("%q is no size", size), `write a number and its unit without a blank, such as "1GiB" or "200MiB"`)
		}
	}
	if stop := root.at("stop"); c.ok(stop) && c.ok(root.at("warn")) && d.StopBytes() >= d.WarnBytes() {
		c.add(stop, "is not below disk.warn", "let the alarm come before the line stops")
	}
}
