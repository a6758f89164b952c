package line

import (
	"testing"
	"time"
)

// A restart is read back a poll later than it happens. A product that is read and rejected in between must
// still be counted by the PLC, or the line stops again (P6).
func TestP6RejectionBeforeTheRestartIsReadBack(t *testing.T) {
	at := time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC)
	v := NewVerify(VerifyConfig{StopAfter: 3, Within: 2 * time.Second})
	step := func(after time.Duration, ev Event) (stopped bool) {
		at = at.Add(after)
		for _, e := range v.Step(at, ev) {
			if _, ok := e.(StopLine); ok {
				stopped = true
			}
		}
		return stopped
	}
	step(0, ScannerState{Up: true})
	step(0, PLCState{Up: true})
	step(time.Second, Scans{Scans: []Scan{{Seq: 1, NoRead: true}}})
	if !step(2100*time.Millisecond, Tick{}) {
		t.Fatal("a rejection that was not counted does not stop the line")
	}
	step(50*time.Millisecond, StopOutput{Set: true})
	step(5*time.Second, Scans{Scans: []Scan{{Seq: 2, NoRead: true}}}) // the line runs again, and nobody has told
	step(100*time.Millisecond, StopOutput{Set: false})
	if v.View().State != "running" {
		t.Fatalf("after the restart it is %+v", v.View())
	}
	if !step(2*time.Second, Tick{}) {
		t.Error("the second rejection was not counted either, and the line runs on")
	}
}
