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

// btrfs has no device of its own: a PC whose disk is not known by it would be another one with another card. All
// disks of a mirror count, whichever of them the mount names.
func TestP9_DisksOfBtrfs(t *testing.T) {
	sys := t.TempDir()
	for _, d := range []string{"u-1/devices", "u-2/devices", "block/sda2", "block/sdb2", "block/sdc1"} {
		if err := os.MkdirAll(filepath.Join(sys, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"u-1/devices/sda2": "block/sda2", "u-1/devices/sdb2": "block/sdb2", "u-2/devices/sdc1": "block/sdc1"} {
		if err := os.Symlink(filepath.Join(sys, to), filepath.Join(sys, link)); err != nil {
			t.Fatal(err)
		}
	}
	mounts := func(mirror string) string {
		return "22 1 0:20 /@ / rw shared:1 - btrfs " + mirror + " rw,subvol=/@\n30 22 0:20 /@/var /srv/a\\040b rw - btrfs " + mirror + " rw\n31 22 8:33 / /srv rw - ext4 /dev/sdd1 rw\n32 22 0:41 / /srv/b rw - btrfs /dev/sdc1 rw\n"
	}
	for path, want := range map[string]string{"/ledger.db": "sda2 sdb2", "/srv/a b/ledger.db": "sda2 sdb2", "/srv/x/ledger.db": "", "/srv/b/ledger.db": "sdc1", "/srv/bb/ledger.db": ""} {
		for _, mirror := range []string{"/dev/sda2", "/dev/sdb2"} {
			var got []string
			for _, dir := range btrfsDevices(mounts(mirror), path, sys) {
				got = append(got, filepath.Base(dir))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s, mounted from %s: %v, want %q", path, mirror, got, want)
			}
		}
	}
	if got := btrfsDevices("garbage\n - \n", "/ledger.db", sys); got != nil {
		t.Errorf("%v", got)
	}
}
