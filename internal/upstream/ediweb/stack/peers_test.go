package stack

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// answers are the archives that other programs make, with what is special in each. Those in
// testdata were made by the scripts beside them, with zip 3.0 and Python 3.11.
var answers = map[string]string{
	"python.zip": "", "python-stored.zip": "", "python-stream.zip": "", "python-zip64.zip": "", "python-cp866.zip": "",
	"python-bzip2.zip": "method 12",
	"zip.zip":          "", "zip-stream.zip": "", "zip-stored.zip": "",
	"zip-encrypted.zip": "encrypted",
	"zip-link.zip":      "",
}

func checkAnswer(t *testing.T, file, refused string) {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	link := false
	var names []string
	for _, e := range read(t, body, Limits{}) {
		switch {
		case refused != "":
			if e.Err == nil || !strings.Contains(e.Err.Error(), refused) {
				t.Errorf("%s is let pass, or for another reason: %v", e.Name, e.Err)
			}
		case e.Name == "link":
			if link = true; e.Err == nil || e.Bytes != nil {
				t.Error("the link is read")
			}
			continue
		case IsInventory(e.Name):
			n, err := ReadInventory(e.Bytes)
			if err != nil {
				t.Errorf("the inventory: %v", err)
			} else if got := values(n); !slices.Equal(got, []string{"1", "QR_АТ-1_03052023133944.zip"}) {
				t.Errorf("the inventory holds %q", got)
			}
		default:
			want := "\x89PNG\r\n\x1a\n" + strings.TrimPrefix(e.Name, "QR_АТ-")[:1]
			if e.Err != nil || len(e.Inner) != 1 || e.Inner[0].Name != "qr.png" || string(e.Inner[0].Bytes) != want {
				t.Errorf("%s: %+v", e.Name, e)
			}
		}
		names = append(names, e.Name)
	}
	slices.Sort(names)
	if want := []string{"Inventory.xml", "QR_АТ-1_03052023133944.zip", "QR_АТ-2_03052023133944.zip"}; !slices.Equal(names, want) {
		t.Errorf("it holds %q", names)
	}
	if link != strings.Contains(file, "link") {
		t.Errorf("a link came: %v", link)
	}
}

func TestArchivesOfOtherPrograms(t *testing.T) {
	for name, refused := range answers {
		t.Run(name, func(t *testing.T) { checkAnswer(t, filepath.Join("testdata", name), refused) })
	}
}

// The same with what is installed here.
func TestArchivesMadeNow(t *testing.T) {
	for program, script := range map[string]struct{ prefix, file, by string }{
		"python3": {"python", "make.py", "python3"},
		"zip":     {"zip", "make.sh", "sh"},
	} {
		t.Run(program, func(t *testing.T) {
			for _, need := range []string{program, script.by} {
				if _, err := exec.LookPath(need); err != nil {
					t.Skipf("%s is not installed", need)
				}
			}
			dir := t.TempDir()
			if out, err := exec.Command(script.by, filepath.Join("testdata", script.file), dir).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", script.file, err, out)
			}
			for name, refused := range answers {
				if strings.HasPrefix(name, script.prefix) {
					t.Run(name, func(t *testing.T) { checkAnswer(t, filepath.Join(dir, name), refused) })
				}
			}
		})
	}
}
