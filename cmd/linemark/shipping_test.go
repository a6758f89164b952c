package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/rogpeppe/go-internal/testscript"

	"linemark/configs"
	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/drawtest"
	"linemark/drivers/printer/zpl/zpltest"
	"linemark/internal/shipping"
	"linemark/internal/upstream/diadoc/diadoctest"
	"linemark/internal/upstream/ediweb/ediwebtest"
	"linemark/internal/web"
)

// papers are the systems that shipments' papers come from, and a label printer. They outlive every agent.
type papers struct {
	ediweb  *ediwebtest.Server
	diadoc  *diadoctest.Server
	printer *zpltest.Printer
	bills   []ediwebtest.Waybill
	inbox   string
	close   func()
}

// shippingTables is what a configuration says of them.
const shippingTables = `
[[printer]]
name = "ship-1"
driver = "zpl"
address = "tcp://%s"
label = "labels/shipment.zpl"
dpi = 203
poll = "5ms"
settle = "10ms"

[ediweb]
url = "%s"
org_id = "4601234567893"
auth_header = "Authorization"
auth_value = "Bearer key"

[diadoc]
url = "%s"
box_id = "box@diadoc.ru"
client_id = "client"
login = "user"
password = "pass"

[shipping]
printer = "ship-1"
inbox = "inbox"
`

// layPapers starts them for n waybills and as many documents, and adds them to the configuration in dir.
func layPapers(dir string, n int, making, printing time.Duration) (*papers, error) {
	p := &papers{printer: zpltest.New(zpltest.Options{PrintTime: printing}), inbox: filepath.Join(dir, "inbox")}
	p.diadoc = diadoctest.New(diadoctest.Options{ClientID: "client", Login: "user", Password: "pass"})
	for i := range n {
		picture, err := qrPicture(waybillText(i))
		if err != nil {
			return nil, err
		}
		p.bills = append(p.bills, ediwebtest.Waybill{ID: fmt.Sprint(1000 + i), Number: fmt.Sprintf("AT-%d", i), Picture: picture})
		p.diadoc.Put(diadoctest.Document{Box: "box@diadoc.ru", Message: "m", ID: fmt.Sprintf("d-%d", i), PrintForm: pdfOf(i), Signature: signatureOf(i), Making: making})
	}
	p.ediweb = ediwebtest.New(ediwebtest.Options{Waybills: p.bills, AuthHeader: "Authorization", AuthValue: "Bearer key"})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go p.printer.Serve(l) //nolint:errcheck // ends with Close
	e, d := httptest.NewServer(p.ediweb), httptest.NewServer(p.diadoc)
	p.close = func() {
		_ = errors.Join(p.printer.Close(), l.Close()) // nobody looks at them any more
		e.CloseClientConnections()
		d.CloseClientConnections()
		e.Close()
		d.Close()
	}
	label, err := fs.ReadFile(configs.Labels, "labels/zpl/shipment.zpl")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "linemark.toml")
	text, err := os.ReadFile(file)
	return p, errors.Join(err, os.Mkdir(p.inbox, 0o755), os.WriteFile(filepath.Join(dir, "labels", "shipment.zpl"), label, 0o644),
		os.WriteFile(file, fmt.Appendf(text, shippingTables, l.Addr(), e.URL, d.URL), 0o600), os.Chmod(file, 0o600))
}

func waybillText(i int) string { return fmt.Sprintf("https://ediweb.example/etrn/%d", 1000+i) }

func pdfOf(i int) []byte { return fmt.Appendf(nil, "%%PDF-1.7 of %d", i) }

func signatureOf(i int) []byte { return []byte{0x30, 2, 0x0c, byte(i)} }

func qrPicture(text string) ([]byte, error) {
	m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 160, 160, nil)
	if err != nil {
		return nil, err
	}
	g := image.NewGray(image.Rect(0, 0, m.GetWidth(), m.GetHeight()))
	for y := range m.GetHeight() {
		for x := range m.GetWidth() {
			if !m.Get(x, y) {
				g.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, g)
	return b.Bytes(), err
}

// printed counts the labels that came out by what their QR codes say.
func (p *papers) printed() (map[string]int, error) {
	n := map[string]int{}
	for _, l := range p.printer.Printed() {
		text, err := drivertest.ReadQR(drivertest.Paper(drawtest.Join(l.Drawn)))
		if err != nil {
			return nil, err
		}
		n[text]++
	}
	return n, nil
}

// layPapersFor lays them out in a script: papers.
func layPapersFor(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 0, "papers")
	p, err := layPapers(ts.MkAbs("."), 4, time.Second, 0)
	ts.Check(err)
	ts.Defer(p.close)
	ts.Setenv("INBOX", p.inbox)
}

// shipped waits until a shipment stands as it should: shipped NAME complete.
func shipped(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "shipped NAME STANDS")
	ts.Check(until(func() error { return stands(ts.Getenv("HTTP"), args[0], args[1]) }))
}

func stands(address, name, want string) error {
	body, err := get(address, "/api/v1/shipping/"+name)
	if err != nil {
		return err
	}
	var s web.Shipment
	if err := json.Unmarshal(body, &s); err != nil {
		return err
	}
	if s.Stands != want {
		return fmt.Errorf("shipment %s is %s and not %s: %s", name, s.Stands, want, s.Why())
	}
	return nil
}

// The agent is killed at moments that the seed picks, while shipments are dropped, fetched and printed, and the
// systems outside fail. In the end each is complete: every file is what was issued, no label came out twice
// without a word, and what may have come out is said.
func TestKillShipping(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process is not told to end there as it is here")
	}
	t.Parallel()
	const shipments, cuts = 3, 4
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	s, err := layOut(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p, err := layPapers(s.dir, shipments*3, 1500*time.Millisecond, 150*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	p.ediweb.SetFault(func(n int) ediwebtest.Fault {
		if n > 16 { // else the waits grow beyond what a test waits
			return ediwebtest.Fault{}
		}
		return []ediwebtest.Fault{{}, {Kind: ediwebtest.Reset}, {}, {Kind: ediwebtest.Cut}, {}, {Kind: ediwebtest.Status, Status: 503, RetryAfter: time.Second}}[n%6]
	})
	p.diadoc.SetFault(func(_, _ string, n int) diadoctest.Fault {
		if n > 12 { // the same
			return diadoctest.Fault{}
		}
		return []diadoctest.Fault{{}, {}, {Kind: diadoctest.Reset}, {Kind: diadoctest.Cut}, {}}[n%5]
	})
	agent := start(t, "run", "--config", s.file)
	for n := range cuts {
		if n < shipments {
			o := shipping.Order{Pallets: []string{"030123456700000012"}}
			for i := range 3 {
				o.Waybills = append(o.Waybills, fmt.Sprint(1000+3*n+i))
				o.Documents = append(o.Documents, shipping.Named{Message: "m", Document: fmt.Sprintf("d-%d", 3*n+i)})
			}
			text, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(p.inbox, fmt.Sprintf("S-%d.json", n)), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Duration(rng.IntN(4500)) * time.Millisecond)
		agent.kill()
		agent = start(t, "run", "--config", s.file)
	}
	said, doubts := map[string]int{}, 0
	for n := range shipments {
		name := fmt.Sprintf("S-%d", n)
		settled := func() error {
			if stands(s.at["HTTP"], name, "complete") == nil {
				return nil
			}
			return stands(s.at["HTTP"], name, "needs a person")
		}
		if until(settled) != nil { // the waits after several failures are long ones
			if err := until(settled); err != nil {
				t.Fatalf("%v\n%s", err, &agent.out)
			}
		}
	}
	before, err := p.printed()
	if err != nil {
		t.Fatal(err)
	}
	for text, n := range before {
		if n > 1 {
			t.Errorf("%s came out %d times unasked", text, n)
		}
	}
	for n := range shipments {
		name := fmt.Sprintf("S-%d", n)
		var one web.Shipment
		body, err := get(s.at["HTTP"], "/api/v1/shipping/"+name)
		if err = errors.Join(err, json.Unmarshal(body, &one)); err != nil {
			t.Fatal(err)
		}
		for i, w := range one.Waybills {
			text := waybillText(3*n + i)
			switch w.Pictures[0].Label {
			case shipping.Doubtful:
				doubts++
				said[text]++
				if out, err := exec.Command("linemark", "shipping", "print", "--config", s.file, name, "--again", "--waybill", w.ID, "--by", "N. N.", "--reason", "the agent was killed").CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			case shipping.Printed:
				if before[text] != 1 {
					t.Errorf("%s is called printed and came out %d times", text, before[text])
				}
			}
		}
	}
	t.Logf("%d labels in doubt, %d calls of Ediweb, %d of Diadoc", doubts, len(p.ediweb.Calls()), len(p.diadoc.History().Requests))
	for n := range shipments {
		name := fmt.Sprintf("S-%d", n)
		if err := until(func() error { return stands(s.at["HTTP"], name, "complete") }); err != nil {
			t.Fatal(err)
		}
		p.judge(t, s, name, n)
	}
	after, err := p.printed()
	if err != nil {
		t.Fatal(err)
	}
	for i := range shipments * 3 {
		if text := waybillText(i); after[text] != before[text]+said[text] || after[text] < 1 {
			t.Errorf("%s came out %d times before and %d in all, a person asked %d times", text, before[text], after[text], said[text])
		}
	}
	agent.stop(syscall.SIGTERM)
	if entries, err := os.ReadDir(filepath.Join(p.inbox, "done")); err != nil || len(entries) != shipments {
		t.Errorf("%d files were taken, %v", len(entries), err)
	}
	if b := p.ediweb.Breaches(); len(b) > 0 {
		t.Errorf("against Ediweb's document: %q", b)
	}
}

// judge compares what export gives with what was issued.
func (p *papers) judge(t *testing.T, s site, name string, n int) {
	t.Helper()
	to := filepath.Join(s.dir, "export", name)
	if out, err := exec.Command("linemark", "shipping", "export", "--config", s.file, name, "--output", to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i := range 3 {
		for file, want := range map[string][]byte{fmt.Sprintf("qr-%03d-1.png", i+1): p.bills[3*n+i].Picture, fmt.Sprintf("protocol-%03d.pdf", i+1): pdfOf(3*n + i), fmt.Sprintf("protocol-%03d.p7s", i+1): signatureOf(3*n + i)} {
			if got, err := os.ReadFile(filepath.Join(to, file)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s of %s is not what was issued: %v", file, name, err)
			}
		}
	}
	entries, err := filepath.Glob(filepath.Join(s.dir, "data", "shipping", name, ".half-*"))
	if err != nil || len(entries) > 0 {
		t.Errorf("%q stays", entries)
	}
}
