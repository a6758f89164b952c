package stack

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

const unixLink = uint32(0o120777) << 16

func read(t *testing.T, body []byte, l Limits) []Entry {
	t.Helper()
	entries, err := Read(body, l)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return entries
}

func TestReadsTheDocumentsArchive(t *testing.T) {
	body := build(nil,
		raw{name: "Inventory.xml", data: []byte("<Inventory/>"), method: 8},
		raw{name: "folder/"},
		raw{name: "QR_AT-1683121162935_03052023133944.zip", data: inner("1")},
		raw{name: "QR_AT-2_03052023133944.zip", data: inner("2"), method: 8})
	got := read(t, body, Limits{})
	if len(got) != 3 || string(got[0].Bytes) != "<Inventory/>" || got[0].Archive {
		t.Fatalf("read %+v", got)
	}
	for i, e := range got[1:] {
		want := "\x89PNG\r\n\x1a\n" + fmt.Sprint(i+1)
		if !e.Archive || e.Err != nil || len(e.Inner) != 1 || string(e.Inner[0].Bytes) != want || !bytes.Equal(e.Bytes, inner(fmt.Sprint(i+1))) {
			t.Errorf("inner archive %d is %+v", i, e)
		}
	}
}

func TestReadsAnEmptyArchive(t *testing.T) {
	if got := read(t, build(nil), Limits{}); len(got) != 0 {
		t.Errorf("read %+v", got)
	}
}

func TestRefusesWhatIsNoArchive(t *testing.T) {
	honest := build(nil, raw{name: "a", data: []byte("abc")})
	for name, body := range map[string][]byte{
		"nothing":             nil,
		"text":                []byte("error: no such organisation"),
		"half":                honest[:len(honest)/2],
		"end missing":         honest[:len(honest)-1],
		"only a beginning":    []byte("PK\x03\x04"),
		"something before":    append([]byte("MZ"), honest...),
		"too few entries":     build(ptr(2), raw{name: "a"}),
		"offset outside":      build(nil, raw{name: "a", offset: ptr(1 << 30)}),
		"length outside":      build(nil, raw{name: "a", data: []byte("abc"), packed: ptr(1 << 20), size: ptr(1 << 20)}),
		"offset of no header": build(nil, raw{name: "a", data: make([]byte, 100), offset: ptr(40)}),
	} {
		if entries, err := Read(body, Limits{}); !errors.Is(err, ErrNotZip) || entries != nil {
			t.Errorf("%s: %v, %d entries", name, err, len(entries))
		}
	}
}

func TestRefusesTheWhole(t *testing.T) {
	zeros := make([]byte, 4<<20)
	bomb := build(nil, raw{name: "a", data: zeros, method: 8}, raw{name: "b", data: zeros, method: 8}, raw{name: "c", data: zeros, method: 8})
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(i * i >> 7)
	}
	many := make([]raw, 12)
	for i := range many {
		many[i].name = fmt.Sprint(i)
	}
	kernel := build(nil, raw{name: "k", data: zeros[:1<<20], method: 8})
	for name, c := range map[string]struct {
		body []byte
		l    Limits
		want error
		says string
	}{
		"too many entries":     {build(nil, many...), Limits{Entries: 11}, ErrLimit, "more than 11 entries"},
		"entries not declared": {build(ptr(1), many...), Limits{Entries: 11}, ErrLimit, "more than 11 entries"},
		"too many inside": {
			build(nil, raw{name: "x.zip", data: build(nil, many...), method: 8}), Limits{Entries: 12}, ErrLimit, "more than 12 entries",
		},
		"ratio":       {bomb, Limits{}, ErrLimit, "more than 8388608 bytes"},
		"total":       {build(nil, raw{name: "a", data: noise}, raw{name: "b", data: noise}), Limits{Total: 2<<20 - 1}, ErrLimit, "more than 2097151 bytes"},
		"total inner": {build(nil, raw{name: "a.zip", data: build(nil, raw{name: "b", data: noise})}), Limits{Total: 2 << 20}, ErrLimit, "unpacks"},
		"same bytes": {
			build(nil, raw{name: "a", data: []byte("abc")}, raw{name: "a", data: []byte("abc"), offset: ptr(0)}), Limits{}, ErrOverlap, "overlap",
		},
		"a header within the other": {
			build(nil, raw{name: "a", data: kernel[:40], packed: ptr(60), size: ptr(60)}, raw{name: "b", data: []byte("xyz")}), Limits{}, ErrOverlap, "overlap",
		},
		"one within the other": { // the first swallows the header of the second, as the bomb of D. Fifield does
			build(nil, raw{name: "a", data: kernel[:40], packed: ptr(80), size: ptr(80)}, raw{name: "b", data: []byte("xyz")}), Limits{}, ErrOverlap, "overlap",
		},
	} {
		entries, err := Read(c.body, c.l)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || entries != nil {
			t.Errorf("%s: %v, %d entries", name, err, len(entries))
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %q", name, err)
		}
	}
	// Just within the limits nothing is refused.
	read(t, build(nil, many...), Limits{Entries: 12})
	read(t, build(nil, raw{name: "a", data: noise}, raw{name: "b", data: noise}), Limits{Total: 2 << 20})
	read(t, bomb, Limits{Ratio: 10_000})
}

func TestRefusesOneEntry(t *testing.T) {
	three := build(nil, raw{name: "in.zip", data: inner("deep")})
	for name, c := range map[string]struct {
		raw
		says string
	}{
		"link":               {raw{name: "a", data: []byte("/etc/passwd"), creator: 3, attrs: unixLink}, "a link"},
		"link of Windows":    {raw{name: "a", data: []byte("x"), creator: 10, attrs: 0x400}, "a link"},
		"device":             {raw{name: "a", creator: 3, attrs: 0o020666 << 16}, "not a file"},
		"pipe":               {raw{name: "a", creator: 3, attrs: 0o010666 << 16}, "not a file"},
		"folder with data":   {raw{name: "a/", data: []byte("x")}, "not a file"},
		"no name":            {raw{data: []byte("x")}, "without a name"},
		"absolute":           {raw{name: "/etc/passwd"}, "absolute"},
		"network":            {raw{name: `\\host\share\x`}, "absolute"},
		"drive":              {raw{name: `C:\Windows\x`}, "absolute"},
		"drive, relative":    {raw{name: `c:x`}, "absolute"},
		"above":              {raw{name: "../../x"}, "folder above"},
		"above by Windows":   {raw{name: `a\..\..\x`}, "folder above"},
		"above with a blank": {raw{name: "a/.. /x"}, "folder above"},
		"encrypted":          {raw{name: "a", data: []byte("x"), flags: 1}, "encrypted"},
		"encrypted strongly": {raw{name: "a", data: []byte("x"), flags: 1 << 6}, "encrypted"},
		"directory hidden":   {raw{name: "a", data: []byte("x"), flags: 1 << 13}, "encrypted"},
		"deflate64":          {raw{name: "a", data: []byte("x"), method: 9}, "method 9"},
		"lzma":               {raw{name: "a", data: []byte("x"), method: 14}, "method 14"},
		"declares too much":  {raw{name: "a", data: []byte("x"), method: 8, size: ptr(1<<20 + 1)}, "more than 1048576 bytes"},
		"declares too little": {
			raw{name: "a", data: make([]byte, 2<<20), method: 8, size: ptr(10)}, "not a valid zip",
		},
		"declares more than comes": {raw{name: "a", data: []byte("abc"), method: 8, size: ptr(10)}, "unexpected EOF"},
		"wrong sum":                {raw{name: "a", data: []byte("abc"), crc: ptr(1)}, "checksum"},
		"sum of zero":              {raw{name: "a", data: []byte("abc"), crc: ptr(0)}, "checksum"},
		"not packed as it says":    {raw{name: "a", data: []byte("\xff\xff\xff"), method: 8, crc: ptr(5)}, "checksum"},
		"no archive":               {raw{name: "a.ZIP", data: []byte("abc")}, "not a ZIP"},
		"half an archive":          {raw{name: "a.zip", data: inner("1")[:50]}, "not a ZIP"},
		"overlap inside": {raw{name: "a.zip", data: build(nil, raw{name: "a", data: []byte("abc")},
			raw{name: "a", data: []byte("abc"), offset: ptr(0)})}, "overlap"},
	} {
		body := build(nil, raw{name: "before", data: []byte("1")}, c.raw, raw{name: "after", data: []byte("2")})
		got := read(t, body, Limits{File: 1 << 20})
		if len(got) != 3 || got[0].Err != nil || got[2].Err != nil || string(got[2].Bytes) != "2" {
			t.Errorf("%s: the others suffer: %+v", name, got)
			continue
		}
		e := got[1]
		if e.Err == nil || !strings.Contains(e.Err.Error(), c.says) || strings.Contains(e.Err.Error(), "\n") || e.RawName != c.raw.name {
			t.Errorf("%s: %q, %v", name, e.RawName, e.Err)
		}
	}
	got := read(t, build(nil, raw{name: "out.zip", data: three}), Limits{})
	if e := got[0].Inner[0]; !errors.Is(e.Err, ErrLimit) || e.Inner != nil || !strings.Contains(e.Err.Error(), "within 2 others") {
		t.Errorf("third depth: %+v", e)
	}
	if got := read(t, build(nil, raw{name: "out.zip", data: three}), Limits{Depth: 3}); got[0].Inner[0].Err != nil {
		t.Errorf("third depth, allowed: %v", got[0].Inner[0].Err)
	}
}

// A document's number may hold what looks like a path; nothing of it is one here.
func TestKeepsOddNames(t *testing.T) {
	for _, name := range []string{"QR_12/5_03052023133944.zip", `QR_12\5_x`, "QR_a..b_x", "QR_a:b_x", "a\x1db\x00c", "..a", "..."} {
		got := read(t, build(nil, raw{name: name, data: []byte("x"), flags: 1 << 11}), Limits{})
		if name == "..." { // on Windows the same as ".."
			if got[0].Err == nil {
				t.Errorf("%q is let pass", name)
			}
			continue
		}
		if got[0].Err != nil && !strings.HasSuffix(name, ".zip") || got[0].Name != name || got[0].RawName != name {
			t.Errorf("%q: %+v", name, got[0])
		}
	}
}

func TestKeepsEntriesOfOneName(t *testing.T) {
	got := read(t, build(nil, raw{name: "a", data: []byte("1")}, raw{name: "a", data: []byte("2")}), Limits{})
	if len(got) != 2 || string(got[0].Bytes) != "1" || string(got[1].Bytes) != "2" {
		t.Errorf("read %+v", got)
	}
}

// The environment may make archive/zip refuse such names by itself, the whole archive with them.
func TestDependsOnNoEnvironment(t *testing.T) {
	t.Setenv("GODEBUG", "zipinsecurepath=0")
	got := read(t, build(nil, raw{name: "../x"}, raw{name: "b", data: []byte("1")}), Limits{})
	if len(got) != 2 || got[0].Err == nil || got[1].Err != nil {
		t.Errorf("read %+v", got)
	}
}

func TestLimitsAreChecked(t *testing.T) {
	for _, l := range []Limits{{Entries: -1}, {Total: -1}, {File: -1}, {Ratio: -1}, {Depth: -1}, {Names: "koi8"}} {
		if _, err := Read(build(nil), l); err == nil {
			t.Errorf("%+v is taken", l)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(build(nil, raw{name: "Inventory.xml", data: []byte("<a/>"), method: 8}, raw{name: "QR_1_03052023133944.zip", data: inner("1")}))
	f.Add(build(nil, raw{name: "a.zip", data: build(nil, raw{name: "b.zip", data: inner("1"), method: 8}), method: 8}))
	f.Add(build(ptr(1), raw{name: "\xaf\xe0", data: []byte("x")}, raw{name: "../a", creator: 3, attrs: unixLink}))
	f.Add(build(nil, raw{name: "a", data: []byte("abc")}, raw{name: "a", offset: ptr(0)}))
	l := Limits{Entries: 20, Total: 1 << 16, File: 1 << 14}
	f.Fuzz(func(t *testing.T, body []byte) {
		entries, err := Read(body, l)
		if err != nil && entries != nil {
			t.Fatal("entries with an error")
		}
		count, total := 0, int64(0)
		var names SafeNames
		seen := map[string]bool{}
		var walk func([]Entry, int)
		walk = func(all []Entry, depth int) {
			if depth > 2 && len(all) > 0 {
				t.Fatal("too deep")
			}
			for _, e := range all {
				count++
				total += int64(len(e.Bytes))
				if len(e.Bytes) > 1<<14 {
					t.Fatal("an entry over its limit")
				}
				safe := names.Make(e.Name)
				if seen[safe] || !fs.ValidPath(safe) || strings.ContainsAny(safe, `/\:`) {
					t.Fatalf("%q from %q is not safe, or twice", safe, e.Name)
				}
				seen[safe] = true
				walk(e.Inner, depth+1)
			}
		}
		walk(entries, 1)
		if count > 20 || total > 1<<16 {
			t.Fatalf("%d entries, %d bytes", count, total)
		}
	})
}
