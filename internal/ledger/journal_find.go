package ledger

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What the journal says of reports on which a person has said a word.
const (
	CauseResolved  = "resolved by hand: "           // with what he has seen
	CauseHanded    = "handed over in the cabinet: " // with who did it
	CauseSentAgain = "sent again on a person's word"
)

// Where what people do stands in the journal, beside PlacePage and the stations.
const (
	PlaceOffice = "office"
	placeBatch  = "batch"
	placeImport = "import"
)

// takes says whether an entry is one of those that are wanted. The numbers of entries and their codes are looked at
// elsewhere.
func (q JournalQuery) takes(e Entry) bool {
	switch {
	case !q.From.IsZero() && e.At.Before(q.From), !q.To.IsZero() && !e.At.Before(q.To):
		return false
	case q.Place != "" && e.Place != q.Place && !strings.HasPrefix(e.Place, q.Place+"/"):
		return false
	case q.OnlyPeople && !byPeople(e):
		return false
	}
	return q.Text == "" || strings.Contains(folded(e.Cause), folded(q.Text))
}

// byPeople says whether somebody has asked for what an entry tells: a person, or a program in his place.
func byPeople(e Entry) bool {
	switch e.Place {
	case PlacePage, PlaceOffice, placeBatch, placeImport:
		return true
	case "recover":
		return strings.HasPrefix(e.Cause, released)
	case "report":
		return strings.Contains(e.Cause, CauseResolved) || strings.Contains(e.Cause, CauseHanded) || strings.Contains(e.Cause, CauseSentAgain)
	case PlaceAgent:
		return strings.Contains(e.Cause, "is declared dead") || strings.Contains(e.Cause, "was moved here from") || strings.Contains(e.Cause, "bears this name from now on")
	case "supply", "archive":
		return false
	}
	// At a station: with a handheld scanner, with a card, or asked for on the page.
	return e.HasStates && e.Now == Dropped || strings.HasPrefix(e.Cause, reworked) || strings.Contains(e.Cause, ": by ")
}

// asPeople lets all pass for which byPeople holds, and little else.
const asPeople = ` AND (j.place IN ('page', 'office', 'batch', 'import') OR j.now = 6 OR j.cause LIKE 'rework%' OR j.cause LIKE '%: by %'
	OR j.place = 'recover' AND j.cause LIKE 'released: %' OR j.place = 'report' AND (j.cause LIKE '%by hand: %' OR j.cause LIKE '%cabinet: %' OR j.cause LIKE '%person''s word%')
	OR j.place = 'agent' AND (j.cause LIKE '%declared dead%' OR j.cause LIKE '%moved here%' OR j.cause LIKE '%this name%'))`

// walk is the query for entries from one number down to another. It may bring some that takes does not let pass,
// and leaves none out that it does.
func (q JournalQuery) walk(floor, newest int64) (query string, args []any) {
	query = `SELECT j.seq, j.at, COALESCE(a.name, ''), j.place, j.was, j.now, j.cause, substr(c.raw, 1, c.idlen)
		FROM journal j LEFT JOIN agent a ON a.id = j.agent LEFT JOIN code c ON c.id = j.code WHERE j.seq >= ? AND j.seq <= ?`
	args = []any{floor, newest}
	add := func(where string, with ...any) {
		query += where
		args = append(args, with...)
	}
	if !q.From.IsZero() {
		add(" AND j.at >= ?", q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		add(" AND j.at <= ?", q.To.UnixMicro())
	}
	if q.Place != "" {
		add(" AND (j.place = ? OR j.place >= ? AND j.place < ?)", q.Place, q.Place+"/", q.Place+"0") // 0 follows /
	}
	if q.OnlyPeople {
		add(asPeople)
	}
	if q.Text != "" {
		pattern, letters := like(q.Text)
		add(` AND j.cause LIKE ? ESCAPE '\'`, pattern)
		for i, r := range letters {
			add([]string{" AND (instr(j.cause, ?) > 0", " OR instr(j.cause, ?) > 0"}[min(i, 1)], string(r))
		}
		if len(letters) > 0 {
			add(")")
		}
	}
	return query + " ORDER BY j.seq DESC", args
}

// like is a pattern for LIKE of all in which a text stands. SQLite folds letters of ASCII alone: any other character
// may stand where the text has another letter. The first of these must be there in one of the forms that are returned.
func like(text string) (pattern string, letters []rune) {
	var b strings.Builder
	b.WriteByte('%')
	for _, r := range text {
		switch {
		case r == '%', r == '_', r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		default:
			if b.WriteByte('_'); letters == nil {
				letters = forms(r)
			}
		}
	}
	b.WriteByte('%')
	return b.String(), letters
}

// forms are the letters that are the same as r in either case.
func forms(r rune) []rune {
	all := []rune{r}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if fold(f) == fold(r) {
			all = append(all, f)
		}
	}
	return all
}

// fold makes a letter small, and none that is not of ASCII one that is.
func fold(r rune) rune {
	if small := unicode.ToLower(r); r < utf8.RuneSelf || small >= utf8.RuneSelf {
		return small
	}
	return r
}

func folded(text string) string { return strings.Map(fold, text) }

// many finds how many codes an entry is of that belongs to no single one.
var many = regexp.MustCompile(`(?s)^(?:received block .*:|recovered block .*:|imported .*:|\w+ report \S+ frozen:|archive \S+ holds) (\d+) codes$|^(\d+) codes (?:have left for archive|in doubt dropped as) `)

func manyCodes(e Entry) int {
	if e.HasStates || e.Place == PlacePage {
		return 0
	}
	found := many.FindStringSubmatch(e.Cause)
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1] + found[2]) // one of the two is empty
	return n
}
