package line

import (
	"testing"
	"time"

	"linemark/internal/ledger"
)

// A printer that says nothing is fed again when what it had was read behind it, and not before.
func TestSilentPrinter(t *testing.T) {
	at := time.Unix(0, 0)
	p := NewPrint(PrintConfig{Ahead: 2, Silent: true, Label: func(c ledger.Claim) Label { return Label{Code: c.Code} }})
	p.Step(at, Permit{OK: true})
	if e := p.Step(at, PrinterUp{Session: 1}); len(e) != 1 || e[0] != (ClaimCodes{N: 2}) {
		t.Fatalf("%+v", e)
	}
	p.Step(at, Claimed{Claims: []ledger.Claim{{ID: 1, Code: "a", Seq: 10}, {ID: 2, Code: "b", Seq: 11}}})
	if e := p.Step(at, Tick{}); len(e) != 0 {
		t.Errorf("fed without room: %+v", e)
	}
	if e := p.Step(at, Seen{Claim: 9}); len(e) != 0 {
		t.Errorf("fed for an older product: %+v", e)
	}
	if e := p.Step(at, Seen{Claim: 10}); len(e) != 1 || e[0] != (ClaimCodes{N: 1}) {
		t.Errorf("one was read: %+v", e)
	}
	if e := p.Step(at, Seen{Claim: 11}); len(e) != 1 || e[0] != (ClaimCodes{N: 2}) {
		t.Errorf("both were read: %+v", e)
	}
	if e := p.Step(at, PrinterDown{Session: 1, Why: "gone"}); len(e) != 0 {
		t.Errorf("in doubt although read: %+v", e)
	}
	// A printer that counts is believed, not the scans.
	c := NewPrint(PrintConfig{Ahead: 1, Label: func(c ledger.Claim) Label { return Label{Code: c.Code} }})
	c.Step(at, Permit{OK: true})
	c.Step(at, PrinterUp{Session: 1})
	c.Step(at, Claimed{Claims: []ledger.Claim{{ID: 1, Code: "a", Seq: 10}}})
	if e := c.Step(at, Seen{Claim: 10}); len(e) != 0 {
		t.Errorf("fed by a scan: %+v", e)
	}
}

// A verify station tells it once for a batch of readings, where a silent printer stands before it.
func TestVerifyTellsSeen(t *testing.T) {
	for _, tell := range []bool{true, false} {
		at := time.Unix(0, 0)
		v := NewVerify(VerifyConfig{StopAfter: 3, Window: 64, TellSeen: tell})
		v.Step(at, ScannerState{Up: true})
		v.Step(at, Scans{Scans: []Scan{{Seq: 1, Code: "a"}, {Seq: 2, Code: "b"}}})
		e := v.Step(at, Verdicts{Verdicts: []ledger.Verdict{{Outcome: ledger.Good, Claim: 12}, {Outcome: ledger.Good, Claim: 11}}})
		if told := len(e) == 1 && e[0] == (TellSeen{Claim: 12}); told != tell {
			t.Errorf("tells %v: %+v", tell, e)
		}
	}
}
