package peers

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"

	"linemark/drivers/printer/zpl/zpltest"
)

// draws renders labels and returns the file of each one's picture.
func draws(t *testing.T, all []zpltest.Label) []string {
	t.Helper()
	node := Need(t, "node")
	Need(t, "zpl-renderer-js")
	type job struct {
		ZPL  string `json:"zpl"`
		File string `json:"file"`
	}
	dir := t.TempDir()
	jobs, files := make([]job, len(all)), make([]string, len(all))
	for i, l := range all {
		files[i] = filepath.Join(dir, fmt.Sprintf("%03d.png", i))
		jobs[i] = job{string(l.ZPL), files[i]}
	}
	list, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), node, "render.js")
	c.Stdin = bytes.NewReader(list)
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("rendering %d labels: %v\n%s", len(all), err, said)
	}
	return files
}

// decoder is somebody's reader of Data Matrix symbols.
type decoder struct {
	name string
	// read returns the symbol's data without the leading FNC1, and whether there was one.
	read func(t *testing.T, file string) (data []byte, gs1 bool, err error)
}

var decoders = []decoder{{"dmtxread", dmtxread}, {"ZXingReader", zxing}, {"gozxing", gozxingReader}}

// dmtxread shows every FNC1, the leading one too, as the byte that -G names.
func dmtxread(t *testing.T, file string) ([]byte, bool, error) {
	t.Helper()
	out, err := output(t, Need(t, "dmtxread"), "-N1", "-G", "29", "-m", "20000", file)
	if err != nil {
		return nil, false, err
	}
	data, gs1 := bytes.CutPrefix(out, []byte{0x1d})
	return data, gs1, nil
}

var (
	zxingIdentifier = regexp.MustCompile(`(?m)^Identifier: +(\]\S+)$`)
	zxingBytes      = regexp.MustCompile(`(?m)^Bytes: +([0-9A-F ]+)$`)
)

// zxing tells a leading FNC1 by the AIM identifier.
func zxing(t *testing.T, file string) ([]byte, bool, error) {
	t.Helper()
	alone, err := crop(file)
	if err != nil {
		return nil, false, err
	}
	out, err := output(t, Need(t, "ZXingReader"), "-format", "DataMatrix", alone)
	if err != nil {
		return nil, false, err
	}
	id, shown := zxingIdentifier.FindSubmatch(out), zxingBytes.FindSubmatch(out)
	if id == nil || shown == nil {
		return nil, false, fmt.Errorf("ZXingReader says %q", out)
	}
	data, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(shown[1])), " ", ""))
	if err != nil {
		return nil, false, err
	}
	switch string(id[1]) {
	case "]d2":
		return data, true, nil
	case "]d1":
		return data, false, nil
	}
	return nil, false, fmt.Errorf("the symbol is %s", id[1])
}

// gozxingReader tells a leading FNC1 by the AIM identifier and shows it as GS too.
func gozxingReader(t *testing.T, file string) ([]byte, bool, error) {
	t.Helper()
	alone, err := crop(file)
	if err != nil {
		return nil, false, err
	}
	picture, err := opened(alone)
	if err != nil {
		return nil, false, err
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		return nil, false, err
	}
	// The picture is that of the symbol alone: there is nothing to search for.
	pure := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true}
	result, err := datamatrix.NewDataMatrixReader().Decode(bitmap, pure)
	if err != nil {
		return nil, false, err
	}
	// Of a byte beyond ASCII its text does not say whether it is the symbol's or one of UTF-8.
	text := result.GetText()
	if i := strings.IndexFunc(text, func(r rune) bool { return r > 0x7f }); i >= 0 {
		return nil, false, fmt.Errorf("the text %q is not ASCII", text)
	}
	switch id := result.GetResultMetadata()[gozxing.ResultMetadataType_SYMBOLOGY_IDENTIFIER]; id {
	case "]d2":
		data, found := strings.CutPrefix(text, "\x1d")
		if !found {
			return nil, false, fmt.Errorf("the symbol is ]d2 and its text is %q", text)
		}
		return []byte(data), true, nil
	case "]d1":
		return []byte(text), false, nil
	default:
		return nil, false, fmt.Errorf("the symbol is %v", id)
	}
}

func output(t *testing.T, program string, args ...string) ([]byte, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
	}
	return out, nil
}

// margin in pixels: ZXingReader misses small symbols without it.
const margin = 32

// crop writes the label's symbol alone, with a margin, beside the picture of the label. The
// symbol begins at the first dark column and ends before the first white one, since its
// lower border is solid.
func crop(file string) (string, error) {
	picture, err := opened(file)
	if err != nil {
		return "", err
	}
	box := symbolIn(picture)
	if box.Empty() {
		return "", fmt.Errorf("%s is white", file)
	}
	alone := image.NewGray(image.Rect(0, 0, box.Dx()+2*margin, box.Dy()+2*margin))
	draw.Draw(alone, alone.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(alone, image.Rect(margin, margin, margin+box.Dx(), margin+box.Dy()), picture, box.Min, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, alone); err != nil {
		return "", err
	}
	name := strings.TrimSuffix(file, ".png") + "-symbol.png"
	return name, os.WriteFile(name, b.Bytes(), 0o600)
}

func opened(file string) (*image.Gray, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	decoded, err := png.Decode(f)
	if err != nil {
		return nil, err
	}
	picture, ok := decoded.(*image.Gray)
	if !ok {
		return nil, fmt.Errorf("%s is a picture of %T", file, decoded)
	}
	return picture, nil
}

func symbolIn(picture *image.Gray) image.Rectangle {
	all := picture.Bounds()
	var box image.Rectangle
	for x := all.Min.X; x < all.Max.X; x++ {
		var column image.Rectangle
		for y := all.Min.Y; y < all.Max.Y; y++ {
			if picture.Pix[picture.PixOffset(x, y)] < 128 {
				column = column.Union(image.Rect(x, y, x+1, y+1))
			}
		}
		if column.Empty() && !box.Empty() {
			break
		}
		box = box.Union(column)
	}
	return box
}
