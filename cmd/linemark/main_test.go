package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/web"
)

// linemark in scripts and in the tests that kill it is this test program, run anew as a process
// of its own.
func TestMain(m *testing.M) {
	if _, set := os.LookupEnv(tokenVariable); !set {
		os.Setenv(tokenVariable, token)
	}
	testscript.Main(m, map[string]func(){"linemark": main})
}

// The token of testdata/plant.toml, and where it is.
const (
	tokenVariable = "LINEMARK_IZKM_TOKEN"
	token         = "1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f"
)

// Every command, as a person meets it: testdata/script.
func TestScripts(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the scripts end processes with an interrupt, which that system has not")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv(tokenVariable, token)
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      exits,
			"site":       newSite,
			"free":       freePort,
			"replace":    replace,
			"snapshot":   snapshot,
			"unchanged":  unchanged,
			"ready":      func(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(ready(ts.Getenv("HTTP"))) },
			"degraded":   degraded,
			"counted":    countedCommand,
			"reported":   reported,
			"aggregated": aggregated,
			"taken":      taken,
			"first":      firstCode,
			"waitport":   waitPort,
			"bytes":      writeBytes,
			"argument":   argument,
			"append":     appendFile,
			"object":     object,
			"sums":       sums,
			"page":       page,

			"backup":      onlyBackup,
			"says":        says,
			"tooNew":      tooNew,
			"tamper":      tamper,
			"head":        lastHead,
			"printedonce": printedOnce,
			"hidden":      hidden,
			"papers":      layPapersFor,
			"shipped":     shipped,
		},
	})
}

func arguments(ts *testscript.TestScript, neg bool, args []string, least int, usage string) {
	if neg || len(args) < least {
		ts.Fatalf("usage: %s", usage)
	}
}

// exits runs a program and wants this exit code of it.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "exits CODE PROGRAM ARGUMENT...")
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		got = ended.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// newSite lays linemark.toml and its labels out and sets HTTP, IZKM, TIJ, BOX, CAM1, CAM2, PLC to their addresses.
func newSite(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 0, "site")
	s, err := layOut(ts.MkAbs("."))
	ts.Check(err)
	for name, address := range s.at {
		ts.Setenv(name, address)
	}
}

// freePort sets variables to free addresses.
func freePort(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "free NAME...")
	for _, name := range args {
		address, err := free.next()
		ts.Check(err)
		ts.Setenv(name, address)
	}
}

// replace changes the one place in a file that holds a text.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, "replace FILE OLD NEW")
	text := ts.ReadFile(args[0])
	if strings.Count(text, args[1]) != 1 {
		ts.Fatalf("%s holds %q %d times", args[0], args[1], strings.Count(text, args[1]))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o644))
}

// tree is every file with a hash of what is in it.
func tree(ts *testscript.TestScript) []string {
	all := []string{}
	work := ts.Getenv("WORK")
	ts.Check(filepath.WalkDir(work, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			all = append(all, path)
			return err
		}
		text, err := os.ReadFile(path)
		all = append(all, fmt.Sprintf("%s %x", path, sha256.Sum256(text)))
		return err
	}))
	return all
}

// snapshot remembers every file and folder of the script; unchanged wants them so again.
func snapshot(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 0, "snapshot")
	ts.Setenv("SNAPSHOT", strings.Join(tree(ts), "\n"))
}

func unchanged(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 0, "unchanged")
	before := strings.Split(ts.Getenv("SNAPSHOT"), "\n")
	for _, now := range tree(ts) {
		if !slices.Contains(before, now) {
			ts.Fatalf("new or changed: %s", now)
		}
		before = slices.DeleteFunc(before, func(s string) bool { return s == now })
	}
	if len(before) > 0 {
		ts.Fatalf("gone: %q", before)
	}
}

// countedCommand waits until the stations of the agent have counted so many.
func countedCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "counted WHAT N")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(counted(ts.Getenv("HTTP"), args[0], n))
}

// reported waits until so many utilisation reports are in a state; without one, until the national
// system has taken them.
func reported(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "reported N [STATE]")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	state := string(ledger.Sent)
	if len(args) > 1 {
		state = args[1]
	}
	ts.Check(until(func() error {
		s, err := status(ts.Getenv("HTTP"))
		if got := s.Reports.Utilisation[state]; err == nil && got < n {
			err = fmt.Errorf("%d reports are %s, want %d", got, state, n)
		}
		return err
	}))
}

// aggregated waits until there are so many aggregation reports.
func aggregated(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "aggregated N")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(until(func() error {
		s, err := status(ts.Getenv("HTTP"))
		got := 0
		for _, of := range s.Reports.Aggregation {
			got += of
		}
		if err == nil && got < n {
			err = fmt.Errorf("%d aggregation reports, want %d", got, n)
		}
		return err
	}))
}

// taken waits until so many codes were taken from the stock for a batch of line 3.
func taken(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "taken BATCH N")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(until(func() error {
		var s web.Sheet
		body, err := get(ts.Getenv("HTTP"), "/api/v1/batch?"+url.Values{"line": {"3"}, "name": {args[0]}}.Encode())
		if err == nil {
			err = json.Unmarshal(body, &s)
		}
		if err == nil && (len(s.Products) == 0 || s.Products[len(s.Products)-1].Received < n) {
			err = fmt.Errorf("the sheet is %s, want %d received", body, n)
		}
		return err
	}))
}

// firstCode takes the first code out of an emulator's log: as it is into a file, and into a
// variable with GS shown.
func firstCode(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 4, "first LOG EVENT VARIABLE FILE")
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var e struct{ Event, Code string }
		if json.Unmarshal([]byte(line), &e) != nil || e.Event != args[1] || e.Code == "" {
			continue
		}
		c, err := hex.DecodeString(e.Code)
		ts.Check(err)
		ts.Setenv(args[2], code.Visible(code.Code(c)))
		ts.Check(os.WriteFile(ts.MkAbs(args[3]), c, 0o644))
		return
	}
	ts.Fatalf("%s has no %s", args[0], args[1])
}

// waitPort waits until somebody listens at the addresses in the variables.
func waitPort(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "waitport NAME...")
	for _, name := range args {
		ts.Check(until(func() error {
			conn, err := net.Dial("tcp", ts.Getenv(name))
			if err != nil {
				return err
			}
			return conn.Close()
		}))
	}
}

// writeBytes writes a file of what a Go string of this text would hold, so without a line end of its own.
func writeBytes(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "bytes FILE TEXT")
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// argument sets a variable to what a file holds.
func argument(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "argument NAME FILE")
	ts.Setenv(args[0], ts.ReadFile(args[1]))
}

// object wants one JSON object as the only line, with these keys.
func object(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "object FILE KEY...")
	text := ts.ReadFile(args[0])
	var v map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &v); err != nil || strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		ts.Fatalf("%q is not one line with one JSON object: %v", text, err)
	}
	for _, key := range args[1:] {
		name, want, exact := strings.Cut(key, "=")
		got, ok := v[name]
		if !ok || exact && string(got) != want {
			ts.Fatalf("%s is %s in %s", key, got, text)
		}
	}
}

// sums wants one number of a JSON object to be the sum of the others.
func sums(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, "sums FILE TOTAL PART...")
	var v map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &v))
	rest, ok := v[args[1]].(float64)
	for _, part := range args[2:] {
		n, isNumber := v[part].(float64)
		ok = ok && isNumber && n >= 0
		rest -= n
	}
	if !ok || rest != 0 {
		ts.Fatalf("%s is not the sum of %q: %v", args[1], args[2:], v)
	}
}

// page wants an answer of the agent's page.
func page(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "page PATH TEXT")
	body, err := get(ts.Getenv("HTTP"), args[0])
	ts.Check(err)
	if !strings.Contains(string(body), args[1]) {
		ts.Fatalf("%s is %s", args[0], body)
	}
}

// degraded waits until the page says why nothing runs.
func degraded(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(until(func() error {
		s, err := status(ts.Getenv("HTTP"))
		if err == nil && len(s.Degraded) == 0 {
			err = errors.New("everything runs")
		}
		return err
	}))
}

// hidden wants a text in no answer of the agent's page and API and in no file of these folders.
func hidden(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "hidden TEXT [FOLDER ...]")
	for _, path := range []string{"/", "/api/v1/status", "/api/v1/balance", "/api/v1/batch?line=3", "/metrics", "/healthz", "/readyz"} {
		if body, _ := get(ts.Getenv("HTTP"), path); strings.Contains(string(body), args[0]) {
			ts.Fatalf("%s tells it", path)
		}
	}
	for _, dir := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), args[0]) {
				ts.Fatalf("%s holds it", path)
			}
			return err
		}))
	}
}

// appendFile adds the text of the second file to the first.
func appendFile(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "append file more")
	whole := ts.ReadFile(args[0]) + ts.ReadFile(args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(whole), 0o600))
}
