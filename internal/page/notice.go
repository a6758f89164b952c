package page

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"linemark/internal/agent"
	"linemark/internal/ledger"
)

// Levels of a notice, the worst first.
const (
	levelStop = "stopped" // products stand still, or are not marked
	levelWait = "waiting" // something waits for a person
)

// notice is one thing that is wrong, in the words of the agent; the page says it in the reader's language, with what to
// do about it.
type notice struct {
	Level string
	Line  string // empty: of the whole PC
	Where string
	Text  string // a sentence of the agent, or
	Key   string // a text of the page's own, with
	Args  []any
	Link  string // where it is settled
	Since time.Time
}

// Thresholds of what is worth a notice.
const (
	fewHours       = 4.0
	certificateDue = 30 * 24 * time.Hour
)

// notices are all that is wrong, the worst first.
func notices(s agent.Status, now time.Time) []notice {
	var all []notice
	add := func(n notice) { all = append(all, n) }
	if s.Ledger != "ok" && s.Ledger != "" {
		add(notice{Level: levelStop, Where: "ledger", Text: s.Ledger})
	}
	switch s.Disk.Level {
	case agent.DiskFull:
		add(notice{Level: levelStop, Where: "disk", Key: "disk.full", Args: []any{megabytes(s.Disk.Free), megabytes(s.Disk.Stop)}})
	case agent.DiskLow:
		add(notice{Level: levelWait, Where: "disk", Key: "disk.low", Args: []any{megabytes(s.Disk.Free), megabytes(s.Disk.Stop)}})
	}
	for _, l := range s.Lines {
		if n, ok := lineNotice(l); ok {
			add(n)
		}
	}
	for _, d := range s.Devices {
		if !d.Up {
			add(notice{Level: levelStop, Where: d.Name, Key: "device.down", Args: []any{d.Name, said(d.Error)}, Since: d.Since, Link: "/devices/" + url.PathEscape(d.Name)})
		}
	}
	for _, p := range s.Products {
		if p.Trouble != "" {
			add(notice{Level: levelWait, Where: p.Name, Text: p.Trouble, Since: p.Since, Link: "/stock"})
		}
		if runsOut(s, p) {
			add(notice{Level: levelWait, Where: p.Name, Key: "stock.low", Args: []any{p.Name, lasting(*p.HoursLeft)}, Link: "/stock"})
		}
	}
	all = append(all, outsideNotices(s, now)...)
	slices.SortStableFunc(all, func(a, b notice) int { return rank(a) - rank(b) })
	return all
}

// runsOut says whether a product's codes come to an end: while supply works it lets none run low for long.
func runsOut(s agent.Status, p agent.ProductStatus) bool {
	return p.HoursLeft != nil && *p.HoursLeft < fewHours && (p.Trouble != "" || !s.National.OK)
}

// outsideNotices are those that stop no line now.
func outsideNotices(s agent.Status, now time.Time) []notice {
	var all []notice
	add := func(n notice) {
		n.Level = levelWait
		all = append(all, n)
	}
	if !s.National.OK && s.National.Error != "" {
		add(notice{Where: "national system", Key: "national.away", Args: []any{said(s.National.Error)}, Since: s.National.Since})
	}
	if s.Reports.Trouble != "" && s.National.OK {
		n := notice{Where: "reports", Text: s.Reports.Trouble, Link: "/reports"}
		if s.Reports.Since != nil {
			n.Since = *s.Reports.Since
		}
		add(n)
	}
	if due := s.Reports.Due; due != nil && due.Sub(now).Hours() < fewHours {
		add(notice{Where: "reports", Key: "reports.due", Args: []any{due.Local().Format("02.01.2006 15:04")}, Link: "/reports"})
	}
	waiting := 0
	for _, counts := range []map[string]int{s.Reports.Utilisation, s.Reports.Aggregation, s.Reports.Dropout} {
		for _, state := range []ledger.ReportStatus{ledger.Denied, ledger.InDoubt, ledger.Unclear} {
			waiting += counts[string(state)]
		}
	}
	if waiting > 0 {
		add(notice{Where: "reports", Key: "reports.wait", Args: []any{waiting}, Link: "/reports"})
	}
	for _, l := range s.Lines {
		for _, c := range l.Containers {
			if c.Aside > 0 {
				add(notice{Line: l.Name, Where: c.Station, Key: "packing.aside", Args: []any{c.Station, c.Aside}, Link: "/packing?line=" + queryEscape(l.Name) + "&station=" + queryEscape(c.Station)})
			}
		}
	}
	if s.Config != nil && s.Config.Changed != nil {
		n := notice{Where: "configuration", Key: "config.changed", Args: []any{s.Config.File}, Since: *s.Config.Changed}
		if len(s.Config.Problems) > 0 {
			n.Key, n.Args = "config.faulty", []any{s.Config.File, s.Config.Problems[0]}
		}
		add(n)
	}
	if s.Backup != nil && s.Backup.Trouble != "" {
		add(notice{Where: "backup", Key: "backup.trouble", Args: []any{said(s.Backup.Trouble)}})
	}
	if s.MQTT != nil && !s.MQTT.Up && s.MQTT.Error != "" {
		add(notice{Where: "MQTT", Key: "mqtt.trouble", Args: []any{said(s.MQTT.Error)}})
	}
	if s.Shipping != nil && s.Shipping.Trouble != "" {
		add(notice{Where: "shipping", Text: s.Shipping.Trouble})
	}
	if end := s.National.Certificate; end != nil && end.Sub(now) < certificateDue {
		add(notice{Where: "certificate", Key: "certificate.ends", Args: []any{end.Local().Format("02.01.2006")}})
	}
	return all
}

// lineNotice is the one sentence about a line: what stopped it, else what it waits for.
func lineNotice(l agent.LineStatus) (notice, bool) {
	if l.Held != nil && l.Held.Fault != "" {
		return notice{Level: levelStop, Line: l.Name, Key: "line.held_only", Args: []any{l.Held.By, l.Held.Why, said(l.Held.Fault)}, Since: l.Held.Since}, true
	}
	if l.Held != nil {
		return notice{Level: levelStop, Line: l.Name, Key: "line.held", Args: []any{l.Held.By, l.Held.Why}, Since: l.Held.Since}, true
	}
	var found notice
	for _, st := range l.Stations {
		if n := (notice{Level: st.State, Line: l.Name, Where: st.Name, Text: st.Why, Since: st.Since}); st.State != "running" && st.Why != "" && (found.Level == "" || rank(n) < rank(found)) {
			found = n
		}
	}
	return found, found.Level != ""
}

func rank(n notice) int {
	if n.Level == levelStop {
		return 0
	}
	return 1
}

// said is a sentence of the agent inside of one of the page's own.
type said string

// lasting is how many hours something lasts, inside of a sentence.
type lasting float64

// Tell says a notice in the reader's language.
func (v *visit) Tell(n notice) string {
	if n.Key == "" {
		return v.Say(n.Text)
	}
	args := make([]any, len(n.Args))
	for i, a := range n.Args {
		switch one := a.(type) {
		case said:
			a = v.Say(string(one))
		case lasting:
			a = v.Lasts(float64(one))
		}
		args[i] = a
	}
	return v.T("notice."+n.Key, args...)
}

// Advise says what a person is to do about a notice; empty: nothing is known.
func (v *visit) Advise(n notice) string {
	if n.Key == "" {
		return v.Do(n.Text)
	}
	for _, a := range n.Args {
		if s, ok := a.(said); ok {
			if do := v.Do(string(s)); do != "" {
				return do
			}
		}
	}
	if key := "ui.advice." + n.Key; v.Text(key) != key {
		return v.Text(key)
	}
	return ""
}

func megabytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

// Lasts says how long something lasts that lasts so many hours: minutes when it is short.
func (v *visit) Lasts(h float64) string {
	switch h = max(0, h); {
	case h < 1:
		return v.T("lasts.min", fmt.Sprintf("%.0f", h*60))
	case h < 10:
		return v.T("lasts.h", fmt.Sprintf("%.1f", h))
	case h < 72:
		return v.T("lasts.h", fmt.Sprintf("%.0f", h))
	}
	return v.T("lasts.d", fmt.Sprintf("%.0f", h/24))
}
