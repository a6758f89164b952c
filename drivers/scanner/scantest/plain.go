package scantest

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers"
)

// everyCode reads every sample: one by one, and as fast as the device can.
func (c Case) everyCode(t *testing.T) {
	c.bubble(t, "one by one", func(b *bench) {
		e := b.listen()
		for n, code := range codes {
			p := b.picture(n)
			b.e.Read(p...)
			e.want(fmt.Sprintf("P8: %q", code), b.scans(p)...)
		}
	})
	for name, join := range map[string]time.Duration{"at once": 0, "joined": time.Second} {
		c.bubble(t, name, func(b *bench) {
			e := b.listen()
			b.w.set(func(w *wire) { w.join = join })
			var want []drivers.Scan
			for n := range codes {
				p := b.picture(n)
				b.e.Read(p...)
				want = append(want, b.scans(p)...)
			}
			e.want("P8: all codes "+name, want...)
		})
	}
	c.bubble(t, "one code again and again", func(b *bench) {
		e := b.listen()
		var want []drivers.Scan
		for range 5 {
			b.e.Read(b.picture(3)...)
			want = append(want, b.scans(b.picture(3))...)
		}
		e.want("each reading counts", want...)
	})
}

const set82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`

// anyCode reads any list of pictures of any texts that begin with a digit, as every code does.
func (c Case) anyCode(t *testing.T) {
	code := rapid.Custom(func(t *rapid.T) []byte {
		return []byte(rapid.StringMatching("[0-9]").Draw(t, "first") +
			rapid.StringOfN(rapid.RuneFrom([]rune(set82+"\x1d\x1d\x1d")), 0, 180, -1).Draw(t, "rest"))
	})
	most := 1
	if c.Pictures {
		most = 4
	}
	rapid.Check(t, func(rt *rapid.T) {
		pictures := rapid.SliceOfN(rapid.SliceOfN(code, 0, most), 1, 5).Draw(rt, "pictures")
		single := rapid.Bool().Draw(rt, "byte by byte")
		var got, want []drivers.Scan
		c.inBubble(t, func(b *bench) {
			b.w.set(func(w *wire) { w.single = single })
			e := b.listen()
			for _, codes := range pictures {
				var p []Symbol
				for i, code := range codes {
					p = append(p, Symbol{Code: code, Grade: "B", X: i})
				}
				b.e.Read(p...)
				want = append(want, b.scans(p)...)
			}
			time.Sleep(settle)
			synctest.Wait()
			got = e.take()
		})
		if !slices.EqualFunc(got, want, same) {
			rt.Fatalf("P8: the driver gives\n%s\nwant\n%s", show(got), show(want))
		}
	})
}

// work is what a device sends in an ordinary minute, and what the driver has to make of it.
func (b *bench) work() (pictures [][]Symbol, want []drivers.Scan) {
	pictures = [][]Symbol{b.picture(1), {}, b.picture(6), b.picture(20)}
	if b.Pictures {
		pictures = append(pictures, append(append(b.picture(2), b.picture(8)...), b.picture(22)...))
	}
	for _, p := range pictures {
		want = append(want, b.scans(p)...)
	}
	return pictures, want
}

func (b *bench) read(pictures [][]Symbol) {
	for _, p := range pictures {
		b.e.Read(p...)
	}
}

// pictures reads several codes of one frame.
func (c Case) pictures(t *testing.T) {
	if !c.Pictures {
		t.Skip("one code a frame")
	}
	c.bubble(t, "growing", func(b *bench) {
		e := b.listen()
		for n := 2; n <= 12; n++ {
			var p []Symbol
			for i := range n {
				p = append(p, b.picture(n+i)...)
			}
			b.e.Read(p...)
			e.want(fmt.Sprintf("a picture of %d codes", n), b.scans(p)...)
		}
	})
	c.bubble(t, "at once", func(b *bench) {
		e := b.listen()
		var want []drivers.Scan
		for n := range 10 {
			p := append(b.picture(n), b.picture(n+1)...)
			b.read([][]Symbol{p, {}, b.picture(n)})
			want = append(want, b.scans(p)...)
			want = append(want, drivers.Scan{NoRead: true})
			want = append(want, b.scans(b.picture(n))...)
		}
		e.want("pictures, no-reads and codes", want...)
	})
}

// between is what a device says besides codes.
func (c Case) between(t *testing.T) {
	c.bubble(t, "no-read", func(b *bench) {
		e := b.listen()
		b.e.Read()
		e.want("a no-read", drivers.Scan{NoRead: true})
		b.read([][]Symbol{{}, b.picture(5), {}, {}})
		e.want("no-reads around a code", drivers.Scan{NoRead: true}, b.scans(b.picture(5))[0], drivers.Scan{NoRead: true}, drivers.Scan{NoRead: true})
	})
	c.bubble(t, "a quiet shift", func(b *bench) {
		e := b.listen()
		for range 8 {
			time.Sleep(time.Hour)
			e.works("after an hour of quiet")
		}
	})
	if c.Beats > 0 {
		c.bubble(t, "heartbeats", func(b *bench) {
			e := b.listen()
			for n := range 20 {
				b.e.Beat()
				b.e.Beat()
				b.e.Read(b.picture(n)...)
				b.e.Beat()
				e.want("a code among heartbeats", b.scans(b.picture(n))...)
			}
		})
	}
	c.bubble(t, "lines", func(b *bench) {
		if len(b.e.Lines) == 0 {
			b.Skip("the device says nothing by itself")
		}
		e := b.listen()
		for n, line := range b.e.Lines {
			b.w.inject([]byte(line))
			e.want(fmt.Sprintf("%q means nothing", line))
			b.w.inject([]byte(line + line))
			b.e.Read(b.picture(n)...)
			e.want(fmt.Sprintf("a code behind %q", line), b.scans(b.picture(n))...)
		}
	})
}

// pieces cuts the stream in every way in which a network or a serial port may cut it.
func (c Case) pieces(t *testing.T) {
	c.bubble(t, "single bytes", func(b *bench) {
		b.w.set(func(w *wire) { w.single = true })
		e := b.listen()
		for n := range codes {
			b.e.Read(b.picture(n)...)
			e.want("P8: a code in single bytes", b.scans(b.picture(n))...)
		}
	})
	c.bubble(t, "cut anywhere", func(b *bench) {
		e := b.listen()
		pictures, want := b.work()
		before := b.w.passed()
		b.read(pictures)
		e.want("whole", want...)
		total := b.w.passed() - before
		b.w.set(func(w *wire) { w.join = time.Millisecond }) // one piece, and one cut in it
		for n := range total {
			b.w.set(func(w *wire) { w.split = w.down + n })
			b.read(pictures)
			e.want(fmt.Sprintf("P8: cut after %d of %d bytes", n, total), want...)
		}
	})
}
