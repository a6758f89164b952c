package configs

import (
	"fmt"
	"image"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"linemark/internal/code"
)

const (
	dots      = 8   // in a millimetre, 203 dpi
	printable = 832 // dots across: what a head of four inches prints
	margin    = 8   // dots at every edge in which nothing stands
)

// sizes are those of the labels in millimetres.
var sizes = map[string]image.Point{
	"unit": {58, 40}, "unit-small": {20, 20}, "box": {100, 60}, "box-sscc": {100, 70}, "pallet-sscc": {105, 148}, "shipment": {100, 80},
}

// longest is a text with the longest value in the place of each placeholder.
func longest(kind, text string) string {
	width := map[string]int{"gtin": 14, "sscc": 18, "batch": 16, "count": 7, "production_date": 10, "expiration_date": 10,
		"shipment": 36, "waybill": 36, "pallets": 7}
	for _, p := range (code.Table{}).Profiles() {
		if p.Type == kinds[kind].of {
			width["serial"] = max(width["serial"], p.Serial)
		}
	}
	return placeholder.ReplaceAllStringFunc(text, func(s string) string {
		return strings.Repeat("W", width[placeholder.FindStringSubmatch(s)[1]])
	})
}

// matrixRoom is the room of a Data Matrix with its quiet zone, which has to be one cell and is
// taken for two. The longest codes take 36 cells; printers need not pack as tightly as they could.
func matrixRoom(kind, data string, x, y, cell int) image.Rectangle {
	cells := map[string]int{"unit": 40, "unit-small": 40, "box": 36}[kind]
	if strings.Contains(data, "{sscc}") {
		cells = 16
	}
	return image.Rect(x, y, x+cells*cell, y+cells*cell).Inset(-2 * cell)
}

// lineRoom is the room of a GS1-128 symbol of a transport code with its quiet zones: start, FNC1,
// ten pairs of digits and the check character of 11 modules each, the stop of 13, 10 modules at
// both sides.
func lineRoom(x, y, module, height int) image.Rectangle {
	return image.Rect(x-10*module, y, x+(13*11+13+10)*module, y+height)
}

// pictureRoom is the room of a square picture, which brings its own quiet zone.
func pictureRoom(x, y, millimetres int) image.Rectangle {
	return image.Rect(x, y, x+millimetres*dots, y+millimetres*dots)
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var (
	tsplMatrix  = regexp.MustCompile(`^DMATRIX (\d+),(\d+),(\d+),(\d+),c126,x(\d+),"(.*)"$`)
	tsplBarcode = regexp.MustCompile(`^BARCODE (\d+),(\d+),"128M",(\d+),0,0,(\d+),\d+,".*"$`)
	tsplText    = regexp.MustCompile(`^TEXT (\d+),(\d+),"([2-5])",0,1,1,"(.*)"$`)
	tsplPicture = regexp.MustCompile(`^BITMAP (\d+),(\d+),\{picture:(\d+)\}$`)
	// Dots of a character (TSPL manual, TEXT).
	tsplFonts = map[string]image.Point{"2": {12, 20}, "3": {16, 24}, "4": {24, 32}, "5": {32, 48}}
)

// tsplRooms returns what a label in TSPL fills.
func tsplRooms(t *testing.T, kind, label string) map[string]image.Rectangle {
	t.Helper()
	rooms := map[string]image.Rectangle{}
	for line := range strings.Lines(label) {
		line = strings.TrimSpace(line)
		name, _, _ := strings.Cut(line, " ")
		p := tsplPicture.FindStringSubmatch(line)
		m, b, x := tsplMatrix.FindStringSubmatch(line), tsplBarcode.FindStringSubmatch(line), tsplText.FindStringSubmatch(line)
		switch {
		case m != nil:
			room := matrixRoom(kind, m[6], number(t, m[1]), number(t, m[2]), number(t, m[5]))
			if side := room.Dx() - 4*number(t, m[5]); number(t, m[3]) != side || number(t, m[4]) != side {
				t.Errorf("%s: the area is not of %d dots", line, side)
			}
			rooms[line] = room
		case b != nil:
			rooms[line] = lineRoom(number(t, b[1]), number(t, b[2]), number(t, b[4]), number(t, b[3]))
		case x != nil:
			at, font := image.Pt(number(t, x[1]), number(t, x[2])), tsplFonts[x[3]]
			rooms[line] = image.Rectangle{at, at.Add(image.Pt(font.X*len(longest(kind, x[4])), font.Y))}
		case p != nil:
			rooms[line] = pictureRoom(number(t, p[1]), number(t, p[2]), number(t, p[3]))
		case name == "SIZE":
			if want := fmt.Sprintf("SIZE %d mm,%d mm", sizes[kind].X, sizes[kind].Y); line != want {
				t.Errorf("%s, want %s", line, want)
			}
		case name != "REM" && name != "GAP" && name != "DIRECTION" && name != "REFERENCE" && name != "CLS" && name != "PRINT":
			t.Errorf("nobody knows the room of %s", line)
		}
	}
	return rooms
}

// Dots of a character with the two to the next one (SBPL programming references).
var sbplFonts = map[string]image.Point{"XS": {19, 17}, "XM": {26, 24}}

// sbplRooms returns what a label in SBPL fills.
func sbplRooms(t *testing.T, kind, label string) map[string]image.Rectangle {
	t.Helper()
	rooms := map[string]image.Rectangle{}
	var at image.Point
	wide, high, cell := 1, 1, 0
	for i, command := range strings.Split(strings.ReplaceAll(label, "\n", ""), "<ESC>") {
		name := command[:min(2, len(command))]
		id := fmt.Sprintf("%d: %s", i, command)
		switch font, text := sbplFonts[name]; {
		case text:
			size := image.Pt(font.X*wide*len(longest(kind, command[2:])), font.Y*high)
			rooms[id] = image.Rectangle{at, at.Add(size)}
		case name == "BX":
			cell = number(t, command[6:8])
		case name == "DC":
			rooms[id] = matrixRoom(kind, command, at.X, at.Y, cell)
		case name == "BG":
			rooms[id] = lineRoom(at.X, at.Y, number(t, command[2:4]), number(t, command[4:7]))
		case name == "GH":
			rooms[id] = pictureRoom(at.X, at.Y, number(t, strings.TrimSuffix(strings.TrimPrefix(command, "GH{picture:"), "}")))
		case strings.HasPrefix(command, "V"):
			at.Y = number(t, command[1:])
		case strings.HasPrefix(command, "H"):
			at.X = number(t, command[1:])
		case strings.HasPrefix(command, "L"):
			wide, high = number(t, command[1:3]), number(t, command[3:])
		case command != "" && command != "A" && command != "Q1" && command != "Z":
			t.Errorf("nobody knows the room of %s", command)
		}
	}
	return rooms
}

// With the longest values nothing overlaps, every symbol keeps its quiet zone, and everything is on
// the label. Labels in ZPL are drawn and looked at instead, by the tests with programs of others.
func TestLayout(t *testing.T) {
	each(t, func(t *testing.T, language, kind string) {
		draw := map[string]func(*testing.T, string, string) map[string]image.Rectangle{"tspl": tsplRooms, "sbpl": sbplRooms}[language]
		if draw == nil {
			t.Skip("labels in ZPL are drawn by internal/peers")
		}
		rooms := draw(t, kind, read(t, language, kind))
		if len(rooms) == 0 {
			t.Error("the label is empty")
		}
		size := image.Pt(min(sizes[kind].X*dots, printable), sizes[kind].Y*dots)
		for name, room := range rooms {
			if !room.In(image.Rectangle{Max: size}.Inset(margin)) {
				t.Errorf("%s: %v is not on the label of %v", name, room, size)
			}
			for other, its := range rooms {
				if name < other && room.Overlaps(its) {
					t.Errorf("%s at %v and %s at %v overlap", name, room, other, its)
				}
			}
		}
	})
}
