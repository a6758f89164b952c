package network

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linemark/internal/proof/network/proxy"
	"linemark/internal/sim"
)

// peer is one of those that the agent talks to, by the name of its address in the configuration.
type peer struct {
	name, at string
	request  func(piece []byte) bool // a piece that asks for work; nil: the agent asks it for nothing
	camera   bool
}

var peers = []peer{
	{name: "printer", at: "TIJ", request: isLabel},
	{name: "box printer", at: "BOX", request: isLabel},
	{name: "check camera", at: "CAM1", camera: true},
	{name: "packing camera", at: "CAM2", camera: true},
	{name: "PLC", at: "PLC", request: isWrite},
	{name: "national system", at: "IZKM", request: isWork},
}

func isLabel(piece []byte) bool { return bytes.Contains(piece, []byte("^FD")) }

func isWrite(piece []byte) bool { return len(piece) > 7 && piece[7] == 5 } // function 5 writes a coil

// isWork is a report or an order, or the request for a block of codes.
func isWork(piece []byte) bool {
	return bytes.HasPrefix(piece, []byte("POST ")) || isCodes(piece)
}

func isCodes(piece []byte) bool { return bytes.HasPrefix(piece, []byte("GET /api/v2/water/codes?")) }

// suffers says whether a kind of fault means anything to a peer.
func (p peer) suffers(k proxy.Kind) bool {
	switch k {
	case proxy.AfterWork, proxy.Late:
		return p.request != nil
	case proxy.Drip:
		return p.name != "check camera" // see TestP6CameraLags
	}
	return true
}

// draw picks the moment of a fault.
func (p peer) draw(k proxy.Kind, random *rand.Rand) proxy.Fault {
	f := proxy.Fault{Kind: k, After: random.IntN(200)}
	switch k {
	case proxy.AfterWork:
		f.When, f.After = p.request, 0
	case proxy.Late:
		f.When, f.After, f.Pause = p.request, 0, time.Duration(random.IntN(150))*time.Millisecond
	case proxy.Drip:
		f.Pause = time.Duration(1+random.IntN(5)) * time.Millisecond
	case proxy.Vanish:
		f.Spare = p.at != "IZKM" && random.IntN(2) == 0 // there each request has a connection of its own
	case proxy.Refuse, proxy.Hangup:
		f.After = 0
	}
	if p.request != nil && f.When == nil && f.After > 0 && random.IntN(2) == 0 {
		f.When = p.request // in the middle of it
	}
	return f
}

// limit bounds how long it may take from the end of a fault until everything goes on.
const limit = 20 * time.Second

// suffer lets a fault befall a peer for a time, and waits until everything goes on.
func (r *rig) suffer(p peer, f proxy.Fault, lasts time.Duration) (told string) {
	r.t.Helper()
	x := r.proxies[p.at]
	began := time.Now()
	if p.camera {
		f.Lost = r.plant.ForgetReadings
		r.deaf.Store(true)
	}
	x.Begin(f)
	for end := began.Add(lasts); time.Now().Before(end) || x.Struck() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > limit {
			r.t.Fatalf("nothing has passed that could suffer")
		}
	}
	struck := x.Struck()
	lasted := time.Since(began)
	x.End()
	ended := time.Now()
	r.givenUp(x, ended)
	r.goesOn(limit - time.Since(ended))
	took := time.Since(ended)
	if p.camera {
		r.plant.ForgetReadings()
		r.deaf.Store(false)
	}
	noticed := "not noticed"
	if all := x.Noticed(); len(all) > 0 {
		noticed = fmt.Sprintf("given up after %v", slices.Max(all).Round(time.Millisecond))
	}
	return fmt.Sprintf("%s after %d bytes, %v: %d connections, %s, all goes on %v after its end", f.Kind, f.After, lasted.Round(time.Millisecond), struck, noticed, took.Round(time.Millisecond))
}

// givenUp waits until the agent has given up the connections on which nothing comes any more.
func (r *rig) givenUp(x *proxy.Proxy, ended time.Time) {
	r.t.Helper()
	for ; x.Open() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(ended) > limit {
			r.t.Fatalf("a connection on which nothing comes is not given up in %v", limit)
		}
	}
}

// Each kind of fault befalls one peer after the other. The line beside must not feel it, and neither line may
// feel what befalls the national system. What went over the broken connections must not go again.
func TestP9Broken(t *testing.T) { suffering(t, proxy.Cut, proxy.Close) }

func TestP9Shut(t *testing.T) { suffering(t, proxy.Refuse, proxy.Hangup) }

func TestP9Slow(t *testing.T) { suffering(t, proxy.Stall, proxy.Drip) }

func TestP9HalfOpen(t *testing.T) { suffering(t, proxy.Vanish) }

func TestP1Again(t *testing.T) { suffering(t, proxy.AfterWork, proxy.Late) }

func suffering(t *testing.T, kinds ...proxy.Kind) {
	t.Parallel()
	seed := seeded(t)
	r := newRig(t, seed, setup{faults: sim.SomeFaults})
	r.work()
	for _, k := range kinds {
		for _, p := range peers {
			if p.suffers(k) {
				r.run(t, k.String()+"/"+p.name, func() { r.one(p, k) })
			}
		}
	}
	r.good(lateCodes...)
}

// one lets one fault of a kind befall a peer.
func (r *rig) one(p peer, k proxy.Kind) {
	r.t.Helper()
	began := time.Now()
	r.t.Log(r.suffer(p, p.draw(k, r.random), time.Duration(200+r.random.IntN(400))*time.Millisecond))
	r.untouched(lineThere, began)
	if p.at == "IZKM" {
		r.untouched(lineHere, began)
	}
}

// seeded returns the seed of a test: LINEMARK_NETWORK_SEED, or any.
func seeded(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(number(t, "LINEMARK_NETWORK_SEED", int(rand.Uint64()>>16)))
	t.Logf("seed %d", seed)
	return seed
}
