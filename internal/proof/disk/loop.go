//go:build linux

package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Plugged is a disk in this machine, with its ext4 mounted.
type Plugged struct {
	Disk   *Disk
	Dir    string // where it is mounted
	Device string // the loop device
	file   *file
}

// Plug shows the disk to the kernel and mounts it under folder dir, which must be empty and on another
// disk. Options are those of ext4 (errors=remount-ro).
func Plug(d *Disk, dir, options string) (*Plugged, error) {
	p := &Plugged{Disk: d, Dir: filepath.Join(dir, "mounted")}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if p.file, err = show(d, filepath.Join(dir, "disk")); err != nil {
		return nil, err
	}
	if p.Device, err = MountImage(p.file.path, p.Dir, options); err != nil {
		return nil, errors.Join(err, p.file.hide())
	}
	return p, nil
}

// Unplug unmounts the disk and takes it away. Nobody may have a file open on it.
func (p *Plugged) Unplug() error {
	err := unix.Unmount(p.Dir, 0)
	if err != nil {
		err = errors.Join(fmt.Errorf("unmounting %s: %w", p.Dir, err), unix.Unmount(p.Dir, unix.MNT_DETACH))
		p.Disk.LetGo() // what still comes must not hang
	}
	return errors.Join(err, p.file.hide())
}

// MountImage mounts the ext4 in an image file and returns its loop device, which goes when the folder
// is unmounted.
func MountImage(image, dir, options string) (string, error) {
	// Not os.OpenFile, which asks the kernel whether the file can be polled: the question comes to the
	// disk's own goroutine, while the runtime waits for its answer.
	backing, err := unix.Open(image, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("opening %s: %w", image, err)
	}
	defer func() { _ = unix.Close(backing) }()                    // the loop device keeps it
	if err := unix.Fstat(backing, new(unix.Stat_t)); err != nil { // tells the kernel the size
		return "", err
	}
	device, path, err := attach(backing)
	if err != nil {
		return "", fmt.Errorf("attaching a loop device to %s: %w", image, err)
	}
	defer device.Close() // the mount keeps it
	if err := unix.Mount(path, dir, "ext4", 0, options); err != nil {
		return "", fmt.Errorf("mounting %s on %s: %w", path, dir, err)
	}
	return path, nil
}

// attach takes a free loop device. Another process may take the same one first.
func attach(backing int) (*os.File, string, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, "", err
	}
	defer control.Close()
	for range 100 {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, "", err
		}
		path := fmt.Sprintf("/dev/loop%d", n)
		device, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return nil, "", err
		}
		err = unix.IoctlLoopConfigure(int(device.Fd()), &unix.LoopConfig{Fd: uint32(backing), Size: 512, Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR}})
		if err == nil {
			return device, path, nil
		}
		device.Close()
		if !errors.Is(err, unix.EBUSY) {
			return nil, "", err
		}
	}
	return nil, "", errors.New("no loop device is free")
}
