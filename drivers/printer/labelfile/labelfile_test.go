package labelfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/option"
)

const (
	zpl  = "^XA^FO20,20^BXN,4,200,,,,#^FD{code}^FS^PQ1^XZ"
	tspl = "SIZE 60 mm,40 mm\r\nCLS\r\nDMATRIX 20,20,300,300,c126,x4,\"{code}\"\r\nPRINT 1,1\r\n"
	sbpl = "\x1bA\x1bH0100\x1bV0100\x1bBX05020\x1bDN0010,{code}\x1bQ1\x1bZ"
)

// A file of something else is one problem, not a list of what the language lacks in it.
func TestForeign(t *testing.T) {
	for name, c := range map[string]struct {
		of                  Language
		file, problem, hint string
	}{
		"empty":           {ZPL, "", "the file is empty", "^XA"},
		"spaces":          {TSPL, " \r\n", "the file is empty", "SIZE"},
		"PNG":             {ZPL, "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR^FD{x}^XA", "the file is a PNG picture, not ZPL", "^GF"},
		"JPEG":            {TSPL, "\xff\xd8\xff\xe0\x00\x10JFIF", "the file is a JPEG picture, not TSPL", "stored"},
		"BMP":             {SBPL, "BM\x46\x00\x1b\x00\x00\x00\x00\x00\x006", "the file is a BMP picture, not SBPL", "<ESC>BX"},
		"PDF":             {ZPL, "%PDF-1.7\n", "the file is a PDF document, not ZPL", "save"},
		"archive":         {ZPL, "PK\x03\x04\x14\x00", "the file is a packed file, not ZPL", "unpack"},
		"UTF-16":          {ZPL, "\xff\xfe^\x00X\x00A\x00^\x00X\x00Z\x00", "the file is text in UTF-16, not ZPL", "UTF-8"},
		"HTML":            {ZPL, "<!DOCTYPE html>\n<html>", "the file is XML or HTML, not ZPL", "save"},
		"XML":             {SBPL, "<?xml version=\"1.0\"?><label/>", "the file is XML or HTML, not SBPL", "save"},
		"TSPL for ZPL":    {ZPL, tspl, "the file is TSPL, not ZPL", `"tspl"`},
		"SBPL for ZPL":    {ZPL, sbpl, "the file is SBPL, not ZPL", `"sbpl"`},
		"written SBPL":    {ZPL, strings.ReplaceAll(sbpl, "\x1b", "<ESC>"), "the file is SBPL, not ZPL", `"sbpl"`},
		"ZPL for TSPL":    {TSPL, zpl, "the file is ZPL, not TSPL", `"zpl"`},
		"SBPL for TSPL":   {TSPL, sbpl, "the file is SBPL, not TSPL", `"sbpl"`},
		"ZPL for SBPL":    {SBPL, zpl, "the file is ZPL, not SBPL", `"zpl"`},
		"TSPL for SBPL":   {SBPL, tspl, "the file is TSPL, not SBPL", `"tspl"`},
		"CPCL":            {ZPL, "! 0 200 200 210 1\r\nFORM\r\nPRINT\r\n", "the file is CPCL, not ZPL", "ZPL"},
		"a text for ZPL":  {ZPL, "Hello, {code}", "no command of ZPL", "^XA"},
		"a text for TSPL": {TSPL, "Hello, {code}", "no command of TSPL", "SIZE"},
		"a text for SBPL": {SBPL, "Hello, {code}", "no command of SBPL", "<ESC>A"},
	} {
		problem, hint := c.of.foreign([]byte(c.file))
		if !strings.Contains(problem, c.problem) || !strings.Contains(hint, c.hint) || strings.ContainsAny(problem, "\r\n") {
			t.Errorf("%s: %q, %q, want %q with %q", name, problem, hint, c.problem, c.hint)
		}
	}
	for _, c := range []struct {
		of   Language
		file string
	}{
		{ZPL, zpl}, {ZPL, strings.ToLower(zpl)}, {ZPL, "SIZE 60 mm,40 mm\r\n" + zpl}, {ZPL, zpl[3:]},
		{TSPL, tspl}, {TSPL, tspl + `TEXT 1,9,"2",0,1,1,"^XA"`}, {TSPL, "\n  CLS\n"}, {TSPL, "PRINT 1"},
		{SBPL, sbpl}, {SBPL, strings.ReplaceAll(sbpl, "\x1b", "<ESC>")}, {SBPL, "<ESC>V0100"}, {SBPL, sbpl + "^XA"},
	} {
		if problem, _ := c.of.foreign([]byte(c.file)); problem != "" {
			t.Errorf("%s: %q: %s", c.of.name, c.file, problem)
		}
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"unit.zpl": zpl, "marked.zpl": "\ufeff" + zpl, "unit.tspl": tspl} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		label any
		want  string
	}{
		"relative": {"unit.zpl", ""},
		"absolute": {filepath.Join(dir, "unit.zpl"), ""},
		"marked":   {"marked.zpl", ""},
		"missing":  {nil, "label: the label is missing"},
		"no text":  {int64(1), "is no text"},
		"no file":  {"labels/unit.zpl", "label: the label cannot be read"},
		"foreign":  {"unit.tspl", "label: the file is TSPL, not ZPL"},
	} {
		s := drivers.Settings{Dir: dir, Dial: link.Dial, Options: map[string]any{"label": c.label}}
		if c.label == nil {
			s.Options = nil
		}
		k := option.Of(s)
		got, ok := Read(k, s, ZPL)
		err := k.Err()
		if ok != (c.want == "") || ok != (err == nil) || ok && string(got) != zpl || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v, %v, want %q", name, got, ok, err, c.want)
		}
	}
}
