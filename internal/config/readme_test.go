package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pieceOf returns the first configuration that the README shows under a heading.
func pieceOf(t *testing.T, readme, heading string) string {
	t.Helper()
	_, section, ok := strings.Cut(readme, "\n### "+heading+"\n")
	if !ok {
		t.Fatalf("the README has no %q", heading)
	}
	var piece []string
	for line := range strings.Lines(section) {
		switch code, isCode := strings.CutPrefix(line, "    "); {
		case isCode:
			piece = append(piece, code)
		case strings.TrimSpace(line) == "":
			piece = append(piece, line)
		case len(strings.TrimSpace(strings.Join(piece, ""))) > 0:
			return strings.Join(piece, "")
		default:
			piece = nil
		}
	}
	return strings.Join(piece, "")
}

// What the README shows of handhelds and counting works as written, in the file that config init writes.
func TestReadmePieces(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	starter := string(Example())
	begin, rest, ok := strings.Cut(starter, "[[line]]\nname = \"3\"")
	if !ok {
		t.Fatal("the starter has no line")
	}
	before, after, ok := strings.Cut(rest, "# [report]\n")
	if !ok {
		t.Fatal("the starter has no report")
	}
	for heading, lamps := range map[string]bool{"Samples and defects": true, "Rework": true, "Counting": false} {
		t.Run(heading, func(t *testing.T) {
			piece := pieceOf(t, strings.ReplaceAll(string(text), "\r\n", "\n"), heading)
			file := begin + "[[line]]\nname = \"3\"" + before + piece + after
			if heading == "Counting" {
				file = begin + piece + before[strings.Index(before, "\n"):] + after
			}
			if lamps { // what is commented out is right, too
				file = strings.NewReplacer("# accepted = \"plc", "accepted = \"plc", "# refused  = \"plc", "refused  = \"plc", "  beat   =", "  red = \"coil:8\"\n  green = \"coil:9\"\n  beat   =").Replace(file)
			}
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "labels"), Labels()); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "linemark.toml")
			if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("LINEMARK_IZKM_TOKEN", "t0k3n")
			cfg, err := Load(path)
			if err != nil {
				t.Fatalf("%v\n%s", err, piece)
			}
			last := cfg.Lines[len(cfg.Lines)-1]
			switch s := last.Stations[len(last.Stations)-1]; {
			case heading == "Counting" && last.CountLimit == 40:
			case heading == "Rework" && s.Kind == "rework" && s.Accepted == "plc-1.green":
			case heading == "Samples and defects" && s.Kind == "drop" && s.Refused == "plc-1.red" && last.Name == "laboratory":
			default:
				t.Errorf("%+v", last)
			}
		})
	}
}
