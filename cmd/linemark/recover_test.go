package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm"
	"linemark/internal/upstream/izkm/izkmtest"
)

const (
	testOMS   = "cdf12109-10d3-11e6-8b6f-0050569977a1"
	testToken = "1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f"
)

// lostSite is a configuration without a ledger, and a national system that has issued two blocks
// of four codes of an order of ten.
func lostSite(t *testing.T) (site, *izkmtest.Server) {
	t.Helper()
	s, err := layOut(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server := izkmtest.New(izkmtest.Options{OMSID: testOMS, Token: testToken})
	l, err := net.Listen("tcp", s.at["IZKM"])
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: server, ReadHeaderTimeout: deadline}
	go web.Serve(l) //nolint:errcheck // ends with Close
	t.Cleanup(func() { _ = web.Close() })
	client, err := izkm.New(izkm.Options{URL: "http://" + s.at["IZKM"], OMSID: testOMS, Token: testToken, Group: "water"})
	if err != nil {
		t.Fatal(err)
	}
	const gtin = "04780012345677"
	ack, err := client.CreateOrder(t.Context(), izkm.Order{ReleaseMethod: "PRODUCTION", Products: []izkm.OrderProduct{{GTIN: gtin, Quantity: 10, SerialNumberType: izkm.SerialOperator, TemplateID: 3, CISType: code.Unit}}})
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	for range 2 {
		b, err := client.Codes(t.Context(), ack.OrderID, gtin, 4, last)
		if err != nil {
			t.Fatal(err)
		}
		last = b.ID
	}
	return s, server
}

// linemark runs a command in this process.
func linemark(ctx context.Context, args ...string) (exit int, out, err string) {
	var o, e bytes.Buffer
	exit = run(ctx, &console{in: strings.NewReader(""), out: &o, err: &e}, args)
	return exit, o.String(), e.String()
}

// TestRecoverTells: what is not recovered is told with its cause, and the exit code says that something is
// left to do.
func TestRecoverTells(t *testing.T) {
	t.Parallel()
	s, server := lostSite(t)
	fault := func(f izkmtest.Fault, from int) {
		n := 0
		server.SetFault(func(_, path string, _ int) izkmtest.Fault {
			if strings.HasSuffix(path, "/codes/retry") {
				if n++; n >= from {
					return f
				}
			}
			return izkmtest.Fault{}
		})
	}
	args := []string{"recover", "--config", s.file}
	fault(izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest}, 1)
	exit, out, errs := linemark(t.Context(), args...)
	if exit != exitFailed || !strings.Contains(out, "was refused: its 8 codes were not read again: ") || !strings.Contains(out, "orders not recovered, or not whole: 1\n") || !strings.Contains(errs, "linemark: the national system refused to read 1 open orders again\nhint: ") {
		t.Errorf("refused: %d, %s, %s", exit, out, errs)
	}

	ctx, cancel := context.WithCancel(t.Context())
	server.SetFault(func(_, path string, n int) izkmtest.Fault {
		if strings.HasSuffix(path, "/codes/retry") && n == 3 {
			cancel()
			return izkmtest.Fault{Delay: time.Minute}
		}
		return izkmtest.Fault{}
	})
	exit, out, errs = linemark(ctx, args...)
	if exit != exitFailed || !strings.Contains(out, "was not finished: its 4 codes are still to be read (1 blocks, 4 codes recovered as doubtful)\n") || errs != "linemark: interrupted\nhint: run it again before the agent is started: it goes on where it ended\n" {
		t.Errorf("interrupted: %d, %s, %s", exit, out, errs)
	}

	fault(izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusOK, Body: `{"omsId":"` + testOMS + `","codes":["x"]}`}, 1)
	exit, out, errs = linemark(t.Context(), args...)
	if exit != 0 || !strings.Contains(out, "is given up, 1 of its blocks are kept apart: block ") || !strings.Contains(out, "1 codes where the list of blocks says 4\n") || !strings.Contains(errs, "quarantined") {
		t.Errorf("quarantined: %d, %s, %s", exit, out, errs)
	}
	server.SetFault(nil)
	exit, out, errs = linemark(t.Context(), args...)
	if exit != 0 || out != "nothing to recover: the ledger has every order that the national system knows\n" || errs != "" {
		t.Errorf("at the end: %d, %s, %s", exit, out, errs)
	}
}

// TestRecoverReleaseAgainstAScan: P1. A camera has read one of the codes that a person says were never
// printed. Nothing is returned to stock.
func TestRecoverReleaseAgainstAScan(t *testing.T) {
	t.Parallel()
	s, server := lostSite(t)
	if exit, out, errs := linemark(t.Context(), "recover", "--config", s.file); exit != 0 || !strings.Contains(out, "2 blocks, 8 of 10 codes") {
		t.Fatalf("%d, %s, %s", exit, out, errs)
	}
	h := server.History()
	read := func(full string) {
		l, err := ledger.Open(t.Context(), s.at["DATA"], ledger.Options{Agent: "line-3"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		p := ledger.Product{Name: "water-05", GTIN: "04780012345677", Group: "water", Type: code.Unit}
		id, err := l.Product(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		lot, err := l.Lot(t.Context(), "3", id, "B1")
		if err != nil {
			t.Fatal(err)
		}
		profile, err := code.Table{}.Profile(p.Group, p.Type)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := l.Verify(t.Context(), "3/check", lot, profile, []code.Code{code.Code(full)}); err != nil || v[0].Outcome != ledger.Good {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	read(h.Codes[5].Full)
	for _, args := range [][]string{{"--release-unused-order", h.Orders[0].ID}, {"--release-from", h.Codes[3].KI}, {"--release-from", h.Codes[5].KI}} {
		exit, out, errs := linemark(t.Context(), append([]string{"recover", "--config", s.file, "--reason", "never used"}, args...)...)
		if exit != exitFailed || out != "" || !strings.Contains(errs, "linemark: 1 of these codes were read on products since they were recovered: nothing was released\nhint: ") {
			t.Errorf("%v: %d, %s, %s", args, exit, out, errs)
		}
	}
	exit, out, errs := linemark(t.Context(), "recover", "--config", s.file, "--reason", "the belt was empty", "--release-from", h.Codes[6].KI)
	if exit != 0 || out != "2 codes returned to stock\n" || errs != "" {
		t.Errorf("behind it: %d, %s, %s", exit, out, errs)
	}
}
