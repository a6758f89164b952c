// Package apitest compares what the API answers with its description.
package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"linemark/internal/web/apidoc"
)

const document = "openapi.json"

// compiled are the schemas of answers and bodies, by their place in the document.
var compiled = sync.OnceValue(func() *jsonschema.Compiler {
	text, err := apidoc.Document()
	if err != nil {
		panic(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(document, doc); err != nil {
		panic(err)
	}
	return c
})

var mu sync.Mutex // a compiler is for one at a time

// Answer says what is wrong with an answer to a request to a route, or nil.
func Answer(pattern string, status int, body []byte) error {
	method, path, _ := strings.Cut(pattern, " ")
	which := "200"
	if status != http.StatusOK {
		which = "default"
	}
	at := fmt.Sprintf("%s#/paths/%s/%s/responses/%s/content/application~1json/schema", document, strings.ReplaceAll(path, "/", "~1"), strings.ToLower(method), which)
	mu.Lock()
	defer mu.Unlock()
	s, err := compiled().Compile(at)
	if err != nil {
		return fmt.Errorf("%s is not described: %w", pattern, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// Watch lets a handler answer, and panics where a JSON answer is not as described. Patterns that are named are
// not looked at.
func Watch(h http.Handler, but ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := httptest.NewRecorder()
		h.ServeHTTP(out, r)
		body := out.Body.Bytes()
		skip := r.Pattern == ""
		for _, pattern := range but {
			skip = skip || pattern == r.Pattern
		}
		if !skip && strings.HasPrefix(out.Header().Get("Content-Type"), "application/json") && json.Valid(body) {
			if err := Answer(r.Pattern, out.Code, body); err != nil {
				panic(fmt.Sprintf("%s answers %d %s: %v", r.Pattern, out.Code, body, err))
			}
		}
		for name, values := range out.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(out.Code)
		_, _ = w.Write(body) // the reader has gone: nobody is left to tell
	})
}
