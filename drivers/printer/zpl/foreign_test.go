package zpl

import (
	"strings"
	"testing"
)

// A file of something else is one problem, not a list of what ZPL lacks in it.
func TestForeignFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, problem, hint string }{
		"empty":    {"", "the file is empty", "^XA"},
		"PNG":      {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR^FD{x}", "no ZPL but a PNG picture", "^GF"},
		"JPEG":     {"\xff\xd8\xff\xe0\x00\x10JFIF", "no ZPL but a JPEG picture", "^GF"},
		"BMP":      {"BM\x46\x00\x00\x00\x00\x00\x00\x006", "no ZPL but a BMP picture", "^GF"},
		"PDF":      {"%PDF-1.7\n", "no ZPL but a PDF document", "save"},
		"archive":  {"PK\x03\x04\x14\x00", "no ZPL but a packed file", "unpack"},
		"UTF-16":   {"\xff\xfe^\x00X\x00A\x00^\x00X\x00Z\x00", "no ZPL but text in UTF-16", "UTF-8"},
		"HTML":     {"<!DOCTYPE html>\n<html>", "no ZPL but XML or HTML", "save"},
		"XML":      {"<?xml version=\"1.0\"?><label/>", "no ZPL but XML or HTML", "save"},
		"TSPL":     {"SIZE 60 mm,40 mm\r\nCLS\r\nDMATRIX 20,20,300,300,c126,x4,\"{code}\"\r\nPRINT 1,1\r\n", "no ZPL but TSPL", "tspl"},
		"SBPL":     {"\x1bA\x1bH0100\x1bV0100\x1bBX05020\x1bDN0010,{code}\x1bQ1\x1bZ", "no ZPL but SBPL", "sbpl"},
		"CPCL":     {"! 0 200 200 210 1\r\nTEXT 4 0 30 40 {code}\r\nFORM\r\nPRINT\r\n", "no ZPL but CPCL", "ZPL"},
		"a text":   {"Hello, {code}", "no command of ZPL", "^XA"},
		"a slip":   {"^AX^BXN,4,200,,,,#^FD{code}^FS^XZ", "there is no ^XA", "^XA"},
		"its rest": {"^BXN,4,200,,,,#^FD{code}^FS^XZ", "there is no ^XA", "^XA"},
	} {
		_, faults := compile([]byte(c.file), hash)
		if len(faults) != 1 || !strings.Contains(faults[0].problem, c.problem) || !strings.Contains(faults[0].hint, c.hint) || strings.ContainsAny(faults[0].problem, "\r\n") {
			t.Errorf("%s: %+v, want %q with %q", name, faults, c.problem, c.hint)
		}
	}
	for _, zpl := range []string{unit, "SIZE 60 mm,40 mm\r\n" + unit, "\ufeff" + unit, strings.ToLower("^XA^BXN,4,200,,,,#^FD{code}^FS^XZ")} {
		if _, faults := compile([]byte(zpl), hash); len(faults) != 0 {
			t.Errorf("%q: %+v", zpl, faults)
		}
	}
}
