package agent

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/codefile"
	"linemark/internal/exchange"
	"linemark/internal/ledger"
)

// TestPreprinted: a line whose labels come printed. Their codes were brought in from a file; a scan
// applies one, a second scan of the same label is a duplicate, and the report goes by itself.
func TestPreprinted(t *testing.T) {
	inSite(t, func(s *site) {
		dir := t.TempDir()
		text := strings.Replace(siteConfig, `gtin           = "04780012345677"`, "gtin           = \"04780012345677\"\npreprinted     = true", 1)
		_, rest, _ := strings.Cut(text, "[[line]]")
		_, behind, _ := strings.Cut(rest, `  [[line.station]]
  name    = "check"`)
		behind, _, _ = strings.Cut(behind, "  [[line.station]]") // no packing
		text = text[:len(text)-len(rest)] + "\nname = \"3\"\n  [[line.station]]\n  name = \"check\"\n  product = \"water-05\"" + behind + "[report.utilisation]\nevery = \"20s\"\n"
		s.cfg = configIn(t, dir, text)

		var codes []string
		for n := range 20 {
			codes = append(codes, fmt.Sprintf("010478001234567721abcdefghij%03d\x1d93dG%02d", n, n))
		}
		l, err := ledger.Open(s.t.Context(), filepath.FromSlash(s.cfg.Agent.DataDir), ledger.Options{Agent: "line-3"})
		if err != nil {
			t.Error(err)
			return
		}
		profile, err := code.Table{}.Profile("water", code.Unit)
		if err != nil {
			t.Error(err)
			return
		}
		product := ledger.Product{Name: "water-05", GTIN: "04780012345677", Group: "water", Type: code.Unit, Preprinted: true}
		im := exchange.Import{Name: "labels.txt", Format: codefile.Lines, Product: product, Profile: profile}
		if r, err := im.Run(s.t.Context(), l, strings.NewReader(strings.Join(codes, "\n")+"\n")); err != nil || r.Imported != len(codes) {
			s.t.Errorf("%+v, %v", r, err)
			return
		}
		if err := l.Close(); err != nil {
			t.Error(err)
			return
		}

		s.start()
		s.until("the scanner", func() bool { return s.device("cam-1").Up && s.device("plc-1").Up })
		for _, c := range codes[:10] {
			s.cam1.Read([]byte(c))
			time.Sleep(250 * time.Millisecond)
		}
		s.cam1.Read([]byte(codes[4]))
		s.until("ten verified codes", func() bool { return s.verified() == 10 })
		if st := s.station("check"); st.Count["verified"] != 10 || st.Count["rejected"] != 1 {
			s.t.Errorf("the station is %+v", st)
		}
		s.until("the report", func() bool { return len(s.status().Reports.Utilisation) > 0 })
		if n := s.status().Products[0].States["in_stock"]; n != 10 {
			s.t.Errorf("%d codes are left: nothing was to be ordered for them", n)
		}
	})
}

// TestP1_PreprintedSwitchedOff: the agent does not start on a configuration that would print codes which
// are on labels already.
func TestP1_PreprintedSwitchedOff(t *testing.T) {
	cfg := configIn(t, t.TempDir(), siteConfig)
	l, err := ledger.Open(t.Context(), filepath.FromSlash(cfg.Agent.DataDir), ledger.Options{Agent: "line-3"})
	if err != nil {
		t.Fatal(err)
	}
	profile, err := code.Table{}.Profile("water", code.Unit)
	if err != nil {
		t.Fatal(err)
	}
	im := exchange.Import{Name: "labels.txt", Format: codefile.Lines, Profile: profile,
		Product: ledger.Product{Name: "water-05", GTIN: "04780012345677", Group: "water", Type: code.Unit, Preprinted: true}}
	if _, err := im.Run(t.Context(), l, strings.NewReader("010478001234567721abcdefghij001\x1d93dG01\n")); err != nil {
		t.Fatal(err)
	}
	im.Product.Preprinted = false
	var kept *ledger.PreprintedError
	if _, err := im.Run(t.Context(), l, strings.NewReader("010478001234567721abcdefghij002\x1d93dG01\n")); !errors.As(err, &kept) {
		t.Errorf("an import for printing: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), cfg, Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		_ = a.Close()
	}
	want := "product water-05 has 1 codes in stock that came on labels (preprinted = true): use them up or drop them before it is changed"
	if err == nil || err.Error() != want {
		t.Errorf("the agent starts with %v, want %q", err, want)
	}
}
