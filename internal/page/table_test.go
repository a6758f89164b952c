package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
