package main

import (
	"archive/tar"
	"archive/zip"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// top is the one folder of an archive.
const top = "linemark/"

// tarGz writes an archive of a folder: names in order, everything root's, no time but the release's.
func (r *release) tarGz(path, dir string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	t := tar.NewWriter(z)
	err = each(dir, func(name string, mode fs.FileMode, size int64, from io.Reader) error {
		h := &tar.Header{Name: top + name, Mode: int64(mode), Size: size, ModTime: r.date, Uname: "root", Gname: "root", Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		_, err := io.Copy(t, from)
		return err
	})
	return errors.Join(err, t.Close(), z.Close(), f.Close())
}

// zip writes the same for Windows.
func (r *release) zip(path, dir string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	z := zip.NewWriter(f)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	err = each(dir, func(name string, _ fs.FileMode, _ int64, from io.Reader) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: top + name, Method: zip.Deflate, Modified: r.date})
		if err != nil {
			return err
		}
		_, err = io.Copy(w, from)
		return err
	})
	return errors.Join(err, z.Close(), f.Close())
}

// each visits the files of a folder in the order of their names.
func each(dir string, visit func(name string, mode fs.FileMode, size int64, from io.Reader) error) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		name := filepath.ToSlash(strings.TrimPrefix(path, dir+string(filepath.Separator)))
		return visit(name, info.Mode().Perm(), info.Size(), f)
	})
}
