package agent

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"linemark/drivers"
	"linemark/internal/config"
	"linemark/internal/record"
	"linemark/internal/web"
)

// Devices implements web.Devices.
func (a *Agent) Devices() []web.Device {
	all := []web.Device{}
	for _, d := range a.deviceStatus() {
		all = append(all, a.asDevice(d))
	}
	return all
}

func (a *Agent) asDevice(s DeviceStatus) web.Device {
	d := web.Device{Name: s.Name, Kind: s.Kind, Driver: s.Driver, Address: s.Address, Up: s.Up, Since: s.Since, Error: s.Error, Stations: []string{}}
	for _, st := range stationsOf(a.cfg, func(st config.Station) bool { return uses(st, s.Kind, s.Name) }) {
		d.Stations = append(d.Stations, st.String())
	}
	switch {
	case s.Kind == "printer" && s.Name != a.cfg.Shipping.Printer:
		d.Test = "print"
	case s.Kind == "scanner":
		d.Test = "scan"
	}
	if kept := a.kept[s.Kind+" "+s.Name]; kept != nil {
		var last time.Time
		if d.BytesIn, d.BytesOut, last = kept.Counts(); !last.IsZero() {
			d.Last = &last
		}
	}
	return d
}

// uses says whether a station has a device.
func uses(s config.Station, kind, name string) bool {
	switch kind {
	case "printer":
		return s.Printer == name
	case "scanner":
		return s.Scanner == name || s.Check == name
	}
	for _, point := range []string{s.Reject, s.Confirm, s.Stop, s.Request, s.Verdict, s.Acknowledge, s.Refused, s.Accepted} {
		if plc, _, ok := config.SplitPoint(point); ok && plc == name {
			return true
		}
	}
	return false
}

// Device implements web.Devices.
func (a *Agent) Device(kind, name string, plain bool) (web.DeviceDetail, error) {
	all := a.deviceStatus()
	i := slices.IndexFunc(all, func(d DeviceStatus) bool { return d.Name == name && (kind == "" || d.Kind == kind) })
	if i < 0 {
		return web.DeviceDetail{}, a.noDevice(kind, name)
	}
	d := web.DeviceDetail{Device: a.asDevice(all[i]), Masked: !plain, Pieces: []web.Piece{}, Points: []web.Point{}}
	if kept := a.kept[d.Kind+" "+name]; kept != nil {
		var pieces []record.Piece
		pieces, d.BytesIn, d.BytesOut = kept.Pieces()
		if !plain {
			pieces = about(a.cfg).Hide(pieces)
		}
		for _, p := range pieces {
			d.Pieces = append(d.Pieces, web.Piece{At: p.At, Out: p.Out, Length: p.Length, Text: record.Visible(p.Data), More: p.Length - len(p.Data)})
		}
	}
	if p := a.plcs[name]; d.Kind == "plc" && p != nil {
		d.Points, d.PointsAt = p.shown()
	}
	return d, nil
}

// shown are the points of a PLC with what was read last.
func (p *plc) shown() ([]web.Point, *time.Time) {
	p.mu.Lock()
	values, at := p.values, p.at
	p.mu.Unlock()
	points := p.driver.Points()
	names := slices.Sorted(maps.Keys(points))
	slices.SortStableFunc(names, func(a, b string) int { return order(points[a]) - order(points[b]) })
	all := []web.Point{}
	for _, name := range names {
		point := points[name]
		one := web.Point{Name: name, Output: point.Output, Where: point.Where, Type: point.Type()}
		if v, ok := values[name]; ok {
			text := point.Text(v)
			one.Value = &text
		}
		all = append(all, one)
	}
	if values == nil {
		return all, nil
	}
	return all, &at
}

// order puts inputs before outputs.
func order(p drivers.Point) int {
	if p.Output {
		return 1
	}
	return 0
}

// trouble is why a device has not done what it was asked for.
func trouble(t web.Trouble, what, hint string) error {
	return &web.DeviceError{Trouble: t, What: what, Hint: hint}
}

// noDevice says that there is no device of a name, or that the one of this name is of another kind. kind may be empty.
func (a *Agent) noDevice(kind, name string) error {
	var names []string
	for _, d := range a.deviceStatus() {
		if d.Name == name {
			return trouble(web.WrongDevice, fmt.Sprintf("%s is a %s, no %s", name, d.Kind, kind), "")
		}
		if kind == "" || d.Kind == kind {
			names = append(names, d.Name)
		}
	}
	if kind == "" {
		kind = "device"
	}
	return trouble(web.NoDevice, fmt.Sprintf("there is no %s %q", kind, name), "there are: "+strings.Join(names, ", "))
}
