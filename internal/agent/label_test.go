package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linemark/internal/config"
)

// A second line, whose printer cannot print: its label, or what its label can carry, is wrong.
const secondLine = `
[[product]]
name           = "cola-05"
gtin           = "04780012345684"
template_id    = 3
low_water      = 100
order_quantity = 200
block_quantity = 100
[[printer]]
name    = "tij-2"
address = "tcp://tij2:9100"
PRINTER
[[line]]
name = "4"
  [[line.station]]
  name    = "mark"
  kind    = "print"
  product = "cola-05"
  printer = "tij-2"
  [[line.station]]
  name    = "check"
  kind    = "verify"
  scanner = "cam-3"
  reject  = "plc-1.reject-4"
  stop    = "plc-1.stop-4"
[[scanner]]
name    = "cam-3"
driver  = "text"
address = "tcp://cam3:9004"
`

// secondOutputs are the second line's part of the PLC.
const secondOutputs = `
  reject-4 = "coil:3"
  stop-4   = "coil:4"
`

// TestBadLabel: whatever is wrong with a label, its station stays stopped and says why, and the other
// line works.
func TestBadLabel(t *testing.T) {
	for name, c := range map[string]struct{ printer, label, says string }{
		"a missing file":      {`driver = "zpl"` + "\n" + `label = "labels/nowhere.zpl"`, "", "cannot be read"},
		"no code field":       {`driver = "zpl"` + "\n" + `label = "labels/second"`, "^XA^FO20,20^A0N,20^FDwater^FS^XZ", "{code}"},
		"unknown placeholder": {`driver = "zpl"` + "\n" + `label = "labels/second"`, "^XA^FO20,20^BXN,4,200,,,,#^FD{cod}^FS^XZ", "{cod}"},
		"not in its language": {`driver = "tspl"` + "\n" + `label = "labels/second"`, "^XA^FO20,20^BXN,4,200,,,,#^FD{code}^FS^XZ", "label"},
		"a byte it cannot carry": {`driver = "tspl"` + "\n" + `label = "labels/second"` + "\n" + `quote_form = "refuse"`,
			"SIZE 60 mm,40 mm\r\nGAP 2 mm,0\r\nCLS\r\nDMATRIX 20,20,300,300,c126,x4,\"{code}\"\r\nPRINT 1,1\r\n", "22"},
	} {
		t.Run(name, func(t *testing.T) {
			inSite(t, func(s *site) {
				dir := t.TempDir()
				text := strings.ReplaceAll(strings.Replace(siteConfig, "[[line]]", secondOutputs+"[[line]]", 1)+strings.Replace(secondLine, "PRINTER", c.printer, 1), "DATA", filepath.ToSlash(dir))
				if err := os.CopyFS(filepath.Join(dir, "labels"), config.Labels()); err != nil {
					t.Fatal(err)
				}
				for file, text := range map[string]string{"linemark.toml": text, "labels/second": c.label} {
					if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				cfg, err := config.Load(filepath.Join(dir, "linemark.toml"))
				problems, ok := err.(config.Problems)
				if !ok || len(problems.Blocking()) != 0 || !strings.Contains(problems.Error(), "tij-2: ") || !strings.Contains(problems.Error(), c.says) {
					t.Fatalf("the configuration's problems are: %v", err)
				}
				s.cfg, cfg.HTTP.Listen = cfg, ""
				s.start()
				s.ready()
				s.until("line 3 at work", func() bool { return len(s.tij.Received()) > 0 })
				mark := s.status().Lines[1].Stations[0]
				if d := s.device("tij-2"); d.Up || !strings.Contains(d.Error, c.says) || mark.State != "waiting" || !strings.Contains(mark.Why, c.says) {
					t.Errorf("the device is %+v, its station %+v", d, mark)
				}
				if len(s.log.with("WARN nothing is printed until", "at=tij-2")) != 1 {
					t.Errorf("the log says %q", s.log.all)
				}
				if n := s.tries["tij2"]; n != 0 {
					t.Errorf("the printer was called %d times", n)
				}
			})
		})
	}
}
