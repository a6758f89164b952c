package service

import (
	"fmt"
	"strings"

	"linemark/packaging"
)

// packagedStart is the line of the unit that names the program and its configuration.
const packagedStart = "ExecStart=/usr/bin/linemark run --service --config /etc/linemark/linemark.toml\n"

// Unit returns the text of the systemd unit for these paths.
func Unit(o Options) (string, error) {
	for _, path := range []string{o.Exe, o.Config} {
		if strings.ContainsAny(path, "\n\r\x00") {
			return "", fmt.Errorf("a unit cannot name the path %q", path)
		}
	}
	start := "ExecStart=" + unitWord(o.Exe) + " run --service --config " + unitWord(o.Config) + "\n"
	return strings.Replace(packaging.Unit, packagedStart, start, 1), nil
}

// unitWord is a word of a command line as systemd.service(5) reads it back: % begins a specifier, $ a
// variable, and in quotes a backslash an escape.
func unitWord(s string) string {
	s = strings.NewReplacer("%", "%%", "$", "$$", `\`, `\\`, `"`, `\"`).Replace(s)
	if strings.ContainsAny(s, " \t'\"\\;") {
		return `"` + s + `"`
	}
	return s
}
