package smartone

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Parameters returns a fingerprint of a stored body without its request id. The system takes a
// request for a repeat of another with the same parameters that came less than Window before it,
// whatever their ids: of two such documents the second must be held back.
//
// How the system compares is not public. What can hardly be two documents counts as one here: the
// order of the names, of the products and of the codes does not matter, and an emission that is
// left out is Retail. A document held back too long is late, one sent too early is lost.
func Parameters(body []byte) ([sha256.Size]byte, error) {
	var none [sha256.Size]byte
	o, err := bodyObject(body)
	if err != nil {
		return none, fmt.Errorf("reading a stored %s: %w", opAggregation, err)
	}
	delete(o, "request_id")
	if o["doc_type"] == nil {
		o["doc_type"] = json.Number("1")
	}
	return sha256.Sum256(canonical(o)), nil
}

// RequestID returns the request id of a stored body.
func RequestID(body []byte) (string, error) {
	o, err := bodyObject(body)
	if err != nil {
		return "", fmt.Errorf("reading a stored %s: %w", opAggregation, err)
	}
	id, _ := o["request_id"].(string)
	if id == "" {
		return "", fmt.Errorf("reading a stored %s: it has no request_id", opAggregation)
	}
	return id, nil
}

func bodyObject(body []byte) (map[string]any, error) {
	if !utf8.Valid(body) { // encoding/json would replace what is not
		return nil, errors.New("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var o map[string]any
	if err := d.Decode(&o); err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errors.New("it is null")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands behind it")
	}
	return o, nil
}

// canonical writes v with the names of objects and the elements of lists in order.
func canonical(v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		b := []byte{'{'}
		for _, name := range names {
			b = append(b, canonical(name)...)
			b = append(b, ':')
			b = append(b, canonical(v[name])...)
			b = append(b, ',')
		}
		return append(b, '}')
	case []any:
		items := make([][]byte, len(v))
		for i, item := range v {
			items[i] = canonical(item)
		}
		slices.SortFunc(items, bytes.Compare)
		b := append([]byte{'['}, bytes.Join(items, []byte{','})...)
		return append(b, ']')
	}
	b, err := json.Marshal(v)
	if err != nil { // a string, a json.Number, a boolean or null, as the decoder made them
		panic(fmt.Sprintf("smartone: a value that is not JSON's: %v", err))
	}
	return b
}
