package stack

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// localHeader is the least length of what stands before the bytes of an entry (APPNOTE 4.3.7).
const localHeader = 30

// apart checks that the entries' packed bytes lie within the archive and none in another's: an
// archive whose entries share their bytes unpacks to the square of its size.
func apart(files []*zip.File, size int64) error {
	type span struct {
		from, to int64
		name     string
	}
	var spans []span
	for _, f := range files {
		from, err := f.DataOffset()
		if err != nil || from < localHeader || from > size || f.CompressedSize64 > uint64(size-from) {
			return fmt.Errorf("entry %.120q lies outside the archive: %w", f.Name, ErrNotZip)
		}
		spans = append(spans, span{from - localHeader, from + int64(f.CompressedSize64), f.Name})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if a, b := spans[i-1], spans[i]; b.from < a.to {
			return fmt.Errorf("%.120q and %.120q: %w", a.name, b.name, ErrOverlap)
		}
	}
	return nil
}

const (
	creatorFAT   = 0
	creatorNTFS  = 10
	reparsePoint = 0x400 // file attribute of Windows: the entry is a link
)

// admissible refuses what no document of a waybill can be: links, devices and names that lead
// out of a folder. Other signs in a name are let pass, for a document's number may hold them.
func admissible(h *zip.FileHeader, name string) error {
	creator := h.CreatorVersion >> 8
	windows := creator == creatorFAT || creator == creatorNTFS
	mode := h.Mode()
	switch {
	case mode&fs.ModeSymlink != 0 || windows && h.ExternalAttrs&reparsePoint != 0:
		return errors.New("a link, which is not followed")
	case !mode.IsRegular():
		return fmt.Errorf("not a file (%s)", mode.Type())
	case name == "":
		return errors.New("an entry without a name")
	case absolute(name):
		return errors.New("its name is an absolute path")
	}
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		// Windows drops blanks and dots at the end of a name, so ".. " is the folder above too.
		if strings.HasPrefix(part, "..") && strings.Trim(part, ". ") == "" {
			return errors.New("its name leads to the folder above")
		}
	}
	return nil
}

// absolute tells paths of Unix, of Windows and of the network.
func absolute(name string) bool {
	letter := name[0] | 0x20
	return name[0] == '/' || name[0] == '\\' || len(name) > 1 && name[1] == ':' && 'a' <= letter && letter <= 'z'
}
