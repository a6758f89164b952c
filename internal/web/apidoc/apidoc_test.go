package apidoc

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"linemark/internal/web"
)

// Every route is described, and nothing else.
func TestEveryRouteIsDescribed(t *testing.T) {
	routes := web.Routes()
	slices.Sort(routes)
	if described := slices.Sorted(maps.Keys(operations)); !slices.Equal(described, routes) {
		t.Errorf("described are\n%q\nand there are\n%q", described, routes)
	}
}

// The file that is served is the one of these types.
func TestTheFileIsNew(t *testing.T) {
	want, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "openapi.json"))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("internal/web/openapi.json is not that of these types: go generate ./internal/web/apidoc (%v)", err)
	}
	if got, err = os.ReadFile(filepath.Join("..", "openapi.json.gz")); err != nil || !bytes.Equal(got, Packed(want)) {
		t.Errorf("internal/web/openapi.json.gz is not that of these types: go generate ./internal/web/apidoc (%v)", err)
	}
}
