package secrets

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows"
)

// What is stored is encrypted, and shut against everybody's accounts.
func TestStoredOnWindows(t *testing.T) {
	s := Beside(t.TempDir())
	if err := s.Set("izkm-token", []byte("t0k3n")); err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(s.Path("izkm-token"))
	if err != nil || bytes.Contains(sealed, []byte("t0k3n")) {
		t.Errorf("on the disk is %q, %v", sealed, err)
	}
	if _, err := unseal("pc.key", sealed); err == nil {
		t.Error("it opens under another name")
	}
	if text, err := Open(s.Path("IZKM-TOKEN")); err != nil || string(text) != "t0k3n" {
		t.Errorf("by its name in capitals: %q, %v", text, err)
	}
}

func TestOpenFileOnWindows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("t0k3n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for list, open := range map[string]bool{"D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;OW)": false, "D:P(A;;FA;;;BA)(A;;FA;;;OW)(A;;FR;;;BU)": true, "D:P(A;;FA;;;OW)(A;;FR;;;WD)": true, "D:P(A;;FA;;;OW)(A;;FW;;;AU)": true} {
		sd, err := windows.SecurityDescriptorFromString(list)
		if err != nil {
			t.Fatal(err)
		}
		dacl, _, err := sd.DACL()
		if err != nil {
			t.Fatal(err)
		}
		if err := windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil); err != nil {
			t.Fatal(err)
		}
		_, err = Read(path)
		if _, refused := errors.AsType[*OpenError](err); refused != open {
			t.Errorf("%s: %v", list, err)
		}
	}
}
