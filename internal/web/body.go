package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"

	"linemark/internal/escape"
)

// MaxBody is the most bytes of a request's body.
const MaxBody = 8 << 20

// Header must stand, with the value 1, in every request that changes something. A web page of
// somebody else cannot send it without asking first, and nobody answers that question.
const Header = "X-Linemark"

// Text is a JSON string, taken byte for byte: what no JSON can carry is refused, where
// encoding/json would put another character in its place.
type Text string

// MarshalJSON implements json.Marshaler.
func (t Text) MarshalJSON() ([]byte, error) { return escape.JSONString(asCode(t)) }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(b []byte) error {
	c, err := escape.ParseJSONString(b)
	*t = Text(c)
	return err
}

// refusal is a request that is turned down before anybody looks at what it asks for.
type refusal struct {
	status int
	Fault
}

func (r *refusal) Error() string { return r.Fault.Error }

func refuse(status int, what, hint string) error {
	return &refusal{status, Fault{Error: what, Hint: hint}}
}

// readBody reads the JSON object of a request that changes something into v.
func readBody(w http.ResponseWriter, r *http.Request, v any) error {
	if r.Header.Get(Header) != "1" {
		return refuse(http.StatusForbidden, "the header "+Header+" is missing", "send "+Header+": 1 with whatever changes something")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "the body must be JSON", "send Content-Type: application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is longer than %d bytes", large.Limit), "give fewer codes at a time")
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "reading the body: "+err.Error(), "")
	}
	if !utf8.Valid(body) {
		return refuse(http.StatusBadRequest, "the body is not UTF-8", "send the codes as the bytes that they are")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return refuse(http.StatusBadRequest, "the body is not the JSON that is expected: "+err.Error(), "")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "the body is more than one JSON object", "")
	}
	return nil
}
