package proof

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/proof/site"
)

// jsonHas says whether a log holds a text as JSON spells it.
func jsonHas(log []byte, text string) bool {
	spelt, err := json.Marshal(text)
	return err == nil && bytes.Contains(log, bytes.Trim(spelt, `"`))
}

// A log that was cut, at any length, is noticed: the agent does not start, says why, and no printer is
// fed. With the log put back it goes on, and everything acknowledged is there. What was in the ledger's
// file already is not lost with the log.
func TestP1CutLog(t *testing.T) {
	t.Parallel()
	r := working(t, "")
	const cuts = 6
	refused := 0
	for range cuts {
		r.Agent.Signal(os.Kill)
		<-r.Agent.Done
		r.died = true
		log := filepath.Join(r.Data, ledger.FileName+"-wal")
		whole, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		used := frames(whole)
		length := r.random.IntN(used * 3 / 4)
		if err := os.Truncate(log, int64(length)); err != nil {
			t.Fatal(err)
		}
		t.Logf("the log is cut from %d to %d bytes", used, length)
		given, err := r.received()
		if err != nil {
			t.Fatal(err)
		}
		r.Start()
		if r.works() {
			t.Log("nothing was lost by it")
			continue
		}
		refused++
		r.refused("has lost changes", "malformed") // a file that was brought half up to date is not even whole
		after, err := r.received()
		if err != nil {
			t.Fatal(err)
		}
		if len(after) != len(given) {
			t.Errorf("%d codes were given to printers", len(after)-len(given))
		}
		if err := os.WriteFile(log, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(r.Data, ledger.FileName+"-shm")) // what SQLite made of the cut log
		r.Start()
		r.Counted("verified", 20)
	}
	if refused < cuts/2 {
		t.Errorf("only %d cuts of %d were refused: this shows little", refused, cuts)
	}
	r.good(r.runOut())
}

// works waits until the agent marks products or has ended.
func (r *rig) works() bool {
	r.t.Helper()
	for end := time.Now().Add(site.Patience); time.Now().Before(end); {
		select {
		case <-r.Agent.Done:
			return false
		case <-time.After(20 * time.Millisecond):
			if s, err := r.Status(); err == nil && site.Count(s, "verified") >= 5 {
				return true
			}
		}
	}
	r.t.Fatalf("the agent neither works nor ends:\n%s", &r.Agent.Out)
	return false
}

// frames returns how long the part of a log is that holds its last generation: all frames with the
// salt of its header.
func frames(log []byte) int {
	const header, frame = 32, 24 + page
	end := header
	for at := header; at+frame <= len(log) && bytes.Equal(log[at+8:at+16], log[16:24]); at += frame {
		end = at + frame
	}
	return end
}

// The data folder of another PC is refused, and nothing in it is changed.
func TestP6LedgerOfAnotherPC(t *testing.T) {
	t.Parallel()
	r := working(t, "")
	r.Stop()
	text, err := os.ReadFile(r.File)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Replace(text, []byte(`"line-3"`), []byte(`"line-4"`), 1)
	if bytes.Equal(other, text) {
		t.Fatal("the configuration does not name its agent")
	}
	if err := os.WriteFile(r.File, other, 0o600); err != nil {
		t.Fatal(err)
	}
	given, err := r.received()
	if err != nil {
		t.Fatal(err)
	}
	r.Start()
	r.refused(`this ledger is of agent "line-3", not of "line-4"`)
	after, err := r.received()
	if err != nil {
		t.Fatal(err)
	}
	if len(after) != len(given) {
		t.Errorf("%d codes were given to printers", len(after)-len(given))
	}
	if err := os.WriteFile(r.File, text, 0o600); err != nil {
		t.Fatal(err)
	}
	r.died = true // products may have passed while no agent was there
	r.Start()
	r.Counted("verified", 20)
	r.good(r.runOut())
}
