package config

import (
	"embed"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// source is where the types of the configuration stand: their comments describe the settings in the
// schema that editors read.
//
//go:embed config.go group.go check_record.go check_disk.go check_backup.go check_shipping.go check_smartone.go check_mqtt.go
var source embed.FS

// comments returns what the source says of types ("Agent") and of fields ("Agent.Name").
func comments() (map[string]string, error) {
	all := map[string]string{}
	files, err := source.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := source.ReadFile(f.Name())
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if types, ok := d.(*ast.GenDecl); ok && types.Tok == token.TYPE {
				for _, s := range types.Specs {
					comment(all, types, s.(*ast.TypeSpec))
				}
			}
		}
	}
	return all, nil
}

func comment(all map[string]string, of *ast.GenDecl, s *ast.TypeSpec) {
	name := s.Name.Name
	doc := s.Doc
	if doc == nil {
		doc = of.Doc
	}
	all[name] = sentence(doc)
	table, ok := s.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range table.Fields.List {
		text := sentence(f.Comment)
		if text == "" {
			text = sentence(f.Doc)
		}
		for _, n := range f.Names {
			all[name+"."+n.Name] = text
		}
	}
}

// sentence is a comment in one line.
func sentence(c *ast.CommentGroup) string {
	if c == nil {
		return ""
	}
	return strings.Join(strings.Fields(c.Text()), " ")
}
