package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"linemark/drivers/link"
)

// A port with a lasting name is offered under it, and no speed is guessed.
func TestPortsByTheirLastingNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows keeps a port's name by itself")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	usb, links := filepath.Join(dir, "ttyUSB0"), filepath.Join(dir, "by-id")
	if err := os.Mkdir(links, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(usb, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"usb-FTDI_A-if00-port0": "../ttyUSB0", "usb-gone-if00": "../ttyUSB9"} {
		if err := os.Symlink(to, filepath.Join(links, name)); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	ports := []link.Port{{Name: "/dev/ttyS0"}, {Name: usb, USB: "0403:6001", Product: "FT232R", Serial: "A"}}
	if err := listPorts(&console{out: &out}, ports, lasting(links)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"serial:///dev/ttyS0?baud=SPEED\n", "serial://" + links + "/usb-FTDI_A-if00-port0?baud=SPEED\n", "rtu://"} {
		if !bytes.Contains(out.Bytes(), []byte(want)) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	if got := lasting(filepath.Join(dir, "none")); len(got) > 0 {
		t.Errorf("a system without the folder has %v", got)
	}
}
