package peers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"linemark/configs"
	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/drawtest"
	"linemark/drivers/printer/sbpl/sbpltest"
	"linemark/drivers/printer/tspl/tspltest"
	"linemark/drivers/printer/zpl/zpltest"
)

// waybill is what a QR code holds: no two of a test are the same.
func waybill(n int) string {
	return fmt.Sprintf("https://edi.example/waybill?id=3f2504e0-4f89-11d3-9a0c-%012d&sign=%s", n, strings.Repeat("Zq7~", n))
}

// pictures are QR codes of several sizes and levels of error correction, in pixels that fit their modules
// and in such that do not.
func pictures(t *testing.T) (all []drivers.Label, texts []string) {
	t.Helper()
	for i, level := range []string{"L", "M", "Q", "H", "M", "L"} {
		texts = append(texts, waybill(4*i))
		all = append(all, drivers.Label{
			Fields:  map[string]string{"shipment": "AT-000123", "waybill": "W-2026-7", "pallets": "12"},
			Picture: drivertest.QR(t, texts[i], level, 240+37*i),
		})
	}
	return all, texts
}

// given is what a printer was given: the label in its language and what was drawn.
type given struct {
	raw   []byte
	drawn []drawtest.Dots
}

var perMillimetre = map[int]int{203: 8, 300: 12, 600: 24}

// shipmentPrinters are the printers that print pictures, each with the options of its driver.
var shipmentPrinters = map[string]struct {
	emulator func() (emulator, <-chan struct{}, func() []given)
	options  map[string]any
}{
	"zpl": {func() (emulator, <-chan struct{}, func() []given) {
		p := zpltest.New(zpltest.Options{})
		return p, printed(p), func() (all []given) {
			for _, l := range p.Printed() {
				all = append(all, given{l.ZPL, l.Drawn})
			}
			return all
		}
	}, nil},
	"tspl": {func() (emulator, <-chan struct{}, func() []given) {
		p, out := tspltest.New(tspltest.Options{}), make(chan struct{}, 100)
		p.OnPrinted(func(tspltest.Label) { out <- struct{}{} })
		return p, out, func() (all []given) {
			for _, l := range p.Printed() {
				all = append(all, given{l.TSPL, l.Drawn})
			}
			return all
		}
	}, map[string]any{"settle": "20ms"}},
	"sbpl": {func() (emulator, <-chan struct{}, func() []given) {
		p, out := sbpltest.New(sbpltest.Options{LastID: true}), make(chan struct{}, 100)
		p.OnPrinted(func(sbpltest.Label) { out <- struct{}{} })
		return p, out, func() (all []given) {
			for _, l := range p.Printed() {
				all = append(all, given{l.SBPL, l.Drawn})
			}
			return all
		}
	}, map[string]any{"settle": "100ms", "status": "4-enq", "ecc": "20", "fnc1_form": "none"}},
}

var dotNumbers = regexp.MustCompile(`(?m)(\^FO|\^PW|\^LL|\^A0N,|,|<ESC>[VH]|^[A-Z]+ )(\d+)`)

// resized is a label for 203 dpi with its places and sizes for another resolution.
func resized(text []byte, dpi int) []byte {
	return dotNumbers.ReplaceAllFunc(text, func(b []byte) []byte {
		m := dotNumbers.FindSubmatch(b)
		n, _ := strconv.Atoi(string(m[2]))
		if n < 16 { // no place and no size in dots
			return b
		}
		return fmt.Appendf(nil, "%s%04d", m[1], n*perMillimetre[dpi]/8)
	})
}

// shipments prints labels through a driver, with the ready label for shipments.
func shipments(t *testing.T, driver string, dpi int, all []drivers.Label) []given {
	t.Helper()
	text, err := configs.Labels.ReadFile("labels/" + driver + "/shipment." + driver)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "shipment")
	if err := os.WriteFile(path, resized(text, dpi), 0o600); err != nil {
		t.Fatal(err)
	}
	e, out, got := shipmentPrinters[driver].emulator()
	options := drivertest.Changed(shipmentPrinters[driver].options, map[string]any{"label": path, "poll": "5ms", "dpi": int64(dpi)})
	d, err := drivers.NewPrinter(driver, drivers.Settings{Name: "printer", Address: listen(t, e), Options: options})
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, d)
	for i, l := range all {
		if err := d.Traits().CheckLabel(l); err != nil {
			t.Fatal(err)
		}
		if err := s.Send(soon(t), []drivers.Label{l}); err != nil {
			t.Fatal(err)
		}
		await(t, "printed", out, 1)
		for n := 0; n <= i; {
			if n, err = s.Printed(soon(t)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return got()
}

func save(t *testing.T, m image.Image, name string) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var zxingText = regexp.MustCompile(`(?m)^Text: +"(.*)"$`)

// readsQR reads a picture's QR code with both decoders.
func readsQR(t *testing.T, m image.Image, want string) {
	t.Helper()
	if got, err := drivertest.ReadQR(m); err != nil || got != want {
		t.Errorf("gozxing reads %q, %v, want %q", got, err, want)
	}
	out, err := output(t, Need(t, "ZXingReader"), "-format", "QRCode", save(t, m, "label.png"))
	if err != nil {
		t.Error(err)
	} else if found := zxingText.FindSubmatch(out); found == nil || string(found[1]) != want {
		t.Errorf("ZXingReader says %q, want %q", out, want)
	}
}

// The QR code of a waybill reads from the label, whatever the printer and its resolution.
func TestPicturesReadBack(t *testing.T) {
	for driver := range shipmentPrinters {
		for _, dpi := range []int{203, 300, 600} {
			t.Run(fmt.Sprintf("%s/%d", driver, dpi), func(t *testing.T) {
				t.Parallel()
				all, texts := pictures(t)
				got := shipments(t, driver, dpi, all)
				if len(got) != len(all) {
					t.Fatalf("%d labels came out, want %d", len(got), len(all))
				}
				for i, l := range got {
					one := drawtest.Join(l.drawn)
					if most := (40*dpi*10 + 127) / 254; one.X != 5*perMillimetre[dpi] || one.Y != 33*perMillimetre[dpi] || one.Width > most+7 || one.Width < most*3/4 {
						t.Errorf("%d dots are drawn at %d, %d, %d fit", one.Width, one.X, one.Y, most)
					}
					readsQR(t, drivertest.Paper(one), texts[i])
				}
			})
		}
	}
}

// drawAt draws labels at a resolution: reads [{"zpl", "file", "width", "height", "dpmm"}, ...].
var drawAt = strings.Replace(strings.Replace(drawSized, "{ zpl, file, width, height }", "{ zpl, file, width, height, dpmm }", 1), "height, 8)", "height, dpmm)", 1)

// Another's renderer of ZPL draws the picture where the label has it, and it reads.
func TestPicturesDrawnByOthers(t *testing.T) {
	node := Need(t, "node")
	Need(t, "zpl-renderer-js")
	dir := t.TempDir()
	var jobs []map[string]any
	var want []string
	var at []image.Rectangle
	for _, dpi := range []int{203, 300, 600} {
		all, texts := pictures(t)
		for i, l := range shipments(t, "zpl", dpi, all) {
			d := drawtest.Join(l.drawn)
			at = append(at, image.Rect(d.X, d.Y, d.X+d.Width, d.Y+d.Height))
			jobs = append(jobs, map[string]any{"zpl": string(l.raw), "file": filepath.Join(dir, fmt.Sprintf("%d-%d.png", dpi, i)), "width": 100, "height": 80, "dpmm": perMillimetre[dpi]})
		}
		want = append(want, texts...)
	}
	list, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), node, "-e", drawAt)
	c.Stdin = bytes.NewReader(list)
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("drawing %d labels: %v\n%s", len(jobs), err, said)
	}
	for i, job := range jobs {
		picture, err := opened(job["file"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if !white(picture, picture.Rect, picture.Rect.Inset(8)) {
			t.Error("the label reaches into its edges")
		}
		alone, err := opened(cut(t, job["file"].(string), picture, at[i]))
		if err != nil {
			t.Fatal(err)
		}
		readsQR(t, alone, want[i])
	}
	t.Logf("%d labels", len(jobs))
}
