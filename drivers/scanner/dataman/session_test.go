package dataman

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/scanner/dataman/datamantest"
	"linemark/drivers/scanner/scantest"
)

// Each form of reader gives codes, no-reads and several codes of a picture, with and without a trigger.
func TestForms(t *testing.T) {
	for name, f := range forms {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := connect(t, f.opt, drivertest.Changed(f.options, map[string]any{"separator": "|"}))
				r.Read([]byte("]d2" + nasty))
				r.NoRead()
				r.Read([]byte("01"), []byte("\x1d02"), []byte("03"))
				r.Read([]byte(long))
				r.Place([]byte("04"))
				scantest.Want(t, s, "]d2"+nasty, "no-read", "01 +", "02 +", "03", long)
				for range 3 {
					scantest.Trigger(t, s)
					scantest.Want(t, s, "04")
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
				scantest.Trigger(t, s)
				scantest.Next(t, s)
				if got := texts(r.Commands()); !slices.Equal(got, c.want) {
					t.Errorf("%q, want %q", got, c.want)
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
					scantest.Trigger(t, s)
					scantest.Want(t, s, nasty)
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
		scantest.Trigger(t, s)
		synctest.Wait()
		scantest.Want(t, s, "01", "01", "02")
	})
}

func TestNoReadOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, datamantest.Options{}, map[string]any{"no_read": ""})
		r.Raw([]byte("||[1]\r\n||[1]DQo=\r\n"))
		for range 2 {
			scantest.Want(t, s, "no-read")
		}
	})
}

// A first line of full length that ends with the terminator is the whole reading. Without it nobody knows until
// another frame comes: if none does, it may be the half of a code.
func TestFullLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code := strings.Repeat("0", 57)
		r, s := connect(t, datamantest.Options{Formatted: "|"}, map[string]any{"terminator": "|"})
		r.Read([]byte(code[1:])) // 57 with the terminator
		begun := time.Now()
		if got := scantest.Next(t, s); got != code[1:] || time.Since(begun) != 0 {
			t.Errorf("%q after %v", got, time.Since(begun))
		}
		r.Raw([]byte("||[1]" + strings.Repeat("MDEw", 19) + "\r\n||[1]MDE=\r\n"))
		scantest.Want(t, s, strings.Repeat("010", 19), "01")
		for _, rest := range []string{"", "MD", "MDE=\r"} {
			r.Raw([]byte("||[1]" + strings.Repeat("MDEw", 19) + "\r\n" + rest))
			begun = time.Now()
			if got := scantest.Next(t, s); !strings.HasPrefix(got, "bad: the reading may go on") || time.Since(begun) != time.Second {
				t.Errorf("%q after %v", got, time.Since(begun))
			}
			r.Read([]byte("01"))
			scantest.Want(t, s, "01")
		}
	})
}

// The line end that ends a reading may fall apart too, whatever mixture of them is set and sent.
func TestFoldedInTheTerminator(t *testing.T) {
	for _, set := range []string{"\r\n", "\r", "\n"} {
		for _, sent := range []string{"\r\n", "\n\r", "\r", "\n\r\n"} {
			for length := 50; length < 60; length++ {
				synctest.Test(t, func(t *testing.T) {
					r, s := connect(t, datamantest.Options{Fold: true, Formatted: sent}, map[string]any{"terminator": set})
					code := strings.Repeat("0", length)
					for range 2 {
						r.Read([]byte(code))
						scantest.Want(t, s, code)
						time.Sleep(2 * time.Second)
					}
					r.Read([]byte(code))
					r.Read([]byte("01"))
					scantest.Want(t, s, code, "01")
				})
			}
		}
	}
}

// What is no next line of base64 does not go on with a reading.
func TestNotFolded(t *testing.T) {
	first := "||[1]" + strings.Repeat("MDEw", 19) + "\r\n"
	for _, second := range []string{strings.Repeat("MDEw", 20), "01#", "||[9]"} {
		synctest.Test(t, func(t *testing.T) {
			r, s := connect(t, datamantest.Options{}, nil)
			r.Raw([]byte(first + second + "\r\n"))
			if got := scantest.Next(t, s); got != strings.Repeat("010", 19) {
				t.Errorf("%q", got)
			}
			if got := scantest.Next(t, s); !strings.HasPrefix(got, "bad: ") {
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
		scantest.Trigger(t, s)
		r.Raw([]byte("||0:3[1]MDE=\r\n"))
		scantest.Want(t, s, "01")
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
		scantest.Want(t, s, "A", "B", "no-read", "no-read", "A")
		time.Sleep(time.Second)
		r.Read([]byte("A"))
		scantest.Want(t, s, "A")
	})
}
