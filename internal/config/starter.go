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

// Labels returns the label templates that Example names, unit.zpl and box.zpl.
func Labels() fs.FS {
	files, err := fs.Sub(labels, "starter/labels")
	if err != nil {
		panic(err) // the path is a constant
	}
	return files
}
