package peers

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"linemark/drivers/printer/zpl/zpltest"
	"linemark/internal/code"
)

const (
	gtin       = "04780012345677"
	randomEach = 12 // random codes of each profile, besides its samples
)

// batch is the codes of one kind and how they are printed.
type batch struct {
	name     string
	template string
	gs1      bool
	codes    []code.Code
}

// batches returns codes of every product group and type that hold every character of set 82.
func batches(t *testing.T) []batch {
	t.Helper()
	var all []batch
	for _, group := range (code.Table{}).Groups() {
		for _, kind := range []code.Type{code.Unit, code.Group} {
			p, err := code.Table{}.Profile(group, kind)
			if err != nil {
				continue // the group has no such codes
			}
			b := batch{name: group + "/" + string(kind), template: "unit.zpl", gs1: p.AIs, codes: code.Samples(p, gtin)}
			if kind == code.Group {
				b.template = "box.zpl"
			}
			r := rand.New(rand.NewPCG(82, uint64(len(all))))
			for range randomEach {
				b.codes = append(b.codes, random(p, r))
			}
			all = append(all, b)
		}
	}
	return all
}

// random makes a code of the profile of which every free place holds any character of set 82.
func random(p code.Profile, r *rand.Rand) code.Code {
	var b strings.Builder
	free := func(n int) {
		for range n {
			b.WriteByte(code.Set82[r.IntN(len(code.Set82))])
		}
	}
	fixed := func(s string) {
		if p.AIs {
			b.WriteString(s)
		}
	}
	fixed("01")
	b.WriteString(gtin)
	fixed("21")
	free(p.Serial)
	for _, f := range p.Tail {
		if f.Length > 0 {
			fixed(string(code.GS) + f.AI)
			free(f.Length)
		}
	}
	return code.Code(b.String())
}

// prints sends codes through the driver to an emulated printer and returns what that was given.
func prints(t *testing.T, template string, gs1 bool, codes []code.Code) []zpltest.Label {
	t.Helper()
	p := zpltest.New(zpltest.Options{})
	t.Cleanup(func() { p.Close() })
	return printsOn(t, p, template, gs1, codes, map[string]any{})
}

// printsOn does so on a printer of the caller's, with options of the driver.
func printsOn(t *testing.T, p *zpltest.Printer, template string, gs1 bool, codes []code.Code, options map[string]any) []zpltest.Label {
	t.Helper()
	out := printed(p)
	if !gs1 {
		options["gs1"] = "never"
	}
	driver := zplPrinter(t, listen(t, p), template, options)
	for _, c := range codes {
		if err := driver.Traits().CheckCode([]byte(c)); err != nil {
			t.Fatalf("%s: %v", code.Visible(c), err)
		}
	}
	s := open(t, driver)
	if err := s.Send(soon(t), labels(codes)); err != nil {
		t.Fatal(err)
	}
	await(t, "printed", out, len(codes))
	counted(t, s, len(codes))
	return p.Received()
}

// P8: what comes out of the printer reads as the code that was handed over, byte for byte, and
// is a GS1 symbol where the code is a GS1 element string.
func TestP8LabelsReadBack(t *testing.T) {
	all := batches(t)
	var seen [256]bool
	var sent []zpltest.Label
	for _, b := range all {
		got := prints(t, b.template, b.gs1, b.codes)
		if len(got) != len(b.codes) {
			t.Fatalf("%s: the printer was given %d labels, not %d", b.name, len(got), len(b.codes))
		}
		sent = append(sent, got...)
		for _, c := range b.codes {
			for i := range len(c) {
				seen[c[i]] = true
			}
		}
	}
	for _, c := range code.Set82 + string(code.GS) {
		if !seen[c] {
			t.Errorf("no code holds %q", c)
		}
	}
	files := draws(t, sent)
	t.Logf("%d labels", len(sent))

	for _, b := range all {
		mine, pictures := sent[:len(b.codes)], files[:len(b.codes)]
		sent, files = sent[len(b.codes):], files[len(b.codes):]
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			for i, want := range b.codes {
				for _, d := range decoders {
					if err := reads(t, d, pictures[i], want, b.gs1); err != nil {
						t.Errorf("%s: %v\n%s", code.Visible(want), err, mine[i].ZPL)
					}
				}
				// The emulator's own reading, on which other tests rely, is that of the others.
				symbols := mine[i].Symbols
				if len(symbols) != 1 || string(symbols[0].Data) != string(want) || symbols[0].GS1 != b.gs1 {
					t.Errorf("%s: the emulator reads %+v", code.Visible(want), symbols)
				}
			}
		})
	}
}

// reads checks one decoder's reading of a label.
func reads(t *testing.T, d decoder, file string, want code.Code, gs1 bool) error {
	t.Helper()
	data, got, err := d.read(t, file)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", d.name, err)
	case got != gs1:
		return fmt.Errorf("%s: leading FNC1 is %v, want %v", d.name, got, gs1)
	case string(data) != string(want):
		return fmt.Errorf("%s: reads %s", d.name, code.Visible(code.Code(data)))
	}
	return nil
}

// The check above tells a symbol without its leading FNC1, and one of another code, from the
// right one.
func TestReadBackRefuses(t *testing.T) {
	const right = code.Code(nasty)
	wrong := right[:len(right)-1] + "y"
	good := prints(t, "unit.zpl", true, []code.Code{right, wrong})
	plain := prints(t, "unit.zpl", false, []code.Code{right})
	files := draws(t, append(good, plain...))
	for _, d := range decoders {
		for i, want := range []string{"", "reads 0104601234567893215", "leading FNC1 is false, want true"} {
			err := reads(t, d, files[i], right, true)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("label %d: %v, want %q", i, err, want)
			}
		}
	}
}
