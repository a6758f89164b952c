package load

import (
	"fmt"
	"strings"
	"testing"
	"time"

	_ "linemark/drivers/all" // the drivers that the configuration names
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/proof/site"
)

// stopAfter is how many bad products in a row stop a line: the usual setting.
const stopAfter = 3

// plan is one run.
type plan struct {
	lines   int
	rate    float64       // products a second on each line; 0: as fast as the printer is fed
	length  time.Duration // of what is measured
	reports time.Duration // between two reports of a batch
	limits  limits
}

// configuration is a PC with many lines, written as its operator would: all that is not said is as usual.
// Each line marks, checks, rejects, confirms and stops; every other one packs boxes with a label of their
// own, and pallets. Two lines share a product and its stock.
func (p plan) configuration() []byte {
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	w("version = 1\n[agent]\nname = \"line-3\"\ndata_dir = \"{{DATA}}\"\nlanguage = \"en\"\n[http]\nlisten = \"{{HTTP}}\"")
	w("[izkm]\nurl = \"http://{{IZKM}}\"\noms_id = \"cdf12109-10d3-11e6-8b6f-0050569977a1\"\nclient_token = \"1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f\"\ngroup = \"water\"")
	w("participant_id = \"301234567\"\naddress = \"Tashkent, Mirzo Ulugbek 1\"")
	stock, printer, plc := "", "", "" // the usual
	ahead, pulse := 8, "20ms"
	if p.rate == 0 {
		stock = "low_water = 5000\norder_quantity = 20000"
		printer, plc = "poll = \"5ms\"", "max_rate = 10000\npoll = \"20ms\""
		ahead, pulse = 32, "3ms"
	}
	for i := range (p.lines + 1) / 2 {
		w("[[product]]\nname = \"unit-%d\"\ngtin = %q\ntemplate_id = 3\n%s", i+1, gtin("0478001234%02d", i+1), stock)
		w("[[product]]\nname = \"box-%d\"\ngtin = %q\ntemplate_id = 3\ncis_type = \"GROUP\"\n%s", i+1, gtin("1478001234%02d", i+1), stock)
	}
	for i := 1; i <= p.lines; i++ {
		w("[[printer]]\nname = \"tij-%d\"\ndriver = \"zpl\"\naddress = \"tcp://{{TIJ%d}}\"\nlabel = \"labels/unit.zpl\"\n%s", i, i, printer)
		w("[[scanner]]\nname = \"cam-%d\"\ndriver = \"text\"\naddress = \"tcp://{{CAM%d}}\"\nno_read = \"NOREAD\"", i, i)
		w("[[plc]]\nname = \"plc-%d\"\ndriver = \"modbus\"\naddress = \"tcp://{{PLC%d}}\"\n%s", i, i, plc)
		w("  [plc.inputs]\n  products = \"holding:100:uint32\"\n  rejects = \"holding:102:uint32\"\n  [plc.outputs]\n  reject = \"coil:0\"\n  stop = \"coil:1\"\n  beat = \"coil:2\"")
		if packs(i) {
			w("[[printer]]\nname = \"box-%d\"\ndriver = \"zpl\"\naddress = \"tcp://{{BOX%d}}\"\nlabel = \"labels/box.zpl\"\n%s", i, i, printer)
			w("[[scanner]]\nname = \"pack-%d\"\ndriver = \"text\"\naddress = \"tcp://{{PACK%d}}\"\nno_read = \"NOREAD\"", i, i)
		}
	}
	for i := 1; i <= p.lines; i++ {
		of := (i + 1) / 2
		w("[[line]]\nname = \"%d\"\nbatch = \"B1\"", i)
		w("  [[line.station]]\n  name = \"mark\"\n  kind = \"print\"\n  product = \"unit-%d\"\n  printer = \"tij-%d\"\n  ahead = %d", of, i, ahead)
		w("  [[line.station]]\n  name = \"check\"\n  kind = \"verify\"\n  scanner = \"cam-%d\"\n  reject = \"plc-%d.reject\"\n  confirm = \"plc-%d.rejects\"\n  stop = \"plc-%d.stop\"\n  stop_after = %d\n  pulse = %q\n  window = 128", i, i, i, i, stopAfter, pulse)
		if packs(i) {
			w("  [[line.station]]\n  name = \"box\"\n  kind = \"pack\"\n  scanner = \"pack-%d\"\n  capacity = 6\n  unit = \"box-%d\"\n  printer = \"box-%d\"", i, of, i)
			w("  [[line.station]]\n  name = \"pallet\"\n  kind = \"pack\"\n  of = \"box\"\n  capacity = 20\n  unit = \"sscc\"\n  sscc_prefix = \"0301234567\"")
		}
	}
	w("[record]\nsize = \"%dMiB\"", p.ring()/mebi)
	w("[report.utilisation]\nevery = %q\n[report.aggregation]\nevery = %q", p.reports, p.reports)
	return []byte(b.String())
}

// ring is how many bytes the flight recorder keeps: in a long run more than is usual, so that what led to a
// finding is still there at the end.
func (p plan) ring() int64 {
	if p.length >= 2*time.Minute {
		return 512 * mebi
	}
	return 64 * mebi
}

// packs says which lines pack boxes.
func packs(line int) bool { return line%2 == 1 }

// gtin is a GTIN with its check digit.
func gtin(format string, n int) string {
	digits := fmt.Sprintf(format+"%d", n, n%10)
	check, err := code.CheckDigit(digits)
	if err != nil {
		panic(err)
	}
	return digits + string(check)
}

// The program itself finds no fault with a configuration, and it has what it is said to have.
func TestConfiguration(t *testing.T) {
	for _, p := range []plan{{lines: 1, reports: time.Second}, {lines: 1, rate: 33, reports: time.Second}, {lines: 8, rate: 33, reports: 5 * time.Minute}} {
		cfg, err := config.Load(site.From(t, "", "data", p.configuration()).File)
		if err != nil {
			t.Errorf("%+v: %v", p, err)
			continue
		}
		boxes := 0
		for _, l := range cfg.Lines {
			if len(l.Stations) == 4 {
				boxes++
			}
		}
		if len(cfg.Lines) != p.lines || boxes < p.lines/2 {
			t.Errorf("%d lines, %d of them with boxes, want %d", len(cfg.Lines), boxes, p.lines)
		}
	}
}
