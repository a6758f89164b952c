package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// TOML returns everything that is in force as a configuration: what the file says, and the defaults of what
// it does not say, each marked as such. In the place of a secret stands ***; all else loads again.
func (c *Config) TOML() []byte {
	var b bytes.Buffer
	c.force().write(&b, nil)
	return bytes.TrimLeft(b.Bytes(), "\n")
}

// JSON returns the same for programs: the settings, and the paths of those that are defaults.
func (c *Config) JSON() ([]byte, error) {
	defaults := []string{}
	settings := c.force().object("", &defaults)
	slices.Sort(defaults)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(map[string]any{"file": c.File, "settings": settings, "defaults": defaults})
	return b.Bytes(), err
}

func (t *shownTable) write(b *bytes.Buffer, path []string) {
	if t.key != "" {
		path = append(slices.Clip(path), bareOr(t.key))
		header := "[" + strings.Join(path, ".") + "]"
		if t.array {
			header = "[" + header + "]"
		}
		fmt.Fprintf(b, "\n%s\n", header)
	}
	for _, s := range t.settings {
		comment := ""
		switch {
		case s.usual:
			comment = "  # default"
		case s.note != "":
			comment = "  # " + oneLine(s.note)
		}
		fmt.Fprintf(b, "%s = %s%s\n", bareOr(s.key), literal(s.value), comment)
	}
	for _, sub := range t.tables {
		sub.write(b, path)
	}
}

func (t *shownTable) object(path string, defaults *[]string) map[string]any {
	o := map[string]any{}
	for _, s := range t.settings {
		if o[s.key] = s.value; s.usual {
			*defaults = append(*defaults, path+s.key)
		}
	}
	for _, sub := range t.tables {
		if !sub.array {
			o[sub.key] = sub.object(path+sub.key+".", defaults)
			continue
		}
		all, _ := o[sub.key].([]any)
		o[sub.key] = append(all, sub.object(path+sub.key+"["+strconv.Itoa(len(all))+"].", defaults))
	}
	return o
}

// literal writes a value as TOML does.
func literal(value any) string {
	switch v := value.(type) {
	case string:
		return quoted(v)
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".eni") { // not of infinity and of what is no number
			s += ".0"
		}
		return s
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []any:
		all := make([]string, len(v))
		for i, e := range v {
			all[i] = literal(e)
		}
		return "[" + strings.Join(all, ", ") + "]"
	case []map[string]any:
		all := make([]string, len(v))
		for i, e := range v {
			all[i] = literal(e)
		}
		return "[" + strings.Join(all, ", ") + "]"
	case map[string]any:
		var all []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(all, bareOr(key)+" = "+literal(v[key]))
		}
		return "{ " + strings.Join(all, ", ") + " }"
	}
	return fmt.Sprint(value)
}

func bareOr(key string) string {
	if bare(key) {
		return key
	}
	return quoted(key)
}

// quoted is a basic string of TOML.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == utf8.RuneError:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
