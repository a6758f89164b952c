package commission

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/config"
)

// Sheet is the acceptance sheet of a line.
type Sheet struct {
	At       time.Time
	Agent    string
	File     string
	Line     string
	Products int
	Seed     uint64
	Wanted   float64 // products a second; 0: not said
	Stations []string
	Devices  []string
	Rows     []Row
	Measures []Measure
	Limits   []Limit
	Ran      float64 // products a second that passed
	Failures []string
	Notes    []string
}

func newSheet(cfg *config.Config, p *private, o LineOptions) *Sheet {
	s := &Sheet{At: time.Now(), Agent: cfg.Agent.Name, File: cfg.File, Line: p.line.Name, Products: p.total(), Seed: o.Seed, Wanted: o.Speed}
	for _, st := range p.line.Stations {
		text := st.Name + ": " + st.Kind
		for _, part := range []struct{ name, value string }{{"product", st.Product}, {"printer", st.Printer}, {"scanner", st.Scanner}, {"reject", st.Reject}, {"confirm", st.Confirm},
			{"stop", st.Stop}, {"request", st.Request}, {"of", st.Of}, {"unit", st.Unit}} {
			if part.value != "" {
				text += ", " + part.name + " " + part.value
			}
		}
		s.Stations = append(s.Stations, text)
	}
	return s
}

// Passed says whether the line was accepted.
func (s *Sheet) Passed() bool { return len(s.Failures) == 0 }

func (s *Sheet) fail(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(s.Failures, text) {
		s.Failures = append(s.Failures, text)
	}
}

// judge fills the sheet from what happened during a run.
func (s *Sheet) judge(p *private, alarms []agent.Alarm) {
	r := p.record.copy()
	s.rows(p, r)
	s.measures(p, r)
	for _, t := range r.troubles {
		s.fail("device %s failed at %s: %v", t.device, t.at.Format(time.TimeOnly), t.err)
	}
	if given := p.given(r); given < p.total() {
		s.fail("only %d of %d labels were given to the printer", given, p.total())
	}
	s.unprinted(p, r)
	for _, st := range p.line.Stations {
		for _, w := range r.wrote {
			if w.plc+"."+w.output == st.Stop && w.value != 0 {
				s.fail("station %s stopped the line at %s", st.Name, w.began.Format(time.TimeOnly))
			}
		}
		if asked, n := s.rejections(r, st, p), len(rises(r, st.Confirm)); st.Kind == "verify" && st.Confirm != "" && n > asked {
			s.fail("station %s: %s has counted %d products, %d were to be rejected", st.Name, st.Confirm, n, asked)
		}
	}
	for _, a := range alarms {
		s.Notes = append(s.Notes, fmt.Sprintf("%s %s: %s", a.At.Format(time.TimeOnly), a.Place, a.Text))
	}
	if allowed := s.Allowed(); s.Wanted > 0 && allowed > 0 && allowed < s.Wanted {
		s.fail("the line is to run at %.1f products a second, and %.1f are allowed", s.Wanted, allowed)
	}
}

func (s *Sheet) rejections(r *record, st config.Station, p *private) (n int) {
	if st.Kind != "verify" {
		return 0
	}
	for _, v := range verdicts(r, st, p.printedOrder(r)) {
		if v.rejected {
			n++
		}
	}
	return n
}

// unprinted tells of labels that a printer, which says what it prints, has not printed.
func (s *Sheet) unprinted(p *private, r *record) {
	told := map[string]bool{}
	for _, t := range r.printed {
		told[t.printer] = true
	}
	n := map[string]int{}
	for _, l := range r.sent {
		if p.counts[l.claimed] && told[l.printer] && r.printedAt(l).IsZero() {
			n[l.printer]++
		}
	}
	for printer, n := range n {
		s.fail("printer %s has not said of %d labels that they are printed", printer, n)
	}
}

// Allowed is the speed that the measured delays allow, in products a second; 0: nothing limits it.
func (s *Sheet) Allowed() (least float64) {
	for _, l := range s.Limits {
		if least == 0 || l.PerSecond < least {
			least = l.PerSecond
		}
	}
	return least
}

func (s *Sheet) verdict() string {
	if s.Passed() {
		return "PASS"
	}
	return "FAIL"
}

// Text is the sheet as it is printed and signed.
func (s *Sheet) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ACCEPTANCE SHEET: line %s: %s\n\n", s.Line, s.verdict())
	w := tabwriter.NewWriter(&b, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "date\t%s\nagent\t%s\nconfiguration\t%s\nproducts\t%d with codes of nobody's, seed %d\n", s.At.Format("2006-01-02 15:04:05 -07:00"), s.Agent, s.File, s.Products, s.Seed)
	_ = w.Flush() // into memory
	list(&b, "Why it failed", s.Failures)
	list(&b, "Stations", s.Stations)
	list(&b, "Devices, each alone", s.Devices)
	s.writeMeasures(&b)
	s.writeSpeed(&b)
	s.writeRows(&b)
	list(&b, "What else was noted", s.Notes)
	fmt.Fprint(&b, "\nSignatures\n\n  for the plant     ______________________  date ____________\n\n  for the engineer  ______________________  date ____________\n")
	return b.String()
}

func list(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, l := range lines {
		fmt.Fprintf(b, "  %s\n", l)
	}
}

func (s *Sheet) writeMeasures(b *strings.Builder) {
	if len(s.Measures) == 0 {
		return
	}
	fmt.Fprint(b, "\nDelays in ms\n")
	w := tabwriter.NewWriter(b, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, "  min\tmedian\tp99\tmax\tof\t")
	for _, m := range s.Measures {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%d\t%s\n", ms(m.Of.Min()), ms(m.Of.Median()), ms(m.Of.P99()), ms(m.Of.Max()), len(m.Of), m.Name)
	}
	_ = w.Flush() // into memory
}

func (s *Sheet) writeSpeed(b *strings.Builder) {
	if len(s.Limits) == 0 {
		return
	}
	fmt.Fprintf(b, "\nSpeed: at most %.1f products a second by these delays, it ran at %.1f\n", s.Allowed(), s.Ran)
	for _, l := range s.Limits {
		fmt.Fprintf(b, "  %.1f: %s\n", l.PerSecond, l.Why)
	}
	fmt.Fprint(b, "  The printer's own speed, the belt and the rejector's travel are not in it.\n")
}

func (s *Sheet) writeRows(b *strings.Builder) {
	if len(s.Rows) == 0 {
		return
	}
	fmt.Fprint(b, "\nProducts\n")
	w := tabwriter.NewWriter(b, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, "  \t\texpected\tseen\tcode")
	for _, r := range s.Rows {
		mark := "ok"
		if !r.OK {
			mark = "BAD"
		}
		fmt.Fprintf(w, "  %d\t%s\t%s\t%s\t%s\n", r.N, mark, r.Expected, r.Seen, code.Visible(r.Code))
	}
	_ = w.Flush() // into memory
}
