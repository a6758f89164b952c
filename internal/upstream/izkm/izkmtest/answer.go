package izkmtest

import (
	"encoding/json"
	"net/http"
	"unicode/utf8"
)

// Error codes. The document shows 601 and 725; the others are the emulator's own.
const (
	codeMissing      = 601 // a required parameter is absent
	codeWrong        = 602 // a parameter has a wrong value or type
	codeLimit        = 603 // more than the document allows
	codeState        = 604 // not possible in this state of the order
	codeNoOrder      = 605 // no such order or suborder
	codeDuplicate    = 606 // the report came before
	codeNoReport     = 725 // no such report
	codeUnauthorized = 401
	codeForbidden    = 403
	codeNoMethod     = 404
	codeInternal     = 500
)

// reply is an answer; its body is made outside the lock.
type reply struct {
	status int
	body   func() []byte
}

// done is a successful answer.
func done(v any) reply {
	return reply{http.StatusOK, func() []byte { return marshal(v) }}
}

func errorReply(status, code int, text string) reply {
	type globalError struct {
		Error string `json:"error"`
		Code  int    `json:"errorCode"`
	}
	v := struct {
		Errors  []globalError `json:"globalErrors"`
		Success bool          `json:"success"`
	}{Errors: []globalError{{text, code}}}
	return reply{status, func() []byte { return marshal(v) }}
}

// marshal encodes the package's own types, which cannot fail.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("izkmtest: an answer that is not JSON: " + err.Error())
	}
	return b
}

// codesReply is the answer of codes and codes/retry.
func codesReply(omsID string, codes []string, blockID string) reply {
	return reply{http.StatusOK, func() []byte {
		b := make([]byte, 0, 128+len(codes)*96)
		b = append(b, `{"omsId":`...)
		b = appendJava(b, omsID)
		b = append(b, `,"codes":[`...)
		for i, c := range codes {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJava(b, c)
		}
		b = append(b, ']')
		if blockID != "" {
			b = append(b, `,"blockId":`...)
			b = appendJava(b, blockID)
		}
		return append(b, '}')
	}}
}

// appendJava appends s as a JSON string with the escapes of the document's samples, which
// are those of a Java encoder in its HTML-safe mode.
func appendJava(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c == '=' || c == '<' || c == '>' || c == '&' || c == '\'':
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// cutInside returns about the first half of a body, never all of it.
func cutInside(body []byte) []byte {
	n := len(body) / 2
	for n > 0 && !utf8.RuneStart(body[n]) {
		n--
	}
	return body[:n]
}
