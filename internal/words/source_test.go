package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// sources parses a room's files but its tests.
func sources(t *testing.T, folder string) (*token.FileSet, map[string]*ast.File) {
	t.Helper()
	all, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	set, files := token.NewFileSet(), map[string]*ast.File{}
	for _, f := range all {
		if name := f.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			path := filepath.Join(folder, name)
			if files[path], err = parser.ParseFile(set, path, nil, parser.SkipObjectResolution); err != nil {
				t.Fatal(err)
			}
		}
	}
	return set, files
}

// constants are texts by their names.
type constants map[string]ast.Expr

func (c constants) declare(g *ast.GenDecl, into constants) {
	if into == nil {
		into = c
	}
	if g.Tok != token.CONST {
		return
	}
	for _, spec := range g.Specs {
		if v, ok := spec.(*ast.ValueSpec); ok {
			for i, name := range v.Names {
				if i < len(v.Values) {
					into[name.Name] = v.Values[i]
				}
			}
		}
	}
}

// within adds the constants of a function.
func (c constants) within(fn *ast.FuncDecl) constants {
	all := constants{}
	for name, e := range c {
		all[name] = e
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		if g, ok := n.(*ast.GenDecl); ok {
			c.declare(g, all)
		}
		return true
	})
	return all
}

// place stands for what varies. It is a number, so that it fits wherever a count is expected.
const place = "0"

var verb = regexp.MustCompile(`%[-+# 0]*[0-9]*(\.[0-9]+)?[a-zA-Z%]`)

// text is what an expression says, as far as it stands in the source.
func (c constants) text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			if text, err := strconv.Unquote(e.Value); err == nil {
				return text
			}
		}
	case *ast.ParenExpr:
		return c.text(e.X)
	case *ast.Ident:
		if value, ok := c[e.Name]; ok {
			return c.text(value)
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return c.text(e.X) + c.text(e.Y)
		}
	case *ast.CallExpr:
		switch name := lastName(e.Fun); {
		case name == "plural" && len(e.Args) == 2:
			return place + " " + c.text(e.Args[1]) + "s"
		case (name == "Sprintf" || name == "Errorf") && len(e.Args) > 0:
			return c.formatted(e.Args[0], e.Args[1:])
		}
	}
	return place
}

func (c constants) formatted(format ast.Expr, args []ast.Expr) string {
	return verb.ReplaceAllStringFunc(c.text(format), func(verb string) string {
		if verb == "%%" {
			return "%"
		}
		said := place
		if len(args) > 0 {
			said, args = c.text(args[0]), args[1:]
		}
		if strings.HasSuffix(verb, "q") {
			return strconv.Quote(said)
		}
		return said
	})
}

// lastName is the name at the end of an expression: of a variable, a field, a method, a type.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.StarExpr:
		return lastName(e.X)
	case *ast.UnaryExpr:
		return lastName(e.X)
	case *ast.IndexExpr:
		return lastName(e.X)
	case *ast.CallExpr:
		return lastName(e.Fun)
	}
	return ""
}
