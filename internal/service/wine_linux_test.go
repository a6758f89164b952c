package service

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
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

// wine is a Windows of its own in a folder.
type wine struct {
	t   *testing.T
	exe string
	dir string
}

func newWine(t *testing.T) wine {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("wine runs programs for amd64 on amd64 alone")
	}
	w := wine{t, peers.Need(t, "wine"), t.TempDir()}
	compiler := peers.Need(t, "x86_64-w64-mingw32-gcc")
	w.cmd(t.Context(), "cmd", "/c", "exit")
	c := exec.Command(compiler, "-shared", "-x", "c", "-", "-o", w.path(`C:\windows\system32\bcryptprimitives.dll`), "-ladvapi32")
	c.Stdin = strings.NewReader(bcryptprimitives)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// Services end with the last other program of theirs.
	ctx, end := context.WithCancel(context.Background())
	keep := w.command(ctx, "cmd")
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

func (w wine) env() []string {
	return append(os.Environ(), "WINEPREFIX="+filepath.Join(w.dir, "prefix"), "WINEDEBUG=-all", "DISPLAY=", "WINEDLLOVERRIDES=mscoree,mshtml=")
}

// path is where a path of Windows lies here.
func (w wine) path(windows string) string {
	return filepath.Join(w.dir, "prefix", "drive_c", filepath.FromSlash(strings.ReplaceAll(strings.TrimPrefix(windows, `C:\`), `\`, "/")))
}

func (w wine) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, w.exe, args...)
	c.Env = w.env()
	c.WaitDelay = time.Second
	return c
}

// cmd runs a program and returns what it says, and its exit code.
func (w wine) cmd(ctx context.Context, args ...string) (string, int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	c := w.command(ctx, args...)
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

// wants runs a program and wants this exit code and a text that matches.
func (w wine) wants(code int, match string, args ...string) {
	w.t.Helper()
	out, got := w.cmd(w.t.Context(), args...)
	if got != code || !regexp.MustCompile(match).MatchString(out) {
		w.t.Fatalf("%q: exit code %d, want %d and %s\n%s", args, got, code, match, out)
	}
}

// build makes a program for Windows.
func (w wine) build(to string, args ...string) {
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

// The tests of this room that only Windows can run, and the service itself: installed, started, asked, stopped
// and removed by the program's own words, and seen by those of Windows.
func TestWine(t *testing.T) {
	t.Parallel()
	w := newWine(t)
	const (
		exe     = `C:\Program Files\linemark\linemark.exe`
		folder  = `C:\ProgramData\linemark`
		key     = `HKLM\System\CurrentControlSet\Services\linemark`
		events  = `HKLM\System\CurrentControlSet\Services\EventLog\Application\linemark`
		settled = `(?m)^the service linemark is `
	)
	w.build(w.path(`C:\service.test.exe`), "test", "-c", ".")
	w.wants(0, `(?m)^PASS$`, `C:\service.test.exe`, "-test.v")

	w.build(w.path(exe), "build", "linemark/cmd/linemark")
	w.wants(1, "is not installed\nhint: linemark service install", exe, "service", "status")
	w.wants(1, "is not installed", exe, "service", "start")
	w.wants(1, "is not installed", exe, "service", "uninstall")

	w.wants(0, settled+`installed; .*NT SERVICE.linemark`, exe, "service", "install")
	w.wants(0, `ImagePath +REG_SZ +"C:\\Program Files\\linemark\\linemark.exe" run --service --config "C:\\ProgramData\\linemark\\linemark.toml"`+"\n", "reg", "query", key)
	w.wants(0, `(?s)ObjectName +REG_SZ +NT SERVICE\\linemark.*PreshutdownTimeout +REG_DWORD +0xea60.*Start +REG_DWORD +0x2\n`, "reg", "query", key)
	w.wants(0, `EventCreate.exe`, "reg", "query", events)
	w.wants(1, "is installed already\nhint: linemark service uninstall", exe, "service", "install")
	w.wants(1, settled+"stopped; it starts with the machine", exe, "service", "status")

	// Without its token nothing can run, and the service is up all the same: its page says why.
	w.wants(0, settled+"up", exe, "service", "start")
	w.wants(0, "RUNNING", "sc", "query", "linemark")
	w.wants(0, "has stopped", exe, "service", "stop")

	page := w.configure(folder)
	for range 2 {
		w.wants(0, settled+"up", exe, "service", "start")
		w.wants(0, "RUNNING", "sc", "query", "linemark")
		w.wants(0, settled+`running, process \d+; it starts with the machine`, exe, "service", "status")
		if got := get(t, page+"/healthz"); got != "ok" {
			t.Errorf("the page says %q", got)
		}
		w.wants(0, settled+"up", exe, "service", "start") // it is already
		w.wants(0, "has stopped", exe, "service", "stop")
		w.wants(0, "STOPPED", "sc", "query", "linemark")
		w.wants(0, "has stopped", exe, "service", "stop") // it has already
	}
	log, err := os.ReadFile(w.path(folder + `\logs\linemark-000001.log`))
	if err != nil || strings.Count(string(log), "linemark is up") != 2 || strings.Count(string(log), "linemark has stopped") != 3 || !strings.Contains(string(log), "izkm.token cannot be read") {
		t.Errorf("%v: %s", err, log)
	}

	// Removed while it runs it is stopped first, and what it knows stays.
	w.wants(0, settled+"up", exe, "service", "start")
	w.wants(0, "is removed; configuration, ledger and logs are as they were", exe, "service", "uninstall")
	w.wants(1, "is not installed", exe, "service", "status")
	w.wants(1, "", "reg", "query", key)
	w.wants(1, "", "reg", "query", events)
	for _, kept := range []string{`\linemark.toml`, `\data\ledger.db`, `\logs\linemark-000001.log`} {
		if _, err := os.Stat(w.path(folder + kept)); err != nil {
			t.Error(err)
		}
	}
	w.wants(0, `(?s)installed.*linemark config check`, exe, "service", "install") // over what was kept
	w.wants(0, "is removed", exe, "service", "uninstall")
}

// configure gives the starter configuration a token and a free port, and returns the page's address.
func (w wine) configure(folder string) string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	path := w.path(folder + `\linemark.toml`)
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	if data, _ := json.Marshal(folder + `\data`); !strings.Contains(string(text), "data_dir = "+string(data)) {
		w.t.Errorf("the ledger is elsewhere: %s", text)
	}
	text = []byte(strings.Replace(string(text), "127.0.0.1:8480", address, 1))
	for name, content := range map[string][]byte{path: text, w.path(folder + `\izkm.token`): []byte("1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f\r\n")} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	return "http://" + address
}

func get(t *testing.T, url string) string {
	t.Helper()
	c := http.Client{Timeout: 10 * time.Second}
	answer, err := c.Get(url)
	if err != nil {
		return fmt.Sprint(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Sprint(err)
	}
	return strings.TrimSpace(string(text))
}
