package config

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

//go:embed starter/linemark.toml
var example []byte

//go:embed starter/labels/*.zpl
var labels embed.FS

// Example returns the commented file that linemark config init writes. It has no problems
// once LINEMARK_IZKM_TOKEN is set and Labels lie in the folder labels beside it.
func Example() []byte { return slices.Clone(example) }

// ExampleFiles returns Example and Labels as files, by their paths in slashes, with the schema that the first line names.
func ExampleFiles() (map[string][]byte, error) {
	schema, err := Schema()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"linemark.toml": Example(), SchemaFile: schema}
	err = fs.WalkDir(Labels(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files["labels/"+name], err = fs.ReadFile(Labels(), name)
		return err
	})
	return files, err
}

// Trial turns a first file into one that meets nothing but the simulated plant: a ledger, a page and a national
// system of its own, and the token where linemark secret set puts it.
func Trial(text []byte, dataDir string) ([]byte, error) {
	for key, value := range map[string]string{"data_dir": dataDir, "listen": "127.0.0.1:8481", "url": "http://127.0.0.1:8090", "client_token": "secret:izkm-token"} {
		setting := regexp.MustCompile(`(?m)^(` + key + ` *= )"[^"\n]*"`)
		if n := len(setting.FindAll(text, 2)); n != 1 {
			return nil, fmt.Errorf("the first file has %s %d times", key, n)
		}
		text = setting.ReplaceAll(text, []byte("${1}"+strings.ReplaceAll(quoted(value), "$", "$$")))
	}
	return text, nil
}

// Labels returns the label templates that Example names, unit.zpl and box.zpl.
func Labels() fs.FS {
	files, err := fs.Sub(labels, "starter/labels")
	if err != nil {
		panic(err) // the path is a constant
	}
	return files
}
