package dataman

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/scanner/dataman/datamantest"
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
				r.Read([]byte(long))
				r.Place([]byte("04"))
				for _, want := range []string{"]d2" + nasty, "no-read", "01 +", "02 +", "03", long} {
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

// What is sent to a reader at the beginning and for a trigger, and nothing else.
func TestCommands(t *testing.T) {
	for name, c := range map[string]struct {
		opt     datamantest.Options
		options map[string]any
		want    []string
	}{
		"extended":   {datamantest.Options{}, nil, []string{"1 SET COM.DMCC-RESPONSE 1 false 0", "2 GET COM.DMCC-RESPONSE false 0", "3 TRIGGER ON false 0"}},
		"extended-2": {datamantest.Options{Extended: "2"}, map[string]any{"responses": "extended-2"}, []string{"1 SET COM.DMCC-RESPONSE 2 false 0", "2 GET COM.DMCC-RESPONSE false 0", "3 TRIGGER ON false 0"}},
		"checksum":   {datamantest.Options{}, map[string]any{"checksum": "xor"}, []string{"1 SET COM.DMCC-RESPONSE 1 true 0", "2 GET COM.DMCC-RESPONSE true 0", "3 TRIGGER ON true 0"}},
		"silent":     {datamantest.Options{}, silent, []string{" SET COM.DMCC-RESPONSE 0 false 0", " TRIGGER ON false 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := connect(t, c.opt, c.options)
				trigger(t, s)
				next(t, s)
				if got := texts(r.Commands()); !slices.Equal(got, c.want) {
					t.Errorf("%q, want %q", got, c.want)
				}
			})
		})
	}
}

// P8: any list of codes arrives as it was read, however it was cut on its way.
func TestP8AnyCodesArrive(t *testing.T) {
	const set82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`
	code := rapid.Custom(func(t *rapid.T) []byte {
		first := rapid.RuneFrom([]rune(set82)).Draw(t, "first")
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

// A trigger is answered late, twice, in single bytes or after something else, and its reading still comes.
func TestTriggerWithTroubles(t *testing.T) {
	for name, a := range map[string]answertest.Answers{
		"late":                            {Delay: 2 * time.Second},
		"single bytes":                    {Bytewise: true},
		"late answer of something before": {Before: "||0:1[0]\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := connect(t, datamantest.Options{}, nil)
				r.Place([]byte(nasty))
				r.SetAnswers(a)
				for range 3 {
					trigger(t, s)
					if got := next(t, s); got != nasty {
						t.Errorf("%q", got)
					}
				}
			})
		})
	}
}

// A reading comes between a trigger and its answer.
func TestReadingBeforeTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, datamantest.Options{}, nil)
		r.Place([]byte("02"))
		r.SetAnswers(answertest.Answers{Before: "||[1]MDE=\r\n"})
		trigger(t, s)
		synctest.Wait()
		for _, want := range []string{"01", "01", "02"} {
			if got := next(t, s); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	})
}

func TestNoReadOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, datamantest.Options{}, map[string]any{"no_read": ""})
		r.Raw([]byte("||[1]\r\n||[1]DQo=\r\n"))
		for range 2 {
			if got := next(t, s); got != "no-read" {
				t.Errorf("%q", got)
			}
		}
	})
}

// A first line of full length may be the whole reading: it is given on a little later.
func TestFullLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code := strings.Repeat("0", 57)
		r, s := connect(t, datamantest.Options{Formatted: "|"}, map[string]any{"terminator": "|"})
		r.Read([]byte(code[1:])) // 57 with the terminator
		begun := time.Now()
		if got := next(t, s); got != code[1:] || time.Since(begun) != foldWait {
			t.Errorf("%q after %v", got, time.Since(begun))
		}
		r.Read([]byte(code[1:]))
		r.Read([]byte("1"))
		for _, want := range []string{code[1:], "1"} {
			if got := next(t, s); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	})
}

// What is no next line of base64 does not go on with a reading.
func TestNotFolded(t *testing.T) {
	first := "||[1]" + strings.Repeat("MDEw", 19) + "\r\n"
	for _, second := range []string{strings.Repeat("MDEw", 20), "01#", "||[9]"} {
		synctest.Test(t, func(t *testing.T) {
			r, s := connect(t, datamantest.Options{}, nil)
			r.Raw([]byte(first + second + "\r\n"))
			if got := next(t, s); got != strings.Repeat("010", 19) {
				t.Errorf("%q", got)
			}
			if got := next(t, s); !strings.HasPrefix(got, "bad: ") {
				t.Errorf("%q", got)
			}
		})
	}
}

// A reader that answers a trigger with the reading itself has answered it.
func TestReadingAsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, datamantest.Options{}, nil)
		r.SetAnswers(answertest.Answers{Lost: true})
		trigger(t, s)
		r.Raw([]byte("||0:3[1]MDE=\r\n"))
		if got := next(t, s); got != "01" {
			t.Errorf("%q", got)
		}
		begun := time.Now()
		if _, err := s.Next(t.Context()); err == nil || !strings.Contains(err.Error(), "GET") || time.Since(begun) != 13*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

func TestDuplicateWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, datamantest.Options{}, map[string]any{"duplicate_window": "1s", "separator": "|"})
		for _, codes := range [][]string{{"A"}, {"A"}, {"A", "B"}, {"A", "B"}, {"A"}, {}, {}, {"A"}} {
			var all [][]byte
			for _, c := range codes {
				all = append(all, []byte(c))
			}
			r.Read(all...)
		}
		for _, want := range []string{"A", "A +", "B", "A", "no-read", "no-read", "A"} {
			if got := next(t, s); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		time.Sleep(time.Second)
		r.Read([]byte("A"))
		if got := next(t, s); got != "A" {
			t.Errorf("%q after the window", got)
		}
	})
}

// The whole way over TCP.
func TestOverTCP(t *testing.T) {
	l, r := servetest.Listen(t), servetest.Start(t, datamantest.New(datamantest.Options{}))
	go r.Serve(l)
	for _, responses := range []map[string]any{nil, silent} {
		st := settings(responses)
		st.Address = "tcp://" + l.Addr().String()
		sc, err := New(st)
		if err != nil {
			t.Fatal(err)
		}
		s, err := sc.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			code := fmt.Sprintf("%s%d", nasty, i)
			r.Place([]byte(code))
			trigger(t, s)
			if got := next(t, s); got != code {
				t.Errorf("%q", got)
			}
		}
		s.Close()
	}
}
