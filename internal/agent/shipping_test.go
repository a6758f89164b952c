package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"net"

	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/printer/zpl/zpltest"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/shipping"
	"linemark/internal/upstream/diadoc/diadoctest"
	"linemark/internal/upstream/ediweb/ediwebtest"
)

// outside are Ediweb and Diadoc on loopback, and their clock: they stand outside the bubble, so that time goes on
// in it while they wait.
type outside struct {
	ediweb *ediwebtest.Server
	diadoc *diadoctest.Server
	cfg    *config.Config
	now    atomic.Int64
	opt    Options
}

func newOutside(t *testing.T, bills []ediwebtest.Waybill) *outside {
	o := &outside{}
	now := func() time.Time { return time.Unix(0, o.now.Load()) }
	o.ediweb = ediwebtest.New(ediwebtest.Options{Waybills: bills, AuthHeader: "Authorization", AuthValue: "Bearer key", Now: now})
	o.diadoc = diadoctest.New(diadoctest.Options{ClientID: "client", Login: "user", Password: "pass", Now: now})
	e, d := httptest.NewServer(o.ediweb), httptest.NewServer(o.diadoc)
	t.Cleanup(e.Close)
	t.Cleanup(d.Close)
	text := strings.ReplaceAll(siteConfig, "DATA", filepath.ToSlash(t.TempDir())) + fmt.Sprintf(`
[ediweb]
url = %q
org_id = "4601234567893"
auth_header = "Authorization"
auth_value = "Bearer key"
[diadoc]
url = %q
box_id = "box@diadoc.ru"
client_id = "client"
login = "user"
password = "pass"
`, e.URL, d.URL)
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "labels"), config.Labels()); err != nil {
		t.Fatal(err)
	}
	var err error
	if o.cfg, err = config.Parse(filepath.Join(dir, "linemark.toml"), []byte(text), config.Lookup{}); err != nil {
		t.Fatal(err)
	}
	o.opt = Options{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		o.now.Store(time.Now().UnixNano())
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}}
	return o
}

// noPallets is a ledger that knows none.
type noPallets struct{}

func (noPallets) FindContainer(context.Context, code.Code) (ledger.Container, bool, error) {
	return ledger.Container{}, false, ledger.ErrNotFound
}

// run lets a new clerk work on what is on disk for a time.
func (o *outside) run(t *testing.T, length time.Duration, add ...shipping.Order) (*shipping.Store, string) {
	t.Helper()
	store, err := shipping.Open(o.cfg.Agent.DataDir, shipping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var alarms []string
	var mu sync.Mutex
	alarm := func(_, text string) {
		mu.Lock()
		defer mu.Unlock()
		alarms = append(alarms, text)
	}
	c := &shipping.Clerk{Desk: desk(o.cfg, nil, store), Within: o.cfg.Ediweb.Deadline, Deadline: o.cfg.Diadoc.Deadline, Alarm: alarm}
	c.Ledger = noPallets{}
	if c.Waybills, err = newWaybills(o.cfg.Ediweb, o.opt); err != nil {
		t.Fatal(err)
	}
	if c.Protocols, err = newProtocols(o.cfg, o.opt, alarm); err != nil {
		t.Fatal(err)
	}
	for _, order := range add {
		if _, err := c.Add(t.Context(), order, "test"); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	if err := c.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it ended with %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	return store, strings.Join(alarms, "\n")
}

// qrFile is a QR code as a web system makes it.
func qrFile(t *testing.T, text string) []byte {
	p := drivertest.QR(t, text, "M", 150)
	g := image.NewGray(image.Rect(0, 0, p.Width, p.Height))
	for y := range p.Height {
		for x := range p.Width {
			if p.Black[y*((p.Width+7)/8)+x/8]&(0x80>>(x%8)) == 0 {
				g.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pdfOf(id string) []byte { return []byte("%PDF-1.7 of " + id) }

// Two systems full of faults, hours of Retry-After, and a restart every hour: in the end all is there, byte for
// byte, and neither system was asked against its document.
func TestShippingThroughFaults(t *testing.T) {
	var bills []ediwebtest.Waybill
	order := shipping.Order{Name: "S-1"}
	for i := range 120 {
		id := fmt.Sprint(1000 + i)
		bills = append(bills, ediwebtest.Waybill{ID: id, Number: "АТ/" + id, Picture: qrFile(t, id)})
		order.Waybills = append(order.Waybills, id)
	}
	o := newOutside(t, bills)
	for i := range 9 {
		id := fmt.Sprintf("doc-%d", i)
		o.diadoc.Put(diadoctest.Document{Box: "box@diadoc.ru", Message: "m", ID: id, PrintForm: pdfOf(id), Signature: []byte{0x30, 1, byte(i)},
			Making: time.Duration(i) * 40 * time.Minute, RetryAfter: 3 * time.Second, Conflicts: i % 3})
		order.Documents = append(order.Documents, shipping.Named{Message: "m", Document: id})
	}
	kinds := []ediwebtest.Fault{{Kind: ediwebtest.Reset}, {Kind: ediwebtest.Cut}, {Kind: ediwebtest.Status, Status: 503, RetryAfter: 20 * time.Minute}, {Kind: ediwebtest.HTML},
		{Kind: ediwebtest.Half}, {Kind: ediwebtest.Status, Status: 429, RetryAfter: time.Hour}, {Kind: ediwebtest.Status, Status: 401}, {Omit: []string{"1003", "1077"}}, {Kind: ediwebtest.Status, Status: 400, Words: "нет"},
		{Double: []string{"1005"}}, {Kind: ediwebtest.NoGzip}, {NoHeaders: true}}
	o.ediweb.SetFault(func(n int) ediwebtest.Fault {
		if n < len(kinds) {
			return kinds[n]
		}
		return ediwebtest.Fault{}
	})
	o.diadoc.SetFault(func(_, path string, n int) diadoctest.Fault {
		if n > 30 {
			return diadoctest.Fault{}
		}
		return []diadoctest.Fault{{}, {Kind: diadoctest.Reset}, {Kind: diadoctest.Cut}, {Kind: diadoctest.Status, Status: 503, RetryAfter: "120"}, {Kind: diadoctest.HTML, Status: 502}, {}}[n%6]
	})
	synctest.Test(t, func(t *testing.T) {
		store, _ := o.run(t, time.Hour, order)
		for hour := 1; ; hour++ {
			one, err := store.Get("S-1")
			if err != nil {
				t.Fatal(err)
			}
			if one.Stands() == "complete" {
				t.Logf("complete after %d hours, %d calls of Ediweb, %d of Diadoc", hour, len(o.ediweb.Calls()), len(o.diadoc.History().Requests))
				break
			}
			if n := one.Count(); n.Failed > 0 || hour > 12 {
				t.Fatalf("after %d hours: %+v %s", hour, n, one.Why())
			}
			store, _ = o.run(t, time.Hour)
		}
		one, _ := store.Get("S-1")
		for i, w := range one.Waybills {
			content, err := store.File("S-1", w.Pictures[0].Name)
			if err != nil || !bytes.Equal(content, bills[i].Picture) || len(w.Pictures) != 1 || w.Number != bills[i].Number {
				t.Errorf("%+v: %v", w, err)
			}
		}
		for i, d := range one.Documents {
			pdf, err := store.File("S-1", d.Files[0].Name)
			signature, err2 := store.File("S-1", d.Files[1].Name)
			if err != nil || err2 != nil || !bytes.Equal(pdf, pdfOf(d.Document)) || !bytes.Equal(signature, []byte{0x30, 1, byte(i)}) {
				t.Errorf("%+v: %v %v", d, err, err2)
			}
		}
	})
	if b := o.ediweb.Breaches(); len(b) > 0 {
		t.Errorf("against Ediweb's document: %q", b)
	}
	for _, b := range o.diadoc.History().Breaches { // the restarts lose the token, and only that
		if !strings.Contains(b, "token") && !strings.Contains(b, "login") {
			t.Errorf("against Diadoc's document: %s", b)
		}
	}
}

// Bad input: one clear line each, in the shipment and as an alarm, and nothing of it stays.
func TestShippingBadInput(t *testing.T) {
	for _, c := range []struct {
		what   string
		ediweb ediwebtest.Fault
		bill   ediwebtest.Waybill
		doc    diadoctest.Document
		want   string
	}{
		{what: "no ZIP", ediweb: ediwebtest.Fault{Kind: ediwebtest.HTML}, want: `no QR code for waybill 1: GET /getStackQrCode: not the document's answer (HTTP 200): not a ZIP, it begins "<html>`},
		{what: "refused", ediweb: ediwebtest.Fault{Kind: ediwebtest.Status, Status: 400, Words: "Организация\nне найдена"}, want: `refused (HTTP 400), it begins "Организация не найдена"`},
		{what: "a picture of another format", bill: ediwebtest.Waybill{Picture: []byte("%PDF-1.4 QR"), File: "qr.pdf"}, want: "which is in qr-001-1.pdf: it is a picture of another format: labels take PNG, JPEG and GIF"},
		{what: "an empty protocol", doc: diadoctest.Document{Body: diadoctest.Encode(nil, nil)}, want: "the protocol of document d of message m in box box@diadoc.ru came and cannot be used (HTTP 200): it is empty"},
		{what: "an unknown document", doc: diadoctest.Document{ID: "another"}, want: "the message no such document; check the ids (HTTP 404)"},
	} {
		t.Run(c.what, func(t *testing.T) {
			c.bill.ID, c.bill.Number = "1", "A-1"
			if c.bill.Picture == nil {
				c.bill.Picture = qrFile(t, "1")
			}
			o := newOutside(t, []ediwebtest.Waybill{c.bill})
			o.cfg.Shipping.Printer = "none"
			o.ediweb.SetFault(func(int) ediwebtest.Fault { return c.ediweb })
			c.doc.Box, c.doc.Message = "box@diadoc.ru", "m"
			if c.doc.ID == "" {
				c.doc.ID = "d"
			}
			c.doc.PrintForm, c.doc.Signature = pdfOf("d"), []byte{0x30, 0}
			o.diadoc.Put(c.doc)
			synctest.Test(t, func(t *testing.T) {
				store, alarms := o.run(t, 2*time.Hour, shipping.Order{Name: "S-1", Waybills: []string{"1"}, Documents: []shipping.Named{{Message: "m", Document: "d"}}})
				one, err := store.Get("S-1")
				if err != nil || one.Stands() != "needs a person" || !strings.Contains(alarms, c.want) || strings.Contains(alarms, "\n") {
					t.Errorf("%v, alarms %q", one, alarms)
				}
				entries, err := os.ReadDir(filepath.Join(o.cfg.Agent.DataDir, "shipping", "S-1"))
				if err != nil || len(entries) != 1+len(one.Files()) {
					t.Errorf("%d files, %v", len(entries), err)
				}
			})
		})
	}
}

// An id_type that the service does not know is found in the configuration.
func TestShippingUnknownIDType(t *testing.T) {
	w, err := newWaybills(config.Ediweb{URL: "http://127.0.0.1:1", IDType: "inn", OrgID: "1"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.QRCodes(t.Context(), []string{"1"})
	var trouble *shipping.Trouble
	if !errors.As(err, &trouble) || trouble.Kind != shipping.Unusable || err.Error() != `GET /getStackQrCode: request against the document: id_type "inn" is neither gln nor fns` {
		t.Errorf("%v", err)
	}
}

// The newest refresh token outlives the process; another one in the configuration takes its place.
func TestShippingKeepsRefreshToken(t *testing.T) {
	server := diadoctest.New(diadoctest.Options{ClientID: "c", ClientSecret: "s", RefreshToken: "first", Rotate: true})
	web := httptest.NewServer(server)
	defer web.Close()
	server.Put(diadoctest.Document{Box: "b", Message: "m", ID: "d", PrintForm: pdfOf("d"), Signature: []byte{0x30, 0}})
	text := siteConfig + fmt.Sprintf("[diadoc]\nurl = %q\ntoken_url = %q\nclient_id = \"c\"\nclient_secret = \"s\"\nrefresh_token = \"first\"\n", web.URL, web.URL+diadoctest.PathToken)
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "labels"), config.Labels()); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse(filepath.Join(dir, "linemark.toml"), []byte(strings.ReplaceAll(text, "DATA", filepath.ToSlash(t.TempDir()))), config.Lookup{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // each a restart
		p, err := newProtocols(cfg, Options{}, func(_, text string) { t.Error(text) })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Protocol(t.Context(), shipping.Named{Box: "b", Message: "m", Document: "d"}); err != nil {
			t.Fatal(err)
		}
	}
}

// labelling is a labeller with an emulated printer on loopback.
func labelling(t *testing.T, o zpltest.Options) (*labeller, *zpltest.Printer) {
	t.Helper()
	p := zpltest.New(o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(p.Close(), l.Close()) })
	go p.Serve(l) //nolint:errcheck // ends with Close
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.zpl"), []byte("^XA^PW800^LL640^FO40,32^A0N,36^FD{shipment} {waybill} {pallets}^FS^FO40,264{picture:40}^FS^XZ"), 0o600); err != nil {
		t.Fatal(err)
	}
	driver, err := drivers.NewPrinter("zpl", drivers.Settings{Name: "ship-1", Address: "tcp://" + l.Addr().String(), Dir: dir, Options: map[string]any{"label": "s.zpl", "dpi": int64(203), "poll": "5ms", "settle": "10ms"}})
	if err != nil {
		t.Fatal(err)
	}
	a := &Agent{cfg: &config.Config{}, log: slog.New(slog.DiscardHandler)}
	a.alarms.log = a.log
	made := a.newLabeller(config.Device{Name: "ship-1"}, driver)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		made.run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return made, p
}

// What a labeller prints is read by a decoder that knows nothing of it; a fault in the middle is told.
func TestLabeller(t *testing.T) {
	l, p := labelling(t, zpltest.Options{})
	picture, err := shipping.Decode(qrFile(t, "https://ediweb.example/1"))
	if err != nil {
		t.Fatal(err)
	}
	label := shipping.Label{Fields: map[string]string{"shipment": "S-1", "waybill": "АТ-1", "pallets": "3"}, Picture: picture}
	if err := l.CheckLabel(label); err != nil {
		t.Fatal(err)
	}
	if err := l.CheckLabel(shipping.Label{Fields: map[string]string{"shipment": "S-1"}, Picture: picture}); err == nil {
		t.Error("a label without its values is taken")
	}
	intents := 0
	intent := func() error {
		intents++
		return nil
	}
	if confirmed, err := l.Print(t.Context(), label, intent); !confirmed || err != nil || intents != 1 {
		t.Fatalf("%v, %v", confirmed, err)
	}
	printed := p.Printed()
	if len(printed) != 1 {
		t.Fatalf("%d labels", len(printed))
	}
	var dots = printed[0].Drawn
	if len(dots) == 0 {
		t.Fatal("nothing is drawn")
	}
	if text, err := drivertest.ReadQR(drivertest.Paper(dots[0])); err != nil || text != "https://ediweb.example/1" {
		t.Errorf("%q, %v", text, err)
	}
	full := errors.New("disk full")
	if _, err := l.Print(t.Context(), label, func() error { return full }); !errors.Is(err, full) || len(p.Received()) != 1 {
		t.Errorf("%v, %d labels received", err, len(p.Received()))
	}
	p.OnPrinted(nil)
	p.SetFault(zpltest.MediaOut)
	done := make(chan error, 1)
	go func() {
		_, err := l.Print(t.Context(), label, intent)
		done <- err
	}()
	select {
	case err := <-done: // the printer said what is wrong when it was opened anew, or behind the label
		if err == nil {
			t.Error("printed without paper")
		}
	case <-time.After(2 * time.Second): // it waits for paper, and nothing was sent
	}
	if n := len(p.Printed()); n != 1 {
		t.Errorf("%d labels", n)
	}
}
