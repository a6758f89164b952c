package ledger

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"linemark/internal/code"
)

// handDropped is the cause of a code that a handheld scanner drops.
const handDropped = "dropped: DEFECT"

// told are entries as the ledger writes them, and whether somebody has asked for what they tell.
var told = []struct {
	place, cause string
	byPeople     bool
}{
	{"page", `token 1C at 10.0.0.5 asks for /api/v1/batch/end: {"line": "3"}`, true},
	{"office", "12 codes in doubt dropped as DEFECT: by Н. Каримов: Найдены в КОРЗИНЕ", true},
	{"batch", `batch "Заказ 100%" of line 3 started`, true},
	{"import", "imported x_1.csv: 40 codes", true},
	{"recover", "released: Ў. says that none was printed", true},
	{"recover", "recovered block b-1: 3 codes", false},
	{"report", "report 7 sent  resolved by hand: seen in the cabinet", true},
	{"report", "report 7 handed  handed over in the cabinet: N.", true},
	{"report", "report 7 frozen  sent again on a person's word", true},
	{"report", "report 7 rejected  said: by nobody", false},
	{"agent", "started", false},
	{"agent", `PC "A" is declared dead, its ledger is taken over: N.`, true},
	{"agent", "the ledger was moved here from /old: N.", true},
	{"agent", `agent "a" bears this name from now on: N.`, true},
	{"supply", "received block Блок: by 5: 150000 codes", false},
	{"archive", "archive a.jsonl.gz holds 40 codes", false},
	{"3/box", "taken out of container 5: by N.: torn", true},
	{"3/box", `container 5 set aside: the agent stopped \ _ % while it was open`, false},
	{"3/desk", "rework: ready for the check station", true},
	{"3/mark", "confirmed by the printer", false},
	{"3", "the line: ПРИНТЕР стоит", false},
	{"33/mark", "claim", false},
	{"Линия/mark", "Ⅷ ǅ ß Ёж", false},
	{"3/desk", handDropped, true},
}

// scribble fills the journal with entries, of which each is later than the one before but for a clock that goes back
// by as much as clockSlack, and takes some of them out again.
func (p *plant) scribble(t *rapid.T, n int) {
	id := must(p.findAny(p.ctx, p.stock(p.unit, 4)[0]))
	type word struct{ entry, code, later, fast int }
	words := make([]word, n) // nothing is drawn within a commit: it would never end
	for i := range words {
		words[i] = word{rapid.IntRange(0, len(told)-1).Draw(t, "entry"), rapid.IntRange(0, 12).Draw(t, "code"), rapid.IntRange(0, 200).Draw(t, "later"), rapid.IntRange(0, int(clockSlack/time.Microsecond)).Draw(t, "fast")}
	}
	gaps := rapid.SliceOfN(rapid.IntRange(1, n), 0, 3).Draw(t, "gaps")
	now := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	try(p.do(p.ctx, func(x *tx) error {
		for _, w := range words {
			now = now.Add(time.Duration(w.later) * time.Second)
			x.at = now.Add(time.Duration(w.fast) * time.Microsecond).UnixMicro()
			e := told[w.entry]
			if e.cause != handDropped && w.code > 3 {
				must(x.event(e.place, e.cause))
				continue
			}
			h := must(x.held(id + int64(w.code%4)))
			if e.cause == handDropped {
				h.state = Dropped // for who looks at the journal alone
			}
			try(x.note(h, e.place, e.cause))
		}
		for _, first := range gaps {
			if _, err := x.exec("DELETE FROM journal WHERE seq BETWEEN ? AND ? AND code IS NULL AND seq NOT IN (SELECT prev FROM journal WHERE prev IS NOT NULL UNION SELECT last FROM code)", first, first+n/3); err != nil {
				return err
			}
		}
		return nil
	}))
}

// all is the journal, newest first.
func (p *plant) all() (all []JournalEntry) {
	idents := map[int64]code.Code{}
	try(p.EachCode(p.ctx, func(h Held) error { idents[h.ID] = h.Ident; return nil }))
	try(p.EachStep(p.ctx, func(s Step) error {
		all = append(all, JournalEntry{Entry: s.Entry, Code: idents[s.CodeID]})
		return nil
	}))
	slices.Reverse(all)
	return all
}

// wanted is what a query means, in other words than the ledger's.
func wanted(q JournalQuery, e JournalEntry, life map[int64]bool) bool {
	line, _, _ := strings.Cut(e.Place, "/")
	person := slices.ContainsFunc(told, func(x struct {
		place, cause string
		byPeople     bool
	}) bool {
		return x.byPeople && x.cause == e.Cause
	})
	has := strings.Contains(strings.ToLower(strings.ToUpper(e.Cause)), strings.ToLower(strings.ToUpper(q.Text)))
	return (q.From.IsZero() || e.At.UnixMicro() >= q.From.UnixMicro()) && (q.To.IsZero() || e.At.UnixMicro() < q.To.UnixMicro()) &&
		(q.Place == "" || q.Place == e.Place || q.Place == line) && (!q.OnlyPeople || person) && has && (life == nil || life[e.Seq])
}

// TestJournalPages: all pages together are what a look at every entry would find, whatever is asked for, and however
// few entries one query goes over.
func TestJournalPages(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := must(os.MkdirTemp(t.TempDir(), ""))
		p := openPlant(dir)
		defer func() { try(p.Close()) }()
		p.scribble(rt, rapid.IntRange(1, 150).Draw(rt, "entries"))
		all := p.all()
		moment := rapid.Custom(func(rt *rapid.T) time.Time {
			if rapid.Bool().Draw(rt, "any time") {
				return time.Time{}
			}
			return rapid.SampledFrom(all).Draw(rt, "entry").At.Add(time.Duration(rapid.IntRange(-1, 1).Draw(rt, "beside")) * time.Microsecond)
		})
		for range 12 {
			q := JournalQuery{From: moment.Draw(rt, "from"), To: moment.Draw(rt, "to"), Place: rapid.SampledFrom([]string{"", "", "", "3", "3/box", "3/", "33", "Линия", "page", "x"}).Draw(rt, "place"),
				OnlyPeople: rapid.IntRange(0, 2).Draw(rt, "people") == 0, Limit: rapid.IntRange(1, 9).Draw(rt, "limit")}
			if rapid.Bool().Draw(rt, "text") {
				letters := []rune(rapid.SampledFrom(told).Draw(rt, "like").cause)
				from := rapid.IntRange(0, len(letters)-1).Draw(rt, "first letter")
				for _, r := range letters[from : from+rapid.IntRange(1, min(6, len(letters)-from)).Draw(rt, "letters")] {
					q.Text += string(rapid.SampledFrom([]rune{r, unicode.ToUpper(r), unicode.ToLower(r)}).Draw(rt, "case"))
				}
			}
			var life map[int64]bool
			if rapid.IntRange(0, 3).Draw(rt, "a code's") == 0 {
				var l Life
				try(p.EachCode(p.ctx, func(h Held) error { l = must(p.Trace(p.ctx, h.Code)); return nil }))
				q.Code, life = l.Ident, map[int64]bool{}
				for _, e := range l.Journal {
					life[e.Seq] = true
				}
			}
			var want, got []int64
			for _, e := range all {
				if wanted(q, e, life) {
					want = append(want, e.Seq)
				}
			}
			most := int64(rapid.IntRange(1, 60).Draw(rt, "most"))
			for n := 0; ; n++ {
				page := p.page(q, most)
				for _, e := range page.Entries {
					i := slices.IndexFunc(all, func(o JournalEntry) bool { return o.Seq == e.Seq })
					if o := all[i]; e.Entry != o.Entry || e.Code != o.Code {
						rt.Fatalf("%+v, want %+v", e, o)
					}
					got = append(got, e.Seq)
				}
				if page.More == 0 {
					break
				}
				if q.Before != 0 && page.More >= q.Before || len(page.Entries) > q.Limit || n > len(all)+10 {
					rt.Fatalf("page %d of %+v is followed by %d", n, q, page.More)
				}
				q.Before = page.More
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("%+v, most %d:\ngot  %v\nwant %v", q, most, got, want)
			}
		}
	})
}

func (p *plant) page(q JournalQuery, most int64) JournalPage {
	if q.Code != "" {
		return must(p.Journal(p.ctx, q))
	}
	return must(p.walkJournal(p.ctx, q, most))
}

// TestJournalTellsCodes: an entry of many codes says how many where the ledger has counted them, whoever else writes
// such words.
func TestJournalTellsCodes(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 7)
	try(p.Note(p.ctx, PlacePage, "12 codes in doubt dropped as DEFECT: by me"))
	page := must(p.Journal(p.ctx, JournalQuery{Limit: 2}))
	if len(page.Entries) != 2 || page.Entries[0].Codes != 0 || page.Entries[1].Codes != 7 || page.Entries[1].Code != "" {
		t.Errorf("%+v", page.Entries)
	}
	for i, want := range map[int]int{0: 0, 1: 12, 3: 40, 5: 3, 14: 150000, 15: 40, 16: 0} {
		if n := manyCodes(Entry{Place: told[i].place, Cause: told[i].cause}); n != want {
			t.Errorf("%q: %d codes, want %d", told[i].cause, n, want)
		}
	}
	if _, err := p.Journal(p.ctx, JournalQuery{Code: "0104780012345677210000"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a code of nobody: %v", err)
	}
}

// TestJournalAfterAWrongClock: a day in which the clock stood a year ahead hides nothing of those before and after
// from who asks for them by their time, from the newest entries on.
func TestJournalAfterAWrongClock(t *testing.T) {
	p := newPlant(t)
	day := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	write := func(from time.Time, n int) {
		try(p.do(p.ctx, func(x *tx) error {
			for i := range n {
				x.at = from.Add(time.Duration(i) * time.Minute).UnixMicro()
				if _, err := x.event("3/mark", fmt.Sprint("entry ", i)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	write(day, 300)
	write(day.AddDate(1, 0, 0), 300)
	write(day.AddDate(0, 0, 2), 300)
	for _, q := range []JournalQuery{
		{From: day.AddDate(0, 0, 2), To: day.AddDate(0, 0, 3)},
		{From: day.AddDate(0, 0, 2), To: day.AddDate(9, 0, 0), Place: "3/mark"},
		{From: day.AddDate(0, 0, 2)},
		{From: day, To: day.AddDate(0, 0, 1)},
	} {
		q.Limit = 1000
		page := must(p.Journal(p.ctx, q))
		if page.Entries = slices.DeleteFunc(page.Entries, func(e JournalEntry) bool { return e.Place != "3/mark" || e.At.Year() > 2026 }); len(page.Entries) != 300 {
			t.Errorf("%+v: %d entries", q, len(page.Entries))
		}
	}
}

// TestForms: what the pattern for SQLite lets pass is all that folding makes the same.
func TestForms(t *testing.T) {
	same := map[rune][]rune{}
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if fold(r) < 0x80 {
			t.Fatalf("%U becomes ASCII", r)
		}
		same[fold(r)] = append(same[fold(r)], r)
	}
	for small, all := range same {
		for _, r := range all {
			got := forms(r)
			slices.Sort(got)
			if !slices.Equal(got, all) {
				t.Fatalf("%U: forms %U, and %U fold to %U", r, got, all, small)
			}
		}
	}
	for r := rune(0); r < 0x80; r++ {
		if fold(r) != unicode.ToLower(r) {
			t.Errorf("%U", r)
		}
	}
}

// TestLookingIsBounded: no query of these goes over all codes, all entries or all containers.
func TestLookingIsBounded(t *testing.T) {
	p := newPlant(t)
	text, moment := "Ўзбек", time.Unix(0, 0)
	queries := map[string]func() (string, []any){
		"journal": func() (string, []any) { return JournalQuery{}.walk(1, 9) },
		"journal of people": func() (string, []any) {
			return JournalQuery{OnlyPeople: true, Text: text, Place: "3", From: moment, To: moment}.walk(1, 9)
		},
		"causes":         func() (string, []any) { return countDoubtful, []any{0} },
		"codes in doubt": func() (string, []any) { return doubtfulNow, nil },
		"doubtful":       func() (string, []any) { return DoubtfulQuery{}.query() },
		"doubtful of a cause": func() (string, []any) {
			return DoubtfulQuery{Product: &text, Line: &text, Batch: &text, Cause: &text, UpTo: 9, After: 1}.query()
		},
		"a doubtful code": func() (string, []any) { return selectDoubtful + "AND c.id = ?", []any{1} },
		"containers":      func() (string, []any) { return ContainerQuery{}.query(1, 9) },
		"containers of a station": func() (string, []any) {
			return ContainerQuery{Line: "3", Station: "box", States: []ContainerState{ContainerClosed, ContainerAside}}.query(1, 9)
		},
		"open containers": func() (string, []any) {
			return ContainerQuery{Line: "3", States: []ContainerState{ContainerOpen}}.query(1, 9)
		},
		"an entry": func() (string, []any) {
			return "SELECT seq, at FROM journal WHERE seq <= ? ORDER BY seq DESC LIMIT 1", []any{1}
		},
	}
	for name, query := range queries {
		text, args := query()
		rows, err := p.reads.QueryContext(p.ctx, "EXPLAIN QUERY PLAN "+text, args...)
		plan := must(collect(rows, err, func(s scanner) (string, error) {
			var id, parent, unused int
			var detail string
			err := s.Scan(&id, &parent, &unused, &detail)
			return detail, err
		}))
		t.Logf("%s: %s", name, strings.Join(plan, "; "))
		for _, step := range plan {
			if strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") || strings.Contains(step, "AUTOMATIC") {
				t.Errorf("%s: %s", name, step)
			}
		}
	}
}
