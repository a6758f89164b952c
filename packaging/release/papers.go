package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// papers are what people read and copy from, as they lie in the tree, so that what one says of another leads there.
func papers() ([]string, error) {
	all := []string{"README.md", "docs/proof.md"}
	for _, root := range []string{"configs", "drivers"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			name = filepath.ToSlash(name)
			if err == nil && !d.IsDir() && (root == "configs" && path.Ext(name) != ".go" || path.Base(name) == "README.md") {
				all = append(all, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(all)
	return all, nil
}

// layPapers copies them into a folder.
func layPapers(dir string) error {
	all, err := papers()
	if err != nil {
		return err
	}
	for _, name := range all {
		to := filepath.Join(dir, filepath.FromSlash(name))
		err = errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755), copyFile(filepath.FromSlash(name), to))
	}
	return err
}

// wxsPapers are the elements of the installer for Windows, which takes no folder as a whole: a component for
// each folder, and the references to them.
func wxsPapers() (tree, references string, err error) {
	all, err := papers()
	if err != nil {
		return "", "", err
	}
	byFolder := map[string][]string{}
	for _, name := range all {
		for dir := path.Dir(name); byFolder[dir] == nil && dir != "."; dir = path.Dir(dir) {
			byFolder[dir] = []string{}
		}
		byFolder[path.Dir(name)] = append(byFolder[path.Dir(name)], name)
	}
	folders := slices.Sorted(maps.Keys(byFolder))
	id := func(of, name string) string {
		return of + strings.ReplaceAll(uuid.NewSHA1(products, []byte(of+name)).String(), "-", "")
	}
	var t, refs strings.Builder
	var folder func(dir string)
	folder = func(dir string) {
		if dir != "." {
			fmt.Fprintf(&t, "<Directory Id=%q Name=%q>\n", id("d", dir), path.Base(dir))
		}
		for i, name := range byFolder[dir] {
			key := ""
			if i == 0 {
				c := id("c", dir)
				fmt.Fprintf(&t, "<Component Id=%q Guid=%q Win64=\"yes\">\n", c, strings.ToUpper(uuid.NewSHA1(products, []byte(c)).String()))
				fmt.Fprintf(&refs, "<ComponentRef Id=%q/>\n", c)
				key = ` KeyPath="yes"`
			}
			fmt.Fprintf(&t, "<File Id=%q Name=%q Source=%q%s/>\n", id("f", name), path.Base(name), name, key)
		}
		if len(byFolder[dir]) > 0 {
			t.WriteString("</Component>\n")
		}
		for _, d := range folders {
			if d != "." && path.Dir(d) == dir {
				folder(d)
			}
		}
		if dir != "." {
			t.WriteString("</Directory>\n")
		}
	}
	folder(".")
	return t.String(), refs.String(), nil
}
