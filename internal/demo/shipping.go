package demo

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"linemark/drivers/link/linktest/drawtest"
	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/shipping"
	"linemark/internal/sim"
	"linemark/internal/upstream/diadoc/diadoctest"
	"linemark/internal/upstream/ediweb/ediwebtest"
)

//go:embed shipping.toml
var shippingConfig []byte

//go:embed shipment.zpl
var shipmentLabel []byte

// Shipment is what came of the demonstration's shipment. The field names are those of the JSON output.
type Shipment struct {
	Name     string `json:"name"`
	Pallets  int    `json:"pallets"`
	Waybill  string `json:"waybill"`
	Issued   string `json:"qr_issued"`  // what the emulated Ediweb put into the QR code
	Printed  string `json:"qr_printed"` // what a decoder reads on the label that the emulated printer drew
	Protocol bool   `json:"protocol"`   // the PDF and its signature are beside the shipment, byte for byte
	Tried    int    `json:"tried"`      // how often the waybill was asked for, outages too
}

// papers are the emulated systems that the papers of shipments come from.
type papers struct {
	ediweb    *ediwebtest.Server
	diadoc    *diadoctest.Server
	waybill   ediwebtest.Waybill
	document  diadoctest.Document
	qr        string
	listeners []*http.Server
}

// newPapers starts Ediweb and Diadoc at the addresses of the configuration. Ediweb is away at first, and Diadoc
// takes its time with the protocol.
func newPapers(cfg *config.Config, seed uint64) (*papers, error) {
	stamp := time.Now().UTC().Format("20060102150405")
	p := &papers{qr: fmt.Sprintf("https://ediweb.example/etrn/%s-%016x?doc=waybill", stamp, seed)}
	picture, err := qrPicture(p.qr)
	if err != nil {
		return nil, fmt.Errorf("making the waybill's QR code: %w", err)
	}
	p.waybill = ediwebtest.Waybill{ID: stamp, Number: "ETRN-" + stamp, Picture: picture}
	p.document = diadoctest.Document{Box: cfg.Diadoc.BoxID, Message: "message-" + stamp, ID: "document-" + stamp,
		PrintForm: []byte("%PDF-1.4\n% the transfer protocol of " + stamp + "\n%%EOF\n"), Signature: append([]byte{0x30, byte(len(stamp) + 2), 0x0c, byte(len(stamp))}, stamp...),
		Making: time.Second}
	e := cfg.Ediweb
	p.ediweb = ediwebtest.New(ediwebtest.Options{Waybills: []ediwebtest.Waybill{p.waybill}, AuthHeader: e.AuthHeader, AuthValue: e.AuthValue.Reveal()})
	p.ediweb.SetFault(func(n int) ediwebtest.Fault {
		if n == 0 {
			return ediwebtest.Fault{Kind: ediwebtest.Status, Status: http.StatusServiceUnavailable, Words: "maintenance"}
		}
		return ediwebtest.Fault{}
	})
	d := cfg.Diadoc
	p.diadoc = diadoctest.New(diadoctest.Options{ClientID: d.ClientID.Reveal(), Login: d.Login, Password: d.Password.Reveal()})
	p.diadoc.Put(p.document)
	for address, h := range map[string]http.Handler{e.URL: p.ediweb, d.URL: p.diadoc} {
		u, err := url.Parse(address)
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		l, err := net.Listen("tcp", u.Host)
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
		p.listeners = append(p.listeners, s)
		go s.Serve(l) //nolint:errcheck // ends with Close; the agent's side shows every other fault
	}
	return p, nil
}

// Close ends the emulated systems.
func (p *papers) Close() error {
	var errs []error
	for _, s := range p.listeners {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// qrPicture is a QR code as a web system makes it.
func qrPicture(text string) ([]byte, error) {
	const dots = 5
	code, err := newQR(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = png.Encode(&b, code.picture(dots))
	return b.Bytes(), err
}

// ship sends the pallets that were packed on their way: it gives the agent a shipment, waits until it is complete
// and reads the printed label. What is wrong is in the findings.
func (p *papers) ship(ctx context.Context, o Options, a *agent.Agent, plant *sim.Plant, prefix string) (s Shipment, findings []string) {
	found := func(format string, args ...any) (Shipment, []string) {
		return s, append(findings, "shipment: "+fmt.Sprintf(format, args...))
	}
	pallets, err := packed(ctx, a.Ledger(), prefix)
	switch {
	case err != nil:
		return found("looking for the pallets: %v", err)
	case len(pallets) == 0:
		return found("no pallet was packed: let products pass for longer")
	}
	s = Shipment{Name: "demo-" + p.waybill.ID, Pallets: len(pallets), Waybill: p.waybill.ID, Issued: p.qr}
	desk, err := a.Shipping()
	if err != nil {
		return found("%v", err)
	}
	order := shipping.Order{Name: s.Name, Pallets: pallets, Waybills: []string{p.waybill.ID}, Documents: []shipping.Named{{Message: p.document.Message, Document: p.document.ID}}}
	if _, err := desk.Add(ctx, order, "demonstration"); err != nil {
		return found("%v", err)
	}
	o.say("Shipment %s of %d pallets: its waybill's QR code and its document's protocol are fetched; Ediweb is away at first.", s.Name, len(pallets))
	one, err := complete(ctx, desk, s.Name)
	if err != nil {
		return found("%v", err)
	}
	s.Tried = one.Waybills[0].Tried
	for _, pallet := range one.Pallets {
		if pallet.Warning != "" {
			findings = append(findings, "shipment: pallet "+pallet.SSCC+": "+pallet.Warning)
		}
	}
	s.Protocol = p.kept(desk, one)
	var read []string
	for _, l := range plant.Printers["ship-1"].Printed() {
		if text, err := readQR(l.Drawn); err != nil {
			findings = append(findings, fmt.Sprintf("shipment: a printed QR code cannot be read: %v", err))
		} else if text == p.qr {
			read = append(read, text)
		}
	}
	if len(read) != 1 {
		return found("%d labels with what Ediweb issued were printed, not one", len(read))
	}
	if s.Printed = read[0]; !s.Protocol {
		return found("the protocol beside it is not what Diadoc gave")
	}
	return s, findings
}

// complete waits until all of a shipment is there and printed.
func complete(ctx context.Context, desk shipping.Desk, name string) (*shipping.Shipment, error) {
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	for {
		changed := desk.Store.Changed()
		one, err := desk.Store.Get(name)
		if err != nil {
			return nil, err
		}
		switch one.Stands() {
		case "complete":
			return one, nil
		case "needs a person":
			return nil, errors.New(one.Why())
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("not complete after %s: %s", settle, one.Why())
		}
	}
}

func (p *papers) kept(desk shipping.Desk, one *shipping.Shipment) bool {
	want := [][]byte{p.document.PrintForm, p.document.Signature}
	for i, f := range one.Documents[0].Files {
		content, err := desk.Store.File(one.Name, f.Name)
		if err != nil || i >= len(want) || !bytes.Equal(content, want[i]) {
			return false
		}
	}
	return len(one.Documents[0].Files) == len(want)
}

// packed are the closed pallets of the line.
func packed(ctx context.Context, l *ledger.Ledger, prefix string) ([]string, error) {
	containers, err := l.Containers(ctx)
	if err != nil {
		return nil, err
	}
	ever := 0
	for _, c := range containers {
		if c.OfContainers {
			ever += c.N
		}
	}
	var all []string
	for serial := range uint64(ever + 2) {
		sscc, err := code.SSCC(prefix, serial)
		if err != nil {
			return nil, err
		}
		c, own, err := l.FindContainer(ctx, sscc)
		if err == nil && own && c.State == ledger.ContainerClosed && !c.Dropped {
			all = append(all, string(sscc))
		} else if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return nil, err
		}
	}
	return all[:min(len(all), 40)], nil
}

// readQR reads what a printer has drawn, by its dots alone.
func readQR(drawn []drawtest.Dots) (string, error) {
	d := drawtest.Join(drawn)
	inked := image.Rectangle{}
	for y := range d.Height {
		for x := range d.Width {
			if d.At(d.X+x, d.Y+y) {
				inked = inked.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if inked.Dx() != inked.Dy() {
		return "", errNoQR
	}
	return readModules(inked.Dx(), func(x, y int) bool { return d.At(d.X+inked.Min.X+x, d.Y+inked.Min.Y+y) })
}

// palletPrefix is that of the pallets of a configuration.
func palletPrefix(cfg *config.Config) string {
	for _, l := range cfg.Lines {
		if i := slices.IndexFunc(l.Stations, func(s config.Station) bool { return s.Unit == config.SSCC }); i >= 0 {
			return l.Stations[i].SSCCPrefix
		}
	}
	return ""
}
