package logfile

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestMain is the program that the kill test kills when it is started for that.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LOGFILE_WRITER"); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

func open(t *testing.T, o Options) *Log {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func write(t *testing.T, l *Log, text string) {
	t.Helper()
	if _, err := io.WriteString(l, text); err != nil {
		t.Fatal(err)
	}
}

// read returns the names of the files of a folder, oldest first, and all they hold.
func read(t *testing.T, dir string) (names []string, text string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, e.Name())
		text += string(b)
	}
	return names, text
}

func TestRotation(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs") // made
	l := open(t, Options{Dir: dir, Name: "linemark", Size: 20, Keep: 3})
	for i := range 10 {
		write(t, l, fmt.Sprintf("record %d\n", i)) // 9 bytes: two in a file
	}
	names, text := read(t, dir)
	if want := []string{"linemark-000003.log", "linemark-000004.log", "linemark-000005.log"}; !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
	if want := "record 4\nrecord 5\nrecord 6\nrecord 7\nrecord 8\nrecord 9\n"; text != want {
		t.Errorf("holds %q, want %q", text, want)
	}
	if l.Path() != filepath.Join(dir, names[2]) {
		t.Errorf("writes %s", l.Path())
	}
}

// A record larger than a file is not split, and has a file alone.
func TestLargeRecord(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Options{Dir: dir, Name: "l", Size: 10})
	large := strings.Repeat("x", 50) + "\n"
	write(t, l, "a\n")
	write(t, l, large)
	write(t, l, "b\n")
	if names, text := read(t, dir); len(names) != 3 || text != "a\n"+large+"b\n" {
		t.Errorf("files %q hold %q", names, text)
	}
}

// Another run goes on where the last one ended, behind what a power cut has torn.
func TestGoesOn(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"l-000007.log": "old\n", "l-000008.log": "whole\nto", "l-9.log": "x", "l-000x10.log": "x", "m-000011.log": "x", "l-000012.log.gz": "x", "l--00013.log": "x",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t, Options{Dir: dir, Name: "l"})
	write(t, l, "new\n")
	got, err := os.ReadFile(filepath.Join(dir, "l-000008.log"))
	if err != nil || string(got) != "whole\nto\nnew\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestClosed(t *testing.T) {
	l := open(t, Options{Dir: t.TempDir(), Name: "l"})
	for range 2 {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := l.Write([]byte("x\n")); err == nil {
		t.Error("a closed log takes a record")
	}
}

func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Open(Options{Dir: filepath.Join(file, "logs"), Name: "l"}); err == nil {
		t.Errorf("opened %s", l.Path())
	}
}

// Where no new file can be made the last one takes as much again and no more.
func TestNoNewFile(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Options{Dir: dir, Name: "l", Size: 10})
	if err := os.Mkdir(filepath.Join(dir, "l-000002.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	var failed error
	for range 10 {
		if _, err := io.WriteString(l, "1234\n"); err != nil {
			failed = err
		}
	}
	got, err := os.ReadFile(filepath.Join(dir, "l-000001.log"))
	if err != nil || len(got) != 20 || failed == nil {
		t.Errorf("%d bytes, %v; the last record: %v", len(got), err, failed)
	}
	if err := os.Remove(filepath.Join(dir, "l-000002.log")); err != nil {
		t.Fatal(err)
	}
	write(t, l, "again\n")
}

// Several writers of two openings at once: every record is whole, once, and in its writer's order.
func TestTwoOpenings(t *testing.T) {
	const writers, records = 4, 300
	dir := t.TempDir()
	o := Options{Dir: dir, Name: "l", Size: 2000, Keep: 1000}
	openings := []*Log{open(t, o), open(t, o)}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			log := slog.New(slog.NewTextHandler(openings[w%2], nil))
			for i := range records {
				log.Info("record", "writer", w, "number", i)
			}
		})
	}
	wg.Wait()
	names, text := read(t, dir)
	next := map[string]int{}
	for line := range strings.Lines(text) {
		_, rest, ok := strings.Cut(line, "msg=record writer=")
		writer, number, _ := strings.Cut(strings.TrimSpace(rest), " number=")
		if !ok || number != fmt.Sprint(next[writer]) {
			t.Fatalf("%q where number %d of writer %s should be", line, next[writer], writer)
		}
		next[writer]++
	}
	for w := range writers {
		if next[fmt.Sprint(w)] != records {
			t.Errorf("writer %d: %d records of %d", w, next[fmt.Sprint(w)], records)
		}
	}
	if len(names) < 10 {
		t.Errorf("only %d files", len(names))
	}
	for _, name := range names {
		if s, err := os.Stat(filepath.Join(dir, name)); err != nil || s.Size() > 2000+writers*100 {
			t.Errorf("%s: %v", name, s.Size())
		}
	}
}

// What was written before a kill is there after it, whatever file was just being begun.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	var said []string
	for round := range 8 {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "LOGFILE_WRITER="+dir)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for n := 0; ; n++ {
			line, err := lines.ReadString('\n')
			if err != nil {
				break
			}
			said = append(said, "record "+line)
			if n == 40+13*round {
				if err := c.Process.Kill(); err != nil { // the pipe may hold more of what it has said
					t.Fatal(err)
				}
			}
		}
		_ = c.Wait()
	}
	if len(said) < 8*40 {
		t.Fatalf("the writer has said only %d records", len(said))
	}
	_, text := read(t, dir)
	on := map[string]bool{}
	for line := range strings.Lines(text) {
		on[line] = true
	}
	for _, record := range said {
		if !on[record] {
			t.Errorf("%q was said to be written and is not there", record)
		}
	}
}

// writeUntilKilled says of each record that it was written.
func writeUntilKilled(dir string) {
	l, err := Open(Options{Dir: dir, Name: "l", Size: 100, Keep: 10000})
	if err != nil {
		panic(err)
	}
	for n := 0; ; n++ {
		if _, err := fmt.Fprintf(l, "record %d of %d\n", n, os.Getpid()); err != nil {
			panic(err)
		}
		fmt.Printf("%d of %d\n", n, os.Getpid())
	}
}
