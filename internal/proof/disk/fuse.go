//go:build linux

package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// The kernel's numbers and sizes: linux/fuse.h.
const (
	opGetattr   = 3
	opOpen      = 14
	opRead      = 15
	opWrite     = 16
	opRelease   = 18
	opFsync     = 20
	opFlush     = 25
	opInit      = 26
	opForget    = 2
	opBatch     = 42 // forgets many
	opInterrupt = 36

	headerIn, headerOut = 40, 16
	openDirect          = 1 << 0 // FOPEN_DIRECT_IO: no cache between loop device and disk
	initMaxPages        = 1 << 22
	initBigWrites       = 1 << 5
	maxWrite            = 1 << 20
)

var order = binary.NativeEndian

// file is a disk as a file of the kernel's: the root of a file system that is nothing but this file.
type file struct {
	disk *Disk
	path string
	fd   int
	wg   sync.WaitGroup
}

// show mounts the disk as a file over the one at path.
func show(d *Disk, path string) (*file, error) {
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return nil, err
	}
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening /dev/fuse: %w", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=%o,user_id=0,group_id=0", fd, unix.S_IFREG|0o600)
	if err := unix.Mount("linemark-test-disk", path, "fuse", unix.MS_NODEV|unix.MS_NOSUID, options); err != nil {
		return nil, errors.Join(fmt.Errorf("mounting the disk's file: %w", err), unix.Close(fd))
	}
	f := &file{disk: d, path: path, fd: fd}
	f.wg.Go(f.serve)
	return f, nil
}

// hide takes the file away; nobody may have it open.
func (f *file) hide() error {
	err := unix.Unmount(f.path, unix.MNT_DETACH)
	f.wg.Wait()
	return errors.Join(err, unix.Close(f.fd))
}

func (f *file) serve() {
	buffer := make([]byte, maxWrite+4096)
	for {
		n, err := unix.Read(f.fd, buffer)
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN), errors.Is(err, unix.ENOENT):
			continue
		case err != nil: // ENODEV: unmounted
			return
		}
		request := append([]byte(nil), buffer[:n]...)
		f.wg.Go(func() { f.handle(request) })
	}
}

func (f *file) handle(r []byte) {
	op, id, body := order.Uint32(r[4:]), order.Uint64(r[8:]), r[headerIn:]
	var out []byte
	var errno unix.Errno
	switch op {
	case opForget, opBatch, opInterrupt:
		return // these have no answer
	case opInit:
		out = order.AppendUint32(out, 7)
		out = order.AppendUint32(out, 31)
		out = order.AppendUint32(out, order.Uint32(body[8:])) // read-ahead as offered
		out = order.AppendUint32(out, initBigWrites|initMaxPages)
		out = order.AppendUint16(out, 64)
		out = order.AppendUint16(out, 48)
		out = order.AppendUint32(out, maxWrite)
		out = order.AppendUint32(out, 1)
		out = order.AppendUint16(out, maxWrite/4096)
		out = append(out, make([]byte, 64-len(out))...)
	case opGetattr:
		out = f.attributes()
	case opOpen:
		out = order.AppendUint64(out, 0)
		out = order.AppendUint32(out, openDirect)
		out = order.AppendUint32(out, 0)
	case opRead:
		out, errno = f.disk.read(int64(order.Uint64(body[8:])), int(order.Uint32(body[16:])))
	case opWrite:
		n := order.Uint32(body[16:])
		if errno = f.disk.write(int64(order.Uint64(body[8:])), body[40:40+n]); errno == 0 {
			out = order.AppendUint32(out, n)
			out = order.AppendUint32(out, 0)
		}
	case opFsync:
		errno = f.disk.flush()
	case opRelease, opFlush:
	default:
		errno = unix.ENOSYS
	}
	if errno != 0 {
		out = nil
	}
	answer := order.AppendUint32(nil, uint32(headerOut+len(out)))
	answer = order.AppendUint32(answer, uint32(-int32(errno)))
	answer = order.AppendUint64(answer, id)
	_, _ = unix.Write(f.fd, append(answer, out...)) // ENOENT: whoever asked is gone
}

func (f *file) attributes() []byte {
	size := uint64(len(f.disk.face))
	out := order.AppendUint64(nil, 3600) // how long this is good for
	out = order.AppendUint64(out, 0)
	for _, v := range []uint64{1, size, size / 512, 0, 0, 0} { // inode, size, blocks, times
		out = order.AppendUint64(out, v)
	}
	for _, v := range []uint32{0, 0, 0, unix.S_IFREG | 0o600, 1, 0, 0, 0, 4096, 0} { // nanoseconds, mode, links, owner, group, device, block size
		out = order.AppendUint32(out, v)
	}
	return out
}
