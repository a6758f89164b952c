package smartone

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/code"
)

// wide is a code of at least n bytes.
func wide(kind string, i, n int) code.Code {
	return code.Code(fmt.Sprintf("%s%d-%s", kind, i, strings.Repeat("0", n)))
}

func TestSplitOne(t *testing.T) {
	d := shift()
	parts := Split(d)
	if len(parts) != 1 || parts[0].RequestID != "r-1" {
		t.Fatalf("%d parts, id %q", len(parts), parts[0].RequestID)
	}
	one, err := EncodeAggregation(parts[0])
	whole, err2 := EncodeAggregation(d)
	if err != nil || err2 != nil || string(one) != string(whole) {
		t.Fatalf("%v %v\n%s\n%s", err, err2, one, whole)
	}
}

func TestSplitWrongComesBackWhole(t *testing.T) {
	d := shift()
	d.Rows[0].Count = 9
	if parts := Split(d); len(parts) != 1 || parts[0].Rows[0].Count != 9 {
		t.Fatalf("got %+v", parts)
	}
}

// A pallet too large for one request is cut between the cases in it, which go before it.
func TestSplitInsidePallet(t *testing.T) {
	d := shift()
	d.Rows[0].Codes, d.Rows[1].Codes, d.Rows[1].Count = nil, nil, 0
	for c := range 30 {
		box := wide("C", c, 0)
		for i := range 60 {
			d.Rows[0].Codes = append(d.Rows[0].Codes, Item{wide("p", c*100+i, 800), box})
		}
		d.Rows[1].Codes = append(d.Rows[1].Codes, Item{box, "PALLET"})
	}
	parts := Split(d)
	checkParts(t, d, parts)
	if len(parts) != 2 {
		t.Fatalf("%d parts", len(parts))
	}
	if len(parts[1].Rows) != 2 || len(parts[1].Rows[1].Codes) != 30 || len(parts[0].Rows) != 1 {
		t.Fatal("the pallet's own content is not whole in the last part")
	}
}

// pallets are n of them, each of boxes boxes with 60 packs of width bytes.
func pallets(n, boxes, width int) Document {
	d := shift()
	d.Rows[0].Codes, d.Rows[1].Codes, d.Rows[1].Count = nil, nil, 0
	for p := range n {
		for c := range boxes {
			box := code.Code(fmt.Sprintf("C%d-%d", p, c))
			for i := range 60 {
				d.Rows[0].Codes = append(d.Rows[0].Codes, Item{wide("p", p*1_000_000+c*100+i, width), box})
			}
			d.Rows[1].Codes = append(d.Rows[1].Codes, Item{box, wide("T", p, 800)})
		}
	}
	return d
}

// A pallet that fits one request is not cut, even where half of it would have found room.
func TestSplitBetweenPallets(t *testing.T) {
	d := pallets(3, 12, 800)
	parts := Split(d)
	checkParts(t, d, parts)
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	for i, part := range parts {
		if len(part.Rows) != 2 || len(part.Rows[0].Codes) != 12*60 || len(part.Rows[1].Codes) != 12 {
			t.Fatalf("part %d has not one pallet", i)
		}
	}
}

// What lies directly on a pallet begins a part of its own where the boxes have filled theirs.
func TestSplitLastLevelApart(t *testing.T) {
	for boxes := 68; boxes < 76; boxes++ {
		d := pallets(1, boxes, 400)
		checkParts(t, d, Split(d))
	}
}

// A package that cannot be sent at all stays whole, and EncodeAggregation says why.
func TestSplitTooLargePackage(t *testing.T) {
	d := shift()
	d.Rows = d.Rows[:1]
	d.Rows[0].Codes = nil
	for i := range 1200 {
		d.Rows[0].Codes = append(d.Rows[0].Codes, Item{wide("p", i, 900), "O"})
	}
	parts := Split(d)
	if len(parts) != 1 {
		t.Fatalf("%d parts", len(parts))
	}
	if _, err := EncodeAggregation(parts[0]); err == nil {
		t.Fatal("a package of more than 1 MB was encoded")
	}
}

func TestSplitProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := shift()
		d.Rows = nil
		width := rapid.IntRange(0, 900).Draw(rt, "width")
		boxWidth := rapid.IntRange(0, 900).Draw(rt, "width of boxes")
		var boxes, loose []Item
		var packs [2][]Item
		for c := range rapid.IntRange(1, 40).Draw(rt, "boxes") {
			box := wide("C", c, boxWidth)
			in := code.Code("")
			if rapid.Bool().Draw(rt, "on a pallet") {
				in = code.Code(fmt.Sprintf("T%d", c/rapid.IntRange(1, 20).Draw(rt, "boxes on it")))
			}
			for i := range rapid.IntRange(0, 60).Draw(rt, "packs") {
				half := i % 2
				packs[half] = append(packs[half], Item{wide("p", c*100+i, width), box})
			}
			if in != "" || rapid.Bool().Draw(rt, "own row") {
				boxes = append(boxes, Item{box, in})
			}
		}
		for i := range rapid.IntRange(0, 100).Draw(rt, "loose") {
			loose = append(loose, Item{Code: wide("l", i, width)})
		}
		for i, codes := range [][]Item{packs[0], packs[1], loose, boxes} {
			if len(codes) > 0 {
				d.Rows = append(d.Rows, Row{Product: ext(fmt.Sprint("P", i)), Unit: ext("U"), Codes: codes, Count: len(codes) * (i % 2)})
			}
		}
		d.Rows = append(d.Rows, Row{Product: ext("Q"), Unit: ext("U"), Count: 77})
		checkParts(rt, d, Split(d))
	})
}

// checkParts: every item once and no other, each part under the limit with the longest id, what is
// in one package in one part, content before or with its package, and the order of rows kept.
func checkParts(t rapid.TB, d Document, parts []Document) {
	t.Helper()
	all := func(docs ...Document) (list []string) {
		for _, d := range docs {
			for _, r := range d.Rows {
				for _, item := range r.Codes {
					list = append(list, r.Product.Ext+" "+string(item.Code)+" "+string(item.Parent))
				}
				if len(r.Codes) == 0 {
					list = append(list, fmt.Sprint(r.Product.Ext, r.Count))
				}
			}
		}
		slices.Sort(list)
		return list
	}
	if !slices.Equal(all(parts...), all(d)) {
		t.Fatal("the parts together are not the whole")
	}
	packed := make(map[code.Code]int) // the part in which a code's own entry stands
	filled := make(map[code.Code]int) // the part in which a package's content stands
	total := 0
	for i, part := range parts {
		if len(parts) > 1 && part.RequestID != "" {
			t.Fatalf("part %d keeps the request id %q", i, part.RequestID)
		}
		part.RequestID = strings.Repeat("😀", MaxID)
		b, err := EncodeAggregation(part)
		if err != nil {
			t.Fatalf("part %d of %d: %v", i, len(parts), err)
		}
		total += len(b)
		for _, r := range part.Rows {
			for _, item := range r.Codes {
				packed[item.Code] = i
				if item.Parent == "" {
					continue
				}
				if at, known := filled[item.Parent]; known && at != i {
					t.Fatalf("the content of %s is in the parts %d and %d", item.Parent, at, i)
				}
				filled[item.Parent] = i
			}
		}
	}
	for box, i := range filled {
		if at, known := packed[box]; known && at < i {
			t.Fatalf("%s is packed in part %d, its content in part %d", box, at, i)
		}
	}
	if most := total/(MaxUnpacked/2) + 1; len(parts) > most {
		t.Fatalf("%d parts for %d bytes", len(parts), total)
	}
}
