package proof

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/proof/disk"
	"linemark/internal/proof/site"
)

const page = 4096

// A page of the ledger's file is not what was written: changed by a bit, or not to be read at all. The
// agent does not start, or says what is wrong and feeds no printer.
func TestP6DamagedPage(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(r *rig, path string)
	}{
		{"a bit of a code in stock", func(r *rig, path string) { flip(r, path, stock(r, path)) }},
		{"a page of the table of codes", func(r *rig, path string) { smear(r, path, pageOf(r, path, "code")) }},
		{"a page of the table of codes is zeros", func(r *rig, path string) { zero(r, path, pageOf(r, path, "code")) }},
		{"a page of the index of codes", func(r *rig, path string) { smear(r, path, pageOf(r, path, "code_key")) }},
		{"a page of the index of the stock", func(r *rig, path string) { smear(r, path, pageOf(r, path, "code_stock")) }},
		{"a page of the journal", func(r *rig, path string) { smear(r, path, pageOf(r, path, "journal")) }},
		{"the first page is zeros", func(r *rig, path string) { zero(r, path, 1) }},
		{"a page that the disk cannot read", func(r *rig, path string) { unreadable(r, path, pageOf(r, path, "code")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := working(t, "")
			r.powerCut()
			r.plug()
			path := filepath.Join(r.Data, ledger.FileName)
			intoFile(r, path)
			c.harm(r, path)
			given, err := r.received()
			if err != nil {
				t.Fatal(err)
			}
			r.Start()
			r.refused("damaged", "malformed", "not a database", "I/O error")
			after, err := r.received()
			if err != nil {
				t.Fatal(err)
			}
			if len(after) > len(given)+17 { // what one look at the stock may give before the check has come to its end
				t.Errorf("%d codes were given to printers", len(after)-len(given))
			}
			r.hold()
			for c, times := range after {
				if times > 1 {
					t.Errorf("P1: received %d times: %q", times, c)
				}
			}
			r.good(r.issued(after))
		})
	}
}

// issued finds what printers were given and the national system never issued.
func (r *rig) issued(given map[string]int) (found []finding) {
	text, err := os.ReadFile(filepath.Join(r.Logs, "izkm.jsonl"))
	if err != nil {
		return []finding{finding(err.Error())}
	}
	for c := range given {
		if !jsonHas(text, c) {
			found = append(found, finding("P8: never issued: "+c))
		}
	}
	return found
}

// refused wants the agent to end with a reason and a hint, or to say on its page what is wrong and feed
// no printer.
func (r *rig) refused(why ...string) {
	r.t.Helper()
	said := ""
	end := time.Now().Add(site.Patience)
	for said == "" {
		select {
		case <-r.Agent.Done:
			said = r.Agent.Out.String()
			if !strings.Contains(said, "hint: ") {
				r.t.Errorf("no hint: %s", said)
			}
			r.Agent = nil
		case <-time.After(20 * time.Millisecond):
			if time.Now().After(end) {
				r.t.Fatalf("the agent works as if nothing were wrong:\n%s", &r.Agent.Out)
			}
			if s, err := r.Status(); err == nil && s.Ledger != "ok" {
				r.unfed(why...)
				return
			} else if err != nil && s.Ledger != "ok" && s.Ledger != "" {
				said = err.Error()
			}
		}
	}
	r.t.Logf("it ended: %s", lastLines(said))
	if !slices.ContainsFunc(why, func(w string) bool { return strings.Contains(said, w) }) {
		r.t.Errorf("%q does not name the reason (%q)", said, why)
	}
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-2):], " / ")
}

// intoFile brings everything out of the log into the file, as a later start would.
func intoFile(r *rig, path string) {
	r.t.Helper()
	db, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// pageOf returns a leaf page of a table or an index.
func pageOf(r *rig, path, name string) int {
	r.t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer db.Close()
	var root int
	if err := db.QueryRow("SELECT rootpage FROM sqlite_master WHERE name = ?", name).Scan(&root); err != nil {
		r.t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	for n := root; ; { // an interior page begins with 2 or 5, its first child stands in its first cell
		at := (n - 1) * page
		if kind := data[at]; kind != 2 && kind != 5 {
			return n
		}
		cell := int(binary.BigEndian.Uint16(data[at+12:]))
		n = int(binary.BigEndian.Uint32(data[at+cell:]))
	}
}

// stock returns the first code in stock.
func stock(r *rig, path string) []byte {
	r.t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer db.Close()
	var raw []byte
	if err := db.QueryRow("SELECT raw FROM code WHERE state = 0 ORDER BY id LIMIT 1").Scan(&raw); err != nil {
		r.t.Fatal(err)
	}
	return raw
}

// flip changes one bit of a code's last character, wherever the file has it: pages keep what was
// deleted in them.
func flip(r *rig, path string, raw []byte) {
	r.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	n := 0
	for at := bytes.Index(data, raw); at >= 0; at = bytes.Index(data, raw) {
		end := at + len(raw) - 1
		data[end] ^= 1
		change(r, path, int64(end), 1, func(b []byte) { b[0] ^= 1 })
		n++
	}
	r.t.Logf("%q is there %d times, changed", raw, n)
}

// smear changes bytes all over a page.
func smear(r *rig, path string, n int) {
	change(r, path, int64(n-1)*page, page, func(b []byte) {
		for range 64 {
			b[r.random.IntN(page)] ^= byte(1 + r.random.IntN(255))
		}
	})
}

func zero(r *rig, path string, n int) {
	change(r, path, int64(n-1)*page, page, func(b []byte) { clear(b) })
}

func change(r *rig, path string, at int64, n int, f func([]byte)) {
	r.t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	defer file.Close()
	b := make([]byte, n)
	if _, err := file.ReadAt(b, at); err != nil {
		r.t.Fatal(err)
	}
	f(b)
	if _, err := file.WriteAt(b, at); err != nil {
		r.t.Fatal(err)
	}
}

// unreadable makes the place of a page on the disk one that cannot be read any more. The disk is taken
// out and put in again: nothing of it is in the kernel's memory.
func unreadable(r *rig, path string, n int) {
	r.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	want := data[(n-1)*page : n*page]
	if err := r.unplug(); err != nil {
		r.t.Fatal(err)
	}
	var bad []int64
	for at, face := 0, r.disk.Face(); at+page <= len(face); at += page {
		if bytes.Equal(face[at:at+page], want) {
			bad = append(bad, int64(at))
		}
	}
	if len(bad) == 0 {
		r.t.Fatal("the page is not on the disk")
	}
	r.disk.Break(func(op disk.Op, from int64, n int) (time.Duration, syscall.Errno) {
		for _, at := range bad {
			if op == disk.Read && from < at+page && at < from+int64(n) {
				return 0, syscall.EIO
			}
		}
		return 0, 0
	})
	r.plug()
}
