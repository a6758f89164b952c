package home

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var here = Home{File: "12 1.0 a", Path: "/var/lib/linemark/ledger.db", PC: PC{Name: "PC-3", Install: "9a3f", Board: "b-1", Cards: []string{"00:0b:ab:00:00:01", "00:0b:ab:00:00:02"}, Disks: []string{"S1"}}}

// TestDiffers: every way in which a file comes to be where it was not written, and none in which it stays.
func TestDiffers(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(h *Home)
		want   string
	}{
		{"nothing", func(*Home) {}, ""},
		{"a power cut changes nothing", func(h *Home) { h.PC.Name = "renamed" }, ""},
		{"a card was changed", func(h *Home) { h.PC.Cards = []string{"00:0b:ab:00:00:02", "00:0b:ab:00:00:09"} }, ""},
		{"all cards were changed", func(h *Home) { h.PC.Cards = []string{"00:0b:ab:00:00:09"} }, ""},
		{"the system was installed anew on another disk of the PC, the data disk stayed", func(h *Home) { h.PC.Install = "new" }, ""},
		{"the board was changed, the disk stayed", func(h *Home) { h.PC.Board, h.PC.Cards = "b-2", []string{"00:0b:ab:00:00:09"} }, ""},
		{"the folder got another name", func(h *Home) { h.Path = "/data/ledger.db" }, ""},
		{"the file was copied on its disk", func(h *Home) { h.File = "13 2.0" }, "its file is not the one"},
		{"a newer kernel tells when the file was made", func(h *Home) { h.File = "12 1.0 -" }, ""},
		{"an older kernel does not", func(h *Home) { h.File = "12 - -" }, ""},
		{"a snapshot was put in its place", func(h *Home) { h.File = "12 1.0 b" }, "its file is not the one"},
		{"the number was given again to a copy", func(h *Home) { h.File = "12 2.0" }, "its file is not the one"},
		{"the disk was cloned in the same PC", func(h *Home) { h.PC.Disks = []string{"S2"} }, "another disk"},
		{"the disk was cloned into another PC", func(h *Home) {
			h.PC = PC{Name: "PC-4", Install: "9a3f", Board: "b-2", Cards: []string{"00:0b:ab:00:00:09"}, Disks: []string{"S2"}}
		}, "another disk"},
		{"one of two mirrored disks was changed", func(h *Home) { h.PC.Disks = []string{"S1", "S2"} }, ""},
		{"the disk is not told any more", func(h *Home) { h.PC.Disks = nil }, ""},
		{"nor the disk nor the board, and a card was changed", func(h *Home) { h.PC.Disks, h.PC.Board, h.PC.Cards = nil, "", h.PC.Cards[:1] }, ""},
		{"a clone whose disk is not told", func(h *Home) {
			h.PC.Disks, h.PC.Board, h.PC.Cards = nil, "", []string{"00:0b:ab:00:00:09"}
		}, `written on PC "PC-3"`},
		{"nothing but another installation", func(h *Home) { h.PC = PC{Install: "new"} }, `written on PC "PC-3"`},
		{"nothing is told", func(h *Home) { h.PC, h.File = PC{}, "" }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := here
			c.change(&now)
			if why := here.Differs(now); (why == "") != (c.want == "") || !strings.Contains(why, c.want) {
				t.Errorf("%q, want %q", why, c.want)
			}
		})
	}
}

func TestRefreshed(t *testing.T) {
	now := here
	now.PC = PC{Name: "PC-3", Cards: []string{"00:0b:ab:00:00:02"}}
	if r := here.Refreshed(now); r.PC.Install != "9a3f" || r.PC.Board != "b-1" || fmt.Sprint(r.PC.Disks, r.PC.Cards) != "[S1] [00:0b:ab:00:00:02]" {
		t.Errorf("%+v", r)
	}
	now.PC = PC{Name: "PC-4", Cards: []string{"00:0b:ab:00:00:09"}, Disks: []string{"S1"}} // the disk is in another PC: its board is not that one's
	if r := here.Refreshed(now); r.PC.Board != "" || !here.Moved(now) || here.SamePC(now) {
		t.Errorf("%+v", r)
	}
}

func TestGenuine(t *testing.T) {
	for number, want := range map[string]string{
		"4C4C4544-0043-3510-8052-B7C04F4E4D32": "4c4c4544-0043-3510-8052-b7c04f4e4d32", " S4EWNX0R300001 ": "s4ewnx0r300001",
		"": "", "00000000-0000-0000-0000-000000000000": "", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF": "", "03000200-0400-0500-0006-000700080009": "", "To be filled by O.E.M.": "", "Default string": "", "0123456789ABCDEF": "", "1": "",
	} {
		if got := genuine(number); got != want {
			t.Errorf("%q is %q, want %q", number, got, want)
		}
	}
	for address, want := range map[string]string{"00:0b:ab:12:34:56": "00:0b:ab:12:34:56", "02:42:ac:11:00:02": "", "33:33:00:00:00:01": "", "00:00:00:00:00:00": "", "00:0b:ab:12:34:56:78:9a": ""} {
		mac, err := net.ParseMAC(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := maker(mac); got != want {
			t.Errorf("%s is %q, want %q", address, got, want)
		}
	}
}

// Of sees a file where it is, and tells a copy of it from it.
func TestOf(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	write := func(path string) {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	see := func() Home {
		h, err := Of(path)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	write(path)
	had := see()
	write(path) // written again, it is the same file
	if why := had.Differs(see()); why != "" {
		t.Error(why)
	}
	if had.File == "" {
		t.Skip("this file system gives no number that lasts")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(path)
	if why := had.Differs(see()); !strings.Contains(why, "its file is not the one") {
		t.Errorf("a file made anew: %q", why)
	}
	if _, err := Of(filepath.Join(dir, "none")); err == nil {
		t.Error("a file that is not there lives somewhere")
	}
	if free, err := Free(dir); err != nil || free <= 0 {
		t.Errorf("%d, %v", free, err)
	}
}

// tables makes the firmware's tables with a system whose UUID is u.
func tables(u [16]byte) []byte {
	b := make([]byte, 8)
	b = append(b, 0, 24, 0, 0)
	b = append(b, make([]byte, 20)...)
	b = append(b, "a vendor\x00 1.0\x00\x00"...)
	b = append(b, 1, 27, 1, 0, 1, 2, 3, 4)
	b = append(b, u[:]...)
	b = append(b, 6, 0, 0)
	b = append(b, "a maker\x00\x00"...)
	b = append(b, 127, 4, 2, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func TestSystemUUID(t *testing.T) {
	u := [16]byte{0x44, 0x45, 0x4c, 0x4c, 0x43, 0, 0x10, 0x35, 0x80, 0x52, 0xb7, 0xc0, 0x4f, 0x4e, 0x4d, 0x32}
	if got := systemUUID(tables(u)); got != "4c4c4544-0043-3510-8052-b7c04f4e4d32" {
		t.Error(got)
	}
	for cut := range tables(u)[:60] {
		if got := systemUUID(tables(u)[:cut]); got != "" && got != "4c4c4544-0043-3510-8052-b7c04f4e4d32" {
			t.Errorf("cut at %d: %q", cut, got)
		}
	}
}

func FuzzSystemUUID(f *testing.F) {
	f.Add(tables([16]byte{1}))
	f.Add([]byte{})
	f.Add([]byte("12345678\x01\x04\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := systemUUID(b); got != "" && len(got) != 36 {
			t.Errorf("%q", got)
		}
	})
}
