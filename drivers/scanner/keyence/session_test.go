package keyence

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/scanner/keyence/keyencetest"
)

// Each form of reader gives codes, no-reads and several codes of a picture, with and without a trigger.
func TestForms(t *testing.T) {
	for name, f := range forms {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := connect(t, f.opt, with(f.options, "separator", "|"))
				r.Read([]byte("]d2" + nasty))
				r.NoRead()
				r.Read([]byte("01"), []byte("\x1d02"), []byte("03"))
				r.Place([]byte("04"))
				for _, want := range []string{"]d2" + nasty, "no-read", "01 +", "02 +", "03"} {
					if got := next(t, s); got != want {
						t.Errorf("%q, want %q", got, want)
					}
				}
				for range 3 {
					trigger(t, s)
					if got := next(t, s); got != "04" {
						t.Errorf("%q after a trigger", got)
					}
				}
			})
		})
	}
}

// What is sent to a reader, and nothing else.
func TestCommands(t *testing.T) {
	for name, c := range map[string]struct {
		opt     keyencetest.Options
		options map[string]any
		want    []string
	}{
		"CR":       {keyencetest.Options{}, nil, []string{"KEYENCE false 0", "LON false -1", "LOFF false -1"}},
		"STX ETX":  {keyencetest.Options{Boxed: true}, map[string]any{"framing": "stx-etx"}, []string{"KEYENCE true 0", "LON true -1", "LOFF true -1"}},
		"no check": {keyencetest.Options{}, map[string]any{"check": ""}, []string{"LON false 0", "LOFF false -1"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := connect(t, c.opt, with(c.options, "hold", "200ms"))
				trigger(t, s)
				begun := time.Now()
				if got := next(t, s); got != "no-read" || time.Since(begun) != 200*time.Millisecond {
					t.Errorf("%q after %v", got, time.Since(begun))
				}
				if got := texts(r.Commands()); !slices.Equal(got, c.want) {
					t.Errorf("%q, want %q", got, c.want)
				}
			})
		})
	}
}

// LOFF is not sent after a reading; where the two cross, its refusal is no fault.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, keyencetest.Options{}, map[string]any{"hold": "1s"})
		trigger(t, s)
		go func() {
			time.Sleep(900 * time.Millisecond)
			r.Place([]byte("01"))
			time.Sleep(5 * time.Second)
			r.Read([]byte("02"))
		}()
		for _, want := range []string{"01", "02"} {
			if got := next(t, s); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		if got := texts(r.Commands()); len(got) != 2 {
			t.Errorf("%q", got)
		}
		r.SetAnswers(answertest.Answers{Delay: 1500 * time.Millisecond}) // the reading leaves before LOFF and comes after it
		trigger(t, s)
		if got := next(t, s); got != "01" {
			t.Errorf("%q", got)
		}
		r.SetAnswers(answertest.Answers{})
		time.Sleep(5 * time.Second)
		r.Read([]byte("03"))
		if got := next(t, s); got != "03" {
			t.Errorf("%q", got)
		}
		if got := texts(r.Commands()); len(got) != 4 || got[3] != "LOFF false -1" {
			t.Errorf("%q", got)
		}
	})
}

// P8: any list of codes arrives as it was read, however it was cut on its way.
func TestP8AnyCodesArrive(t *testing.T) {
	const set82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`
	code := rapid.Custom(func(t *rapid.T) []byte {
		first := rapid.RuneFrom([]rune("0123456789")).Draw(t, "first") // as every GS1 code begins
		return []byte(string(first) + rapid.StringOfN(rapid.RuneFrom([]rune(set82+"\x1d\x1d\x1d")), 0, 180, -1).Draw(t, "rest"))
	})
	for name, f := range forms {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				pictures := rapid.SliceOfN(rapid.SliceOfN(code, 0, 4), 1, 5).Draw(rt, "pictures")
				bytewise := rapid.Bool().Draw(rt, "byte by byte")
				var got, want []string
				synctest.Test(t, func(t *testing.T) {
					r, s := connect(t, f.opt, with(f.options, "separator", "|"))
					r.SetAnswers(answertest.Answers{Bytewise: bytewise})
					for _, codes := range pictures {
						r.Read(codes...)
						if len(codes) == 0 {
							want = append(want, "no-read")
						}
						for i, c := range codes {
							want = append(want, string(c))
							if i < len(codes)-1 {
								want[len(want)-1] += " +"
							}
						}
					}
					for range want {
						got = append(got, next(t, s))
					}
				})
				if !slices.Equal(got, want) {
					rt.Fatalf("%q\nwant %q", got, want)
				}
			})
		})
	}
}

// A reading comes between LON and its answer, answers come late or in single bytes.
func TestTriggerWithTroubles(t *testing.T) {
	for name, c := range map[string]struct {
		a    answertest.Answers
		want []string
	}{
		"late":         {answertest.Answers{Delay: 2 * time.Second}, []string{"01"}},
		"single bytes": {answertest.Answers{Bytewise: true}, []string{"01"}},
		"between":      {answertest.Answers{Before: "02\r"}, []string{"02", "02", "01"}},
		"doubled":      {answertest.Answers{Twice: true}, []string{"01", "01"}},
		"stray answer": {answertest.Answers{Before: "ER,LOFF,20\rOK,KEYENCE\r"}, []string{"01"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := connect(t, keyencetest.Options{}, nil)
				r.Place([]byte("01"))
				r.SetAnswers(c.a)
				for range 3 {
					trigger(t, s)
					for _, want := range c.want {
						if got := next(t, s); got != want {
							t.Errorf("%q, want %q", got, want)
						}
					}
				}
			})
		})
	}
}

// A reader without answers may take its time with a trigger.
func TestNoAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, keyencetest.Options{Wordless: true}, map[string]any{"answers": "none"})
		trigger(t, s)
		go func() {
			time.Sleep(8 * time.Second)
			r.Place([]byte("01"))
		}()
		if got := next(t, s); got != "01" {
			t.Errorf("%q", got)
		}
	})
}

func TestDuplicateWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, keyencetest.Options{}, map[string]any{"duplicate_window": "1s"})
		for _, code := range []string{"A", "A", "B", "A"} {
			r.Read([]byte(code))
		}
		for _, want := range []string{"A", "B", "A"} {
			if got := next(t, s); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	})
}

// The whole way over TCP.
func TestOverTCP(t *testing.T) {
	l, r := servetest.Listen(t), servetest.Start(t, keyencetest.New(keyencetest.Options{}))
	go r.Serve(l)
	st := settings(nil)
	st.Address = "tcp://" + l.Addr().String()
	sc, err := New(st)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sc.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 100 {
		code := fmt.Sprintf("%s%d", nasty, i)
		r.Place([]byte(code))
		trigger(t, s)
		if got := next(t, s); got != code {
			t.Errorf("%q", got)
		}
	}
}
