// Package configs holds ready label files for every printer driver, and ready configurations of whole lines.
package configs

import "embed"

// Labels are the label files: labels/LANGUAGE/KIND.LANGUAGE. What each is for stands in README.md.
//
//go:embed labels/zpl labels/tspl labels/sbpl
var Labels embed.FS
