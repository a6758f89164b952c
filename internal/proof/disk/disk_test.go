//go:build linux

package disk

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Inside()
	os.Exit(m.Run())
}

func plug(t *testing.T) *Plugged {
	t.Helper()
	if err := Missing(); err != nil {
		t.Skip(err)
	}
	image, err := Format(t.TempDir(), 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	d := New(image)
	p, err := Plug(d, t.TempDir(), "errors=remount-ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.LetGo()
		_ = p.Unplug() // most tests have done so
	})
	return p
}

func put(t *testing.T, p *Plugged, name string, sync bool) {
	t.Helper()
	f, err := os.Create(filepath.Join(p.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(bytes.Repeat([]byte(name), 1000)); err != nil {
		t.Fatal(err)
	}
	if sync {
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
	}
}

func has(p *Plugged, name string) bool {
	text, err := os.ReadFile(filepath.Join(p.Dir, name))
	return err == nil && bytes.Equal(text, bytes.Repeat([]byte(name), 1000))
}

// What was synced survives a cut, what was not does not; a disk that lies about flushes loses both.
func TestCut(t *testing.T) {
	for _, lies := range []bool{false, true} {
		lost := 0
		for seed := range uint64(8) {
			p := plug(t)
			if lies {
				p.Disk.Lie()
			}
			put(t, p, "synced", true)
			put(t, p, "loose", false)
			p.Disk.Cut()
			p.Disk.LetGo()
			_ = p.Unplug() // the file system complains of the dead disk
			p.Disk.Restore(rand.New(rand.NewPCG(seed, 0)))
			after, err := Plug(p.Disk, t.TempDir(), "")
			if err != nil && lies {
				lost++ // not even the file system is whole
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if !has(after, "synced") {
				lost++
			}
			if has(after, "loose") && !lies {
				t.Error("a file in the kernel's memory alone has survived")
			}
			if err := after.Unplug(); err != nil {
				t.Error(err)
			}
		}
		if lies != (lost > 0) {
			t.Errorf("lies %v: %d synced files of 8 were lost", lies, lost)
		}
	}
}

// The cut comes at the request that was asked for, and hangs until the disk is let go.
func TestCutIn(t *testing.T) {
	p := plug(t)
	put(t, p, "before", true)
	p.Disk.CutIn(1)
	ended := make(chan error, 1)
	go func() {
		f, err := os.Create(filepath.Join(p.Dir, "during"))
		if err == nil {
			err = errors.Join(f.Sync(), f.Close())
		}
		ended <- err
	}()
	<-p.Disk.Dark()
	select {
	case err := <-ended:
		t.Fatalf("a request has ended in the dark: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	p.Disk.LetGo()
	if err := <-ended; err == nil {
		t.Error("a sync after the cut went well")
	}
}

func TestBreak(t *testing.T) {
	p := plug(t)
	put(t, p, "before", true)
	p.Disk.Break(func(op Op, _ int64, _ int) (time.Duration, syscall.Errno) {
		if op == Flush {
			return 300 * time.Millisecond, 0
		}
		return 0, 0
	})
	began := time.Now()
	put(t, p, "slow", true)
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("a sync took %v", took)
	}
	p.Disk.Break(func(op Op, _ int64, _ int) (time.Duration, syscall.Errno) {
		if op == Read {
			return 0, 0
		}
		return 0, syscall.EIO
	})
	f, err := os.Create(filepath.Join(p.Dir, "failing"))
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err == nil {
		t.Error("a sync on a failing disk went well")
	}
}
