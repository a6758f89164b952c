package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
)

// products is the name space of the ids of products and packages.
var products = uuid.MustParse("6a9d1f0e-55e2-4f8f-a7de-0f6f9d2c7b35")

// msi has wixl make the installer for Windows out of what is laid out.
func (r *release) msi(ctx context.Context, path, dir string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	source, err := wxs(dir)
	if err != nil {
		return err
	}
	product := strings.ToUpper(uuid.NewSHA1(products, []byte(r.version.name)).String())
	// wixl finds files only beside where it runs, and writes local time into the cabinet.
	_, err = command(ctx, dir, []string{"TZ=UTC"}, "wixl", "--arch", "x64", "--output", path,
		"--define", "ProductCode="+product, "--define", "Version="+r.version.msi, "--define", "Name="+r.version.name, source)
	if err != nil {
		return fmt.Errorf("making the msi: %w", err)
	}
	// What wixl has no words for: an action of the rollback (18 a program of the package, 64 whose end does not
	// matter, 256 in a rollback, 1024 in the script, 2048 as the system), and properties that are
	// handed to the part of the installer with the rights.
	_, err = command(ctx, dir, nil, "msibuild", path, "-q",
		"UPDATE `CustomAction` SET `Type` = 3410 WHERE `Action` = 'RollBackService'",
		"UPDATE `Property` SET `Value` = 'WIX_DOWNGRADE_DETECTED;WIX_UPGRADE_DETECTED;FORCE;REMOVEDATA' WHERE `Property` = 'SecureCustomProperties'")
	if err != nil {
		return fmt.Errorf("completing the msi: %w", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := settle(text, r.date); err != nil {
		return fmt.Errorf("making the msi repeatable: %w", err)
	}
	return os.WriteFile(path, text, 0o644)
}

// wxs completes what wixl reads, and returns its path.
func wxs(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join("packaging", "windows", "linemark.wxs"))
	if err != nil {
		return "", err
	}
	tree, references, err := wxsPapers()
	if err != nil {
		return "", err
	}
	whole := strings.NewReplacer("<!-- the papers -->", tree, "<!-- references to the papers -->", references).Replace(string(text))
	path := dir + ".wxs"
	return path, os.WriteFile(path, []byte(whole), 0o644)
}

// What a summary has by its number ([MS-OLEPS] 2.19, and Windows Installer's "Summary Information Stream").
const (
	summaryPackage = 9 // the package's id, in text
	summaryMade    = 12
	summarySaved   = 13
	typeText       = 0x1e
	typeTime       = 0x40
)

var errSummary = errors.New("its summary is not where it was expected")

// settle gives an installer the release's date in place of the clock's, and in place of a random id one that
// its contents decide. Nothing else in it is a matter of chance.
func settle(msi []byte, date time.Time) error {
	// The stream begins with a mark of byte order and ends its head with the id of the kind of its only set.
	kind := []byte{0xe0, 0x85, 0x9f, 0xf2, 0xf9, 0x4f, 0x68, 0x10, 0xab, 0x91, 0x08, 0x00, 0x2b, 0x27, 0xb3, 0xd9}
	at := bytes.Index(msi, kind)
	if at < 28 || bytes.LastIndex(msi, kind) != at || !bytes.HasPrefix(msi[at-28:], []byte{0xfe, 0xff}) {
		return errSummary
	}
	stream := msi[at-28:]
	number := func(b []byte, at uint32) (uint32, bool) {
		if int64(at)+4 > int64(len(b)) {
			return 0, false
		}
		return binary.LittleEndian.Uint32(b[at:]), true
	}
	start, ok := number(stream, 44)
	if !ok || int64(start) > int64(len(stream)) {
		return errSummary
	}
	set := stream[start:]
	count, ok := number(set, 4)
	if !ok || count > 32 {
		return errSummary
	}
	var id []byte
	times := 0
	for i := range count {
		what, ok1 := number(set, 8+8*i)
		where, ok2 := number(set, 12+8*i)
		kind, ok3 := number(set, where)
		if !ok1 || !ok2 || !ok3 || int64(where)+48 > int64(len(set)) {
			return errSummary
		}
		switch {
		case what == summaryPackage && kind == typeText:
			id = set[where+8 : where+8+38] // {8-4-4-4-12}
		case (what == summaryMade || what == summarySaved) && kind == typeTime:
			binary.LittleEndian.PutUint64(set[where+4:], filetime(date))
			times++
		}
	}
	if times != 2 || len(id) != 38 || id[0] != '{' || id[37] != '}' {
		return errSummary
	}
	copy(id, "{00000000-0000-0000-0000-000000000000}")
	sum := sha256.Sum256(msi)
	copy(id[1:], strings.ToUpper(uuid.NewSHA1(products, sum[:]).String()))
	return nil
}

// filetime is a time as Windows has it: tenths of a microsecond since 1601.
func filetime(t time.Time) uint64 {
	const from1601to1970 = 11644473600
	return uint64(t.Unix()+from1601to1970) * 10_000_000
}
