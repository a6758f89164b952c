package config

import (
	"embed"
	"io/fs"
	"slices"
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

// Labels returns the label templates that Example names, unit.zpl and box.zpl.
func Labels() fs.FS {
	files, err := fs.Sub(labels, "starter/labels")
	if err != nil {
		panic(err) // the path is a constant
	}
	return files
}
