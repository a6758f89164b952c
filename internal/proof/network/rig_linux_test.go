package network

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "linemark/drivers/all" // the drivers that the configuration names
	"linemark/internal/config"
	"linemark/internal/proof/network/proxy"
	"linemark/internal/proof/site"
	"linemark/internal/sim"
)

// rig is one line PC with proxies between it and all peers of its first line, and the plant behind them.
type rig struct {
	*site.Site
	t         testing.TB
	random    *rand.Rand
	plant     *sim.Plant
	proxies   map[string]*proxy.Proxy // by the name of the address in the configuration
	front     *proxy.Front            // of the national system; nil: it speaks plain HTTP
	authority *proxy.Authority
	deaf      atomic.Bool        // readings get lost
	late      atomic.Int64       // nanoseconds: the most that this machine has kept a goroutine waiting
	calm      map[string]float64 // products a second of each line before anything befalls it
	halt      context.CancelFunc // of the belts; nil: they stand
	running   sync.WaitGroup
}

// setup is what tests have otherwise.
type setup struct {
	faults sim.Faults    // of products
	tls    time.Duration // the national system's certificate ends after it; 0: it speaks plain HTTP
	rate   float64       // products a second; 0: pace
	edit   func(text string) string
}

// pace is how many products a second each line makes. A pulse meets the product at the camera only as long as the
// next one is not there, so they are so far apart that a verdict comes in time on a busy machine too.
const pace = 12

// tooLate is how long a machine may keep a goroutine waiting: with more the product behind is there first.
const tooLate = time.Second / pace / 3

// The line with proxies, and the one beside it without.
const (
	lineHere  = "3"
	lineThere = "4"
)

func newRig(t testing.TB, seed uint64, s setup) *rig {
	t.Helper()
	if s.rate == 0 {
		s.rate = pace
	}
	read, err := os.ReadFile(filepath.Join("testdata", "plant.toml"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(read)
	if s.edit != nil {
		text = s.edit(text)
	}
	if s.tls > 0 {
		text = strings.Replace(text, "# ca_file", `ca_file = "authority.pem"`, 1)
		text = strings.Replace(text, `"http://`, `"https://`, 1)
	}
	r := &rig{Site: site.From(t, site.Program(t), "data", []byte(text)), t: t, random: rand.New(rand.NewPCG(seed, 3)), proxies: map[string]*proxy.Proxy{}}
	t.Cleanup(r.clear)
	real := map[string]string{} // where a proxy listens, to where the peer itself does
	for _, p := range peers {
		real[p.at] = site.FreePort(t)
	}
	r.startPlant(seed, s, real)
	if s.tls > 0 {
		real["IZKM"] = r.startFront(real["IZKM"], s.tls)
	}
	for name, peer := range real {
		if r.proxies[name], err = proxy.Listen(r.At[name], peer); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

var authorityFile = regexp.MustCompile(`(?m)^ca_file.*$`)

// startPlant writes the plant's own configuration and starts its emulators.
func (r *rig) startPlant(seed uint64, s setup, real map[string]string) {
	r.t.Helper()
	text, err := os.ReadFile(r.File)
	if err != nil {
		r.t.Fatal(err)
	}
	for name, peer := range real {
		text = bytes.ReplaceAll(text, []byte(r.At[name]), []byte(peer))
	}
	text = bytes.Replace(authorityFile.ReplaceAll(text, nil), []byte(`"https://`), []byte(`"http://`), 1)
	file := filepath.Join(r.Dir, "plant.toml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		r.t.Fatal(err)
	}
	cfg, err := config.Load(file)
	if err != nil {
		r.t.Fatal(err)
	}
	r.plant, err = sim.New(cfg, sim.Options{Dir: r.Logs, Seed: seed, Rate: s.rate, Faults: s.faults, Restart: 50 * time.Millisecond})
	if err != nil {
		r.t.Fatal(err)
	}
}

// startFront puts TLS before the national system.
func (r *rig) startFront(peer string, ends time.Duration) (address string) {
	r.t.Helper()
	var err error
	if r.authority, err = proxy.NewAuthority(); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.Dir, "authority.pem"), r.authority.PEM(), 0o600); err != nil {
		r.t.Fatal(err)
	}
	cert, err := r.authority.Sign("127.0.0.1", time.Now().Add(ends))
	if err == nil {
		r.front, err = proxy.NewFront(peer, cert)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return r.front.Address()
}

// show gives the national system another certificate.
func (r *rig) show(host string, ends time.Duration) {
	r.t.Helper()
	cert, err := r.authority.Sign(host, time.Now().Add(ends))
	if err != nil {
		r.t.Fatal(err)
	}
	r.front.Show(cert)
}

// clear leaves nothing behind, however the test ends, but what tells why it failed.
func (r *rig) clear() {
	r.hold()
	if r.t.Failed() {
		if r.Agent != nil {
			r.t.Logf("the agent said:\n%s", &r.Agent.Out)
		}
		r.Keep()
	}
	if r.Agent != nil {
		r.Agent.Kill()
		r.Agent = nil
	}
	for _, p := range r.proxies {
		p.Close()
	}
	if r.front != nil {
		r.front.Close()
	}
	if r.plant != nil {
		if err := r.plant.Close(); err != nil {
			r.t.Errorf("the plant's end: %v", err)
		}
	}
}

// work starts the agent and the belts and waits until products are marked and packed.
func (r *rig) work() {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r.halt = cancel
	r.running.Go(func() { r.hearts(ctx) })
	r.Start()
	r.running.Go(func() { r.plant.Run(ctx) })
	r.goesOn(site.Patience)
	began := time.Now()
	time.Sleep(time.Second)
	r.calm = map[string]float64{}
	for _, line := range []string{lineHere, lineThere} {
		r.calm[line] = float64(r.happened(line, began)["made"]) / time.Since(began).Seconds()
	}
}

// run does a part of a test as a test of its own. The others do not begin when one has failed.
func (r *rig) run(t *testing.T, name string, part func()) {
	if t.Failed() {
		return
	}
	t.Run(name, func(t *testing.T) {
		whole := r.t
		r.t, r.Site.T = t, t
		defer func() { r.t, r.Site.T = whole, whole }()
		part()
	})
}

// hearts are the cameras' signs of life.
func (r *rig) hearts(ctx context.Context) {
	const every = 10 * time.Millisecond
	for n := 0; ctx.Err() == nil; n++ {
		asleep := time.Now()
		select {
		case <-ctx.Done():
		case <-time.After(every):
			r.late.Store(max(r.late.Load(), int64(time.Since(asleep)-every)))
		}
		if n%20 > 0 {
			continue
		}
		for _, name := range []string{"cam-1", "cam-2"} {
			r.plant.Scanners[name].Heartbeat()
		}
		if r.deaf.Load() {
			r.plant.ForgetReadings() // a copy of what the agent never heard is no copy to it
		}
	}
}

// hold stops the belts.
func (r *rig) hold() {
	if r.halt != nil {
		r.halt()
		r.running.Wait()
		r.halt = nil
	}
}

// lateCodes are what the national system says against a request for codes that came late, or of the one after it:
// which of the two is first there is the network's doing, and the other has not the newest block's id.
var lateCodes = []string{"breach of its document: GET /api/v2/water/codes: lastBlockId", "breach of its document: GET /api/v2/water/codes: no lastBlockId"}

// good lets everything run out and wants nothing to be wrong with it but what is allowed.
func (r *rig) good(allowed ...string) (findings int) {
	r.t.Helper()
	r.hold()
	r.reported()
	r.Stop()
	late := time.Duration(r.late.Load())
	for _, f := range r.Judge(r.Data) {
		switch {
		case contains(f, allowed...):
		case late > tooLate && strings.Contains(f, "passed the rejector although"):
			r.t.Logf("not judged, since this machine has kept a goroutine waiting for %v: %s", late.Round(time.Millisecond), f)
		default:
			findings++
			r.t.Error(f)
		}
	}
	return findings
}

func contains(text string, any ...string) bool {
	for _, a := range any {
		if strings.Contains(text, a) {
			return true
		}
	}
	return false
}
