package service

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

func TestImagePath(t *testing.T) {
	got := ImagePath(Options{Exe: `C:\linemark\linemark.exe`, Config: `C:\ProgramData\linemark\linemark.toml`})
	if want := `"C:\linemark\linemark.exe" run --service --config "C:\ProgramData\linemark\linemark.toml"`; got != want {
		t.Errorf("%s", got)
	}
}

// The identity of a service that everybody knows, as sc showsid tells it, and ours, which packages name.
func TestServiceSID(t *testing.T) {
	for name, want := range map[string]string{
		"TrustedInstaller": "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
		Name:               "S-1-5-80-699142280-1256508894-3986876584-2284338776-401253544",
	} {
		if got := ServiceSID(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// The folders are the system's, the administrators' and the service's, and nothing is inherited.
func TestRights(t *testing.T) {
	sd, err := windows.SecurityDescriptorFromString(rights())
	if err != nil {
		t.Fatal(err)
	}
	flags, _, err := sd.Control()
	if err != nil || flags&windows.SE_DACL_PROTECTED == 0 {
		t.Errorf("%x, %v", flags, err)
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]windows.ACCESS_MASK{
		"S-1-5-18": 0x1f01ff, "S-1-5-32-544": 0x1f01ff,
		ServiceSID("linemark"): 0x1301bf, // all but taking the folder over and giving rights away
	}
	for i := range uint32(dacl.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(dacl, i, &ace); err != nil {
			t.Fatal(err)
		}
		sid := sidOf(ace)
		if ace.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE || ace.Mask != want[sid] || ace.Header.AceFlags != windows.CONTAINER_INHERIT_ACE|windows.OBJECT_INHERIT_ACE {
			t.Errorf("%s: %+v", sid, ace)
		}
		delete(want, sid)
	}
	if len(want) > 0 {
		t.Errorf("no rights for %v", want)
	}
}

func TestOutOfReach(t *testing.T) {
	for path, reachable := range map[string]bool{
		`C:\Program Files\linemark\linemark.exe`: true,
		`C:\Users\ali\Downloads\linemark.exe`:    false,
		`c:\users\ALI\linemark.exe`:              false,
		`\\server\share\linemark.exe`:            false,
	} {
		if why := outOfReach(path); (why == "") != reachable {
			t.Errorf("%s: %q", path, why)
		}
	}
}

func TestKnown(t *testing.T) {
	for errno, want := range map[windows.Errno]error{
		windows.ERROR_ACCESS_DENIED:           ErrAccess,
		windows.ERROR_SERVICE_EXISTS:          ErrInstalled,
		windows.ERROR_SERVICE_DOES_NOT_EXIST:  ErrNotInstalled,
		windows.ERROR_SERVICE_DATABASE_LOCKED: windows.ERROR_SERVICE_DATABASE_LOCKED,
	} {
		if got := known(errno); !errors.Is(got, want) {
			t.Errorf("%v", got)
		}
	}
	if hint := Hint(known(windows.ERROR_SERVICE_MARKED_FOR_DELETE)); !strings.Contains(hint, "Services window") {
		t.Errorf("%q", hint)
	}
}

// A service that crashes leaves its stacks beside its log.
func TestCrash(t *testing.T) {
	if config := os.Getenv("SERVICE_CRASH"); config != "" {
		log, _ := Log(true, config, os.Stderr)
		log.Info("still well")
		panic("the end")
	}
	dir, err := os.MkdirTemp("", "crash")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // wine cannot, and there the folder goes with all of wine's
	c := exec.Command(os.Args[0], "-test.run=^TestCrash$")
	c.Env = append(os.Environ(), "SERVICE_CRASH="+filepath.Join(dir, "linemark.toml"))
	if out, err := c.CombinedOutput(); err == nil || strings.Contains(string(out), "still well") {
		t.Errorf("%v: %s", err, out)
	}
	crash, err := os.ReadFile(filepath.Join(dir, "logs", "crash.log"))
	if err != nil || !strings.Contains(string(crash), "panic: the end") || !strings.Contains(string(crash), "TestCrash") {
		t.Errorf("%v: %s", err, crash)
	}
	log, err := os.ReadFile(filepath.Join(dir, "logs", "linemark-000001.log"))
	if err != nil || !strings.Contains(string(log), "still well") {
		t.Errorf("%v: %s", err, log)
	}
}
