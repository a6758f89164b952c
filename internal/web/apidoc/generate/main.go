// Command generate writes the description of the API into a file.
package main

import (
	"log"
	"os"

	"linemark/internal/web/apidoc"
)

func main() {
	text, err := apidoc.Document()
	if err == nil {
		err = os.WriteFile(os.Args[1], text, 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}
