package sabotage

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	const good = "P1: a claim is not written.\ntest: ./internal/ledger TestP1_Killed\njudge: ./internal/proof TestPowerCut\n-- a.go --\n\told\n-- becomes --\n\tnew\n-- b.go --\n-- becomes --\npackage b\n"
	s, err := parse("P1-x", []byte(good))
	if err != nil || s.Promise != "P1" || s.Words != "a claim is not written." || len(s.Tests) != 2 || s.Tests[0].Judge || !s.Tests[1].Judge || len(s.Changes) != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	if c := s.Changes; c[0].File != "a.go" || c[0].Was != "\told" || c[0].Is != "\tnew" || c[1].Was != "" || c[1].Is != "package b" {
		t.Errorf("changes %+v", c)
	}
	for _, c := range []struct{ name, text string }{
		{"P2-x", good},
		{"P1-x", strings.Replace(good, "P1: ", "P10: ", 1)},
		{"P1-x", strings.Replace(good, "written.", "written", 1)},
		{"P1-x", strings.Replace(good, "test:", "tests:", 1)},
		{"P1-x", strings.Replace(good, "./internal/ledger", "internal/ledger", 1)},
		{"P1-x", strings.Replace(good, "-- a.go --\n", "", 1)},
		{"P1-x", strings.Replace(good, "-- b.go --\n", "", 1)},
		{"P1-x", good + "-- c.go --\nold\n"},
		{"P1-x", "P1: nothing is changed.\ntest: ./internal/ledger TestP1_Killed\n"},
		{"P1-x", "P1: nobody looks.\n-- a.go --\nold\n-- becomes --\nnew\n"},
	} {
		if s, err := parse(c.name, []byte(c.text)); err == nil {
			t.Errorf("%s, %q was read as %+v", c.name, c.text, s)
		}
	}
}

func TestOwn(t *testing.T) {
	for name, want := range map[string]bool{
		"TestP2_Accounted": true, "TestP1P2Kill": true, "TestP2DemoKill": true, "TestP2": true,
		"TestP1_Killed": false, "TestRecover": false, "TestVerifyP2": false, "TestP1_OfP2": false,
	} {
		if got := (Sabotage{Promise: "P2"}).own(name); got != want {
			t.Errorf("%s is a test of P2: %v", name, got)
		}
	}
}

// Only a failure of the promise's own test counts: what does not compile, hangs or fails elsewhere shows nothing.
func TestOutcome(t *testing.T) {
	const (
		pass  = `{"Action":"pass","Test":"TestP1_Killed"}` + "\n"
		fail  = `{"Action":"output","Test":"TestP1_Killed","Output":"P1: twice\n"}` + "\n" + `{"Action":"fail","Test":"TestP1_Killed"}` + "\n"
		sub   = `{"Action":"fail","Test":"TestP1_Killed/by force"}` + "\n" + `{"Action":"pass","Test":"TestP1_Killed/by a word"}` + "\n"
		other = `{"Action":"fail","Test":"TestWords"}` + "\n"
		skip  = `{"Action":"skip","Test":"TestPowerCut"}` + "\n"
		judge = `{"Action":"output","Test":"TestPowerCut","Output":"P1: printed 2 times\n"}` + "\n" + `{"Action":"fail","Test":"TestPowerCut"}` + "\n"
		build = `{"ImportPath":"x","Action":"build-fail"}` + "\n" + `{"Action":"fail","Package":"x","FailedBuild":"x"}` + "\n"
		hang  = `{"Action":"output","Test":"TestP1_Killed","Output":"panic: test timed out after 4m0s\n"}` + "\n" + fail
		ended = `{"Action":"fail","Package":"x"}` + "\n"
	)
	s := Sabotage{Promise: "P1"}
	for _, c := range []struct {
		name, says    string
		judge         bool
		caught, sound bool
	}{
		{"it passes", pass, false, false, true},
		{"it fails", fail + ended, false, true, false},
		{"a part of it fails", sub + ended, false, true, false},
		{"another fails", other + pass + ended, false, false, false},
		{"nothing is run", "", false, false, false},
		{"it is skipped", skip, false, false, false},
		{"it does not compile", build, false, false, false},
		{"it hangs", hang + ended, false, false, false},
		{"the judge finds it", judge + ended, true, true, false},
		{"the judge finds something else", strings.Replace(judge, "P1: ", "P2: ", 1) + ended, true, false, false},
	} {
		o, err := read([]byte(c.says))
		if err != nil {
			t.Fatal(err)
		}
		test := Test{Judge: c.judge}
		if by, err := s.caught(test, o); (err == nil) != c.caught || c.caught && by == "" {
			t.Errorf("%s: caught by %q, %v", c.name, by, err)
		}
		if err := o.sound(test); (err == nil) != c.sound || errors.Is(err, errSkipped) != (c.says == skip) {
			t.Errorf("%s: without a change %v", c.name, err)
		}
	}
	if _, err := read([]byte("no JSON\n")); err == nil {
		t.Error("what is no JSON was read")
	}
}
