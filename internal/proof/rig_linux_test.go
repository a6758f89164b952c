package proof

import (
	"context"
	"math/rand/v2"
	"syscall"
	"testing"

	_ "linemark/drivers/all" // the drivers that the configuration names
	"linemark/internal/config"
	"linemark/internal/proof/disk"
	"linemark/internal/proof/site"
	"linemark/internal/sim"
)

// rig is one line PC whose data lie on a disk that fails on purpose, and the plant around it. The
// plant's logs lie on this machine's own disk.
type rig struct {
	*site.Site
	t       testing.TB
	random  *rand.Rand
	disk    *disk.Disk
	plugged *disk.Plugged // nil: the disk is out
	options string        // of the mount
	plant   *sim.Plant
	halt    context.CancelFunc // of the belt; nil: it stands
	halted  chan struct{}
	died    bool // an agent was killed: products have passed that nobody saw
}

// newRig lays everything out on a fresh disk. Nothing runs yet but the emulators.
func newRig(t testing.TB, program string, seed uint64, size int64, o sim.Options) *rig {
	t.Helper()
	r := &rig{Site: site.New(t, program, "mounted/data"), t: t, random: rand.New(rand.NewPCG(seed, 1))}
	image, err := disk.Format(r.Dir, size)
	if err != nil {
		t.Fatal(err)
	}
	r.disk = disk.New(image)
	cfg, err := config.Load(r.File)
	if err != nil {
		t.Fatal(err)
	}
	o.Dir, o.Seed = r.Logs, seed
	if r.plant, err = sim.New(cfg, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.clear)
	return r
}

// clear leaves nothing behind, however the test ends, but what tells why it failed.
func (r *rig) clear() {
	r.hold()
	if r.t.Failed() {
		r.Keep()
	}
	if r.Agent != nil && r.disk != nil {
		r.disk.Cut()
		r.Agent.Signal(syscall.SIGKILL)
		r.disk.LetGo()
		<-r.Agent.Done
	}
	if err := r.plant.Close(); err != nil {
		r.t.Errorf("the plant's end: %v", err)
	}
	if r.plugged != nil {
		_ = r.plugged.Unplug() // dark or not, it goes
	}
}

// plug mounts the disk.
func (r *rig) plug() {
	r.t.Helper()
	var err error
	if r.plugged, err = disk.Plug(r.disk, r.Dir, r.options); err != nil {
		r.t.Fatalf("plugging the disk in: %v", err)
	}
}

// unplug takes the disk out. A file system that has seen errors may complain.
func (r *rig) unplug() error {
	p := r.plugged
	r.plugged = nil
	return p.Unplug()
}

// run lets products pass.
func (r *rig) run() {
	ctx, cancel := context.WithCancel(context.Background())
	r.halt, r.halted = cancel, make(chan struct{})
	go func() {
		r.plant.Run(ctx)
		close(r.halted)
	}()
}

// hold stops the belt.
func (r *rig) hold() {
	if r.halt != nil {
		r.halt()
		<-r.halted
		r.halt = nil
	}
}

// powerCut ends disk and agent as one. Nothing that the agent does after the disk's last word can be
// seen: it is killed before its calls return. The power is back when powerCut returns; the disk is out.
func (r *rig) powerCut() (lost int) {
	r.t.Helper()
	r.disk.Cut()
	r.Agent.Signal(syscall.SIGKILL)
	r.disk.LetGo()
	<-r.Agent.Done
	r.Agent, r.died = nil, true
	_ = r.unplug() // it complains of the dead disk
	return r.disk.Restore(r.random)
}
