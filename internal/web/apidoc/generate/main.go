// Command generate writes the description of the API into a file, and packed beside it: the program holds the latter.
package main

import (
	"errors"
	"log"
	"os"

	"linemark/internal/web/apidoc"
)

func main() {
	text, err := apidoc.Document()
	if err == nil {
		err = errors.Join(os.WriteFile(os.Args[1], text, 0o644), os.WriteFile(os.Args[1]+".gz", apidoc.Packed(text), 0o644))
	}
	if err != nil {
		log.Fatal(err)
	}
}
