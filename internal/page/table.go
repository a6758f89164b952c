package page

import (
	"bytes"
	"encoding/csv"
	"io"
	"iter"
	"net/http"
	"time"
)

// tableFile is a file for a spreadsheet: UTF-8 with a mark that Excel knows it by, and semicolons, as spreadsheets in
// Russian and Uzbek want them.
func tableFile(name string, rows iter.Seq2[[]string, error]) file {
	return file{name: name, kind: "text/csv; charset=utf-8", rows: rows}
}

// atATime is how much of a table is written at once.
const atATime = 64 << 10

// writeTable sends a table while it is read. What fails before anything is sent is answered as everything is; behind
// that the connection breaks, so that nobody takes a part for the whole.
func (p *Page) writeTable(w http.ResponseWriter, r *http.Request, rows iter.Seq2[[]string, error]) {
	out := http.NewResponseController(w)
	var b bytes.Buffer
	b.WriteString("\ufeff")
	table := csv.NewWriter(&b)
	table.Comma, table.UseCRLF = ';', true
	sent := false
	send := func() error {
		sent = true
		_ = out.SetWriteDeadline(time.Now().Add(answerMost)) // one that cannot has no reader that stops reading
		_, err := io.Copy(w, &b)
		return err
	}
	for row, err := range rows {
		if err != nil && !sent {
			w.Header().Del("Content-Disposition")
			n := problem(err)
			p.Refused(w, r, statusOf(err), n.Text, n.Hint)
			return
		}
		if err != nil {
			p.o.Log.Warn("a table that somebody loads breaks off", "path", r.URL.Path, "error", err)
			panic(http.ErrAbortHandler)
		}
		if err = table.Write(harmless(row)); err == nil {
			table.Flush()
			err = table.Error()
		}
		if err == nil && b.Len() >= atATime {
			err = send()
		}
		if err != nil {
			return // the reader has gone: nobody is left to tell
		}
	}
	_ = send() // the reader has gone: nobody is left to tell
}

// answerMost is how long a browser may take over a piece of a table.
const answerMost = time.Minute

// harmless puts an apostrophe before what a spreadsheet would take for a formula.
func harmless(row []string) []string {
	for i, cell := range row {
		if cell != "" && (cell[0] == '=' || cell[0] == '+' || cell[0] == '-' || cell[0] == '@' || cell[0] == '\t') {
			row[i] = "'" + cell
		}
	}
	return row
}
