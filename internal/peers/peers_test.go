package peers

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	_ "linemark/drivers/all"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// verdict is a test that notes how Need ended it.
type verdict struct {
	testing.TB
	skipped, failed string
}

func (v *verdict) Helper() {}

func (v *verdict) Skipf(format string, args ...any) {
	v.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (v *verdict) Fatalf(format string, args ...any) {
	v.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func need(what string) *verdict {
	v, done := &verdict{}, make(chan struct{})
	go func() {
		defer close(done)
		Need(v, what)
	}()
	<-done
	return v
}

// A missing peer is never passed over in silence.
func TestNeedNamesWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, what := range []string{"socat", "dmtxread", "ZXingReader", "node", "no-such-peer"} {
		t.Setenv("CI", "")
		if v := need(what); v.failed != "" || !strings.Contains(v.skipped, "peer missing: "+what+" ") {
			t.Errorf("%s: skipped %q, failed %q", what, v.skipped, v.failed)
		}
		t.Setenv("CI", "true")
		if v := need(what); v.skipped != "" || !strings.Contains(v.failed, "peer missing: "+what+" ") {
			t.Errorf("%s in CI: skipped %q, failed %q", what, v.skipped, v.failed)
		}
	}
	t.Chdir(t.TempDir())
	if v := need("zpl-renderer-js"); !strings.Contains(v.failed, "peer missing: zpl-renderer-js ") {
		t.Errorf("a module outside of the tree: %q", v.failed)
	}
}
