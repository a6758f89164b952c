package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"linemark/internal/agent"
	"linemark/internal/ledger"
	"linemark/internal/web"
)

func printStatus(w io.Writer, s agent.Status) {
	fmt.Fprintf(w, "%s, up since %s\n", s.Agent, clock(s.Started))
	for _, why := range s.Degraded {
		fmt.Fprintf(w, "NOTHING RUNS: %s\n", why)
	}
	if c := s.Config; c != nil && c.Changed != nil {
		if len(c.Problems) == 0 {
			fmt.Fprintf(w, "%s was changed at %s and is not in force yet: linemark reload\n", c.File, clock(*c.Changed))
		} else {
			fmt.Fprintf(w, "%s was changed at %s and cannot be taken over:\n", c.File, clock(*c.Changed))
		}
		for _, p := range c.Problems {
			fmt.Fprintf(w, "  %s\n", p)
		}
	}
	if len(s.Degraded) > 0 {
		return
	}
	if s.Ledger != "ok" {
		fmt.Fprintf(w, "LEDGER: %s\n", s.Ledger)
	}
	if s.National.OK {
		fmt.Fprintf(w, "national system: answers since %s\n", clock(s.National.Since))
	} else {
		fmt.Fprintf(w, "national system: no answer since %s: %s\n", clock(s.National.Since), s.National.Error)
	}
	if s.National.Closed != nil {
		fmt.Fprintf(w, "  only asked whether it is back, since %s: orders and reports wait\n", clock(*s.National.Closed))
	}
	if skew := s.National.Skew; skew != nil && (*skew > 60 || *skew < -60) {
		fmt.Fprintf(w, "  its clock is %d s from this PC's: set the PC's clock\n", *skew)
	}
	if ends := s.National.Certificate; ends != nil {
		fmt.Fprintf(w, "  this PC's certificate ends on %s\n", ends.Local().Format("2006-01-02"))
	}
	if b := s.MQTT; b != nil && !b.Up {
		fmt.Fprintf(w, "MQTT broker: away since %s, %d messages wait: %s\n", clock(b.Since), b.Waiting, b.Error)
	}
	printShippingStatus(w, s.Shipping)
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	for _, l := range s.Lines {
		fmt.Fprintf(t, "\nline %s%s\n", l.Name, batchText(l.Batch))
		for _, st := range l.Stations {
			state := st.State
			if st.Why != "" {
				state += ": " + st.Why
			}
			fmt.Fprintf(t, "  %s\t%s\t%s\tsince %s\n", st.Name, state, counts(st.Count), clock(st.Since))
		}
		for _, c := range l.Containers {
			fmt.Fprintf(t, "  %s\t%d closed, %d open, %d wait for a label, %d set aside\n", c.Station, c.Closed, c.Open, c.Full, c.Aside)
		}
	}
	printCounts(t, s.Lines)
	fmt.Fprintln(t, "\nstock")
	for _, p := range s.Products {
		fmt.Fprintf(t, "  %s\t%d in stock, %s\twaits for %s, since %s\n", p.Name, p.States[ledger.InStock.String()], hoursLeft(p.HoursLeft), p.Doing, clock(p.Since))
		if p.Trouble != "" {
			fmt.Fprintf(t, "  \t%s\n", p.Trouble)
		}
	}
	fmt.Fprintf(t, "\nreports\n  utilisation\t%s\n  aggregation\t%s\n", counts(s.Reports.Utilisation), counts(s.Reports.Aggregation))
	if len(s.Reports.Dropout) > 0 {
		fmt.Fprintf(t, "  dropout\t%s\n", counts(s.Reports.Dropout))
	}
	if s.Reports.Trouble != "" {
		fmt.Fprintf(t, "  trouble since %s: %s\n", clock(*s.Reports.Since), s.Reports.Trouble)
	}
	fmt.Fprintln(t, "\ndevices")
	for _, d := range s.Devices {
		state := "up"
		if !d.Up {
			state = "down: " + d.Error
		}
		fmt.Fprintf(t, "  %s %s\t%s\t%s, since %s\n", d.Kind, d.Name, d.Address, state, clock(d.Since))
	}
	if b := s.Backup; b != nil {
		fmt.Fprintf(t, "\nbackup\n  %s\t%s\n", b.To, backupText(b))
	}
	if r := s.Record; r != nil && (r.Dropped > 0 || r.Error != "") {
		fmt.Fprintf(t, "\nflight recorder\n  %d records dropped\t%s\n", r.Dropped, r.Error)
	}
	if len(s.Alarms) > 0 {
		fmt.Fprintln(t, "\nalarms")
	}
	for _, a := range s.Alarms {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", clock(a.At), a.Place, a.Text)
	}
	_ = t.Flush() // the terminal has gone: nobody is left to tell
}

// backupText says how old the newest backup is, and what is wrong with the next.
func backupText(b *agent.BackupStatus) string {
	text := "none seen there yet"
	if b.Last != nil {
		text = fmt.Sprintf("the last good one of %s, %.1f h old", b.Last.Local().Format("2006-01-02 15:04"), *b.AgeH)
	}
	for _, more := range []string{b.Doing, b.Trouble} {
		if more != "" {
			text += "; " + more
		}
	}
	return text
}

// printCounts shows what each line has counted in this hour, the last and the batch.
func printCounts(w io.Writer, lines []agent.LineStatus) {
	for _, l := range lines {
		if l.Counts == nil {
			continue
		}
		fmt.Fprintf(w, "\ncount of line %s\n  since %s\t%s\n", l.Name, clock(l.Counts.Hour.Since), l.Counts.Hour.Text())
		if last := l.Counts.LastHour; last != nil {
			fmt.Fprintf(w, "  %s to %s\t%s\n", clock(last.Since), clock(*last.Until), last.Text())
		}
		if b := l.Counts.Batch; b != nil {
			until := ""
			if b.Until != nil {
				until = " to " + clock(*b.Until)
			}
			fmt.Fprintf(w, "  batch %s from %s%s\t%s\n", b.Batch, clock(b.Since), until, b.Text())
		}
	}
}

// batchText says which batch a line runs, or what it waits for.
func batchText(b agent.BatchStatus) string {
	switch {
	case b.Waits != "":
		return ", waits for " + b.Waits
	case b.Started != nil:
		return fmt.Sprintf(", batch %s since %s", b.Name, clock(*b.Started))
	}
	return ""
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "the start"
	}
	if time.Since(t) > 20*time.Hour {
		return t.Local().Format("2006-01-02 15:04:05")
	}
	return t.Local().Format("15:04:05")
}

func hoursLeft(h *float64) string {
	if h == nil {
		return "hours left not known yet"
	}
	return fmt.Sprintf("%.1f hours left", *h)
}

func counts(m map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%d %s", m[k], strings.ReplaceAll(k, "_", " ")))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func printBalance(w io.Writer, all []web.Balance) {
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "product\treceived\t")
	for _, s := range ledger.States() {
		fmt.Fprintf(t, "%s\t", s)
	}
	fmt.Fprintln(t, "both sides\t")
	for _, b := range all {
		fmt.Fprintf(t, "%s\t%d\t", b.Product, b.Received)
		for _, s := range ledger.States() {
			fmt.Fprintf(t, "%d\t", b.States[s.String()])
		}
		equal := map[bool]string{true: "equal\t", false: "DIFFER\t"}[b.Equal]
		if b.Archived > 0 {
			equal = fmt.Sprintf("%d in archives, %s", b.Archived, equal)
		}
		fmt.Fprintln(t, equal)
	}
	_ = t.Flush() // as above
}

func printLife(w io.Writer, l web.Life) {
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	fmt.Fprintf(t, "code\t%s\nidentification code\t%s\nstate\t%s\n", l.Code, l.Ident, l.State)
	for _, f := range []struct{ name, value string }{{"product", l.Product}, {"line", l.Line}, {"batch", l.Batch}, {"order", l.Order}, {"block", l.Block}, {"archive", l.Archive}} {
		if f.value != "" {
			fmt.Fprintf(t, "%s\t%s\n", f.name, f.value)
		}
	}
	for _, p := range l.Parents {
		fmt.Fprintf(t, "in\t%s\n", p)
	}
	for _, ch := range l.Children {
		fmt.Fprintf(t, "holds\t%s\n", ch)
	}
	for _, r := range l.Reports {
		fmt.Fprintf(t, "report\t%s %s: %s %s\n", r.Kind, r.ID, r.State, r.Reason)
	}
	for _, e := range l.Journal {
		change := e.Cause
		if e.Now != "" {
			change = e.Was + " -> " + e.Now + ": " + e.Cause
		}
		fmt.Fprintf(t, "%s\t%s, by %s at %s\n", e.At.Local().Format("2006-01-02 15:04:05.000"), change, e.Agent, e.Place)
	}
	_ = t.Flush() // as above
}
