package main

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"linemark/internal/config"
	"linemark/internal/peers"
	"linemark/internal/peers/wine"
)

const (
	installed = `C:\Program Files\linemark\linemark.exe`
	folder    = `C:\ProgramData\linemark`
)

// installer makes the MSI of a version at a path of Windows.
func installer(t *testing.T, w wine.Box, name string) string {
	t.Helper()
	r := newRelease(t, name)
	dir := staged(t, r, target{"windows", "amd64"})
	at := `C:\linemark-` + name + `.msi`
	if err := r.msi(t.Context(), w.Path(at), dir); err != nil {
		t.Fatal(err)
	}
	return at
}

// The installer for Windows, from the first installation over an upgrade to the last removal: the service runs
// and marks, and configuration and ledger stay until somebody says otherwise.
func TestMSI(t *testing.T) {
	t.Parallel()
	peers.Need(t, "wixl")
	peers.Need(t, "msibuild")
	w := wine.New(t)
	msi := func(code int, args ...string) {
		t.Helper()
		w.Wants(code, "", append([]string{"msiexec"}, append(args, "/qn", "/l*v", `C:\msi.log`)...)...)
	}
	refused := func(args ...string) {
		t.Helper()
		said, code := w.Run(t.Context(), append([]string{"msiexec"}, append(args, "/qn", "/l*v", `C:\msi.log`)...)...)
		if code == 0 {
			t.Errorf("%q is not refused: %s", args, said)
		}
	}
	older, newer := installer(t, w, "v1.2.3"), installer(t, w, "v1.2.4")

	// The configuration is there before the program: what an earlier one has left is taken up.
	plantText, page := plantConfig(t, folder+`\data`)
	text := strings.Replace(plantText, `"${LINEMARK_IZKM_TOKEN}"`, `"file:izkm.token"`, 1) // a service has an environment of its own
	ours := w.Path(folder + `\linemark.toml`)
	err := errors.Join(os.MkdirAll(filepath.Dir(ours), 0o755), os.CopyFS(w.Path(folder+`\labels`), config.Labels()), os.WriteFile(ours, []byte(text), 0o644),
		os.WriteFile(w.Path(folder+`\izkm.token`), []byte(os.Getenv("LINEMARK_IZKM_TOKEN")), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	here := newRelease(t, "v1.2.3")
	simText := strings.Replace(plantText, strconv.Quote(folder+`\data`), strconv.Quote(t.TempDir()), 1)
	begin(t, filepath.Join(staged(t, here, target{"linux", "amd64"}), "linemark"), "sim", "--config", layPlant(t, simText), "--rate", "20", "--faultless")

	there := func(path string, want bool) {
		t.Helper()
		if _, err := os.Stat(w.Path(path)); errors.Is(err, fs.ErrNotExist) == want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
	msi(0, "/i", older)
	for _, paper := range []string{`README.md`, `configs\water.toml`, `configs\labels\zpl\unit.zpl`, `drivers\plc\modbus\README.md`, `docs\proof.md`} {
		there(`C:\Program Files\linemark\`+paper, true)
	}
	w.Wants(0, "RUNNING", "sc", "query", "linemark")
	w.Wants(0, `linemark 1\.2\.3\n`, installed, "version")
	w.Wants(0, `running, process \d+; it starts with the machine`, installed, "service", "status")
	w.Wants(0, `(?s)ObjectName +REG_SZ +NT SERVICE.linemark.*PreshutdownTimeout +REG_DWORD +0xea60`, "reg", "query", `HKLM\System\CurrentControlSet\Services\linemark`)
	w.Wants(0, `EventCreate.exe`, "reg", "query", `HKLM\System\CurrentControlSet\Services\EventLog\Application\linemark`)
	marked(t, page, 20)

	// In the middle of a batch nothing is touched, unless it is said to be meant.
	w.Wants(1, "^no: line 3 is in the middle of batch B1\n", installed, "service", "may-restart")
	started := startOf(t, page)
	refused("/i", newer)
	w.Wants(0, `linemark 1\.2\.3\n`, installed, "version")
	if !startOf(t, page).Equal(started) {
		t.Error("the service was started anew by an upgrade that was refused")
	}
	msi(0, "/i", newer, "FORCE=1")
	w.Wants(0, `linemark 1\.2\.4\n`, installed, "version")
	w.Wants(0, "RUNNING", "sc", "query", "linemark")
	marked(t, page, 20)
	if kept, err := os.ReadFile(ours); err != nil || !bytes.Equal(kept, []byte(text)) {
		t.Errorf("the configuration was changed: %v", err)
	}
	w.Wants(0, "", installed, "balance", "--config", folder+`\linemark.toml`)
	refused("/i", older) // there is no way back
	w.Wants(0, `linemark 1\.2\.4\n`, installed, "version")

	w.Wants(0, "has stopped", installed, "service", "stop")
	w.Wants(0, "is up", installed, "service", "start")

	// Removed while it runs.
	msi(0, "/x", newer)
	w.Wants(1, "", "reg", "query", `HKLM\System\CurrentControlSet\Services\linemark`)
	if c := (http.Client{Timeout: deadline}); true {
		if answer, err := c.Get(page + "/healthz"); err == nil {
			answer.Body.Close()
			t.Error("it runs on after its removal")
		}
	}
	there(`C:\Program Files\linemark`, false)
	there(folder+`\linemark.toml`, true)
	there(folder+`\data\ledger.db`, true)

	// The first installation of all writes the starter; with REMOVEDATA=1 nothing stays.
	if err := os.Rename(ours, ours+".old"); err != nil {
		t.Fatal(err)
	}
	msi(0, "/i", older)
	there(folder+`\linemark.toml`, true)
	w.Wants(0, "is removed, with configuration, ledger and logs", "msiexec", "/x", older, "REMOVEDATA=1", "/qn")
	there(installed, false)
	there(folder, false)
	w.Wants(1, "", "reg", "query", `HKLM\System\CurrentControlSet\Services\linemark`)
}
