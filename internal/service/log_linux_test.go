package service

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Each record in the journal is one line with the priority of its level.
func TestJournal(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newJournal(&out)).With("line", "3").WithGroup("g")
	log.Info("up", "time", 1)
	log.Warn("two\nlines")
	log.Error("broken", "error", errors.New("x"))
	log.Debug("not shown")
	want := `<6>msg=up line=3 g.time=1
<4>msg="two\nlines" line=3
<3>msg=broken line=3 g.error=x
`
	if out.String() != want {
		t.Errorf("%s\nwant %s", out.String(), want)
	}
}

func TestToJournal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "stream"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var s syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &s); err != nil {
		t.Fatal(err)
	}
	this := fmt.Sprintf("%d:%d", s.Dev, s.Ino)
	if !toJournal(this, f) {
		t.Error("the stream is the journal's")
	}
	for _, other := range []string{"", "1:1", this + "0"} {
		if toJournal(other, f) {
			t.Errorf("%q is another stream", other)
		}
	}
	if toJournal(this, new(bytes.Buffer)) {
		t.Error("no file is no stream")
	}
}

// Outside the journal the log is text with the time.
func TestLogOfAPerson(t *testing.T) {
	t.Setenv("JOURNAL_STREAM", "")
	var out bytes.Buffer
	log, done := Log(true, "linemark.toml", &out)
	defer done()
	log.Warn("x")
	if got := out.String(); !strings.HasPrefix(got, "time=") || !strings.HasSuffix(got, " level=WARN msg=x\n") {
		t.Errorf("%q", got)
	}
}
