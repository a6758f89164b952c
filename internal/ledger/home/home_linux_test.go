package home

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A kernel or a container without statx tells a file's number all the same.
func TestP9_IdentityWithoutStatx(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	whole, err := fileID(path)
	if err != nil || whole == "" {
		t.Skip("this file system gives no number that lasts")
	}
	for _, refusal := range []error{unix.ENOSYS, unix.EPERM} {
		id, err := identify(path, func(int, string, int, int, *unix.Statx_t) error { return refusal })
		if err != nil || strings.Fields(id)[0] != strings.Fields(whole)[0] || !sameFile(id, whole) || !sameFile(whole, id) {
			t.Errorf("%v: %q instead of %q, %v", refusal, id, whole, err)
		}
	}
}

// The card of a virtual machine tells it from its clone; one whose address is made up at each start tells nothing.
func TestCards(t *testing.T) {
	class := t.TempDir()
	card := func(name, bus, address, assigned string) {
		dir := filepath.Join(class, name)
		buses := filepath.Join(t.TempDir(), bus)
		err := errors.Join(os.MkdirAll(filepath.Join(dir, "device"), 0o700), os.Mkdir(buses, 0o700), os.Symlink(buses, filepath.Join(dir, "device", "subsystem")),
			os.WriteFile(filepath.Join(dir, "address"), []byte(address+"\n"), 0o600), os.WriteFile(filepath.Join(dir, "addr_assign_type"), []byte(assigned+"\n"), 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
	card("eth0", "pci", "00:0b:ab:00:00:01", "0")
	card("eth1", "virtio", "52:54:00:9a:3f:11", "0")
	card("eth2", "virtio", "52:54:00:9a:3f:12", "1")
	card("usb0", "usb", "02:1a:11:00:00:01", "0")
	if err := os.MkdirAll(filepath.Join(class, "tap0"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := cardsIn(class); !slices.Equal(got, []string{"00:0b:ab:00:00:01", "52:54:00:9a:3f:11"}) {
		t.Errorf("%v", got)
	}
}
