package home

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// drifting are file systems that give a file another number at the next mount, or give it by chance.
var drifting = []int64{unix.MSDOS_SUPER_MAGIC, unix.EXFAT_SUPER_MAGIC, unix.FUSE_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.V9FS_MAGIC}

// fileID is the file's number and, where the file system keeps it, the moment of its making: a
// number is given again when its file is gone. A snapshot of btrfs has both from what it was taken of,
// and a number of its own.
func fileID(path string) (string, error) { return identify(path, unix.Statx) }

func identify(path string, statx func(dir int, path string, flags, mask int, to *unix.Statx_t) error) (string, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return "", err
	}
	if slices.Contains(drifting, int64(fs.Type)) {
		return "", nil
	}
	number, born, volume := "", unknown, unknown
	var x unix.Statx_t
	if statx(unix.AT_FDCWD, path, unix.AT_STATX_SYNC_AS_STAT, unix.STATX_INO|unix.STATX_BTIME, &x) == nil {
		if x.Mask&unix.STATX_INO == 0 {
			return "", nil
		}
		number = fmt.Sprint(x.Ino)
		if x.Mask&unix.STATX_BTIME != 0 {
			born = fmt.Sprintf("%d.%09d", x.Btime.Sec, x.Btime.Nsec)
		}
	} else { // an old kernel, or a container that forbids the call
		var s unix.Stat_t
		if err := unix.Stat(path, &s); err != nil {
			return "", err
		}
		number = fmt.Sprint(s.Ino)
	}
	if fs.Type == unix.BTRFS_SUPER_MAGIC {
		volume = fmt.Sprintf("%08x%08x", uint32(fs.Fsid.Val[0]), uint32(fs.Fsid.Val[1]))
	}
	return number + " " + born + " " + volume, nil
}

func install() string { return line("/etc/machine-id") }

// board is for root alone on a PC, for everybody on a machine with a device tree.
func board() string {
	for _, path := range []string{"/sys/class/dmi/id/product_uuid", "/sys/firmware/devicetree/base/serial-number"} {
		if number := genuine(line(path)); number != "" {
			return number
		}
	}
	return ""
}

func cards() []string { return cardsIn("/sys/class/net") }

// cardsIn are those that stand for a piece of hardware. One in a bond bears the bond's address.
func cardsIn(class string) []string {
	entries, err := os.ReadDir(class)
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		dir := filepath.Join(class, e.Name())
		if _, err := os.Stat(filepath.Join(dir, "device")); err != nil {
			continue
		}
		text := line(filepath.Join(dir, "bonding_slave", "perm_hwaddr"))
		if text == "" {
			text = line(filepath.Join(dir, "address"))
		}
		address, err := net.ParseMAC(text)
		switch {
		case err != nil:
		case lasts(dir):
			found = append(found, address.String())
		default:
			found = append(found, maker(address))
		}
	}
	return set(found)
}

// lasts says whether a virtual machine's card has its address from the machine's own description, as KVM
// gives it: such a one was made up, but is the same at each start, and not that of a clone.
func lasts(card string) bool {
	const permanent = "0" // NET_ADDR_PERM
	bus, err := filepath.EvalSymlinks(filepath.Join(card, "device", "subsystem"))
	return err == nil && filepath.Base(bus) == "virtio" && line(filepath.Join(card, "addr_assign_type")) == permanent
}

// disks are those under the file's file system, through partitions, mirrors and volumes.
func disks(path string) []string {
	var s unix.Stat_t
	if unix.Stat(path, &s) != nil {
		return nil
	}
	dev := uint64(s.Dev)
	dir, err := filepath.EvalSymlinks(fmt.Sprintf("/sys/dev/block/%d:%d", unix.Major(dev), unix.Minor(dev)))
	if err != nil { // no device of its own: a network, a memory, btrfs
		mounts, _ := os.ReadFile("/proc/self/mountinfo")
		var found []string
		for _, dir := range btrfsDevices(string(mounts), path, "/sys/fs/btrfs") {
			found = append(found, serials(dir, 0)...)
		}
		return set(found)
	}
	return set(serials(dir, 0))
}

// btrfsDevices are the folders of all devices of the btrfs that a file is on: mountinfo (proc(5)) names one of
// them, which may be another at the next start.
func btrfsDevices(mounts, path, sys string) (found []string) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil
	}
	const mountPoint, kind, source = 4, 0, 1
	longest, device := "", ""
	for l := range strings.Lines(mounts) {
		before, after, _ := strings.Cut(l, " - ")
		b, a := strings.Fields(before), strings.Fields(after)
		if len(b) <= mountPoint || len(a) <= source {
			continue
		}
		point := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(b[mountPoint])
		if len(point) < len(longest) || path != point && !strings.HasPrefix(path, strings.TrimSuffix(point, "/")+"/") {
			continue
		}
		if longest, device = point, a[source]; a[kind] != "btrfs" {
			device = ""
		}
	}
	if device == "" {
		return nil
	}
	if real, err := filepath.EvalSymlinks(device); err == nil { // /dev/mapper/NAME
		device = real
	}
	lists, _ := filepath.Glob(filepath.Join(sys, "*", "devices")) // fails for a bad pattern alone
	for _, list := range lists {
		if _, err := os.Stat(filepath.Join(list, filepath.Base(device))); err != nil {
			continue
		}
		all, err := os.ReadDir(list)
		if err != nil {
			return nil
		}
		for _, d := range all {
			if dir, err := filepath.EvalSymlinks(filepath.Join(list, d.Name())); err == nil {
				found = append(found, dir)
			}
		}
	}
	return found
}

// deepest is how many layers may lie on each other.
const deepest = 8

func serials(dir string, depth int) (found []string) {
	if depth > deepest {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, "partition")); err == nil {
		dir = filepath.Dir(dir)
	}
	under, err := os.ReadDir(filepath.Join(dir, "slaves"))
	if err == nil && len(under) > 0 {
		for _, e := range under {
			if next, err := filepath.EvalSymlinks(filepath.Join(dir, "slaves", e.Name())); err == nil {
				found = append(found, serials(next, depth+1)...)
			}
		}
		return found
	}
	if strings.HasPrefix(filepath.Base(dir), "vd") || simulated(line(filepath.Join(dir, "device", "vendor"))+" "+line(filepath.Join(dir, "device", "model"))) {
		return nil // of a virtual machine: many bear one number
	}
	for _, name := range []string{"serial", "device/serial", "device/cid"} {
		if number := genuine(line(filepath.Join(dir, name))); number != "" {
			return []string{number}
		}
	}
	return []string{genuine(page80(filepath.Join(dir, "device", "vpd_pg80")))}
}

// simulated says whether a disk's model is one of a virtual machine.
func simulated(model string) bool {
	model = strings.ToLower(model)
	return slices.ContainsFunc([]string{"qemu", "virtual", "vmware", "vbox", "msft"}, func(word string) bool { return strings.Contains(model, word) })
}

// page80 reads a serial number as SCSI tells it: four bytes of head, the last of them its length.
func page80(path string) string {
	b, err := os.ReadFile(path)
	if err != nil || len(b) < 4 || len(b) < 4+int(b[3]) {
		return ""
	}
	return strings.Trim(string(b[4:4+int(b[3])]), " \x00")
}

// line reads a file of one line; empty if it cannot be read.
func line(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.Trim(string(b), " \t\r\n\x00")
}
