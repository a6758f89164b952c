// Package wine gives a test a Windows of its own, with what programs in Go need there.
package wine

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"linemark/internal/peers"
)

// bcryptprimitives is the one library that programs in Go load and wine has not: a source of random bytes.
const bcryptprimitives = `
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) {
	while (n) {
		ULONG c = n > 0x10000 ? 0x10000 : (ULONG)n;
		if (!SystemFunction036(p, c)) return FALSE;
		p += c; n -= c;
	}
	return TRUE;
}
`

// Box is a Windows of its own in a folder.
type Box struct {
	t   testing.TB
	exe string
	dir string
}

// New makes one, which ends with the test. Without wine the test is skipped by its name.
func New(t testing.TB) Box {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("wine runs programs for amd64 on amd64 alone")
	}
	w := Box{t, peers.Need(t, "wine"), t.TempDir()}
	compiler := peers.Need(t, "x86_64-w64-mingw32-gcc")
	w.Run(t.Context(), "cmd", "/c", "exit")
	c := exec.Command(compiler, "-shared", "-x", "c", "-", "-o", w.Path(`C:\windows\system32\bcryptprimitives.dll`), "-ladvapi32")
	c.Stdin = strings.NewReader(bcryptprimitives)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// Services end with the last other program of theirs.
	ctx, end := context.WithCancel(context.Background())
	keep := w.Command(ctx, "cmd")
	in, err := keep.StdinPipe()
	if err == nil {
		err = keep.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		for _, word := range []string{"--kill", "--wait"} { // its files are the test's to remove only then
			server := exec.Command("wineserver", word)
			server.Env = w.env()
			_ = server.Run()
		}
		end()
		_ = keep.Wait()
	})
	return w
}

func (w Box) env() []string {
	return append(os.Environ(), "WINEPREFIX="+filepath.Join(w.dir, "prefix"), "WINEDEBUG=-all", "DISPLAY=", "WINEDLLOVERRIDES=mscoree,mshtml=")
}

// Path is where a path of Windows lies here.
func (w Box) Path(windows string) string {
	return filepath.Join(w.dir, "prefix", "drive_c", filepath.FromSlash(strings.ReplaceAll(strings.TrimPrefix(windows, `C:\`), `\`, "/")))
}

// Command is a program of this Windows that has not started.
func (w Box) Command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, w.exe, args...)
	c.Env = w.env()
	c.WaitDelay = time.Second
	return c
}

// Run runs a program and returns what it says, and its exit code.
func (w Box) Run(ctx context.Context, args ...string) (string, int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute) // a busy machine takes most of one to make a Windows
	defer cancel()
	c := w.Command(ctx, args...)
	out, err := os.Create(filepath.Join(w.dir, "out")) // a file: what goes on in the background holds a pipe open
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Close()
	c.Stdout, c.Stderr = out, out
	if err := c.Run(); ctx.Err() != nil {
		w.t.Fatalf("%q takes too long: %v", args, err)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n"), c.ProcessState.ExitCode()
}

// Wants runs a program and wants this exit code and a text that matches.
func (w Box) Wants(code int, match string, args ...string) {
	w.t.Helper()
	out, got := w.Run(w.t.Context(), args...)
	if got != code || !regexp.MustCompile(match).MatchString(out) {
		w.t.Fatalf("%q: exit code %d, want %d and %s\n%s", args, got, code, match, out)
	}
}

// Build makes a program for Windows.
func (w Box) Build(to string, args ...string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		w.t.Fatal(err)
	}
	c := exec.Command("go", append(append([]string{}, args[:len(args)-1]...), "-o", to, args[len(args)-1])...)
	c.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := c.CombinedOutput(); err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
}
