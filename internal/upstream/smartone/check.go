package smartone

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"linemark/internal/code"
)

// shownProblems is how many problems one error spells out; all of them are in Problems.
const shownProblems = 20

// InvalidError is a document or a question that the system's document does not allow. Nothing was sent.
type InvalidError struct {
	Op       string
	Problems []string
}

func (e *InvalidError) Error() string {
	shown, more := e.Problems, ""
	if len(shown) > shownProblems {
		more = fmt.Sprintf("; and %d more", len(shown)-shownProblems)
		shown = shown[:shownProblems]
	}
	return e.Op + ": not allowed: " + strings.Join(shown, "; ") + more
}

type problems struct{ list []string }

func (p *problems) add(format string, args ...any) {
	p.list = append(p.list, fmt.Sprintf(format, args...))
}

func (p *problems) err(op string) error {
	if len(p.list) == 0 {
		return nil
	}
	return &InvalidError{Op: op, Problems: p.list}
}

// check lists everything that is wrong with d but its request id and its size.
func (d Document) check() *problems {
	p := new(problems)
	d.checkHead(p)
	d.checkDate(p)
	if len(d.Rows) == 0 {
		p.add("there are no products")
	}
	for i, r := range d.Rows {
		r.check(p, fmt.Sprintf("items[%d]", i))
	}
	d.checkTree(p)
	return p
}

func (d Document) checkHead(p *problems) {
	p.id("depart", d.Department)
	p.id("product_line", d.Line)
	switch {
	case d.Batch < 0:
		p.add("batch_id is %d; it is above zero", d.Batch)
	case d.Batch > 0 && !d.Department.IsZero():
		p.add("batch_id and a department are both given; it is by batch or by department")
	case d.Batch == 0 && d.Department.IsZero():
		p.add("neither batch_id nor a department is given")
	case d.Batch == 0 && d.Line.IsZero():
		p.add("by department the production line is needed too")
	}
	if d.Emission < 0 || d.Emission > Import {
		p.add("doc_type is %d; it is 1 (retail) or 2 (import)", int(d.Emission))
	}
}

func (d Document) checkDate(p *problems) {
	if d.Today.IsZero() {
		p.add("today's date is not given")
		return
	}
	dat := d.date()
	switch today := day(d.Today); {
	case dat.After(today):
		p.add("dat is %s; it cannot be after today, %s", dat.Format(time.DateOnly), today.Format(time.DateOnly))
	case d.Batch > 0 && !d.Estimated.IsZero() && dat.After(yearAfter(d.Estimated)):
		p.add("dat is %s; it cannot be more than a year after the batch's estimated date, %s",
			dat.Format(time.DateOnly), day(d.Estimated).Format(time.DateOnly))
	}
	if y := dat.Year(); y < 1 || y > 9999 {
		p.add("dat is of the year %d", y)
	}
}

func (r Row) check(p *problems, at string) {
	for _, need := range []struct {
		name string
		id   ID
	}{{"assort", r.Product}, {"unit", r.Unit}} {
		p.id(at+"."+need.name, need.id)
		if need.id.IsZero() {
			p.add("%s: neither %s_ext_id nor %s_id is given", at, need.name, need.name)
		}
	}
	p.id(at+".pack", r.Pack)
	switch {
	case r.Count < 0:
		p.add("%s.cnt is %d", at, r.Count)
	case len(r.Codes) == 0 && r.Count == 0:
		p.add("%s: there are neither codes nor a quantity", at)
	case len(r.Codes) > 0 && r.Count != 0 && r.Count != len(r.Codes):
		p.add("%s.cnt is %d, but there are %d codes", at, r.Count, len(r.Codes))
	}
	for i, item := range r.Codes {
		if item.Code == "" {
			p.add("%s.items[%d].code is empty", at, i)
		}
		p.code(fmt.Sprintf("%s.items[%d].code", at, i), item.Code)
		p.code(fmt.Sprintf("%s.items[%d].parent_code", at, i), item.Parent)
	}
}

// checkTree: each code once, in one package, no package in itself, and its row after the rows of
// what is in it.
func (d Document) checkTree(p *problems) {
	type place struct{ row, item int }
	own := make(map[code.Code]place)
	parent := make(map[code.Code]code.Code)
	for i, r := range d.Rows {
		for j, item := range r.Codes {
			if first, twice := own[item.Code]; twice {
				p.add("items[%d].items[%d]: code %q is already in items[%d].items[%d]; a code is in one place", i, j, item.Code, first.row, first.item)
				continue
			}
			own[item.Code] = place{i, j}
			if item.Parent != "" {
				parent[item.Code] = item.Parent
			}
		}
	}
	const unseen, open, done = 0, 1, 2
	state := make(map[code.Code]int, len(own))
	for i, r := range d.Rows {
		for j, item := range r.Codes {
			if item.Parent == "" {
				continue
			}
			if up, listed := own[item.Parent]; listed && up.row <= i && item.Parent != item.Code {
				p.add("items[%d].items[%d]: code %q is in package %q, whose own row items[%d] must come after it", i, j, item.Code, item.Parent, up.row)
			}
			var path []code.Code
			at := item.Code
			for at != "" && state[at] == unseen {
				state[at] = open
				path = append(path, at)
				at = parent[at]
			}
			if at != "" && state[at] == open {
				p.add("items[%d].items[%d]: package %q would be in itself", i, j, at)
			}
			for _, c := range path {
				state[c] = done
			}
		}
	}
}

// id checks an id that is given; name is what stands before _ext_id.
func (p *problems) id(name string, id ID) {
	switch {
	case id.Ext != "" && id.System != 0:
		p.add("%s_ext_id and %s_id are both given; it is one of the two", name, last(name))
	case id.System < 0:
		p.add("%s_id is %d; it is above zero", name, id.System)
	}
	if err := checkText(id.Ext, MaxID); err != nil {
		p.add("%s_ext_id %v", name, err)
	}
}

// last is the last word of a dotted name.
func last(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func checkText(s string, most int) error {
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		return errors.New("is not UTF-8")
	case n > most:
		return fmt.Errorf("has %d characters; at most %d", n, most)
	case strings.ContainsFunc(s, unicode.IsControl):
		return errors.New("holds a control character")
	}
	return nil
}

func (p *problems) code(name string, c code.Code) {
	switch n := utf8.RuneCountInString(string(c)); {
	case !utf8.ValidString(string(c)):
		p.add("%s is not UTF-8; JSON cannot carry it", name)
	case n > MaxCode:
		p.add("%s has %d characters; at most %d", name, n, MaxCode)
	}
}
