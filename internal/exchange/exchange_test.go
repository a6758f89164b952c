package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/internal/code"
	"linemark/internal/codefile"
	"linemark/internal/ledger"
)

var bottle = ledger.Product{Name: "water-05", GTIN: "04780012345677", Group: "water", Type: code.Unit}

func profile(t testing.TB) code.Profile {
	t.Helper()
	p, err := code.Table{}.Profile("water", code.Unit)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func open(t testing.TB, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), dir, ledger.Options{Agent: "a"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// P8: codes of every character that one may hold go through a file of every format into the
// ledger and out again as the same bytes.
func TestP8ThereAndBack(t *testing.T) {
	gen := rapid.StringOfN(rapid.SampledFrom([]rune(code.Set82)), 13, 13, -1)
	check := rapid.StringOfN(rapid.SampledFrom([]rune(code.Set82)), 4, 4, -1)
	rapid.Check(t, func(r *rapid.T) {
		format := rapid.SampledFrom(codefile.Formats()).Draw(r, "format")
		serials := rapid.SliceOfNDistinct(gen, 1, 20, rapid.ID).Draw(r, "serials")
		var file bytes.Buffer
		w := codefile.NewWriter(&file, format)
		var codes []code.Code
		for _, s := range serials {
			c := code.Code("01" + bottle.GTIN + "21" + s + "\x1d93" + check.Draw(r, "check"))
			codes = append(codes, c)
			if err := w.Write(c); err != nil {
				r.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			r.Fatal(err)
		}
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		l, err := ledger.Open(context.Background(), dir, ledger.Options{Agent: "a"})
		if err != nil {
			r.Fatal(err)
		}
		defer l.Close()
		im := Import{Name: "f", Format: format, Product: bottle, Profile: profile(t)}
		result, err := im.Run(context.Background(), l, bytes.NewReader(file.Bytes()))
		if err != nil || result.Imported != len(codes) {
			r.Fatalf("%+v, %v", result, err)
		}
		i := 0
		err = l.EachCode(context.Background(), func(h ledger.Held) error {
			if h.Code != codes[i] || h.State != ledger.InStock {
				return fmt.Errorf("code %d is %+v, want %q", i, h, codes[i])
			}
			i++
			return nil
		})
		if err != nil || i != len(codes) {
			r.Fatalf("%d codes, %v", i, err)
		}
		var out bytes.Buffer
		n, err := Export{Format: format, States: []ledger.State{ledger.InStock}, Ident: true}.Run(context.Background(), l, &out)
		if err != nil || n != len(codes) {
			r.Fatalf("%d exported, %v", n, err)
		}
		i = 0
		for line, err := range codefile.Read(&out, format) {
			if err != nil || line.Err != nil || line.Code != codes[i][:31] {
				r.Fatalf("%d: %+v, %v", i, line, err)
			}
			i++
		}
	})
}

// Every kind of line that is no code of the product is bad, with its number; the good ones go in
// only if that is asked for.
func TestBadLines(t *testing.T) {
	lines := []struct{ text, why string }{
		{"010478001234567721aaaaaaaaaaaaa\x1d93dGVz", ""},
		{"010478001234567721bbbbbbbbbbbbb\x1d93dGV", "AI 93 has 3 bytes"},
		{"010478001234567821bbbbbbbbbbbbb\x1d93dGVz", "a code of GTIN 04780012345678"},
		{"010478001234567721bbbbbbbbbbb b\x1d93dGVz", "serial number: byte 11"},
		{"010478001234567721bbbbbbbbbbbbb\x1d93dGVz ", "AI 93 has 5 bytes"},
		{`"010478001234567721bbbbbbbbbbbbb` + "\x1d" + `93dGVz"`, "in quotes"},
		{"]d2010478001234567721bbbbbbbbbbbbb\x1d93dGVz", "AIM identifier"},
		{"010478001234567721bbbbbbbbbbbbb\xe893dGVz", "byte E8 after byte 31"},
		{"00030779729200000015", "SSCC"},
		{"code", "seen 4 bytes"},
		{"010478001234567721aaaaaaaaaaaaa\x1d93dGVZ", "already"},
		{"010478001234567721ccccccccccccc\x1d93dGVz", ""},
	}
	var file strings.Builder
	for _, l := range lines {
		file.WriteString(l.text + "\n")
	}
	for _, skip := range []bool{false, true} {
		l := open(t, t.TempDir())
		bad := map[int]string{}
		im := Import{Name: "f", Format: codefile.Lines, Product: bottle, Profile: profile(t), SkipBad: skip, Bad: func(b BadLine) { bad[b.Number] = b.Why }}
		r, err := im.Run(context.Background(), l, strings.NewReader(file.String()))
		for i, line := range lines {
			if why := bad[i+1]; (why == "") != (line.why == "") || !strings.Contains(why, line.why) {
				t.Errorf("line %d: %q, want %q", i+1, why, line.why)
			}
		}
		want, wantErr := 0, ErrBad
		if skip {
			want, wantErr = 2, nil
		}
		all, stockErr := l.Balance(context.Background())
		stock := 0
		for _, b := range all {
			stock += b.Received
		}
		if !errors.Is(err, wantErr) || r.Imported != want || r.Bad != 10 || r.Lines != 12 || stockErr != nil || stock != want {
			t.Errorf("skip %v: %+v, %v; %d in the ledger, %v", skip, r, err, stock, stockErr)
		}
	}
}

// A file that cannot be read to its end brings nothing, also with SkipBad.
func TestBrokenFile(t *testing.T) {
	l := open(t, t.TempDir())
	im := Import{Name: "f", Format: codefile.JSON, Product: bottle, Profile: profile(t), SkipBad: true}
	r, err := im.Run(context.Background(), l, strings.NewReader(`["010478001234567721aaaaaaaaaaaaa\u001d93dGVz", 7]`))
	if err == nil || errors.Is(err, ErrBad) || r.Imported != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if all, err := l.Balance(context.Background()); err != nil || len(all) > 0 && all[0].Received != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

// P1: a code that can still be printed here does not leave as a full code.
func TestP1_StockStays(t *testing.T) {
	l := open(t, t.TempDir())
	if n, err := (Export{Format: codefile.Lines, States: ledger.States()}).Run(context.Background(), l, io.Discard); n != 0 || !errors.Is(err, ErrStock) {
		t.Errorf("%d, %v", n, err)
	}
}

// stream gives n codes without holding them.
type stream struct {
	n, at int
	rest  []byte
}

func (s *stream) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		if s.at == s.n {
			return 0, io.EOF
		}
		s.at++
		s.rest = fmt.Appendf(s.rest[:0], "\"01%s21a93_%09d\x1d93%04X\"\n", bottle.GTIN, s.at, s.at*40503&0xffff)
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// BenchmarkImport checks and stores files of a full order. "of_100k_limit" is codes a second by
// 100,000; "heap_ratio" the most memory in use by that of a file with a tenth of the lines.
func BenchmarkImport(b *testing.B) {
	peak := func(lines int) (uint64, time.Duration) {
		dir := b.TempDir()
		if root := os.Getenv("LINEMARK_BENCH_DIR"); root != "" {
			var err error
			if dir, err = os.MkdirTemp(root, "import-"); err != nil {
				b.Fatal(err)
			}
			defer os.RemoveAll(dir)
		}
		l, err := ledger.Open(context.Background(), dir, ledger.Options{Agent: "a"})
		if err != nil {
			b.Fatal(err)
		}
		defer l.Close()
		var most uint64
		look := func(int) {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
		runtime.GC()
		start := time.Now()
		im := Import{Name: "f", Format: codefile.CSV, Product: bottle, Profile: profile(b), Progress: look}
		if r, err := im.Run(context.Background(), l, &stream{n: lines}); err != nil || r.Imported != lines {
			b.Fatalf("%+v, %v", r, err)
		}
		return most, time.Since(start)
	}
	const lines = 150_000
	var took time.Duration
	var big, small uint64
	for b.Loop() {
		m, d := peak(lines)
		took += d
		big = max(big, m)
		b.StopTimer()
		m, _ = peak(lines / 10)
		small = max(small, m)
		b.StartTimer()
	}
	speed := float64(lines) * float64(b.N) / took.Seconds()
	b.ReportMetric(speed, "codes/s")
	b.ReportMetric(speed/100_000, "of_100k_limit")
	b.ReportMetric(float64(big)/float64(small), "heap_ratio")
}
