//go:build linux

package disk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// insideEnv marks a process whose mounts are its own.
const insideEnv = "LINEMARK_TEST_OWN_MOUNTS"

// Missing says why no disk can be plugged into this machine; nil: it can.
func Missing() error {
	if os.Getuid() != 0 {
		return errors.New("mounting needs root")
	}
	for _, device := range []string{"/dev/loop-control", "/dev/fuse"} {
		f, err := os.OpenFile(device, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		f.Close()
	}
	if _, err := exec.LookPath("mkfs.ext4"); err != nil {
		return err
	}
	if os.Getenv(insideEnv) == "" {
		return errors.New("this process has no mounts of its own")
	}
	return nil
}

// Inside runs this program anew with mounts of its own and ends with its exit code: so every mount and
// loop device goes with the process, however it ends. It returns in that new process, and in a process
// that may not have such mounts.
func Inside() {
	if os.Getenv(insideEnv) != "" || os.Getuid() != 0 {
		return
	}
	self, err := os.Executable()
	if err != nil {
		return
	}
	try := exec.Command("/bin/true")
	try.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	if try.Run() != nil {
		return
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(max(exit.ExitCode(), 1))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Format returns a disk image of this size with a fresh ext4 on it. Dir is where it is made.
func Format(dir string, size int64) ([]byte, error) {
	f, err := os.CreateTemp(dir, "format-*.img")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return nil, err
	}
	// All tables at once: nothing is left for a thread of the kernel to write later.
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", f.Name()).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mkfs.ext4: %w: %s", err, out)
	}
	return os.ReadFile(f.Name())
}
