package service

import (
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Dir is C:\ProgramData\linemark: the configuration, and the folders data and logs.
func Dir() string {
	dir, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	if err != nil {
		dir = os.Getenv("ProgramData")
	}
	return filepath.Join(dir, Name)
}

// ConfigPath is where the configuration of an installed linemark is.
func ConfigPath() string { return filepath.Join(Dir(), Name+".toml") }

// DataDir is where the ledger of an installed linemark is.
func DataDir() string { return filepath.Join(Dir(), "data") }

// makeFolders makes the folders, or takes over those that are there. Administrators and the system have all
// rights on them, the service may read and write, and nobody else has any; nothing is inherited.
func makeFolders() error {
	sd, err := windows.SecurityDescriptorFromString(rights())
	if err != nil {
		return fmt.Errorf("making the rights: %w", err)
	}
	if err := makeFolder(Dir(), sd); err != nil {
		return err
	}
	for _, dir := range []string{DataDir(), filepath.Join(Dir(), "logs")} {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) { // it inherits the rights
			return fmt.Errorf("making the service's folders: %w", known(err))
		}
	}
	return nil
}

// makeFolder makes one with these rights from the first moment on. One that is there is taken over only from
// a trustworthy owner: under ProgramData every user may have made it, and an owner can always give himself
// rights.
func makeFolder(dir string, sd *windows.SECURITY_DESCRIPTOR) error {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return err
	}
	with := &windows.SecurityAttributes{SecurityDescriptor: sd}
	with.Length = uint32(unsafe.Sizeof(*with))
	switch err := windows.CreateDirectory(path, with); {
	case errors.Is(err, windows.ERROR_ALREADY_EXISTS):
		if err := trusted(dir); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("making %s: %w", dir, known(err))
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return fmt.Errorf("making the rights: %w", err)
	}
	// Also of one that was just made: this hands the rights down to what is in it.
	err = windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil)
	if err != nil {
		return fmt.Errorf("setting the rights on %s: %w", dir, known(err))
	}
	return nil
}

// trusted says whether a folder belongs to the administrators, the system, the service or who is asking.
func trusted(dir string) error {
	sd, err := windows.GetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("looking whose %s is: %w", dir, known(err))
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return fmt.Errorf("looking whose %s is: %w", dir, err)
	}
	me, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return fmt.Errorf("looking who is asking: %w", err)
	}
	if owner.IsWellKnown(windows.WinBuiltinAdministratorsSid) || owner.IsWellKnown(windows.WinLocalSystemSid) || owner.String() == ServiceSID(Name) || owner.Equals(me.User.Sid) {
		return nil
	}
	return &hinted{fmt.Errorf("%s is there already and belongs to %s", dir, nameOf(owner)), `look into it; then move it away, or make it the administrators': takeown /f "` + dir + `" /a /r`}
}

func nameOf(sid *windows.SID) string {
	account, domain, _, err := sid.LookupAccount("")
	if err != nil {
		return sid.String()
	}
	return domain + `\` + account
}

// rights are those on the folders, in Windows' text form: nothing is inherited (P); the system and the
// administrators may do all; the service may read, write, make and delete; all is handed down.
func rights() string {
	return "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;" + ServiceSID(Name) + ")"
}

// ServiceSID is the identity that Windows gives a service by its name alone, whether it exists or not: five
// numbers out of the SHA-1 of the name in capitals (sc showsid).
func ServiceSID(name string) string {
	text := utf16.Encode([]rune(strings.ToUpper(name)))
	bytes := make([]byte, 0, 2*len(text))
	for _, u := range text {
		bytes = binary.LittleEndian.AppendUint16(bytes, u)
	}
	sum := sha1.Sum(bytes)
	sid := "S-1-5-80"
	for i := 0; i < len(sum); i += 4 {
		sid += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(sum[i:]))
	}
	return sid
}
