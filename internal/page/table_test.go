package page

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"linemark/internal/ledger"
)

// TestTable: a table goes out row by row, whole or not at all: where reading fails on the way the connection breaks.
func TestTable(t *testing.T) {
	d := newDesk(t)
	table := func(rows int, fail error) http.HandlerFunc {
		return d.page.download(download{make: func(context.Context, *visit) (file, error) {
			return tableFile("x.csv", func(yield func([]string, error) bool) {
				for i := range rows {
					if !yield([]string{fmt.Sprint(i), "=1+1", "a;b"}, nil) {
						return
					}
				}
				if fail != nil {
					yield(nil, fail)
				}
			}), nil
		}})
	}
	for _, c := range []struct {
		name   string
		rows   int
		fail   error
		status int
		broken bool
	}{
		{"short", 2, nil, http.StatusOK, false},
		{"long", 100_000, nil, http.StatusOK, false},
		{"nothing there", 1, ledger.ErrNotFound, http.StatusNotFound, false},
		{"a disk that fails on the way", 100_000, errors.New("disk I/O error"), http.StatusOK, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(table(c.rows, c.fail))
			s.Config.ErrorLog = nil
			s.Start()
			defer s.Close()
			answer, err := s.Client().Get(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			if answer.StatusCode != c.status || (err != nil) != c.broken {
				t.Fatalf("%d, %v, %d bytes", answer.StatusCode, err, len(text))
			}
			if c.status != http.StatusOK {
				if answer.Header.Get("Content-Disposition") != "" || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
					t.Errorf("the refusal is a file: %v", answer.Header)
				}
				return
			}
			if n := strings.Count(string(text), "\r\n"); !strings.HasPrefix(string(text), "\ufeff0;'=1+1;\"a;b\"\r\n") || !c.broken && n != c.rows {
				t.Errorf("%d rows, the first ones %.60q", n, text)
			}
		})
	}
}

// TestTables: the files that the page offers hold everything that it counts, each thing once, however much it is.
func TestTables(t *testing.T) {
	d := newDesk(t)
	b := d.belt(t, 1)
	ctx, nobody := context.Background(), &person{desk: d}
	const doubtful = 2*atOnce + 7
	claims, err := b.l.Claim(ctx, "3/mark", b.lot, doubtful)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, len(claims))
	for i, c := range claims {
		ids[i] = c.ID
	}
	if err := b.l.Doubt(ctx, "3/mark", ids, "-power cut"); err != nil {
		t.Fatal(err)
	}
	for i := range atOnce + 7 {
		if err := b.l.Note(ctx, "office", fmt.Sprint("a note of nobody's, number ", i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		page, file, head string
		rows             int
	}{
		{"/doubtful", "/doubtful.csv", "code;identification_code;product;line;batch;since;cause", doubtful},
		{"/journal?text=a+note+of+nobody", "/journal.csv", "number;time;agent;place;code;codes;was;now;cause", atOnce + 7},
	} {
		link := regexp.MustCompile(`href="(` + regexp.QuoteMeta(c.file) + `[^"]*)"`).FindStringSubmatch(nobody.get(c.page).Body.String())
		if link == nil {
			t.Fatalf("%s leads to no file", c.page)
		}
		answer := nobody.get(html.UnescapeString(link[1]))
		lines := strings.Split(strings.TrimSuffix(strings.TrimPrefix(answer.Body.String(), "\ufeff"), "\r\n"), "\r\n")
		seen := map[string]bool{}
		for _, row := range lines[1:] {
			seen[strings.SplitN(row, ";", 2)[0]] = true
			if c.file == "/doubtful.csv" && !strings.HasSuffix(row, ";'-power cut") {
				t.Fatalf("a row is %q", row)
			}
		}
		if answer.Code != http.StatusOK || lines[0] != c.head || len(lines) != c.rows+1 || len(seen) != c.rows {
			t.Errorf("%s: %d, %d rows, %d different, want %d, the first %q", c.file, answer.Code, len(lines)-1, len(seen), c.rows, lines[0])
		}
	}
}

// TestOlderEntries: the page of the journal leads to all that its filter finds, piece by piece, and to nothing else.
func TestOlderEntries(t *testing.T) {
	d := newDesk(t)
	nobody := &person{desk: d}
	for i := range 2*mostEntries + 7 {
		if err := d.agent.Ledger().Note(context.Background(), "office", fmt.Sprintf("shift & note %04d; x=1", i)); err != nil {
			t.Fatal(err)
		}
	}
	note, older := regexp.MustCompile(`note \d{4}`), regexp.MustCompile(`href="(/journal\?[^"]*before=[^"]*)"`)
	seen, pages := map[string]bool{}, 0
	for where := "/journal?place=office&text=" + url.QueryEscape("shift & note"); where != ""; pages++ {
		text := nobody.get(where).Body.String()
		for _, n := range note.FindAllString(text, -1) {
			seen[n] = true
		}
		where = ""
		if link := older.FindStringSubmatch(text); link != nil && pages < 5 {
			where = html.UnescapeString(link[1])
		}
	}
	if len(seen) != 2*mostEntries+7 || pages != 3 {
		t.Errorf("%d entries on %d pages", len(seen), pages)
	}
}
