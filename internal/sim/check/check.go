// Package check judges a run by the logs that a simulated plant keeps of itself: it holds them against the
// ledger, and trusts nothing that the agent says of itself. Each promise of the design is decided here, or
// by what a caller knows of the run besides:
//
//	P1 once          no code printed, received by a printer or claimed twice; none printed that is in stock
//	P2 accounted     states add up, recounted; the journal is one chain, sealed entry by entry, and each code's
//	                 part of it too
//	P3 evidence      nothing reported, verified or packed that no printer printed or no camera read; labels
//	                 come out of a printer in the order in which their codes were claimed
//	P4 acknowledged  every acknowledged block is in the ledger, whole
//	P5 reported once no code in two reports, nothing sent that was not taken, nothing taken that is not frozen
//	P6 fail closed   a product with a bad reading is thrown out, or the line stands
//	P7 alone         see Went
//	P8 opaque        every code is one that the national system issued, to the byte
//	P9 hands-free    what was open when the agent ended is set aside by its next start
package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linemark/internal/ledger"
)

// Verdict is what the plant's own logs say of what the ledger claims.
type Verdict struct {
	PrintedTwice            int            // codes that came out of a printer more than once (P1)
	ReportedWithoutEvidence int            // codes reported as applied or packed that no printer printed or no camera read (P3)
	UnknownToServer         int            // codes in the ledger or in a report that the national system never issued (P8)
	Balanced                bool           // received = sum of the states, recounted, and every acknowledged block is stored (P2, P4)
	Broken                  map[string]int // findings by promise, P1 to P9
	Findings                []string       // the first of them in words, each with its promise
}

// Good says that nothing was found.
func (v Verdict) Good() bool { return len(v.Broken) == 0 && v.Balanced }

// Promises names those that are broken, with how often: "P1 (3), P5 (1)".
func (v Verdict) Promises() string {
	var all []string
	for _, p := range slices.Sorted(maps.Keys(v.Broken)) {
		all = append(all, fmt.Sprintf("%s (%d)", p, v.Broken[p]))
	}
	return strings.Join(all, ", ")
}

// maxFindings bounds what is said in words: the first ones tell enough.
const maxFindings = 100

// find notes a finding against a promise.
func (v *Verdict) find(promise, format string, args ...any) {
	v.Broken[promise]++
	if len(v.Findings) < maxFindings {
		v.Findings = append(v.Findings, promise+": "+fmt.Sprintf(format, args...))
	}
}

// Judge judges the ledger by the logs in folder dir. It changes nothing. An error means that something could
// not be read: then nothing is decided.
func Judge(ctx context.Context, dir string, l *ledger.Ledger) (Verdict, error) {
	w := newWitness()
	if err := w.gather(dir); err != nil {
		return Verdict{}, err
	}
	v := Verdict{Balanced: true, Broken: map[string]int{}}
	w.judgePrinters(&v)
	w.judgeReports(&v)
	w.judgePacked(&v)
	b, err := readBook(ctx, l)
	if err != nil {
		return Verdict{}, err
	}
	w.judgeCodes(&v, b)
	w.judgeOrder(&v, b)
	w.judgeOutbox(&v, b)
	judgeJournal(&v, b)
	if err := judgeSeals(ctx, &v, l); err != nil {
		return Verdict{}, err
	}
	judgeBalance(&v, b)
	for _, breach := range w.breaches {
		v.find(w.promiseOf(breach), "the national system saw a breach of its document: %s", breach)
	}
	for _, p := range w.passedBad {
		v.find("P6", "%s", p)
	}
	return v, nil
}
