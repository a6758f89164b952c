package page

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"time"

	"linemark/internal/agent"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

// linesView is what all lines are doing.
type linesView struct {
	Notices []notice // of the whole PC
	Lines   []lineView
	Whole   bool // one line, with its stations, charts and last codes
	Left    []left
}

// lineView is what one line is doing.
type lineView struct {
	agent.LineStatus
	State  string // running, waiting, stopped: the worst of its stations'
	Since  time.Time
	Notice *notice // the one sentence; nil: all is well
	InARow int     // failures one after the other
	Recent []recent
	Shift  *shiftView // nil: not of interest here
}

// recent is a code that was read last.
type recent struct {
	Station string
	agent.Read
}

const mostRecent = 12

func livelines(ctx context.Context, v *visit) (any, error) {
	s, err := v.status(ctx)
	if err != nil {
		return nil, err
	}
	name := v.Query("line")
	if len(s.Lines) == 1 && name == "" {
		name = s.Lines[0].Name
	}
	all := linesView{Whole: name != "", Left: hoursLeft(s, v.now)}
	for _, n := range notices(s, v.now) {
		if n.Line == "" || n.Line != name && name != "" || n.Key == "packing.aside" {
			all.Notices = append(all.Notices, n)
		}
	}
	for _, l := range s.Lines {
		if name != "" && l.Name != name {
			continue
		}
		one := lineOf(l)
		if all.Whole {
			one.Recent = recentOf(l)
		}
		if one.Shift, err = v.shiftOf(l.Name, all.Whole); err != nil {
			return nil, err
		}
		all.Lines = append(all.Lines, one)
	}
	if len(all.Lines) == 0 {
		return nil, noLine(name)
	}
	return all, nil
}

func noLine(name string) error {
	return &office.InputError{What: "there is no line \"" + name + "\"", Hint: "linemark status shows the lines"}
}

func lineOf(l agent.LineStatus) lineView {
	one := lineView{LineStatus: l, State: "running"}
	for _, st := range l.Stations {
		if rankOf(st.State) < rankOf(one.State) {
			one.State = st.State
		}
		one.InARow = max(one.InARow, st.InARow)
	}
	for _, st := range l.Stations {
		if st.State == one.State && (one.Since.IsZero() || st.Since.After(one.Since) == (one.State == "running")) {
			one.Since = st.Since // it runs since its last station does, and stands since its first one
		}
	}
	if n, ok := lineNotice(l); ok {
		one.Notice = &n
		if l.Held != nil {
			one.State, one.Since = "stopped", l.Held.Since
		}
	}
	return one
}

// rankOf orders states: the worst comes first.
func rankOf(state string) int {
	return slices.Index([]string{"stopped", "waiting", "running"}, state)
}

// recentOf are the codes that the line's stations have read last, the newest first.
func recentOf(l agent.LineStatus) []recent {
	var all []recent
	for _, st := range l.Stations {
		for _, r := range st.Reads {
			all = append(all, recent{st.Name, r})
		}
	}
	slices.SortStableFunc(all, func(a, b recent) int { return cmp.Compare(b.At.UnixNano(), a.At.UnixNano()) })
	return all[:min(len(all), mostRecent)]
}

// left is how long something lasts.
type left struct {
	Key   string // of the page's texts
	What  string
	Hours float64
	Warn  bool
}

// hoursLeft are the things that come to an end, the first one first.
func hoursLeft(s agent.Status, now time.Time) []left {
	var all []left
	add := func(key, what string, h float64, warn bool) { all = append(all, left{key, what, h, warn}) }
	for _, p := range s.Products {
		if p.HoursLeft != nil {
			add("left.stock", p.Name, *p.HoursLeft, runsOut(s, p))
		}
	}
	if s.Disk.HoursLeft != nil {
		add("left.disk", "", *s.Disk.HoursLeft, *s.Disk.HoursLeft < fewHours)
	}
	if s.Reports.Due != nil {
		h := s.Reports.Due.Sub(now).Hours()
		add("left.report", "", h, h < fewHours)
	}
	if end := s.National.Certificate; end != nil {
		add("left.certificate", "", end.Sub(now).Hours(), end.Sub(now) < certificateDue)
	}
	slices.SortStableFunc(all, func(a, b left) int { return cmp.Compare(a.Hours, b.Hours) })
	return all
}

// linesRest are the forms of the line view: which lines can be stopped and started.
func linesRest(_ context.Context, v *visit) (any, error) {
	var names []string
	for _, l := range v.cfg.Lines {
		if name := v.Query("line"); name == "" || name == l.Name {
			names = append(names, l.Name)
		}
	}
	return map[string]any{"Names": names, "All": len(v.cfg.Lines)}, nil
}

// stockView is the stock and the orders that fill it.
type stockView struct {
	Products []agent.ProductStatus
	National agent.Access
	Disk     agent.DiskStatus
	Orders   []orderView
	More     int // older orders that are not shown
}

type orderView struct {
	ledger.Order
	Product string
}

const mostOrders = 50

func livestock(ctx context.Context, v *visit) (any, error) {
	s, err := v.status(ctx)
	if err != nil {
		return nil, err
	}
	orders, err := v.agent.Ledger().Orders(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, p := range s.Products {
		names[p.GTIN] = p.Name
	}
	all := stockView{Products: s.Products, National: s.National, Disk: s.Disk, More: max(0, len(orders)-mostOrders)}
	slices.SortFunc(orders, func(a, b ledger.Order) int { return cmp.Compare(b.ID, a.ID) })
	for _, o := range orders[:min(len(orders), mostOrders)] {
		all.Orders = append(all.Orders, orderView{o, names[o.GTIN]})
	}
	return all, nil
}

func queryEscape(s string) string { return url.QueryEscape(s) }
