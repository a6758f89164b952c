package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"linemark/internal/agent"
	"linemark/internal/demo"
	"linemark/internal/ledger"
	"linemark/internal/sim"
)

func runDemo(ctx context.Context, c *console, args []string) error {
	o := demo.Options{Faults: sim.SomeFaults}
	var asJSON, faultless bool
	if err := noArguments(c, "demo", args, func(fs *flag.FlagSet) {
		fs.DurationVar(&o.For, "for", 30*time.Second, "how long products pass")
		fs.Float64Var(&o.Rate, "rate", 30, "products a second; 0: as fast as it goes")
		fs.Uint64Var(&o.Seed, "seed", 1, "decides codes and faults")
		fs.StringVar(&o.Dir, "data", "", "`folder` for the ledger and the logs; what lies there is gone on with (default: a folder of the user's cache, emptied first)")
		fs.StringVar(&o.System, "system", demo.IZKM, "the national `system`: izkm or smartone")
		fs.BoolVar(&faultless, "faultless", false, "no unread, wrong, copied or missing products")
		fs.BoolVar(&o.Shipping, "shipping", false, "send the pallets on their way at the end: a waybill's QR code is fetched, printed and read back")
		fs.BoolVar(&asJSON, "json", false, "only one JSON object")
	}); err != nil {
		return err
	}
	if o.For <= 0 || o.Rate < 0 || o.Rate > 10_000 {
		return wrong(fmt.Errorf("--for must be longer than nothing, --rate between 0 and 10000"), "linemark demo --for 30s --rate 30")
	}
	if o.System != demo.IZKM && o.System != demo.SmartOne {
		return wrong(fmt.Errorf("there is no national system %q", o.System), "--system izkm or --system smartone")
	}
	if faultless {
		o.Faults = sim.Faults{}
	}
	if !asJSON {
		o.Say = func(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }
		o.View = view(c.out)
	}
	r, err := demo.Run(ctx, o)
	if err != nil {
		return err
	}
	if asJSON {
		body, err := json.Marshal(r)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, string(body))
	} else {
		printResult(c.out, r)
	}
	if !r.Good() {
		return errShown
	}
	return nil
}

// view shows how things stand: redrawn in place on a terminal, a line every five seconds elsewhere.
func view(out io.Writer) func(agent.Status, demo.Phase) {
	f, ok := out.(*os.File)
	if ok && term.IsTerminal(int(f.Fd())) {
		drawn := 0
		return func(s agent.Status, p demo.Phase) {
			lines := frame(s, p)
			var b strings.Builder
			if drawn > 0 {
				fmt.Fprintf(&b, "\x1b[%dA", drawn)
			}
			for _, l := range lines {
				b.WriteString("\x1b[2K" + l + "\n")
			}
			drawn = len(lines)
			_, _ = io.WriteString(out, b.String())
		}
	}
	var last time.Time
	return func(s agent.Status, p demo.Phase) {
		if time.Since(last) < 5*time.Second {
			return
		}
		last = time.Now()
		v := glance(s)
		fmt.Fprintf(out, "%-9s %3.0fs  stock %d  marked %d  verified %d  rejected %d  boxes %d  pallets %d  reports sent %d, open %d, rejected %d  %s\n",
			p.Name, p.Elapsed.Seconds(), v.stock, v.marked, v.verified, v.rejected, v.boxes, v.pallets, v.sent, v.open, v.denied, v.hours)
	}
}

// summary is a Status in a few numbers.
type summary struct {
	stock, marked, verified, rejected, boxes, pallets, sent, open, denied int
	hours                                                                 string
}

func glance(s agent.Status) summary {
	v := summary{hours: "hours left not known yet"}
	for _, p := range s.Products {
		v.stock += p.States[ledger.InStock.String()]
	}
	for i, p := range s.Products {
		if i == 0 {
			v.hours = hoursLeft(p.HoursLeft)
		}
	}
	for _, l := range s.Lines {
		for _, st := range l.Stations {
			v.marked += st.Count["sent"]
			v.verified += st.Count["verified"]
			v.rejected += st.Count["rejected"]
		}
		for i, c := range l.Containers {
			if i == 0 {
				v.boxes = c.Closed
			} else {
				v.pallets += c.Closed
			}
		}
	}
	for _, kind := range []map[string]int{s.Reports.Utilisation, s.Reports.Aggregation} {
		for state, n := range kind {
			switch state {
			case string(ledger.Sent):
				v.sent += n
			case string(ledger.Denied):
				v.denied += n
			default:
				v.open += n
			}
		}
	}
	return v
}

func frame(s agent.Status, p demo.Phase) []string {
	v := glance(s)
	when := fmt.Sprintf("%s, %.0f s", p.Name, p.Elapsed.Seconds())
	if p.Left > 0 {
		when += fmt.Sprintf(", %.0f s left", p.Left.Seconds())
	}
	lines := []string{
		"linemark demo: " + when,
		fmt.Sprintf("  stock     %7d codes   %s", v.stock, v.hours),
		fmt.Sprintf("  marked    %7d", v.marked),
		fmt.Sprintf("  verified  %7d", v.verified),
		fmt.Sprintf("  rejected  %7d", v.rejected),
		fmt.Sprintf("  boxes     %7d   pallets %d", v.boxes, v.pallets),
		fmt.Sprintf("  reports   %7d sent   %d open   %d rejected", v.sent, v.open, v.denied),
	}
	for _, l := range s.Lines {
		for _, st := range l.Stations {
			lines = append(lines, clip(fmt.Sprintf("  %-8s  %s %s", st.Name, st.State, st.Why)))
		}
	}
	last := ""
	if n := len(s.Alarms); n > 0 {
		last = s.Alarms[n-1].Place + ": " + s.Alarms[n-1].Text
	}
	return append(lines, clip("  alarm     "+last))
}

// clip keeps a line from wrapping, which would shift what is drawn next.
func clip(s string) string {
	const width = 79
	if r := []rune(s); len(r) > width {
		return string(r[:width])
	}
	return s
}

func printResult(w io.Writer, r demo.Result) {
	equal := "equal"
	if !r.Balanced {
		equal = "NOT EQUAL"
	}
	fmt.Fprintf(w, `
balance: received %d = in stock %d + claimed %d + printed %d + verified %d + rejected %d + doubtful %d + dropped %d: %s
packed: %d boxes, %d pallets
reports: %d utilisation and %d aggregation sent, %d rejected
check against the plant's own logs:
  printed twice               %d
  reported without evidence   %d
  unknown to the server       %d
`, r.Received, r.InStock, r.Claimed, r.Printed, r.Verified, r.Rejected, r.Doubtful, r.Dropped, equal, r.Boxes, r.Pallets,
		r.UtilisationSent, r.AggregationSent, r.ReportsRejected, r.PrintedTwice, r.ReportedWithoutEvidence, r.UnknownToServer)
	if s := r.Shipment; s != nil && s.Printed != "" {
		fmt.Fprintf(w, "shipment %s: %d pallets, waybill %s asked for %d times, protocol and signature kept\n  Ediweb issued the QR code   %s\n  the printed label reads     %s\n",
			s.Name, s.Pallets, s.Waybill, s.Tried, s.Issued, s.Printed)
	}
	for _, f := range r.Findings {
		fmt.Fprintln(w, "FOUND:", f)
	}
	if r.Good() {
		fmt.Fprintf(w, "good: %.0f codes a second, every one accounted for\n", r.CodesPerSecond)
	}
}
