package codefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"linemark/internal/code"
)

// block is the most codes that one product of an order may have.
const block = 150_000

func codes(n int) []code.Code {
	list := make([]code.Code, n)
	for i := range list {
		list[i] = code.Code(fmt.Sprintf("010487021676000721q,'\"%09d\x1d93U3g5", i))
	}
	return list
}

// repeated is a file of many times the same, that is never in memory.
type repeated struct {
	piece string
	left  int // pieces
	at    int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if r.left == 0 {
			return n, io.EOF
		}
		m := copy(p[n:], r.piece[r.at:])
		n += m
		if r.at += m; r.at == len(r.piece) {
			r.at = 0
			r.left--
		}
	}
	return n, nil
}

// Neither many lines nor one endless line take more memory than the buffer and what yield is
// given.
func TestReadMemory(t *testing.T) {
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const many = 100_000
	for _, f := range Formats() {
		const field = `"010487021676000721q,-93U3g5"`
		file := io.Reader(&repeated{piece: field + "\n", left: many})
		if f == JSON {
			file = io.MultiReader(strings.NewReader("["), &repeated{piece: field + ",", left: many - 1}, strings.NewReader(field+"]"))
		}
		var first, last uint64
		for l, err := range Read(file, f) {
			if err != nil {
				t.Fatal(err)
			}
			switch l.Index {
			case 1:
				first = live()
			case many:
				last = live()
			}
		}
		if last == 0 || last > first+bufferSize {
			t.Errorf("%s: %d bytes live at the first line, %d at the last", f, first, last)
		}

		var before, after runtime.MemStats
		open := ""
		if f == JSON {
			open = "[\""
		}
		endless := io.MultiReader(strings.NewReader(open), &repeated{piece: strings.Repeat("a", 1000), left: 16_000})
		runtime.ReadMemStats(&before)
		lines, _ := readAll(endless, f)
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 4*bufferSize {
			t.Errorf("%s: an endless line allocates %d bytes", f, grown)
		}
		if f != JSON && (len(lines) != 1 || !errors.Is(lines[0].Err, ErrTooLong)) {
			t.Errorf("%s: an endless line is read as %v", f, lines)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	list := codes(block)
	for _, f := range Formats() {
		file := write(b, f, list...)
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				n := 0
				for l, err := range Read(bytes.NewReader(file), f) {
					if err != nil || l.Err != nil {
						b.Fatal(l, err)
					}
					n++
				}
				if n != block {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(block)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	list := codes(block)
	for _, f := range Formats() {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := NewWriter(io.Discard, f)
				for _, c := range list {
					if err := w.Write(c); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(block)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
