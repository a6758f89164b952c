package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"linemark/internal/shipping"
	"linemark/internal/web"
)

func runShipping(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "shipping", []word{
		{"add", shippingAdd}, {"list", shippingList}, {"show", shippingShow}, {"print", shippingPrint}, {"retry", shippingRetry}, {"export", shippingExport},
	}, args, "linemark shipping add --config linemark.toml --name S-1 --pallet 003012345670000017 --waybill 21966959")
}

// several is a flag that may be given several times.
type several []string

func (s *several) String() string { return strings.Join(*s, " ") }

func (s *several) Set(text string) error {
	*s = append(*s, text)
	return nil
}

func shippingAdd(ctx context.Context, c *console, args []string) error {
	var q question
	var name string
	var pallets, waybills, documents several
	rest, err := flags(c, "shipping", args, func(fs *flag.FlagSet) {
		q.flags(fs)
		fs.StringVar(&name, "name", "", "`name` of the shipment; a file may name it too")
		fs.Var(&pallets, "pallet", "`SSCC` of a pallet; may be given several times, as the next two may")
		fs.Var(&waybills, "waybill", "`id` of a waybill in Ediweb")
		fs.Var(&documents, "document", "`MESSAGE,DOCUMENT[,BOX]`: the ids of a document in Diadoc")
	})
	if err != nil {
		return err
	}
	var o shipping.Order
	switch {
	case len(rest) > 1:
		return wrong(fmt.Errorf("one file is one shipment, not %d", len(rest)), "linemark shipping add FILE for each")
	case len(rest) == 1:
		text, err := os.ReadFile(rest[0])
		if err != nil {
			return wrong(fmt.Errorf("reading the shipment: %w", err), "give a file in JSON or CSV")
		}
		var refused *shipping.InputError
		if o, err = shipping.ReadOrder(rest[0], text); errors.As(err, &refused) {
			return wrong(errors.New(refused.What), refused.Hint)
		} else if err != nil {
			return err
		}
	}
	if name != "" {
		o.Name = name
	}
	in := web.AddShipment{Name: web.Text(o.Name)}
	for _, p := range append(o.Pallets, pallets...) {
		in.Pallets = append(in.Pallets, web.Text(p))
	}
	for _, w := range append(o.Waybills, waybills...) {
		in.Waybills = append(in.Waybills, web.Text(w))
	}
	for _, d := range o.Documents {
		in.Documents = append(in.Documents, web.ShipmentDocument{Box: web.Text(d.Box), Message: web.Text(d.Message), Document: web.Text(d.Document)})
	}
	for _, text := range documents {
		ids := strings.Split(text, ",")
		if len(ids) < 2 || len(ids) > 3 {
			return wrong(fmt.Errorf("--document %s is neither MESSAGE,DOCUMENT nor MESSAGE,DOCUMENT,BOX", text), "copy the ids as Diadoc shows them")
		}
		d := web.ShipmentDocument{Message: web.Text(ids[0]), Document: web.Text(ids[1])}
		if len(ids) > 2 {
			d.Box = web.Text(ids[2])
		}
		in.Documents = append(in.Documents, d)
	}
	var s web.Shipment
	if err := q.tell(ctx, "/api/v1/shipping", in, &s); err != nil {
		return err
	}
	return q.print(c, s, func() { printShipment(c.out, s) })
}

func shippingList(ctx context.Context, c *console, args []string) error {
	var q question
	var all bool
	if err := noArguments(c, "shipping", args, func(fs *flag.FlagSet) {
		q.flags(fs)
		fs.BoolVar(&all, "all", false, "complete ones too")
	}); err != nil {
		return err
	}
	var s web.Shipments
	if err := q.look(ctx, "/api/v1/shipping", &s); err != nil {
		return err
	}
	return q.print(c, s, func() {
		t := tabwriter.NewWriter(c.out, 2, 8, 2, ' ', 0)
		complete := 0
		for _, l := range s.Shipments {
			if l.Stands == "complete" && !all {
				complete++
				continue
			}
			n := l.Count
			fmt.Fprintf(t, "%s\t%s\t%s\tpapers %d of %d\tlabels out %d\t%s\n", l.Name, l.Made, l.Stands, n.Done, n.Done+n.Waiting+n.Failed, n.Labels, l.Trouble)
		}
		for _, b := range s.Broken {
			fmt.Fprintf(t, "%s\t\tCANNOT BE READ\t\t\t%s\n", b.Name, b.Why)
		}
		_ = t.Flush() // the console is gone: nobody is left to tell
		if complete > 0 {
			fmt.Fprintf(c.out, "%d complete: --all shows them\n", complete)
		}
	})
}

// oneShipment takes the one name of a command line.
func oneShipment(c *console, args []string, define func(*flag.FlagSet)) (string, error) {
	rest, err := flags(c, "shipping", args, define)
	if err != nil {
		return "", err
	}
	if len(rest) != 1 || rest[0] == "" {
		return "", wrong(fmt.Errorf("one shipment is needed, not %d", len(rest)), "linemark shipping list shows their names")
	}
	return rest[0], nil
}

func shippingPath(name, behind string) string {
	return "/api/v1/shipping/" + url.PathEscape(name) + behind
}

func shippingShow(ctx context.Context, c *console, args []string) error {
	var q question
	name, err := oneShipment(c, args, q.flags)
	if err != nil {
		return err
	}
	var s web.Shipment
	if err := q.look(ctx, shippingPath(name, ""), &s); err != nil {
		return err
	}
	return q.print(c, s, func() { printShipment(c.out, s) })
}

func shippingPrint(ctx context.Context, c *console, args []string) error {
	var q question
	var in repackFlags
	var again bool
	var waybill string
	name, err := oneShipment(c, args, func(fs *flag.FlagSet) {
		q.flags(fs)
		fs.BoolVar(&again, "again", false, "labels too that are printed, in doubt or could not be printed")
		fs.StringVar(&waybill, "waybill", "", "only the label of this waybill `id`")
		wordFlags(fs, &in)
	})
	if err != nil {
		return err
	}
	body := web.PrintShipment{Again: again, Waybill: web.Text(waybill), By: web.Text(in.by), Reason: web.Text(in.reason)}
	return q.ship(ctx, c, shippingPath(name, "/print"), body, "labels wait for the printer")
}

func shippingRetry(ctx context.Context, c *console, args []string) error {
	var q question
	var in repackFlags
	name, err := oneShipment(c, args, func(fs *flag.FlagSet) {
		q.flags(fs)
		wordFlags(fs, &in)
	})
	if err != nil {
		return err
	}
	return q.ship(ctx, c, shippingPath(name, "/retry"), web.RetryShipment{By: web.Text(in.by), Reason: web.Text(in.reason)}, "papers are asked for again")
}

func (q *question) ship(ctx context.Context, c *console, path string, in any, what string) error {
	var done web.ShipmentDone
	if err := q.tell(ctx, path, in, &done); err != nil {
		return err
	}
	return q.print(c, done, func() {
		fmt.Fprintln(c.out, done.N, what)
		printShipment(c.out, done.Shipment)
	})
}

func shippingExport(ctx context.Context, c *console, args []string) error {
	var q question
	var folder string
	name, err := oneShipment(c, args, func(fs *flag.FlagSet) {
		configFlag(fs, &q.config)
		fs.StringVar(&folder, "output", "", "the `folder` for the files, made if it is not there")
	})
	switch {
	case err != nil:
		return err
	case folder == "":
		return wrong(errors.New("--output is needed"), "give the folder for the files")
	}
	var s web.Shipment
	if err := q.look(ctx, shippingPath(name, ""), &s); err != nil {
		return err
	}
	for _, f := range s.Files() {
		var file web.File
		if err := q.look(ctx, shippingPath(name, "/files/"+url.PathEscape(f.Name)), &file); err != nil {
			return err
		}
		if err := writeAll(folder, []web.File{file}); err != nil {
			return err
		}
		fmt.Fprintln(c.out, filepath.Join(folder, f.Name))
	}
	if missing := s.Count(); missing.Waiting+missing.Failed > 0 {
		return failed(fmt.Errorf("shipment %s is not complete: %d of its papers are missing", name, missing.Waiting+missing.Failed), "linemark shipping show "+name+" says which, and why")
	}
	return nil
}

func printShipment(w io.Writer, s web.Shipment) {
	fmt.Fprintf(w, "shipment %s of %s, from %s: %s\n", s.Name, clock(s.Made), s.From, s.Stands)
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	for _, p := range s.Pallets {
		fmt.Fprintf(t, "  pallet\t%s\t\t%s\n", p.SSCC, p.Warning)
	}
	for _, b := range s.Waybills {
		fmt.Fprintf(t, "  waybill\t%s\t%s\t%s\n", strings.TrimSpace(b.ID+" "+b.Number), b.State, fateText(b.Fate))
		for _, p := range b.Pictures {
			fmt.Fprintf(t, "    label\t%s\t%s\t%s\n", p.Name, p.Label, p.Why)
		}
	}
	for _, d := range s.Documents {
		fmt.Fprintf(t, "  document\t%s\t%s\t%s\n", d.Document, d.State, fateText(d.Fate))
		for _, f := range d.Files {
			fmt.Fprintf(t, "    file\t%s\t\t%d bytes\n", f.Name, f.Size)
		}
	}
	for _, f := range s.Strays {
		fmt.Fprintf(t, "  stray\t%s\t\tcame as %s and belongs to no waybill for certain\n", f.Name, f.Original)
	}
	for _, n := range s.Notes {
		fmt.Fprintf(t, "  note\t%s\t\t\n", n)
	}
	for _, word := range s.Words {
		fmt.Fprintf(t, "  word\t%s\t%s\t%s: %s\n", clock(word.At), word.By, word.Reason, word.What)
	}
	_ = t.Flush() // as above
}

func fateText(f shipping.Fate) string {
	switch f.State {
	case shipping.Done:
		return clock(f.Since)
	case shipping.Failed:
		return fmt.Sprintf("asked %d times: %s; %s", f.Tried, f.Why, f.Do)
	}
	text := "since " + clock(f.Since)
	if f.Tried > 0 {
		text += fmt.Sprintf(", asked %d times", f.Tried)
	}
	if f.Next.After(time.Now()) {
		text += ", again at " + clock(f.Next)
	}
	if f.Why != "" {
		text += ": " + f.Why
	}
	return text
}

// printShippingStatus is what status says of shipments.
func printShippingStatus(w io.Writer, s *shipping.Status) {
	if s == nil || s.Open == 0 && s.Trouble == "" {
		return
	}
	fmt.Fprintf(w, "shipments: %d open, %d papers awaited, %d failed, %d labels to print, %d labels for a person", s.Open, s.Waiting, s.Failed, s.ToPrint, s.Attention)
	if s.Oldest != nil {
		fmt.Fprintf(w, "; the oldest is %s of %s", s.Name, clock(*s.Oldest))
	}
	fmt.Fprintln(w)
	if s.Trouble != "" {
		fmt.Fprintf(w, "  %s\n", s.Trouble)
	}
}
