package keyence

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/scanner/keyence/keyencetest"
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
				r.Place([]byte("04"))
				scantest.Want(t, s, "]d2"+nasty, "no-read", "01 +", "02 +", "03")
				for range 3 {
					scantest.Trigger(t, s)
					scantest.Want(t, s, "04")
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
				r, s := connect(t, c.opt, drivertest.Changed(c.options, map[string]any{"hold": "200ms"}))
				scantest.Trigger(t, s)
				begun := time.Now()
				if got := scantest.Next(t, s); got != "no-read" || time.Since(begun) != 200*time.Millisecond {
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
		scantest.Trigger(t, s)
		go func() {
			time.Sleep(900 * time.Millisecond)
			r.Place([]byte("01"))
			time.Sleep(5 * time.Second)
			r.Read([]byte("02"))
		}()
		scantest.Want(t, s, "01", "02")
		if got := texts(r.Commands()); len(got) != 2 {
			t.Errorf("%q", got)
		}
		r.SetAnswers(answertest.Answers{Delay: 1500 * time.Millisecond}) // the reading leaves before LOFF and comes after it
		scantest.Trigger(t, s)
		scantest.Want(t, s, "01")
		r.SetAnswers(answertest.Answers{})
		time.Sleep(5 * time.Second)
		r.Read([]byte("03"))
		scantest.Want(t, s, "03")
		if got := texts(r.Commands()); len(got) != 4 || got[3] != "LOFF false -1" {
			t.Errorf("%q", got)
		}
	})
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
					scantest.Trigger(t, s)
					for _, want := range c.want {
						if got := scantest.Next(t, s); got != want {
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
		scantest.Trigger(t, s)
		go func() {
			time.Sleep(8 * time.Second)
			r.Place([]byte("01"))
		}()
		scantest.Want(t, s, "01")
	})
}

func TestDuplicateWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, keyencetest.Options{}, map[string]any{"duplicate_window": "1s"})
		for _, code := range []string{"A", "A", "B", "A"} {
			r.Read([]byte(code))
		}
		scantest.Want(t, s, "A", "B", "A")
	})
}
