package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"linemark/internal/peers/wine"
)

// The tests of this room that only Windows can run, and the service itself: installed, started, asked, stopped
// and removed by the program's own words, and seen by those of Windows.
func TestWine(t *testing.T) {
	t.Parallel()
	w := wine.New(t)
	const (
		exe     = `C:\Program Files\linemark\linemark.exe`
		folder  = `C:\ProgramData\linemark`
		key     = `HKLM\System\CurrentControlSet\Services\linemark`
		events  = `HKLM\System\CurrentControlSet\Services\EventLog\Application\linemark`
		settled = `(?m)^the service linemark is `
	)
	w.Build(w.Path(`C:\service.test.exe`), "test", "-c", ".")
	w.Wants(0, `(?m)^PASS$`, `C:\service.test.exe`, "-test.v")

	w.Build(w.Path(exe), "build", "linemark/cmd/linemark")
	w.Wants(1, "is not installed\nhint: linemark service install", exe, "service", "status")
	w.Wants(1, "is not installed", exe, "service", "start")
	w.Wants(1, "is not installed", exe, "service", "uninstall")

	w.Wants(0, settled+`installed; .*NT SERVICE.linemark`, exe, "service", "install")
	w.Wants(0, `ImagePath +REG_SZ +"C:\\Program Files\\linemark\\linemark.exe" run --service --config "C:\\ProgramData\\linemark\\linemark.toml"`+"\n", "reg", "query", key)
	w.Wants(0, `(?s)ObjectName +REG_SZ +NT SERVICE\\linemark.*PreshutdownTimeout +REG_DWORD +0xea60.*Start +REG_DWORD +0x2\n`, "reg", "query", key)
	w.Wants(0, `EventCreate.exe`, "reg", "query", events)
	w.Wants(1, "is installed already\nhint: linemark service uninstall", exe, "service", "install")
	w.Wants(1, settled+"stopped; it starts with the machine", exe, "service", "status")

	// When it ends with an error, here for the page's port, Windows is told so in a way that has it started again.
	page := configure(t, w, folder)
	taken, err := net.Listen("tcp", strings.TrimPrefix(page, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	w.Wants(1, "it ended with an error", exe, "service", "start")
	w.Wants(0, `(?s)STOPPED.*WIN32_EXIT_CODE +: 1066 .*SERVICE_EXIT_CODE +: 1 `, "sc", "query", "linemark")
	taken.Close()

	// Without its token it is up and says what is missing.
	token := w.Path(folder + `\izkm.token`)
	if err := os.Rename(token, token+".away"); err != nil {
		t.Fatal(err)
	}
	w.Wants(0, settled+"up", exe, "service", "start")
	if got := get(t, page+"/readyz"); !strings.Contains(got, "izkm.token") {
		t.Errorf("the page says %q", got)
	}
	w.Wants(0, "has stopped", exe, "service", "stop")
	if err := os.Rename(token+".away", token); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.Wants(0, settled+"up", exe, "service", "start")
		w.Wants(0, "RUNNING", "sc", "query", "linemark")
		w.Wants(0, settled+`running, process \d+; it starts with the machine`, exe, "service", "status")
		if got := get(t, page+"/healthz"); got != "ok" {
			t.Errorf("the page says %q", got)
		}
		w.Wants(0, settled+"up", exe, "service", "start") // it is already
		w.Wants(0, "has stopped", exe, "service", "stop")
		w.Wants(0, "STOPPED", "sc", "query", "linemark")
		w.Wants(0, "has stopped", exe, "service", "stop") // it has already
	}
	log, err := os.ReadFile(w.Path(folder + `\logs\linemark-000001.log`))
	if err != nil || strings.Count(string(log), "linemark is up") != 2 || strings.Count(string(log), "linemark has stopped") != 3 {
		t.Errorf("%v: %s", err, log)
	}

	// Brought to other paths, and back.
	w.Wants(0, settled+"installed", exe, "service", "install", "--again", "--config", `C:\elsewhere\linemark.toml`)
	w.Wants(0, `ImagePath .*C:\\elsewhere\\linemark.toml`, "reg", "query", key)
	w.Wants(0, settled+"installed", exe, "service", "install", "--again")
	w.Wants(0, settled+"up", exe, "service", "start", "--if-enabled")
	w.Wants(0, "has stopped", exe, "service", "stop")

	// Removed while it runs it is stopped first, and what it knows stays.
	w.Wants(0, settled+"up", exe, "service", "start")
	w.Wants(0, "is removed; configuration, ledger and logs are as they were", exe, "service", "uninstall")
	w.Wants(1, "is not installed", exe, "service", "status")
	w.Wants(1, "", "reg", "query", key)
	w.Wants(1, "", "reg", "query", events)
	for _, kept := range []string{`\linemark.toml`, `\data\ledger.db`, `\logs\linemark-000001.log`} {
		if _, err := os.Stat(w.Path(folder + kept)); err != nil {
			t.Error(err)
		}
	}
	w.Wants(0, `(?s)installed.*linemark config check`, exe, "service", "install") // over what was kept
	w.Wants(0, "is removed, with configuration, ledger and logs", exe, "service", "uninstall", "--remove-data")
	if _, err := os.Stat(w.Path(folder)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folders are still there: %v", err)
	}
}

// configure gives the starter configuration a token and a free port, and returns the page's address.
func configure(t *testing.T, w wine.Box, folder string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	path := w.Path(folder + `\linemark.toml`)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if data, _ := json.Marshal(folder + `\data`); !strings.Contains(string(text), "data_dir = "+string(data)) {
		t.Errorf("the ledger is elsewhere: %s", text)
	}
	text = []byte(strings.Replace(string(text), "127.0.0.1:8480", address, 1))
	for name, content := range map[string][]byte{path: text, w.Path(folder + `\izkm.token`): []byte("1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f\r\n")} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
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
