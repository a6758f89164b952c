package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
)

// delivery is what the last bytes to a printer that answers nothing may take on their way.
const delivery = time.Second

// testPrinter prints one label with a code that is nobody's, and shows every byte that goes and comes.
func testPrinter(ctx context.Context, c *console, args []string) error {
	var file string
	var wait time.Duration
	rest, err := flags(c, "test", args, func(fs *flag.FlagSet) {
		fs.StringVar(&file, "config", "linemark.toml", "the configuration `file`")
		fs.DurationVar(&wait, "wait", 30*time.Second, "how long to wait for the printer's confirmation")
	})
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return wrong(fmt.Errorf("one printer is tested, not %d", len(rest)), "give its name in the configuration")
	}
	cfg, err := loadForCodes(file, rest[0])
	if err != nil {
		return partOfAFile(err)
	}
	d, ok := cfg.Printer(rest[0])
	if !ok {
		return wrong(fmt.Errorf("printer %q is not in %s", rest[0], file), "give a name of a [[printer]]")
	}
	if ledger.Locked(cfg.Agent.DataDir) {
		return failed(errors.New("the agent is running and has the printer"), "stop it first: a foreign label would be counted as one of its own")
	}
	settings := cfg.DeviceSettings(d)
	w := &wire{out: c.out}
	settings.Dial = func(ctx context.Context, address string) (link.Conn, error) {
		conn, err := link.Dial(ctx, address)
		if err != nil {
			return nil, err
		}
		return &tapped{Conn: conn, wire: w}, nil
	}
	driver, err := drivers.NewPrinter(d.Driver, settings)
	if err != nil {
		return err
	}
	made, err := agent.TestLabel(cfg, rest[0], driver.Traits())
	if err != nil {
		return failed(err, "another setting of the driver may carry it: linemark drivers "+d.Driver)
	}
	fmt.Fprintf(c.out, "%s, driver %s, %s; it confirms %s\n", d.Name, d.Driver, d.Address, driver.Traits().Confirms)
	session, err := driver.Open(ctx)
	if err != nil {
		return failed(fmt.Errorf("printer %s: %w", d.Name, err), "see that it is on, ready, and that the address is its own")
	}
	defer func() { _ = session.Close() }() // the printer has said all that counts
	fmt.Fprintf(c.out, "-- the label, code %s\n", code.Visible(code.Code(made.Code)))
	if err := session.Send(ctx, []drivers.Label{made}); err != nil {
		return failed(fmt.Errorf("printer %s: %w", d.Name, err), "nothing is known of the label: look at the printer")
	}
	if driver.Traits().Confirms == drivers.ConfirmsNothing {
		// Closing drops what has not been delivered yet: the printer is asked for a fault first, and given
		// a moment where it answers nothing.
		if _, err := session.Printed(ctx); err != nil {
			return failed(fmt.Errorf("printer %s: %w", d.Name, err), "look at the printer")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(delivery):
		}
		fmt.Fprintln(c.out, "sent; this printer does not say what it prints: look at it")
		return nil
	}
	for end := time.Now().Add(wait); time.Now().Before(end); {
		n, err := session.Printed(ctx)
		if err != nil {
			return failed(fmt.Errorf("printer %s: %w", d.Name, err), "look at the printer")
		}
		if n == 1 {
			fmt.Fprintln(c.out, "printed: scan the label, it must read as the code above")
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(driver.Traits().Poll, 10*time.Millisecond)):
		}
	}
	return failed(fmt.Errorf("printer %s has not printed in %s", d.Name, wait), "it may wait for a product: let one pass, or give --wait")
}

// partOfAFile adds a hint to the problems of a file that holds a device's table and nothing around it,
// such as a driver's sample.
func partOfAFile(err error) error {
	var problems config.Problems
	if !errors.As(err, &problems) {
		return err
	}
	missing := func(key string) int {
		return slices.IndexFunc(problems, func(p config.Problem) bool { return p.Key == key && p.What == "is missing" })
	}
	if agent := missing("agent"); agent >= 0 && missing("line") >= 0 {
		problems = slices.Clone(problems)
		problems[agent].Hint += "; linemark config init writes a whole file, to put the device into"
		return problems
	}
	return err
}

// wire shows bytes as they go and come.
type wire struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *wire) show(way string, b []byte) {
	if len(b) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(w.out, "%s %s\n", way, strconv.QuoteToASCII(string(b)))
}

// tapped is a connection whose bytes are shown.
type tapped struct {
	link.Conn
	wire *wire
}

func (t *tapped) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.wire.show("<", b[:n])
	return n, err
}

func (t *tapped) Write(b []byte) (int, error) {
	n, err := t.Conn.Write(b)
	t.wire.show(">", b[:n])
	return n, err
}
