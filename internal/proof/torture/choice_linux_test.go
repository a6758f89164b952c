package torture

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"
	"time"
)

// moment is when a kill comes.
type moment string

const (
	atPlace  moment = "at a failpoint"
	starting moment = "while it starts"
	working  moment = "at work"
	stopping moment = "while it stops"
)

// choice is what is done to one life.
type choice struct {
	moment       moment
	place        string // at a failpoint
	nth          int    // time of this life that it comes there
	stays        bool   // and stays there for a while, see linger
	verified     int    // products before
	wait         time.Duration
	agent, plant bool // who is killed
	batch        bool // the operator changes the batch meanwhile

	// When the plant alone was killed, the agent works with it again before the next kill. When the agent does
	// not come to its place, the plant is killed to stir it.
	again bool
}

func (c choice) String() string {
	who := "agent"
	switch {
	case c.agent && c.plant:
		who = "agent and plant"
	case c.plant:
		who = "plant"
	}
	if c.moment == atPlace {
		return fmt.Sprintf("%s at %s", who, c.order())
	}
	return who + " " + string(c.moment)
}

// linger is how long a life stays at a failpoint before it ends, if it does. What must wait for the commit or
// the answer there shows if it does not.
const linger = 25 * time.Millisecond

// order is what the agent is told.
func (c choice) order() string {
	if c.stays {
		return fmt.Sprintf("%s#%d+%v", c.place, c.nth, linger)
	}
	return fmt.Sprintf("%s#%d", c.place, c.nth)
}

// choose decides the nth kill of the history that a seed makes.
func choose(seed uint64, n int, sum *tally) choice {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	c := choice{moment: working, agent: true, nth: 1, verified: 1 + r.IntN(20)}
	switch who := r.IntN(100); {
	case who < 4:
		c.agent, c.plant = false, true
	case who < 16:
		c.plant = true
	}
	c.again = r.IntN(2) == 0
	c.wait = time.Duration(r.IntN(500)) * time.Millisecond
	c.batch = r.IntN(10) == 0
	when, where := r.IntN(100), r.Float64()
	places := sum.least()
	switch {
	case !c.agent || n == 0:
	case when < 85 && len(places) > 0:
		c.moment, c.place = atPlace, places[int(where*float64(len(places)))]
		c.nth = 1 + r.IntN(1<<r.IntN(bits.Len(uint(sum.inventory[c.place]))))
		c.stays = r.IntN(2) == 0
		c.batch = c.batch || strings.Contains(c.place, "Batch (")
	case when < 90:
		c.moment, c.wait = starting, time.Duration(r.IntN(150))*time.Millisecond
	case when < 94:
		c.moment, c.wait = stopping, time.Duration(r.IntN(40))*time.Millisecond
	}
	return c
}
