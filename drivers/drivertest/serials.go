package drivertest

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"linemark/drivers"
)

// serials sends labels whose {serial} is any piece of the code: a code that CheckCode lets pass is
// claimed for its product, so what the label shows of it must not be a reason to refuse it later.
func (c Case) serials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := c.bench(t)
		r := b.mustOpen()
		characters := rapid.SampledFrom([]byte(set82 + "\x1d "))
		// In a bubble a test has no deadline, and rapid would ask for it.
		rapid.Check(struct{ testing.TB }{t}, func(rt *rapid.T) {
			b.number++
			code := fmt.Appendf(nil, "%05d", b.number)
			code = append(code, rapid.SliceOfN(characters, 1, 60).Draw(rt, "code")...)
			if b.traits.CheckCode(code) != nil {
				return
			}
			pieces := bytes.Split(code, []byte{0x1d}) // no value of a code holds GS
			piece := rapid.SampledFrom(pieces).Draw(rt, "piece")
			if len(piece) == 0 {
				return
			}
			from := rapid.IntRange(0, len(piece)-1).Draw(rt, "from")
			l := label(bytes.Clone(code))
			l.Fields["serial"] = string(piece[from:rapid.IntRange(from+1, len(piece)).Draw(rt, "to")])
			b.given, r.sent = append(b.given, code), append(r.sent, code)
			err := b.bounded("Send", func(ctx context.Context) error { return r.s.Send(ctx, []drivers.Label{l}) })
			if err != nil {
				rt.Fatalf("CheckCode lets %q pass, and Send with the serial %q = %v", code, l.Fields["serial"], err)
			}
			if !r.print() {
				rt.Fatalf("the label with %q does not come out", code)
			}
			if got := b.e.Printed(); !bytes.Equal(got[len(got)-1], code) {
				rt.Fatalf("P8: the code %q was printed as %q", code, got[len(got)-1])
			}
			if err := r.poll(); err != nil {
				rt.Fatalf("Printed after %q came out: %v", code, err)
			}
		})
		_ = r.s.Close()
	})
}
