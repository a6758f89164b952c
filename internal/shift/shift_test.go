package shift

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	_ "linemark/drivers/plc/modbus"
	_ "linemark/drivers/printer/zpl"
	_ "linemark/drivers/scanner/text"
)

// short is how many times shorter the shifts of an ordinary test run are; more under the race detector.
var short time.Duration = 1

// scratch is a folder in memory, where there is one: the files are real, and so is the time of the disk.
func scratch(t testing.TB) string {
	if memory, err := os.MkdirTemp("/dev/shm", "linemark-shift-"); err == nil {
		t.Cleanup(func() { os.RemoveAll(memory) })
		return memory
	}
	return t.TempDir()
}

// live runs the shift of a plan in a bubble of virtual time.
func live(t *testing.T, p Plan) (r Result) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, p.Seed) // the ids of reports
	dir := scratch(t)
	synctest.Test(t, func(t *testing.T) {
		log := slog.DiscardHandler
		if file := os.Getenv("LINEMARK_SHIFT_LOG"); file != "" {
			out, err := os.Create(file)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			log = slog.NewTextHandler(out, nil)
			for _, a := range p.Acts {
				t.Log(a)
			}
			defer os.CopyFS(file+".plant", os.DirFS(filepath.Join(dir, "plant")))
		}
		var err error
		if r, err = Run(p, dir, log); err != nil {
			t.Errorf("seed %d: %v", p.Seed, err)
		}
	})
	for _, f := range r.Findings {
		t.Errorf("seed %d: %s", p.Seed, f)
	}
	return r
}

// TestShift lives through the shifts of some seeds, and of those that once failed.
func TestShift(t *testing.T) {
	for _, k := range append(kept(t), keptSeed{1, 6 * time.Minute, ""}, keptSeed{2, 6 * time.Minute, ""}, keptSeed{3, 6 * time.Minute, ""}, keptSeed{4, 6 * time.Minute, ""}) {
		t.Run(k.String(), func(t *testing.T) {
			r := live(t, NewPlan(k.seed, k.length/short))
			t.Logf("%+v", r)
		})
	}
}
