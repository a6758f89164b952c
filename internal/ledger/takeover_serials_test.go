package ledger

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// The serial numbers of transport codes end; a person tells the last one instead.
func TestTakeoverSerials(t *testing.T) {
	p := newPlant(t)
	must(p.NextSSCC(p.ctx, "0301234567"))
	p.stock(p.unit, 1)
	p.copied(t, elsewhere)
	p.commits.Add(int64(120 * 24 * time.Hour / time.Second))
	_, err := p.BeginTakeover(p.ctx, Word{Reason: "x"})
	if e, ok := errors.AsType[*SerialsError](err); !ok || e.Prefix != "0301234567" || e.Next != 2 {
		t.Fatal(err)
	}
	if _, err := p.Claim(p.ctx, "mark", p.unit.lot, 1); err == nil {
		t.Error("claimed after a takeover that has failed")
	}
	v := must(p.BeginTakeover(p.ctx, Word{Reason: "x", Serials: map[string]int64{"0301234567": 3_000_001}}))
	if len(v.Skipped) != 1 || v.Skipped[0] != (Skipped{"0301234567", 2, 3_000_000}) {
		t.Errorf("%+v", v.Skipped)
	}
	try(p.EndTakeover(p.ctx))
	if got := must(p.NextSSCC(p.ctx, "0301234567")); got[12:19] != "3000001" {
		t.Errorf("%s", got)
	}
}

// The old PC may have begun with a prefix after the copy was made: its serial numbers are skipped as well.
func TestP1_TakeoverOfUnknownPrefixes(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 1)
	p.copied(t, elsewhere)
	v := must(p.BeginTakeover(p.ctx, Word{Reason: "x", Prefixes: []string{"0301234567", "1301234567"}, Serials: map[string]int64{"1301234567": 42, "2301234567": 7}}))
	try(p.EndTakeover(p.ctx))
	if len(v.Skipped) != 3 || v.Skipped[2].From != 1 || v.Skipped[2].To < leastSkipped || v.Skipped[0] != (Skipped{"1301234567", 1, 41}) || v.Skipped[1] != (Skipped{"2301234567", 1, 6}) {
		t.Errorf("%+v", v.Skipped)
	}
	for i, prefix := range []string{"1301234567", "2301234567", "0301234567"} {
		if sscc := must(p.NextSSCC(p.ctx, prefix)); fmt.Sprintf("%07d", v.Skipped[i].To+1) != string(sscc[12:19]) {
			t.Errorf("%s after %+v", sscc, v.Skipped[i])
		}
	}
}

// By a clock that is behind the copy nobody knows how many serial numbers the old PC may have used.
func TestP1_TakeoverByAWrongClock(t *testing.T) {
	p := newPlant(t)
	must(p.NextSSCC(p.ctx, "0301234567"))
	p.stock(p.unit, 1)
	p.copied(t, elsewhere)
	const years = int64(20 * 365 * 24 * time.Hour / time.Second)
	p.commits.Add(-years) // the battery is empty
	v, err := p.BeginTakeover(p.ctx, Word{Reason: "x"})
	if e, ok := errors.AsType[*SerialsError](err); !ok || e.Prefix != "0301234567" || e.Behind < 19*365*24*time.Hour {
		t.Fatalf("%+v, %v", v, err)
	}
	p.commits.Add(years)
	if v := must(p.BeginTakeover(p.ctx, Word{Reason: "x"})); len(v.Skipped) != 1 || v.Skipped[0].To < 1001 {
		t.Errorf("%+v", v.Skipped)
	}
}
