package diadoc

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

const (
	textLength = 500      // characters kept of what a server says
	textBytes  = 64 << 10 // read of an answer that is no protocol
)

// secrets takes out of texts what must not be shown. Safe for concurrent use.
type secrets struct {
	mu     sync.Mutex
	fixed  []string // of the settings
	tokens []string // given out by the server, the latest last
}

const keptTokens = 8

func (s *secrets) add(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = append(s.tokens, token)
	if len(s.tokens) > keptTokens {
		s.tokens = slices.Delete(s.tokens, 0, 1)
	}
}

// hide replaces each secret, as it is and in the ways in which servers repeat one: with some or all of its
// characters escaped as in a URL, in JSON or in HTML.
func (s *secrets) hide(text string) string {
	s.mu.Lock()
	words := slices.Concat(s.fixed, s.tokens)
	s.mu.Unlock()
	// The longest first, or a short one would leave the rest of a longer one that holds it.
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	for _, w := range words {
		switch {
		case w == "":
		case len(w) > longSecret:
			text = strings.ReplaceAll(text, w, "***")
		default:
			text = anyForm(w).ReplaceAllLiteralString(text, "***")
		}
	}
	return text
}

// longSecret in bytes is one whose pattern would grow too large.
const longSecret = 2 << 10

func anyForm(word string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?i)")
	for _, r := range word {
		var percent strings.Builder
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&percent, "%%%02x", c)
		}
		self := regexp.QuoteMeta(string(r))
		fmt.Fprintf(&b, `(?:\\?%s|%s|%s|\\u%04x|&#0*%d;|&#x0*%x;)`, self, regexp.QuoteMeta(html.EscapeString(string(r))), percent.String(), r, r, r)
	}
	return regexp.MustCompile(b.String())
}

// hidden is err without secrets; the chain goes where one was in it, for what is inside still has it.
func (s *secrets) hidden(err error) error {
	if err == nil {
		return nil
	}
	if text := s.hide(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

// said makes a server's words fit for one line: secrets and control characters are taken out, blanks run
// together, the rest cut. A page of HTML is nothing that Diadoc says.
func (s *secrets) said(body []byte) string {
	if isPage(body) {
		return ""
	}
	text := strings.ToValidUTF8(string(body[:min(len(body), textBytes)]), "\uFFFD")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s.hide(text))
	// Once more: a character that has gone may have stood within a secret.
	text = s.hide(strings.Join(strings.Fields(text), " "))
	if runes := []rune(text); len(runes) > textLength {
		return string(runes[:textLength]) + "…"
	}
	return text
}

// isPage: Diadoc's own errors are plain text; a page comes from a gateway in between.
func isPage(body []byte) bool {
	head := strings.TrimLeftFunc(string(body[:min(len(body), 512)]), func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' })
	return strings.HasPrefix(head, "<")
}
