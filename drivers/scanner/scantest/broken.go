package scantest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// broken breaks the connection after every byte of a session's life.
func (c Case) broken(t *testing.T) {
	var total int
	c.bubble(t, "whole", func(b *bench) {
		e := b.listen()
		pictures, want := b.work()
		b.read(pictures)
		e.want("whole", want...)
		total = b.w.passed()
	})
	for _, n := range places(total) {
		if t.Failed() {
			return // the others would say the same
		}
		c.bubble(t, fmt.Sprintf("%d of %d", n, total), func(b *bench) {
			b.w.set(func(w *wire) { w.cut = n })
			if s, err := b.open(); err == nil {
				synctest.Wait()
				e := b.hear(s)
				pictures, want := b.work()
				b.read(pictures)
				time.Sleep(settle)
				synctest.Wait()
				got := e.take()
				if len(got) > len(want) || !slices.EqualFunc(got, want[:len(got)], same) {
					b.Errorf("the driver gives\n%s\nwhich is no beginning of\n%s", show(got), show(want))
				}
				if e.fault() == nil {
					b.Error("the connection is gone, and Next waits")
				}
				e.close()
			}
			b.listen().works("a new session")
		})
	}
}

// places returns every number below the total, or as many as there is time for: those at the
// beginning, and the others spread evenly.
func places(total int) (all []int) {
	for n := 0; n < total; n += max(1, min(n/16, total/64)) {
		all = append(all, n)
	}
	return all
}

// half loses the rest of a frame, at every place. What is left of it is no code, and nothing of
// the next.
func (c Case) half(t *testing.T) {
	c.bubble(t, "frames", func(b *bench) {
		e := b.listen()
		p := b.picture(20)
		before := b.w.passed()
		b.e.Read(p...)
		e.want("whole", b.scans(p)...)
		total := b.w.passed() - before
		for n := 1; n < total; n++ {
			b.w.set(func(w *wire) { w.join, w.drop = time.Millisecond, w.down+n })
			b.e.Read(p...)
			time.Sleep(settle)
			synctest.Wait()
			got := e.take()
			if len(got) != 1 || got[0].Bad == "" && !same(got[0], b.scans(p)[0]) {
				b.Errorf("%d bytes of %d give\n%s\nwant one bad reading", n, total, show(got))
			}
			e.works(fmt.Sprintf("after %d bytes of %d", n, total))
		}
	})
}

// endless sends a line that does not end.
func (c Case) endless(t *testing.T) {
	const size, chunk, most = 1 << 20, 32 << 10, 256 << 10
	begins := append([]string{"", "0", "\x1d"}, c.begins(t)...)
	for _, begin := range begins {
		for _, ended := range []bool{false, true} {
			c.bubble(t, fmt.Sprintf("%q/ended %v", begin, ended), func(b *bench) {
				e := b.listen()
				e.works("before it")
				line := bytes.Repeat([]byte("A"), chunk)
				heap := func() int64 {
					var m runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&m)
					return int64(m.HeapAlloc)
				}
				before := heap()
				b.w.inject([]byte(begin))
				for range size / chunk {
					b.w.inject(line)
				}
				time.Sleep(pause)
				synctest.Wait()
				if grown := heap() - before; grown > most {
					b.Errorf("a line of %d bytes holds %d", size, grown)
				}
				if ended { // by the end of the next frame, which it swallows
					b.e.Read(b.picture(4)...)
				}
				time.Sleep(settle)
				synctest.Wait()
				if got := e.take(); len(got) != 1 || got[0].Bad == "" || len(got[0].Raw) >= size {
					b.Errorf("the line gives\n%s\nwant one bad reading", show(got))
				}
				e.works("after it")
			})
		}
	}
}

// begins asks an emulator how frames begin.
func (c Case) begins(t *testing.T) (all []string) {
	c.bubble(t, "begins", func(b *bench) { all = b.e.Begins })
	return all
}

// foreign is what other devices say that sit at a wrong address or port.
var foreign = []string{
	"220 ready\r\n", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "Welcome\r\nUser: ", "login: ", "SSH-2.0-OpenSSH_9.6\r\n",
	"\x00\x01\x00\x00\x00\x03\x01\x83\x02", "\xff\xfd\x18\xff\xfd\x20", "?\r\n", "\r\n\r\n\r\n", "\x06", "\x15", "01\r\n", "]d2\r\n", "]d2\x1d\r\n",
}

// noise sends what nobody has read. It is never taken for a code of right form, and the session
// goes on, or another begins.
func (c Case) noise(t *testing.T) {
	c.bubble(t, "in a session", func(b *bench) {
		e := b.listen()
		random := rand.New(rand.NewPCG(1, 2))
		for n := range 400 {
			noise := b.noiseOf(random, n)
			b.w.inject(noise)
			if n%2 == 0 {
				time.Sleep(settle)
			}
			b.e.Read(b.picture(n)...) // may be lost in it
			time.Sleep(settle)
			synctest.Wait()
			for _, s := range e.take() {
				oneThing(b, s)
				if rightForm(string(s.Code)) && !bytes.Equal(s.Code, b.picture(n)[0].Code) {
					b.Fatalf("P8: noise %q: the code %q was never sent", noise, s.Code)
				}
			}
			if e.fault() != nil {
				e.close()
				e = b.listen()
			}
			e.works(fmt.Sprintf("after the noise %q", noise))
		}
	})
	for n := range 40 {
		c.bubble(t, fmt.Sprintf("at the beginning/%d", n), func(b *bench) {
			noise := b.noiseOf(rand.New(rand.NewPCG(3, uint64(n))), n)
			serve := b.w.serve
			b.w.serve = talker(noise)
			if s, err := b.open(); err == nil {
				e := b.hear(s)
				time.Sleep(settle)
				synctest.Wait()
				for _, s := range e.take() {
					if rightForm(string(s.Code)) {
						b.Errorf("P8: noise %q: the code %q was never sent", noise, s.Code)
					}
				}
				e.close()
			} else if strings.TrimSpace(err.Error()) == "" {
				b.Error("Open fails and does not say why")
			}
			b.w.serve = serve
			b.listen().works("the right device")
		})
	}
}

// noiseOf makes the nth noise: what foreign devices say, or bytes among marks of the protocol.
func (b *bench) noiseOf(random *rand.Rand, n int) []byte {
	if n < len(foreign) {
		return []byte(foreign[n])
	}
	marks := slices.Concat(b.e.Begins, b.e.Marks, b.e.Lines, []string{"\r", "\n", "\x02", "\x03", "]d2", "\x1d", "|", ",", "0", "01"})
	var noise []byte
	for range 1 + random.IntN(60) {
		if random.IntN(3) == 0 {
			noise = append(noise, marks[random.IntN(len(marks))]...)
		} else {
			noise = append(noise, byte(random.IntN(256)))
		}
	}
	return noise
}

// rightForm reports whether a text has the form of a code of any group, or of a pallet's label.
func rightForm(code string) bool {
	switch {
	case len(code) >= 20 && code[:2] == "00" && checked(code[2:20]):
		return true
	case len(code) > 18 && code[:2] == "01" && checked(code[2:16]) && code[16:18] == "21":
		return true
	}
	return len(code) == 29 && checked(code[:14])
}

// checked reports whether digits end with their check digit (GS1 General Specifications 7.9).
func checked(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := digits[len(digits)-1-i]
		if d < '0' || d > '9' {
			return false
		}
		sum += int(d-'0') * (1 + i%2*2)
	}
	return sum%10 == 0
}
