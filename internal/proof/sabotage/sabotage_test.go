package sabotage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"linemark/internal/proof/site"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Every sabotage of the list still has its places in the product and names tests that there are, so that a
// change of either is noticed long before the list is run. Each promise has some.
func TestListApplies(t *testing.T) {
	root := must(site.Root())
	list := must(List("list"))
	of := map[string]int{}
	for _, s := range list {
		of[s.Promise]++
		if _, err := site.Overlay(filepath.Join(t.TempDir(), "changed"), s.Changes...); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		for _, c := range s.Changes {
			if strings.HasSuffix(c.File, "_test.go") {
				t.Errorf("%s: it changes %s, which is no part of the product", s.Name, c.File)
			}
		}
		for _, test := range s.Tests {
			if err := s.exists(root, test); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
	}
	for n := 1; n <= 9; n++ {
		if p := fmt.Sprintf("P%d", n); of[p] < 2 {
			t.Errorf("%s has %d sabotages", p, of[p])
		}
	}
	if len(list) < 40 {
		t.Errorf("%d sabotages", len(list))
	}
}

var declared = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// exists wants the expression to select tests of the package, and all of them to be the promise's own.
func (s Sabotage) exists(root string, t Test) error {
	top, _, _ := strings.Cut(t.Run, "/")
	wanted, err := regexp.Compile(top)
	if err != nil {
		return err
	}
	found := 0
	for _, f := range must(filepath.Glob(filepath.Join(root, t.Package, "*_test.go"))) {
		for _, m := range declared.FindAllStringSubmatch(string(must(os.ReadFile(f))), -1) {
			if !wanted.MatchString(m[1]) {
				continue
			}
			if found++; !t.Judge && !s.own(m[1]) {
				return fmt.Errorf("%s does not have %s in its name", m[1], s.Promise)
			}
		}
	}
	if found == 0 {
		return fmt.Errorf("there is no test %s", t)
	}
	return nil
}

// TestSabotage breaks the product in each way of the list, one after the other, and wants the tests that the
// list names to fail, which pass without it. It takes minutes: LINEMARK_SABOTAGE=1 runs the whole list,
// another value those whose names it is in.
func TestSabotage(t *testing.T) {
	which := os.Getenv("LINEMARK_SABOTAGE")
	if which == "" {
		t.Skip("LINEMARK_SABOTAGE=1 runs the whole list, LINEMARK_SABOTAGE=P1 a part of it")
	}
	root := must(site.Root())
	sound := map[Test]error{}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "sabotage\tbreaks\tcaught by\tseconds")
	n, began := 0, time.Now()
	for _, s := range must(List("list")) {
		if which != "1" && !strings.Contains(s.Name, which) {
			continue
		}
		n++
		t.Run(s.Name, func(t *testing.T) {
			overlay, err := site.Overlay(filepath.Join(t.TempDir(), "changed"), s.Changes...)
			if err != nil {
				t.Fatal(err)
			}
			for _, test := range s.Tests {
				err, known := sound[test]
				if !known {
					err = must(run(root, t.TempDir(), "", test)).sound(test)
					sound[test] = err
				}
				if errors.Is(err, errSkipped) {
					fmt.Fprintf(w, "%s\t%s\tskipped here\t\n", s.Name, s.Promise)
					t.Skip(err)
				}
				if err != nil {
					t.Fatal(err)
				}
				at := time.Now()
				o := must(run(root, t.TempDir(), overlay, test))
				by, err := s.caught(test, o)
				if err != nil {
					fmt.Fprintf(w, "%s\t%s\tNOTHING\t%.0f\n", s.Name, s.Promise, time.Since(at).Seconds())
					t.Errorf("%s %v", s.Words, err)
					continue
				}
				t.Logf("%s says: %s", by, o.complaint())
				fmt.Fprintf(w, "%s\t%s\t%s %s\t%.0f\n", s.Name, s.Promise, strings.TrimPrefix(test.Package, "./"), by, time.Since(at).Seconds())
			}
		})
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d sabotages in %s\n%s", n, time.Since(began).Round(time.Second), table.String())
	if n == 0 {
		t.Errorf("no sabotage is called %s", which)
	}
}
