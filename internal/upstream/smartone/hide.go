package smartone

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode/utf16"
)

// hide takes the password and the tokens out of a text, in whatever way a server repeats them.
func (c *Client) hide(text string) string {
	text = c.secret.ReplaceAllLiteralString(text, "***")
	for _, token := range c.login.tokens() {
		text = strings.ReplaceAll(text, token, "***")
		if slashed := strings.ReplaceAll(token, "/", `\/`); slashed != token {
			text = strings.ReplaceAll(text, slashed, "***")
		}
	}
	return text
}

// tokens are those that were given out lately.
func (s *session) tokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.given...)
}

// anyForm finds a word as it is, with some or all of its characters escaped as in a URL, in JSON or in HTML, and
// with the blanks in it run together.
func anyForm(word string) *regexp.Regexp {
	words := strings.Fields(word)
	if len(words) == 0 {
		return regexp.MustCompile(`[^\s\S]`) // nothing
	}
	var b strings.Builder
	b.WriteString("(?i)")
	for i, part := range words {
		if i > 0 {
			b.WriteString(`(?:\s|\+|%20|\\u0020|&#32;|&#x20;)+`)
		}
		for _, r := range part {
			b.WriteString(anyFormOf(r))
		}
	}
	return regexp.MustCompile(b.String())
}

func anyFormOf(r rune) string {
	var percent, json strings.Builder
	for _, c := range []byte(string(r)) {
		fmt.Fprintf(&percent, "%%%02x", c)
	}
	for _, half := range utf16.Encode([]rune{r}) {
		fmt.Fprintf(&json, `\\u%04x`, half)
	}
	return fmt.Sprintf(`(?:\\?%s|%s|%s|%s|&#0*%d;|&#x0*%x;)`, regexp.QuoteMeta(string(r)), regexp.QuoteMeta(html.EscapeString(string(r))), percent.String(), json.String(), r, r)
}
