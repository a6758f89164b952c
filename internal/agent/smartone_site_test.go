package agent

import (
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"linemark/drivers/plc/modbus/modbustest"
	"linemark/drivers/printer/zpl/zpltest"
	"linemark/drivers/scanner/text/texttest"
	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm/izkmtest"
	"linemark/internal/upstream/smartone/smartonetest"
)

const onePallet = `
  [[line.station]]
  name        = "pallet"
  kind        = "pack"
  of          = "box"
  capacity    = 2
  unit        = "sscc"
  sscc_prefix = "0301234567"
  pack        = "CASE"
[report.utilisation]`

// oneConfig is the site's configuration on SmartOne, with pallets.
func oneConfig() string {
	from, to := strings.Index(siteConfig, "[izkm]"), strings.Index(siteConfig, "[[product]]")
	text := siteConfig[:from] + oneTable + siteConfig[to:]
	for _, unit := range []string{"BOTTLE", "PACK"} {
		text = strings.Replace(text, "template_id    = 3\n", "batches = [7, 8]\nassort = \"WATER\"\nunit = \""+unit+"\"\n", 1)
	}
	return strings.Replace(text, "[report.utilisation]", onePallet, 1)
}

// one is a site on SmartOne.
type one struct {
	*site
	srv *smartonetest.Server
}

// batch makes a batch with so many codes for bottles and for packs, mixed.
func batch(t *testing.T, seed uint64, bottles, packs int) smartonetest.Batch {
	t.Helper()
	maker := izkmtest.New(izkmtest.Options{Seed: seed})
	var b smartonetest.Batch
	for i, c := range must(maker.Issue("water", "04780012345677", "UNIT", bottles)) {
		b.Codes = append(b.Codes, smartonetest.Code{Code: c, UnitID: 1, UnitExt: "BOTTLE"})
		if packs > 0 && i%(bottles/packs) == 0 {
			label := must(maker.Issue("water", "14780012345674", "GROUP", 1))[0]
			b.Codes = append(b.Codes, smartonetest.Code{Code: label, UnitID: 2, UnitExt: "PACK"})
		}
	}
	return b
}

// onSmartOne runs the test on a site whose agent has not been started.
func onSmartOne(t *testing.T, o smartonetest.Options, test func(x *one)) {
	key := oneKey() // made outside of the bubble
	synctest.Test(t, func(t *testing.T) {
		o.Login, o.Password, o.PublicKey = "plant", "pa55w0rd", &key.PublicKey
		x := &one{srv: smartonetest.New(o), site: &site{t: t, dir: t.TempDir(), log: &lines{}, away: map[string]bool{}, conns: map[string][]net.Conn{}, tries: map[string]int{}, web: make(chan net.Conn),
			tij: zpltest.New(zpltest.Options{Trigger: true}), box: zpltest.New(zpltest.Options{}), cam1: texttest.New(texttest.Options{}), cam2: texttest.New(texttest.Options{}),
			plc: modbustest.New(modbustest.Options{Coils: 8, Holding: 200})}}
		x.served = map[string]func(net.Conn){"tij": x.tij.ServeConn, "box": x.box.ServeConn, "cam1": x.cam1.ServeConn, "cam2": x.cam2.ServeConn, "plc": x.plc.ServeConn,
			"izkm": func(c net.Conn) { x.web <- c }}
		server := &http.Server{Handler: x.srv, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
		go server.Serve(&pipes{conns: x.web, closed: make(chan struct{})}) //nolint:errcheck // ends with Close
		defer server.Close()
		for _, c := range []interface{ Close() error }{x.tij, x.box, x.cam1, x.cam2, x.plc} {
			defer c.Close()
		}
		pair := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
		x.try(os.WriteFile(filepath.Join(x.dir, "signing-key.pem"), pair, 0o600))
		x.cfg = configIn(t, x.dir, oneConfig())
		defer x.stop()
		test(x)
	})
}

// reports are the ledger's reports in one word each: their states.
func (x *one) reports() string {
	var all []string
	for _, r := range must(x.agent.Ledger().Reports(x.t.Context())) {
		all = append(all, string(r.State))
	}
	return strings.Join(all, " ")
}

// clean wants no request against the document.
func (x *one) clean() {
	x.t.Helper()
	for _, b := range x.srv.History().Breaches {
		x.t.Errorf("the emulator was asked against the document: %s", b)
	}
	if twice := x.srv.History().Twice(); len(twice) > 0 {
		x.t.Errorf("%d codes stand in two documents, the first is %q", len(twice), twice[0])
	}
}

// issuedOnce wants each code of the ledger among these, to the byte, and no block in quarantine.
func (x *one) issuedOnce(codes []smartonetest.Code) {
	x.t.Helper()
	issued := map[string]bool{}
	for _, c := range codes {
		issued[c.Code] = true
	}
	l, ctx := x.agent.Ledger(), x.t.Context()
	x.try(l.EachCode(ctx, func(h ledger.Held) error {
		if !issued[string(h.Code)] {
			x.t.Errorf("the ledger has %q, which no batch has, or twice", h.Code)
		}
		delete(issued, string(h.Code))
		return nil
	}))
	for _, o := range must(l.Orders(ctx)) {
		for _, b := range must(l.Blocks(ctx, o.ID)) {
			if b.Quarantined {
				x.t.Errorf("block %s of order %s is in quarantine: %s", b.ServerID, o.ServerID, o.Reason)
			}
		}
	}
	for _, b := range must(l.Recount(ctx)) {
		if !b.Equal() {
			x.t.Errorf("the balance is not equal: %+v", b)
		}
	}
}

// refuse lets the system refuse every document for a reason of its own.
func (x *one) refuse(on bool) {
	x.srv.SetFault(func(path string, _ int) smartonetest.Fault {
		if !on || path != "/make_aggregation/" {
			return smartonetest.Fault{}
		}
		return smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: `{"status":"error","code":141,"message":"Department not found"}`}
	})
}
