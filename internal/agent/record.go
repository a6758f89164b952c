package agent

import (
	"fmt"
	"runtime/debug"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/line"
	"linemark/internal/record"
	"linemark/internal/record/replay"
	"linemark/internal/upstream/izkm"
	"linemark/internal/upstream/smartone"
)

// recorder begins the flight recording; nil where the configuration wants none.
func recorder(cfg *config.Config, o Options) *record.Recorder {
	if !cfg.Record.On() {
		return nil
	}
	return record.New(record.Options{DataDir: cfg.Agent.DataDir, Size: cfg.Record.Bytes(), About: about(cfg), Log: o.Log})
}

// about says of which agent a recording is, and what its codes look like.
func about(cfg *config.Config) record.About {
	about := record.About{Agent: cfg.Agent.Name}
	for _, p := range cfg.Products {
		if profile, err := cfg.Table.Profile(p.GroupOr(cfg), code.Type(p.CISType)); err == nil {
			about.Codes = append(about.Codes, looks(profile, p.GTIN))
		}
	}
	for _, profile := range cfg.Table.Profiles() {
		about.Codes = append(about.Codes, looks(profile, "")) // products of others pass by, too
	}
	return about
}

// looks says what the codes of a profile look like.
func looks(p code.Profile, gtin string) record.Codes {
	c := record.Codes{GTIN: gtin, AIs: p.AIs, Serial: p.Serial}
	for _, f := range p.Tail {
		if f.Length > 0 {
			c.Tail = append(c.Tail, record.Tail{AI: f.AI, Length: f.Length})
		}
	}
	return c
}

// tape takes down what a station does.
func (a *Agent) tape(place string, o line.Origin, s line.Station) line.Tape {
	return replay.NewTape(a.rec, place, o, s)
}

// device makes what all devices have in common. Its comings and goings are recorded.
func (a *Agent) device(kind string, d config.Device) device {
	made := newDevice(kind, d.Name, d.Driver, d.Address, a.log)
	made.state.mark = func(up bool, why string) {
		text := "up"
		if !up {
			text = "down: " + why
		}
		a.rec.Mark(record.MarkDevice, d.Name, kind+" is "+text)
	}
	return made
}

// driverOf makes a device's driver, whose last bytes are kept. A driver that is given its connections does not look
// at its address, which those of the system are watched through: so one is made first that does.
func driverOf[D any](a *Agent, kind string, make func(string, drivers.Settings) (D, error), d config.Device, o Options) (D, error) {
	s := a.cfg.DeviceSettings(d)
	s.Dial, s.Log = o.Dial, a.log
	made, err := make(d.Driver, s)
	if err != nil {
		return made, err
	}
	if s.Dial == nil {
		s.Dial = link.NewDialer()
	}
	kept := &record.Last{}
	a.kept[kind+" "+d.Name] = kept
	s.Dial = kept.Dialer(a.rec.Dialer(d.Name, s.Dial))
	return make(d.Driver, s)
}

// call takes down a call of the national system.
func call(r *record.Recorder) func(izkm.Exchange) {
	if r == nil {
		return nil
	}
	return func(x izkm.Exchange) {
		c := record.Call{Method: x.Method, URL: x.URL, Status: x.Status, Took: x.Took.Round(time.Microsecond).String(),
			Body: record.Body{Text: x.Body, Length: x.BodyLength}, Answer: record.Body{Text: x.Answer, Length: x.AnswerLength}}
		if x.Err != nil {
			c.Error = x.Err.Error()
		}
		r.Call(c)
	}
}

// callOne takes down a call of SmartOne.
func callOne(r *record.Recorder) func(smartone.Exchange) {
	if r == nil {
		return nil
	}
	return func(x smartone.Exchange) {
		c := record.Call{Method: x.Method, URL: x.URL, Status: x.Status, Took: x.Took.Round(time.Microsecond).String(),
			Body: record.Body{Text: x.Body, Length: x.BodyLength}, Answer: record.Body{Text: x.Answer, Length: x.AnswerLength}}
		if x.Err != nil {
			c.Error = x.Err.Error()
		}
		r.Call(c)
	}
}

// lastWords records a panic, which goes on and ends the process.
func (a *Agent) lastWords(part string) {
	if a.rec == nil {
		return
	}
	if why := recover(); why != nil {
		a.rec.Mark(record.MarkDeath, part, fmt.Sprintf("%v\n%s", why, debug.Stack()))
		a.rec.Flush()
		panic(why)
	}
}
