package peers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"linemark/drivers/printer/zpl/zpltest"
	"linemark/internal/code"
)

// P8: a label that is stored in the printer, and recalled with nothing but its values, is drawn
// by another's renderer as the whole label is, and reads as the code that was handed over.
func TestP8StoredLabelsReadBack(t *testing.T) {
	const each = 1
	var whole, stored []zpltest.Label
	all := batches(t)
	for i := range all {
		b := &all[i]
		b.codes = b.codes[:min(each, len(b.codes))]
		if b.gs1 {
			b.codes = append(slices.Clone(b.codes), nasty)
		}
		whole = append(whole, prints(t, b.template, b.gs1, b.codes)...)
		p := zpltest.New(zpltest.Options{})
		t.Cleanup(func() { p.Close() })
		for _, l := range printsOn(t, p, b.template, b.gs1, b.codes, map[string]any{"format": "stored"}) {
			layout, ok := p.Stored("R:LM.ZPL")
			if !ok {
				t.Fatal("nothing is stored")
			}
			if !strings.HasPrefix(string(l.ZPL), "^XA^XFR:LM.ZPL^FS") {
				t.Fatalf("the label is %q", l.ZPL)
			}
			l.ZPL = slices.Concat(layout, l.ZPL) // what the printer has got until then
			stored = append(stored, l)
		}
	}
	pictures, same := draws(t, stored), draws(t, whole)
	for i := range all {
		b := all[i]
		mine, files, others := stored[:len(b.codes)], pictures[:len(b.codes)], same[:len(b.codes)]
		stored, pictures, same = stored[len(b.codes):], pictures[len(b.codes):], same[len(b.codes):]
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			for i, want := range b.codes {
				if err := alike(files[i], others[i]); err != nil {
					t.Errorf("%s: %v\n%s", code.Visible(want), err, mine[i].ZPL)
				}
				for _, d := range decoders {
					if err := reads(t, d, files[i], want, b.gs1); err != nil {
						t.Errorf("%s: %v\n%s", code.Visible(want), err, mine[i].ZPL)
					}
				}
				if s := mine[i].Symbols; len(s) != 1 || string(s[0].Data) != string(want) || s[0].GS1 != b.gs1 {
					t.Errorf("%s: the emulator reads %+v", code.Visible(want), s)
				}
			}
		})
	}
}

// alike compares two pictures dot by dot.
func alike(one, other string) error {
	a, err := opened(one)
	if err != nil {
		return err
	}
	b, err := opened(other)
	if err != nil {
		return err
	}
	if a.Bounds() != b.Bounds() || !slices.Equal(a.Pix, b.Pix) {
		return fmt.Errorf("%s is another picture than %s", one, other)
	}
	return nil
}
