package ediweb

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"linemark/internal/escape"
)

// IDType says what kind of id names the organisation.
type IDType string

// The two that the document knows.
const (
	GLN IDType = "gln" // a GLN of GS1: 13 digits
	FNS IDType = "fns" // an id in the exchange of documents of the tax service
)

const (
	// lotSize is the document's limit of doc_ids.
	lotSize = 100
	// longestList is the length of an escaped doc_ids: many servers take a request line of 8 KiB
	// at most, and the rest of the address needs its part.
	longestList = 6 << 10
	// longestID and mostIDs are far above anything real: they catch a wrong list.
	longestID = 200
	mostIDs   = 10_000
)

// checkOrg checks who asks. The check digit of a GLN is not looked at: those of the document's own
// samples are wrong.
func checkOrg(t IDType, org string) *Error {
	switch {
	case t != GLN && t != FNS:
		return invalid("id_type %q is neither gln nor fns", t)
	case org == "":
		return invalid("org_id is missing")
	case t == GLN && (len(org) != 13 || strings.Trim(org, "0123456789") != ""):
		return invalid("org_id %q is not a GLN of 13 digits", shown(org))
	}
	return checkText("org_id", org)
}

// checkText refuses what no id can hold and what would fall apart on the way.
func checkText(what, id string) *Error {
	switch {
	case id == "":
		return invalid("%s is empty", what)
	case len(id) > longestID:
		return invalid("%s %q has %d bytes, more than %d", what, shown(id), len(id), longestID)
	case !utf8.ValidString(id) || strings.ContainsRune(id, utf8.RuneError):
		return invalid("%s %q is not valid UTF-8", what, shown(id))
	case strings.ContainsRune(id, ','):
		return invalid("%s %q holds a comma, which separates ids", what, shown(id))
	case strings.TrimSpace(id) != id || strings.ContainsFunc(id, unicode.IsControl):
		return invalid("%s %q begins or ends with a blank or holds a control character", what, shown(id))
	}
	return nil
}

// shown is the beginning of an id that may be anything.
func shown(id string) string { return id[:min(len(id), 60)] }

// distinct checks the ids and returns each of them once, in the order of their first.
func distinct(ids []string) ([]string, *Error) {
	if len(ids) == 0 {
		return nil, invalid("no documents are named")
	}
	if len(ids) > mostIDs {
		return nil, invalid("%d documents at once, more than %d", len(ids), mostIDs)
	}
	seen := map[string]bool{}
	var once []string
	for _, id := range ids {
		if err := checkText("document id", id); err != nil {
			return nil, err
		}
		if !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	return once, nil
}

// lots splits the ids into calls.
func lots(ids []string) [][]string {
	var all [][]string
	from, length := 0, 0
	for i, id := range ids {
		n := len(escape.URLParam(id)) + len("%2C")
		if i > from && (i-from == lotSize || length+n > longestList) {
			all = append(all, ids[from:i])
			from, length = i, 0
		}
		length += n
	}
	return append(all, ids[from:])
}
