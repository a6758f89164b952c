package config

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"time"

	"linemark/drivers/link"
)

// reachTimeout is how long one device may take to answer.
const reachTimeout = 2 * time.Second

// Reachable tries the address of every device, the host of the national system and the MQTT broker, all at once and
// each for two seconds, and reports those that dial could not reach. dial gets addresses as
// link.Dial takes them, for that tcp://host:port; it closes what it opens and
// returns when its context ends. Where the device is the one that connects, it is enough that
// its port can be listened on. No Problems (nil) means that everything answered.
func Reachable(ctx context.Context, cfg *Config, dial func(ctx context.Context, address string) error) Problems {
	d := newDoc(cfg.File)
	d.lines = cfg.lines
	root := &place{}
	var mu sync.Mutex
	var all sync.WaitGroup
	try := func(at *place, address, hint string) {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, reachTimeout)
			defer cancel()
			err := dial(ctx, linkAddress(address))
			late := errors.Is(err, context.DeadlineExceeded)
			if err == nil || late && link.Listens(address) {
				return
			}
			problem := address + " cannot be reached: " + err.Error()
			switch {
			case link.Listens(address):
				problem, hint = err.Error(), "another program has the port (a running agent has it too), or the address is not this machine's"
			case late:
				problem = address + " cannot be reached: no answer in " + reachTimeout.String()
			}
			mu.Lock()
			defer mu.Unlock()
			d.add(at, problem, hint)
		})
	}
	for section, devices := range map[string][]Device{"printer": cfg.Printers, "scanner": cfg.Scanners, "plc": cfg.PLCs} {
		for i, dev := range devices {
			try(root.at(section).element(i).at("address"), dev.Address,
				"see that "+dev.Name+" is on and its cable in, and compare the address with the device's own settings")
		}
	}
	table, web := cfg.National()
	if address := hostOf(web); address != "" {
		try(root.at(table).at("url"), address, "see that this machine reaches the internet and that a firewall lets linemark through")
	}
	if address := cfg.MQTT.brokerAddress(); address != "" {
		try(root.at("mqtt").at("broker"), address, "see that the broker runs and that a firewall lets linemark through; the line works without it")
	}
	all.Wait()
	return d.problems.sorted()
}

// hostOf returns the address behind a web address, with the scheme's port if it has none.
func hostOf(web string) string {
	u, err := url.Parse(web)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" {
			port = "80"
		}
	}
	return "tcp://" + net.JoinHostPort(u.Hostname(), port)
}
