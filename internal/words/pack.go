//go:build ignore

// Pack writes the files of all languages into texts.zip.
package main

import (
	"archive/zip"
	"bytes"
	"log"
	"os"
)

func main() {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for _, name := range []string{"en.txt", "ru.txt", "uz.txt"} {
		text, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		f, err := w.Create(name) // without a time: the same texts are packed the same
		if err != nil {
			log.Fatal(err)
		}
		if _, err := f.Write(text); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("texts.zip", packed.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
