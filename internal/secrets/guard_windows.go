package secrets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

func guarded(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "read", Path: f.Name(), Err: errors.New("is no file")}
	}
	sd, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("asking who can read it: %w", err)
	}
	mend := `icacls "` + f.Name() + `" /inheritance:r /grant:r *S-1-5-18:F *S-1-5-32-544:F "%USERNAME%:F"`
	list, _, err := sd.DACL()
	if errors.Is(err, windows.ERROR_OBJECT_NOT_FOUND) || err == nil && list == nil {
		return &OpenError{f.Name(), "everybody on this machine can read it", mend}
	}
	if err != nil {
		return fmt.Errorf("asking who can read it: %w", err)
	}
	rights, err := granted(list)
	if err != nil {
		return err
	}
	if who := openTo(rights); who != "" {
		return &OpenError{f.Name(), who, mend}
	}
	return nil
}

// Kinds of entries and flags of an access list (winnt.h).
const (
	accessAllowed         = 0
	accessAllowedCallback = 9
	inheritOnly           = 8
)

// granted returns the entries of an access list that grant something on the file itself.
func granted(list *windows.ACL) ([]right, error) {
	var all []right
	for i := range uint32(list.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &ace); err != nil {
			return nil, fmt.Errorf("asking who can read it: %w", err)
		}
		kind := ace.Header.AceType
		if kind != accessAllowed && kind != accessAllowedCallback || ace.Header.AceFlags&inheritOnly != 0 {
			continue
		}
		sid := (*windows.SID)(unsafe.Pointer(&ace.SidStart))
		all = append(all, right{sid.String(), uint32(ace.Mask)})
	}
	return all, nil
}

// service is the account that Windows makes for a service of this name.
const service = `NT SERVICE\linemark`

// owners is the access list of the folder and of what is in it: the system, the administrators, who
// stores the secret, and the service, where it is installed.
func owners() (*windows.SECURITY_DESCRIPTOR, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	list := "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" + user.User.Sid.String() + ")"
	if sid, _, _, err := windows.LookupSID("", service); err == nil {
		list += "(A;OICI;FR;;;" + sid.String() + ")"
	}
	return windows.SecurityDescriptorFromString(list)
}

// shut gives a file or folder the list of owners, and nothing that its folder would add.
func shut(path string) error {
	sd, err := owners()
	if err != nil {
		return err
	}
	list, _, err := sd.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil)
}

func (s Store) prepare() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	return shut(s.dir)
}

func (s Store) close(f *os.File) error { return shut(filepath.Clean(f.Name())) }

// entropy sets what linemark encrypts apart from what other programs do; it is no secret.
func entropy(name string) *windows.DataBlob {
	return blob([]byte("linemark secret " + strings.ToLower(name)))
}

func blob(b []byte) *windows.DataBlob {
	if len(b) == 0 {
		return &windows.DataBlob{}
	}
	return &windows.DataBlob{Size: uint32(len(b)), Data: &b[0]}
}

// taken copies what Windows has allocated, and gives that back.
func taken(b windows.DataBlob) []byte {
	defer windows.LocalFree(windows.Handle(unsafe.Pointer(b.Data))) //nolint:errcheck // nothing could be done about it
	return append([]byte(nil), unsafe.Slice(b.Data, b.Size)...)
}

// seal encrypts with a key of the machine, since the service runs under another account than the person
// who stores the secret. Who can read the file is what keeps it; on another machine it is worth nothing.
func seal(name string, value []byte) ([]byte, error) {
	var out windows.DataBlob
	err := windows.CryptProtectData(blob(value), nil, entropy(name), 0, nil, windows.CRYPTPROTECT_LOCAL_MACHINE|windows.CRYPTPROTECT_UI_FORBIDDEN, &out)
	if err != nil {
		return nil, fmt.Errorf("encrypting it: %w", err)
	}
	return taken(out), nil
}

func unseal(name string, sealed []byte) ([]byte, error) {
	var out windows.DataBlob
	if err := windows.CryptUnprotectData(blob(sealed), nil, entropy(name), 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, &out); err != nil {
		return nil, errors.New("it cannot be decrypted: it was stored on another machine, or the file is damaged")
	}
	return taken(out), nil
}
