package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// component is a part of the program in the words of CycloneDX 1.5.
type component struct {
	Type       string     `json:"type"`
	BOMRef     string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Licenses   []license  `json:"licenses,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type license struct {
	License struct {
		ID string `json:"id"`
	} `json:"license"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

type bom struct {
	Format       string `json:"bomFormat"`
	SpecVersion  string `json:"specVersion"`
	SerialNumber string `json:"serialNumber"`
	Version      int    `json:"version"`
	Metadata     struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	} `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

// sbom lists the modules that are in the programs, as their own build records have them: not what go.mod
// allows, but what was linked.
func (r *release) sbom(programs []string) error {
	parts := map[string]component{}
	for _, program := range programs {
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			return err
		}
		goVersion := strings.TrimPrefix(info.GoVersion, "go")
		parts["stdlib"] = component{Type: "library", Name: "std", Version: goVersion, PURL: "pkg:golang/std@" + goVersion}
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			c := component{Type: "library", Name: m.Path, Version: m.Version, PURL: "pkg:golang/" + m.Path + "@" + m.Version}
			if m.Sum != "" { // Go's own hash of a module's files: no plain hash of one file
				c.Properties = []property{{"go:sum", m.Sum}}
			}
			parts[m.Path] = c
		}
	}
	b := bom{Format: "CycloneDX", SpecVersion: "1.5", Version: 1}
	b.Metadata.Timestamp = r.date.Format(time.RFC3339)
	main := component{Type: "application", Name: "linemark", Version: r.version.name, PURL: "pkg:generic/linemark@" + r.version.name, Licenses: make([]license, 1)}
	main.Licenses[0].License.ID = "MIT"
	for i, program := range programs {
		sum, err := sumOf(program)
		if err != nil {
			return err
		}
		t := targets()[i]
		main.Properties = append(main.Properties, property{"sha256:" + t.os + "_" + t.arch, sum})
	}
	main.BOMRef = main.PURL
	b.Metadata.Component = main
	on := dependency{Ref: main.BOMRef}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		c := parts[name]
		c.BOMRef = c.PURL
		b.Components = append(b.Components, c)
		on.DependsOn = append(on.DependsOn, c.BOMRef)
	}
	b.Dependencies = []dependency{on}
	content, err := json.Marshal(b)
	if err != nil {
		return err
	}
	b.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, content).URN()
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, fmt.Sprintf("linemark_%s.cdx.json", r.version.name)), append(text, '\n'), 0o644)
}
