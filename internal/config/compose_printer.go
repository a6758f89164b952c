package config

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"linemark/configs"
	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/internal/code"
)

// setting is one line to write into a sample: a key, and its value as TOML. about stands in the place of what the
// sample says of it; empty: that stays.
type setting struct{ key, value, about string }

// set writes settings into a driver's sample: in the place of what stands there, before what stands there in
// a comment, or behind its last one.
func set(sample string, settings []setting) string {
	lines := strings.Split(strings.TrimSpace(sample), "\n")
	end := slices.IndexFunc(lines[1:], func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), "[") }) + 1
	if end == 0 {
		end = len(lines)
	}
	for _, s := range settings {
		at := slices.IndexFunc(lines[:end], func(l string) bool { return keyOf(l) == s.key })
		if at < 0 {
			lines = slices.Insert(lines, end, s.key+" = "+s.value)
			end++
			continue
		}
		_, old, _ := strings.Cut(lines[at], "=")
		line := s.key + strings.Repeat(" ", max(1, strings.Index(strings.TrimLeft(lines[at], "# "), "=")-len(s.key))) + "= " + s.value
		if about := cmp.Or(s.about, behind(old)); about != "" {
			line = fmt.Sprintf("%-39s # %s", line, about)
		}
		lines[at] = line
	}
	return strings.Join(lines, "\n") + "\n"
}

// keyOf is the key of a line of a sample, also of one in a comment.
func keyOf(line string) string {
	key, _, ok := strings.Cut(strings.TrimLeft(line, "# "), "=")
	if key = strings.TrimSpace(key); !ok || !bare(key) {
		return ""
	}
	return key
}

// printer adds a printer that prints labels of a kind, with the label where it is a file, and returns what
// its driver says of it.
func (c *composer) printer(name string, d StarterDevice, kind string) (drivers.PrinterTraits, error) {
	none := drivers.PrinterTraits{}
	m, err := manualOf("printer", d.Driver)
	if err != nil {
		return none, err
	}
	more, err := c.printing(m, kind)
	if err != nil {
		return none, err
	}
	if err := c.device("printer", name, d, more); err != nil {
		return none, err
	}
	var traits drivers.PrinterTraits
	err = inFolder(c.files, func(dir string) error {
		options := table(m, c.Devices[len(c.Devices)-1])
		for _, key := range []string{"name", "driver", "address"} {
			delete(options, key)
		}
		p, err := drivers.NewPrinter(m.Name, drivers.Settings{Name: name, Dir: dir, Options: options, Dial: link.Dial})
		if err == nil {
			traits = p.Traits()
		}
		return err
	})
	return traits, err
}

// printing is what a printer's settings must say for labels of a kind: the label, and how the codes of
// the group are written. What only a scan can prove says so.
func (c *composer) printing(m drivers.Manual, kind string) ([]setting, error) {
	plain := c.Group == "tobacco" && kind == "unit" // codes without application identifiers
	if p, err := (code.Table{}).Profile(c.Group, code.Unit); err == nil {
		plain = kind == "unit" && !p.AIs
	}
	var all []setting
	switch m.Name {
	case "zpl", "tspl", "sbpl":
		file := labelPath(kind, m.Name)
		text, err := configs.Labels.ReadFile(path.Join("labels", m.Name, kind+"."+m.Name))
		if err != nil {
			return nil, err
		}
		c.files[file] = c.dated(text)
		all = append(all, setting{key: "label", value: quoted(file)})
		switch {
		case m.Name == "tspl":
			all = append(all, setting{"quote_form", `"backslash"`, `PROVE by a scan how this model takes a " in DMATRIX: backslash or decimal`})
			if plain {
				all = append(all, setting{key: "gs1", value: `"never"`})
			}
		case plain && m.Name == "zpl":
			all = append(all, setting{key: "gs1", value: `"never"`})
		case plain:
			all = append(all, setting{key: "fnc1_form", value: `"none"`})
		}
	case "text":
		label := `'\x02D{code}\x0a{batch}\x03'`
		if kind == "box-sscc" {
			label = `'\x02D00{sscc}\x0a{batch}\x03'`
		}
		all = append(all, setting{key: "label", value: label})
	default: // the layout lies in the printer, and its fields have names
		all = append(all, setting{key: "fields", value: c.fields(kind)})
		if m.Name == "sppl" {
			all = append(all, setting{"comma", `"plain"`, "PROVE on the printer that a comma does not split a row"})
		}
	}
	return all, nil
}

// fields names the fields of a job in the printer.
func (c *composer) fields(kind string) string {
	fields := []string{`CODE = "{code}"`}
	if kind == "box-sscc" {
		fields = []string{`SSCC = "00{sscc}"`}
	}
	fields = append(fields, `LOT = "{batch}"`)
	if c.Rules.Utilisation.ExpirationDate {
		fields = append(fields, `EXP = "{expiration_date:dd.MM.yyyy}"`)
	}
	return "{ " + strings.Join(fields, ", ") + " }"
}

// dated leaves the dates out of a label that batches of this group need not have: without them it would
// not be printed.
func (c *composer) dated(label []byte) []byte {
	var kept [][]byte
	for _, line := range bytes.SplitAfter(label, []byte("\n")) {
		text := string(line)
		switch {
		case strings.Contains(text, "without dates"):
		case !c.Rules.Utilisation.ProductionDate && of(text, "{production_date", "PROD"):
		case !c.Rules.Utilisation.ExpirationDate && of(text, "{expiration_date", "EXP"):
		default:
			kept = append(kept, line)
		}
	}
	return bytes.Join(kept, nil)
}

// of tells whether a line of a label shows a value, or is the heading above it.
func of(line, value, heading string) bool {
	line = strings.TrimSpace(line)
	return strings.Contains(line, value) || strings.HasSuffix(line, heading+"^FS") || strings.HasSuffix(line, `"`+heading+`"`) ||
		strings.HasSuffix(line, "XS"+heading) || strings.HasSuffix(line, "XM"+heading)
}
