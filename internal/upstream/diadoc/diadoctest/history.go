package diadoctest

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// History is all that the emulator knows, for a checker to judge by itself.
type History struct {
	Requests []Request // in the order in which they were carried out
	Tokens   []string  // given out, in order
	Breaches []string  // what the caller did against the document, or the vendor's advice
	// MostAsks and MostLogins are how many were under way at a time.
	MostAsks, MostLogins int
}

// Request is one that came, and what was decided on it.
type Request struct {
	At         time.Time
	Method     string
	Path       string
	Document   string // of GenerateDocumentProtocol
	Status     int    // 0: a fault struck before anything was decided
	RetryAfter string
	Bytes      int // of the answer's body
	Fault      string
}

// History returns a copy.
func (s *Server) History() History {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.history
	h.Requests, h.Tokens, h.Breaches = slices.Clone(h.Requests), slices.Clone(h.Tokens), slices.Clone(h.Breaches)
	return h
}

// Count is how many requests came for a path.
func (h History) Count(path string) int {
	n := 0
	for _, r := range h.Requests {
		if r.Path == path {
			n++
		}
	}
	return n
}

func (s *Server) breach(format string, args ...any) {
	s.history.Breaches = append(s.history.Breaches, fmt.Sprintf(format, args...))
}

func (s *Server) note(r *http.Request, a reply, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == PathProtocol && (a.status == http.StatusUnauthorized || f.Kind == Status && f.Status == http.StatusUnauthorized) {
		s.latest = nil // whoever is refused may log in
	}
	s.history.Requests = append(s.history.Requests, Request{
		At: s.opt.Now().Round(0).UTC(), Method: r.Method, Path: r.URL.Path, Document: r.URL.Query().Get("documentId"),
		Status: a.status, RetryAfter: a.retryAfter, Bytes: len(a.body), Fault: f.String(),
	})
}
