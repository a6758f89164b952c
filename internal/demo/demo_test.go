package demo

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"linemark/internal/agent"
	"linemark/internal/ledger"
	"linemark/internal/sim"
)

func TestGood(t *testing.T) {
	if !(Result{Balanced: true, Findings: []string{}}).Good() {
		t.Error("nothing was found and it is not good")
	}
	for _, r := range []Result{
		{},
		{Balanced: true, PrintedTwice: 1},
		{Balanced: true, ReportedWithoutEvidence: 1},
		{Balanced: true, UnknownToServer: 1},
		{Balanced: true, Findings: []string{"a bad product passed"}},
	} {
		if r.Good() {
			t.Errorf("%+v is good", r)
		}
	}
}

// A demonstration that a person ends early still reports and checks what was made; the next one in
// the same folder goes on from there. The result is what the ledger says.
func TestRunGoesOn(t *testing.T) {
	dir := t.TempDir()
	ctx, end := context.WithCancel(t.Context())
	var phases []string
	o := Options{For: time.Hour, Rate: 200, Seed: 7, Dir: dir, Faults: sim.SomeFaults, View: func(s agent.Status, p Phase) {
		if !slices.Contains(phases, p.Name) {
			phases = append(phases, p.Name)
		}
		if len(s.Lines) > 0 && len(s.Lines[0].Containers) > 1 && s.Lines[0].Containers[1].Closed > 0 {
			end()
		}
	}}
	first := run(t, ctx, o)
	if !slices.Equal(phases, []string{"producing", "reporting"}) {
		t.Errorf("phases %q", phases)
	}
	if _, err := os.Stat(filepath.Join(dir, marker)); err == nil {
		t.Error("the marker is left after a good end")
	}

	if err := os.WriteFile(filepath.Join(dir, marker), nil, 0o640); err != nil { // as if it had been killed
		t.Fatal(err)
	}
	said := ""
	o.For, o.View, o.Seed = time.Second, nil, 8
	o.Say = func(format string, args ...any) { said += fmt.Sprintf(format, args...) }
	second := run(t, t.Context(), o)
	if said == "" {
		t.Error("nobody was told that this one goes on")
	}
	if second.Verified <= first.Verified || second.Received < first.Received || second.UtilisationSent <= first.UtilisationSent {
		t.Errorf("first %+v\nthen %+v", first, second)
	}
}

func run(t *testing.T, ctx context.Context, o Options) Result {
	t.Helper()
	r, err := Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Good() {
		t.Errorf("found %+v", r)
	}
	l, err := ledger.OpenReader(t.Context(), o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	balances, err := l.Recount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := Result{PrintedTwice: 0, Balanced: true, CodesPerSecond: r.CodesPerSecond, Findings: []string{}}
	for _, b := range balances {
		want.Received += b.Received
		for s, to := range map[ledger.State]*int{ledger.InStock: &want.InStock, ledger.Claimed: &want.Claimed, ledger.Printed: &want.Printed, ledger.Verified: &want.Verified,
			ledger.Rejected: &want.Rejected, ledger.Doubtful: &want.Doubtful, ledger.Dropped: &want.Dropped} {
			*to += b.States[s]
		}
	}
	reports, err := l.Reports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, rep := range reports {
		switch {
		case rep.State != ledger.Sent:
			t.Errorf("report %s is %s: %s", rep.UUID, rep.State, rep.Reason)
		case rep.Kind == ledger.Utilisation:
			want.UtilisationSent++
		default:
			want.AggregationSent++
		}
	}
	containers, err := l.Containers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range containers {
		if c.State == ledger.ContainerClosed {
			*map[string]*int{"box": &want.Boxes, "pallet": &want.Pallets}[c.Station] += c.N
		}
	}
	if fmt.Sprint(r) != fmt.Sprint(want) {
		t.Errorf("the result is %+v\nthe ledger says %+v", r, want)
	}
	if r.Received == 0 || r.Verified == 0 || r.Boxes == 0 || r.Pallets == 0 || r.UtilisationSent == 0 || r.AggregationSent == 0 || r.CodesPerSecond <= 0 {
		t.Errorf("too little has happened: %+v", r)
	}
	return r
}

// What another linemark works on is left alone.
func TestRunFails(t *testing.T) {
	dir := t.TempDir()
	l, err := ledger.Open(t.Context(), dir, ledger.Options{Agent: "other"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	lay(t, dir, "plant/izkm.jsonl", marker) // as a demonstration would that runs here
	before := contents(t, dir)
	if _, err := Run(t.Context(), Options{For: time.Second, Dir: dir}); err == nil {
		t.Error("two work on one ledger")
	}
	if after := contents(t, dir); !maps.Equal(after, before) {
		t.Error("the other's folder was changed")
	}
}
