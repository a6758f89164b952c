package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"linemark/internal/config"
	"linemark/internal/record"
)

func runRecord(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "record", []word{{"export", recordExport}, {"show", recordShow}}, args, "linemark record export --config linemark.toml --last-stop --output stop.lrec")
}

// span is the part of a recording that a command is asked for.
type span struct {
	config   string
	from, to string
	lastStop bool
	cut      record.Cut
}

func (s *span) flags(fs *flag.FlagSet) {
	configFlag(fs, &s.config)
	fs.StringVar(&s.from, "from", "", "from this `time` on: 2026-03-01T08:00:00+05:00, \"2026-03-01 08:00:00\" by this PC's clock, or 10m for ten minutes ago")
	fs.StringVar(&s.to, "to", "", "up to this `time`")
	fs.BoolVar(&s.lastStop, "last-stop", false, "two minutes before the last stop or death, and two minutes after it")
	fs.StringVar(&s.cut.Device, "device", "", "of all connections only those of the device of this `name`")
	fs.StringVar(&s.cut.Line, "line", "", "of all stations only those of the line of this `name`")
}

// aroundStop is how much of a recording stands around a stop.
const aroundStop = 2 * time.Minute

// open returns the recording, the file's or that of the configuration, and fills the cut.
func (s *span) open(file string) (*record.Reader, error) {
	from := record.InFile(file)
	var cfg *config.Config
	if file == "" {
		q := question{config: s.config}
		var err error
		if cfg, err = q.load(); err != nil {
			return nil, err
		}
		from = record.InFolder(cfg.Agent.DataDir)
	}
	if err := s.known(from, cfg); err != nil {
		return nil, err
	}
	if s.lastStop {
		if s.from != "" || s.to != "" {
			return nil, wrong(errors.New("--last-stop says the time already"), "leave --from and --to out")
		}
		stop, found, err := record.LastStop(from)
		if err != nil {
			return nil, noRecording(err)
		}
		if !found {
			return nil, failed(errors.New("no stop and no death is in the recording"), "linemark record show lists what is there")
		}
		s.cut.From, s.cut.To = stop.From.Add(-aroundStop), stop.To.Add(aroundStop)
		return from, nil
	}
	for _, t := range []struct {
		flag, text string
		into       *time.Time
	}{{"from", s.from, &s.cut.From}, {"to", s.to, &s.cut.To}} {
		if err := moment(t.text, time.Now(), t.into); err != nil {
			return nil, wrong(fmt.Errorf("--%s: %w", t.flag, err), `write 2026-03-01T08:00:00+05:00, "2026-03-01 08:00:00", or 10m for ten minutes ago`)
		}
	}
	return from, nil
}

// known refuses a device or a line that is neither in the recording nor in the configuration (nil: there
// is none): a slip of the pen would look like a device that was silent.
func (s *span) known(from *record.Reader, cfg *config.Config) error {
	if s.cut.Device == "" && s.cut.Line == "" {
		return nil
	}
	devices, lines, err := record.Sources(from)
	if err != nil {
		return noRecording(err)
	}
	if cfg != nil {
		for _, d := range slices.Concat(cfg.Printers, cfg.Scanners, cfg.PLCs) {
			devices = append(devices, d.Name)
		}
		for _, l := range cfg.Lines {
			lines = append(lines, l.Name)
		}
	}
	for _, asked := range []struct {
		kind, name string
		known      []string
	}{{"device", s.cut.Device, devices}, {"line", s.cut.Line, lines}} {
		slices.Sort(asked.known)
		if asked.name != "" && !slices.Contains(asked.known, asked.name) {
			hint := "it has none"
			if len(asked.known) > 0 {
				hint = "known: " + strings.Join(slices.Compact(asked.known), ", ")
			}
			return wrong(fmt.Errorf("the recording has no %s %q", asked.kind, asked.name), hint)
		}
	}
	return nil
}

// moment reads a time as people write it; an empty text leaves it alone.
func moment(text string, now time.Time, into *time.Time) error {
	if text == "" {
		return nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		*into = now.Add(-ago)
		return nil
	}
	for _, form := range []string{time.RFC3339, time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(form, text, time.Local); err == nil {
			*into = t
			return nil
		}
	}
	return fmt.Errorf("%q is no time", text)
}

func noRecording(err error) error {
	return failed(err, "the recording lies in the folder record of agent.data_dir, if [record] does not switch it off")
}

func recordExport(_ context.Context, c *console, args []string) error {
	var s span
	var output string
	if err := noArguments(c, "record", args, func(fs *flag.FlagSet) {
		s.flags(fs)
		fs.StringVar(&output, "output", "", "the `FILE` to write")
		fs.StringVar(&output, "o", "", "the same")
		fs.BoolVar(&s.cut.WithCodes, "with-codes", false, "leave the codes whole: whoever has the file can print them")
	}); err != nil {
		return err
	}
	if output == "" {
		return wrong(errors.New("where to is missing"), "linemark record export --last-stop --output stop.lrec")
	}
	from, err := s.open("")
	if err != nil {
		return err
	}
	to, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		if errors.Is(err, fs.ErrExist) {
			return wrong(fmt.Errorf("%s is there already", output), "name another file")
		}
		return failed(err, "")
	}
	n, err := record.Export(from, to, s.cut)
	if err == nil && n.Records == 0 {
		err = errors.New("nothing was recorded in this time")
	}
	if err := errors.Join(err, to.Close()); err != nil {
		_ = os.Remove(output) // it is not whole
		return noRecording(err)
	}
	fmt.Fprintf(c.out, "%d records from %s to %s are in %s\n", n.Records, instant(n.First), instant(n.Last), output)
	if n.Dropped {
		fmt.Fprintln(c.out, "the recorder had dropped some: linemark record show says where")
	}
	if s.cut.WithCodes {
		fmt.Fprintln(c.out, "its codes are whole: keep it as you keep labels")
	}
	if from.Damaged > 0 {
		fmt.Fprintf(c.out, "%d bytes of the recording could not be read, as after a power cut\n", from.Damaged)
	}
	return nil
}

func instant(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05.000000") }

func recordShow(ctx context.Context, c *console, args []string) error {
	var s span
	rest, err := flags(c, "record", args, s.flags)
	if err != nil {
		return err
	}
	file := ""
	switch len(rest) {
	case 0:
	case 1:
		file = rest[0]
	default:
		return wrong(fmt.Errorf("one file is shown, not %d", len(rest)), "linemark record show stop.lrec")
	}
	from, err := s.open(file)
	if err != nil {
		return err
	}
	err = from.Each(func(r record.Record) error {
		if s.cut.Shows(r) {
			fmt.Fprintf(c.out, "%s %s\n", instant(r.At), record.Text(r))
		}
		return ctx.Err()
	})
	if err != nil {
		return noRecording(err)
	}
	return nil
}
