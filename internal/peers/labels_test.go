package peers

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/drivers/printer/zpl/zpltest"
	"linemark/internal/code"
)

// readyLabel is a label file of configs/labels/zpl.
type readyLabel struct {
	file          string
	width, height int       // millimetres that are drawn: a head of four inches prints 104 of 105
	of            code.Type // of the codes that it is for; empty: a transport code
}

var readyLabels = []readyLabel{
	{"unit.zpl", 58, 40, code.Unit},
	{"unit-small.zpl", 20, 20, code.Unit},
	{"box.zpl", 100, 60, code.Group},
	{"box-sscc.zpl", 100, 70, ""},
	{"pallet-sscc.zpl", 104, 148, ""},
}

// drawSized draws labels: reads [{"zpl", "file", "width", "height"}, ...], sizes in millimetres.
const drawSized = `
const fs = require("fs"), { ready } = require("zpl-renderer-js");
(async () => {
	const { api } = await ready;
	for (const { zpl, file, width, height } of JSON.parse(fs.readFileSync(0, "utf8")))
		fs.writeFileSync(file, Buffer.from(await api.zplToBase64Async(zpl, width, height, 8), "base64"));
	process.exit(0);
})().catch((err) => { console.error(err); process.exit(1); });`

func (l readyLabel) draw(t *testing.T, all []zpltest.Label) []string {
	t.Helper()
	node := Need(t, "node")
	Need(t, "zpl-renderer-js")
	dir := t.TempDir()
	jobs, files := make([]map[string]any, len(all)), make([]string, len(all))
	for i, one := range all {
		files[i] = filepath.Join(dir, fmt.Sprintf("%03d.png", i))
		jobs[i] = map[string]any{"zpl": string(one.ZPL), "file": files[i], "width": l.width, "height": l.height}
	}
	list, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), node, "-e", drawSized)
	c.Stdin = bytes.NewReader(list)
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("drawing %d labels: %v\n%s", len(all), err, said)
	}
	return files
}

// want is what one label has to hold: a marking code, or the digits of a transport code.
type want struct {
	code code.Code
	sscc string
	gs1  bool
}

// wanted returns sample codes of every group that the label is for, ais saying which of them.
func (l readyLabel) wanted(t *testing.T, ais bool) (all []want, labels []drivers.Label) {
	t.Helper()
	add := func(w want, serial string) {
		all = append(all, w)
		labels = append(labels, drivers.Label{Code: []byte(w.code), Fields: map[string]string{
			"gtin": gtin, "serial": serial, "sscc": w.sscc, "batch": "LOT-2026-11-22/A", "count": "9999999",
			"production_date": "2026-11-22", "expiration_date": "2027-05-21"}})
		if w.code == "" {
			labels[len(labels)-1].Code = nil
		}
	}
	if l.of == "" {
		for _, serial := range []uint64{0, 1, 7654321, 9999999} {
			sscc, err := code.SSCC("3301234567", serial)
			if err != nil {
				t.Fatal(err)
			}
			add(want{sscc: strings.TrimPrefix(string(sscc), "00")}, "")
		}
		return all, labels
	}
	for _, p := range (code.Table{}).Profiles() {
		if p.Type != l.of || p.AIs != ais {
			continue
		}
		for _, sample := range code.Samples(p, gtin) {
			add(want{code: sample, gs1: ais}, strings.Repeat("W", p.Serial)) // the widest that there is
		}
	}
	return all, labels
}

// given prints labels by the driver and returns what the emulated printer was given.
func (l readyLabel) given(t *testing.T, ais bool, labels []drivers.Label) []zpltest.Label {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "configs", "labels", "zpl", l.file))
	if err != nil {
		t.Fatal(err)
	}
	p := zpltest.New(zpltest.Options{})
	out := printed(p)
	options := map[string]any{"label": path, "poll": "5ms"}
	if !ais {
		options["gs1"] = "never"
	}
	d, err := drivers.NewPrinter("zpl", drivers.Settings{Name: "printer", Address: listen(t, p), Options: options})
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, d)
	if err := s.Send(soon(t), labels); err != nil {
		t.Fatal(err)
	}
	await(t, "printed", out, len(labels))
	return p.Received()
}

var (
	matrixField = regexp.MustCompile(`\^FO(\d+),(\d+)\^BXN,(\d+),200,`)
	textField   = regexp.MustCompile(`\^FO\d+,\d+\^A0N,\d+\^FD[^^]*\^FS`)
	lineField   = regexp.MustCompile(`\^FO(\d+),(\d+)\^BY(\d+)\^BCN,(\d+),`)
)

// place is where a symbol is on a label, and the white that it needs at its left and right; a
// Data Matrix needs it above and below too.
type place struct {
	symbol image.Rectangle
	quiet  int
}

// places finds the symbols of a drawn label where its ZPL puts them.
func places(t *testing.T, zpl []byte, picture *image.Gray) (matrix, line *place) {
	t.Helper()
	numbers := func(field *regexp.Regexp) (n []int) {
		for _, text := range field.FindSubmatch(zpl) {
			i, _ := strconv.Atoi(string(text))
			n = append(n, i)
		}
		return n
	}
	if n := numbers(matrixField); n != nil {
		// Two borders are solid: the left one shows the height, the lower one the width.
		x, y, cell := n[1], n[2], n[3]
		side := 0
		for ; dark(picture, x, y+side); side++ {
		}
		if side < 10*cell || !dark(picture, x+side-1, y+side-1) || dark(picture, x+side, y+side-1) {
			t.Fatalf("at %d, %d there is no Data Matrix", x, y)
		}
		matrix = &place{image.Rect(x, y, x+side, y+side), cell}
	}
	if n := numbers(lineField); n != nil {
		x, y, module := n[1], n[2], n[3]
		// Start, FNC1, ten pairs of digits and check character of 11 modules each, and the stop of 13.
		line = &place{image.Rect(x, y, x+(13*11+13)*module, y+n[4]), 10 * module}
	}
	return matrix, line
}

func dark(picture *image.Gray, x, y int) bool {
	return image.Pt(x, y).In(picture.Rect) && picture.GrayAt(x, y).Y < 128
}

// white tells whether a part of the label, but for a part in it, holds nothing.
func white(picture *image.Gray, part, but image.Rectangle) bool {
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if dark(picture, x, y) && !image.Pt(x, y).In(but) {
				return false
			}
		}
	}
	return true
}

// cut writes a part of a picture beside it.
func cut(t *testing.T, file string, picture *image.Gray, part image.Rectangle) string {
	t.Helper()
	alone := image.NewGray(part)
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			alone.SetGray(x, y, color.Gray{255})
			if dark(picture, x, y) {
				alone.SetGray(x, y, color.Gray{0})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, alone); err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSuffix(file, ".png") + fmt.Sprintf("-%d-%d.png", part.Min.X, part.Min.Y)
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// line128 reads a GS1-128 symbol.
func line128(t *testing.T, file string) (string, error) {
	t.Helper()
	out, err := output(t, Need(t, "ZXingReader"), "-format", "Code128", file)
	if err != nil {
		return "", err
	}
	id, shown := zxingIdentifier.FindSubmatch(out), zxingBytes.FindSubmatch(out)
	if id == nil || shown == nil || string(id[1]) != "]C1" {
		return "", fmt.Errorf("ZXingReader says %q", out)
	}
	data, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(shown[1])), " ", ""))
	return string(data), err
}

// check looks at one drawn label: nothing at its edges, white around its symbols, and the right
// code in each of them.
func (l readyLabel) check(t *testing.T, zpl []byte, file string, w want) {
	t.Helper()
	picture, err := opened(file)
	if err != nil {
		t.Fatal(err)
	}
	if !white(picture, picture.Rect, picture.Rect.Inset(8)) {
		t.Error("the label reaches into its edges")
	}
	matrix, line := places(t, zpl, picture)
	if (line != nil) != (w.sscc != "") || matrix == nil && l.file != "pallet-sscc.zpl" {
		t.Fatalf("the symbols are at %v and %v", matrix, line)
	}
	if matrix != nil {
		room := matrix.symbol.Inset(-2 * matrix.quiet) // twice of what a scanner needs
		if !white(picture, room, matrix.symbol) {
			t.Error("something stands in the quiet zone of the Data Matrix")
		}
		holds, gs1, alone := w.code, w.gs1, cut(t, file, picture, room)
		if w.sscc != "" {
			holds, gs1 = code.Code("00"+w.sscc), true
		}
		for _, d := range decoders {
			if err := reads(t, d, alone, holds, gs1); err != nil {
				t.Error(err)
			}
		}
	}
	if line != nil {
		room := line.symbol
		room.Min.X -= line.quiet
		room.Max.X += line.quiet
		if !white(picture, room, line.symbol) || !room.In(picture.Rect) {
			t.Error("something stands in the quiet zone of the GS1-128 symbol")
		}
		if !dark(picture, line.symbol.Min.X, line.symbol.Min.Y) || !dark(picture, line.symbol.Max.X-1, line.symbol.Max.Y-1) {
			t.Errorf("the GS1-128 symbol does not fill %v", line.symbol)
		}
		if got, err := line128(t, cut(t, file, picture, room)); err != nil || got != "00"+w.sscc {
			t.Errorf("GS1-128: reads %q, %v", got, err)
		}
	}
}

// clear checks that no text reaches into a symbol, where a decoder's error correction would hide
// it: without the texts the symbols look the same.
func (l readyLabel) clear(t *testing.T, given zpltest.Label, file string) {
	t.Helper()
	texts := textField.FindAll(given.ZPL, -1)
	if len(texts) == 0 && l.file != "unit-small.zpl" {
		t.Fatal("the label has no text")
	}
	given.ZPL = textField.ReplaceAll(given.ZPL, nil)
	full, err := opened(file)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := opened(l.draw(t, []zpltest.Label{given})[0])
	if err != nil {
		t.Fatal(err)
	}
	matrix, line := places(t, given.ZPL, bare)
	for _, at := range []*place{matrix, line} {
		if at == nil {
			continue
		}
		for y := at.symbol.Min.Y; y < at.symbol.Max.Y; y++ {
			for x := at.symbol.Min.X; x < at.symbol.Max.X; x++ {
				if dark(full, x, y) != dark(bare, x, y) {
					t.Fatalf("a text reaches into the symbol at %v", at.symbol)
				}
			}
		}
	}
}

// P8: what the ready labels for ZPL print reads as the code that was handed over, byte for byte, in
// symbols with room around them.
func TestP8ReadyLabelsReadBack(t *testing.T) {
	for _, l := range readyLabels {
		t.Run(l.file, func(t *testing.T) {
			t.Parallel()
			n := 0
			for _, ais := range []bool{true, false} {
				if l.of == "" && !ais {
					continue
				}
				wants, labels := l.wanted(t, ais)
				if len(wants) == 0 {
					continue // every group pack's code has identifiers
				}
				given := l.given(t, ais, labels)
				if len(given) != len(wants) {
					t.Fatalf("the printer was given %d labels, want %d", len(given), len(wants))
				}
				files := l.draw(t, given)
				// The codes with the longest serials are the last.
				l.clear(t, given[len(given)-1], files[len(files)-1])
				for i, file := range files {
					l.check(t, given[i].ZPL, file, wants[i])
					if t.Failed() {
						t.Fatalf("%s\n%s", code.Visible(wants[i].code), given[i].ZPL)
					}
				}
				n += len(wants)
			}
			t.Logf("%d labels", n)
		})
	}
}
