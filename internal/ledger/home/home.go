// Package home tells one place of a file from another: the disk, the PC and the file itself. A ledger
// whose file is elsewhere than it was written is a copy, and the codes in its stock may be printed
// where it came from.
package home

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Home is where a file lives.
type Home struct {
	PC   PC
	File string // the file's own identity on its file system; empty: it has none that lasts
	Path string
}

// PC is what tells one PC from another. What cannot be read here is empty.
type PC struct {
	Name    string   // what people call it
	Install string   // the operating system's id of its installation
	Board   string   // the UUID or serial number that the maker gave the whole machine
	Cards   []string // the makers' addresses of its network cards
	Disks   []string // serial numbers of the disks that hold the file
}

// Of says where a file lives, as far as the system tells this account. A file that is not there
// is an error.
func Of(path string) (Home, error) {
	id, err := fileID(path)
	if err != nil {
		return Home{}, fmt.Errorf("looking where %s lives: %w", path, err)
	}
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	return Home{File: id, Path: path, PC: PC{Name: name, Install: install(), Board: genuine(board()), Cards: cards(), Disks: disks(path)}}, nil
}

// Differs says why a file that was at home at had is a copy when it is found at now; empty: it is
// the same file.
//
// The disk decides where its number is known: it is the same disk in another PC, after a repair, or
// another disk with the same content. Else the PC decides, by its makers' numbers before the
// installation's, which a clone of the disk has too. One network card that is known is enough: any
// of the others may have been changed. The same content at another place of the disk is a copy
// wherever the disk is.
func (had Home) Differs(now Home) string {
	switch {
	case known(had.PC.Disks, now.PC.Disks) && !share(had.PC.Disks, now.PC.Disks):
		return fmt.Sprintf("it is on another disk than in PC %q", had.PC.Name)
	case !known(had.PC.Disks, now.PC.Disks) && !had.PC.same(now.PC):
		return fmt.Sprintf("it was written on PC %q, and this is another one", had.PC.Name)
	case !sameFile(had.File, now.File):
		return fmt.Sprintf("its file is not the one that was written at %s on PC %q", had.Path, had.PC.Name)
	}
	return ""
}

// unknown stands in a file's identity for a part that the system does not tell.
const unknown = "-"

// sameFile compares the parts of two identities that both have: another version of the system may tell more
// of a file than the one before.
func sameFile(had, now string) bool {
	a, b := strings.Fields(had), strings.Fields(now)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] && a[i] != unknown && b[i] != unknown {
			return false
		}
	}
	return true
}

// Moved says whether a file that is at home is in another PC now: with its disk.
func (had Home) Moved(now Home) bool { return had.Differs(now) == "" && !had.PC.same(now.PC) }

// Refreshed is where a file is that was at home at had and still is, with what could not be read now.
func (had Home) Refreshed(now Home) Home {
	keep := func(now *string, had string) {
		if *now == "" {
			*now = had
		}
	}
	keep(&now.File, had.File)
	keep(&now.PC.Install, had.PC.Install)
	if had.PC.same(now.PC) {
		keep(&now.PC.Board, had.PC.Board)
		if len(now.PC.Cards) == 0 {
			now.PC.Cards = had.PC.Cards
		}
	}
	if len(now.PC.Disks) == 0 {
		now.PC.Disks = had.PC.Disks
	}
	return now
}

// SamePC says whether both are on one PC, as far as is known.
func (had Home) SamePC(now Home) bool { return had.PC.same(now.PC) }

func (had PC) same(now PC) bool {
	switch {
	case share(had.Cards, now.Cards), had.Board != "" && had.Board == now.Board:
		return true
	case known(had.Cards, now.Cards), had.Board != "" && now.Board != "":
		return false
	}
	return had.Install == "" || now.Install == "" || had.Install == now.Install
}

func known(a, b []string) bool { return len(a) > 0 && len(b) > 0 }

func share(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
