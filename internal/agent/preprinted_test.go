package agent

import (
	"fmt"
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
