package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"linemark/internal/config"
)

// points are the addresses on the PLC; -1: none.
type points struct {
	products, rejects  int // holding registers of 32 bits, high word first
	reject, stop, beat int // coils
}

// numbers are the holding registers through which the PLC asks for a verdict on each product by its
// number, where it does so: the request's address is -1 otherwise.
type numbers struct {
	request, verdict, acknowledge int
	good                          uint16 // the verdict that lets a product pass
}

// travel is how long a product takes from the check camera to the rejector on a belt with numbered
// products, which runs at three a second at most.
const travel = 250 * time.Millisecond

// watchdog is how long the PLC lets the line run without the agent's beat.
const watchdog = 2 * time.Second

// wire finds the PLC's points in the configuration and listens to its coils.
func (c *conveyor) wire(p *Plant, cfg *config.Config, s config.Station) error {
	name, reject, ok := config.SplitPoint(s.Reject)
	if s.Request != "" {
		name, _, ok = config.SplitPoint(s.Request)
	}
	if !ok {
		return nil
	}
	device, _ := cfg.PLC(name)
	c.plc = p.PLCs[name]
	if order := option(device, "word_order"); order != "" && order != "ABCD" {
		return fmt.Errorf("the simulated PLC has word order ABCD, not %s", order)
	}
	inputs, _ := device.Options["inputs"].(map[string]any)
	outputs, _ := device.Options["outputs"].(map[string]any)
	_, stop, _ := config.SplitPoint(s.Stop)
	_, rejects, _ := config.SplitPoint(s.Confirm)
	for _, find := range []struct {
		from map[string]any
		name string
		area string
		to   *int
	}{
		{inputs, "products", "holding", &c.points.products}, {inputs, rejects, "holding", &c.points.rejects},
		{outputs, reject, "coil", &c.points.reject}, {outputs, stop, "coil", &c.points.stop}, {outputs, "beat", "coil", &c.points.beat},
	} {
		spec, ok := find.from[find.name].(string)
		if !ok {
			continue
		}
		parts := strings.Split(spec, ":")
		address, err := strconv.Atoi(parts[1])
		if err != nil || parts[0] != find.area || (find.area == "holding" && (len(parts) < 3 || parts[2] != "uint32")) {
			return fmt.Errorf("the simulated PLC has coils and holding registers of uint32, not %s = %q", find.name, spec)
		}
		*find.to = address
	}
	c.plc.OnCoil(c.coil)
	if s.Request == "" {
		return nil
	}
	c.numbers.good = uint16(s.VerdictGood)
	_, request, _ := config.SplitPoint(s.Request)
	_, verdict, _ := config.SplitPoint(s.Verdict)
	_, acknowledge, _ := config.SplitPoint(s.Acknowledge)
	for _, find := range []struct {
		from map[string]any
		name string
		to   *int
	}{{inputs, request, &c.numbers.request}, {outputs, verdict, &c.numbers.verdict}, {outputs, acknowledge, &c.numbers.acknowledge}} {
		spec, _ := find.from[find.name].(string)
		parts := strings.Split(spec, ":")
		if len(parts) < 3 || parts[0] != "holding" || parts[2] != "uint16" {
			return fmt.Errorf("the simulated PLC numbers its products in holding registers of uint16, not %s = %q", find.name, spec)
		}
		var err error
		if *find.to, err = strconv.Atoi(parts[1]); err != nil {
			return fmt.Errorf("the simulated PLC has no register %s = %q", find.name, spec)
		}
	}
	return nil
}

// announce asks for the verdict on the product at the camera. The caller holds mu.
func (c *conveyor) announce(p *product) {
	if c.numbers.request < 0 {
		return
	}
	p.asks = c.plc.Holding(c.numbers.request) + 1
	c.plc.SetHolding(c.numbers.request, p.asks)
}

// decide is the PLC's program at the rejector: a product passes with a good verdict under its own
// number, and with nothing else.
func (c *conveyor) decide(p *product) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.plc.Holding(c.numbers.acknowledge) != p.asks || c.plc.Holding(c.numbers.verdict) != c.numbers.good {
		c.eject()
	}
}

// coil is the PLC's program: the rejector, the stop, the watchdog.
func (c *conveyor) coil(address int, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch address {
	case c.points.reject:
		if on && !c.rejectWas {
			c.eject()
		}
		c.rejectWas = on
	case c.points.stop:
		if on && !c.stopped {
			c.record("stopped", nil, "")
		}
		c.stopped = on
	case c.points.beat:
		if on != c.beatWas {
			c.beat, c.beatWas = time.Now(), on
		}
	}
}

func (c *conveyor) eject() {
	if c.window == nil || c.window.out {
		c.record("rejector hit nothing", nil, "")
		return
	}
	if c.broken {
		c.record("rejector broken", c.window, "")
		c.window.here = true
		return
	}
	c.window.out = true
	c.rejects++
	c.record("ejected", c.window, "")
	if c.points.rejects >= 0 {
		c.plc.SetUint32(c.points.rejects, c.rejects)
	}
	select {
	case c.ejected <- struct{}{}:
	default:
	}
}

// restart is the operator: whoever restarts the line clears the stop, and takes off by hand what the
// rejector has not.
func (c *conveyor) restart() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.takeOff()
	c.stopped = false
	c.record("restarted", nil, "")
	c.plc.SetCoil(c.points.stop, false)
}

// takeOff is what whoever restarts the line does first with a product that the rejector has not thrown out.
func (c *conveyor) takeOff() {
	if p := c.window; p != nil && p.here {
		p.out = true
		c.record("taken", p, "by hand: the rejector did not move")
	}
}
