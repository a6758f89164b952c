package sabotage

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// outcome is how a run of tests has ended.
type outcome struct {
	passed, failed, skipped []string // names of tests, subtests among them
	said                    string   // all that they and the compiler have said
	unbuilt, hung           bool
}

// event is one line of go test -json.
type event struct {
	Action      string
	Test        string
	Output      string
	FailedBuild string
}

// run runs a test of the module in folder root, changed by an overlay; empty: as it is. What a failing test
// leaves behind goes into folder scratch.
func run(root, scratch, overlay string, t Test) (outcome, error) {
	// Nothing is shrunk: that a history fails is enough. Nor is it kept: that would be in the tree.
	args := []string{"test", "-json", "-count=1", "-vet=off", "-timeout=4m", "-run", t.Run, t.Package}
	if rapid, err := usesRapid(filepath.Join(root, t.Package)); err != nil {
		return outcome{}, err
	} else if rapid {
		args = append(args, "-rapid.nofailfile", "-rapid.shrinktime=1ms")
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "TMPDIR="+scratch, "LINEMARK_KEEP="+scratch)
	if overlay != "" { // not an argument: a test that builds the program must build the changed one
		cmd.Env = append(cmd.Env, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	text, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return outcome{}, fmt.Errorf("running %s: %w", t, err)
	}
	o, err := read(text)
	o.said = said.String() + o.said
	return o, err
}

// usesRapid says whether the tests in folder dir take the flags of the property tests.
func usesRapid(dir string) (bool, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return false, err
		}
		if bytes.Contains(text, []byte(`"pgregory.net/rapid"`)) {
			return true, nil
		}
	}
	return false, err
}

// read takes what go test -json says apart.
func read(text []byte) (outcome, error) {
	var o outcome
	var said strings.Builder
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return o, fmt.Errorf("reading what go test says: %w: %s", err, lines.Text())
		}
		said.WriteString(e.Output)
		switch {
		case e.Action == "build-fail" || e.FailedBuild != "":
			o.unbuilt = true
		case e.Test == "":
		case e.Action == "pass":
			o.passed = append(o.passed, e.Test)
		case e.Action == "skip":
			o.skipped = append(o.skipped, e.Test)
		case e.Action == "fail":
			o.failed = append(o.failed, e.Test)
		}
	}
	o.said = said.String()
	o.hung = strings.Contains(o.said, "panic: test timed out after ")
	return o, lines.Err()
}

// errSkipped means that this machine cannot run a test.
var errSkipped = errors.New("skipped here")

// sound wants a test to pass as the product is.
func (o outcome) sound(t Test) error {
	switch {
	case o.unbuilt || len(o.failed) > 0:
		return fmt.Errorf("%s fails without any change:\n%s", t, tail(o.said))
	case len(o.passed) == 0 && len(o.skipped) > 0:
		return fmt.Errorf("%s: %w", t, errSkipped)
	case len(o.passed) == 0:
		return fmt.Errorf("%s runs no test:\n%s", t, tail(o.said))
	}
	return nil
}

// caught returns which test has found the sabotage, a part of it where it has parts.
func (s Sabotage) caught(t Test, o outcome) (string, error) {
	switch {
	case o.unbuilt:
		return "", fmt.Errorf("%s: it does not compile:\n%s", t, tail(o.said))
	case o.hung:
		return "", fmt.Errorf("%s: the test hangs, and finds nothing:\n%s", t, tail(o.said))
	}
	for _, test := range o.failed {
		name, _, _ := strings.Cut(test, "/")
		if t.Judge && strings.Contains(o.said, s.Promise+": ") || !t.Judge && s.own(name) {
			return test, nil
		}
	}
	if len(o.failed) > 0 {
		return "", fmt.Errorf("%s: %s fails, and not for %s:\n%s", t, strings.Join(slices.Compact(o.failed), ", "), s.Promise, tail(o.said))
	}
	return "", fmt.Errorf("%s does not find it", t)
}

// complaint is the first thing that a failing test has said.
func (o outcome) complaint() string {
	for l := range strings.Lines(o.said) {
		if at := strings.Index(l, "_test.go:"); at >= 0 && !strings.Contains(l, "[rapid] panic") {
			return strings.TrimSpace(l)
		}
	}
	return "nothing"
}

// tail is the end of what was said.
func tail(said string) string { return said[max(0, len(said)-3000):] }
