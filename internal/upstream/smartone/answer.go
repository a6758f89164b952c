package smartone

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The three words of an answer's status.
const (
	statusSuccess    = "success"
	statusError      = "error"
	statusInProgress = "in progress"
)

// answer is what any method's answer may hold. Ids are texts here; some come as numbers.
type answer struct {
	Status    words           `json:"status"`
	Code      *number         `json:"code"`
	Message   words           `json:"message"`
	RequestID words           `json:"request_id"`
	DocID     words           `json:"doc_id"`
	DocExtID  words           `json:"doc_ext_id"`
	Errors    rows            `json:"errors_list"`
	Count     *number         `json:"cnt"`
	Items     json.RawMessage `json:"items"`

	raw []byte
}

// about is the request id that the answer names; empty where it names none.
func (a *answer) about() string {
	if id := strings.TrimSpace(string(a.RequestID)); !slices.Contains(nothing, id) {
		return id
	}
	return ""
}

func parse(body []byte) (*answer, error) {
	if !utf8.Valid(body) { // encoding/json would replace what is not, and a code would change
		return nil, errors.New("it is not UTF-8")
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))
	switch {
	case len(body) == 0:
		return nil, errors.New("it is empty")
	case body[0] != '{':
		return nil, errors.New("it is not a JSON object")
	}
	a := &answer{raw: body}
	if err := json.Unmarshal(body, a); err != nil {
		return nil, fmt.Errorf("reading the JSON: %w", err)
	}
	return a, nil
}

// judge decides what an answer means. Which HTTP status an error comes with is not public, so the
// system's own word comes first: a body with status "error" and a known code. Then the HTTP status,
// and success only last.
func (c *Client) judge(op string, r reply) (*answer, error) {
	a, unread := parse(r.body)
	if r.over {
		unread = fmt.Errorf("it is longer than %d bytes", c.o.MaxBody)
	}
	if unread != nil {
		a = new(answer)
	}
	n := NoCode
	if a.Code != nil {
		n = int(*a.Code)
	}
	_, known := rules[n]
	unknown := func(err error) error {
		return &UnknownError{Op: op, Status: r.status, Err: err, Seen: c.visible(string(r.body), seenLength)}
	}
	failed := string(a.Status) == statusError
	switch {
	case failed && n == CodeTooFrequent:
		return nil, &TooFrequentError{Op: op, Wait: retryAfter(r.header, c.o.Now())}
	case failed && known && n != CodeDone:
		return nil, c.refusal(op, r.status, n, a)
	case r.status == http.StatusUnauthorized || r.status == http.StatusForbidden:
		return nil, &AccessError{Op: op, Status: r.status, Message: c.visible(string(a.Message), textLength)}
	case r.status == http.StatusTooManyRequests:
		return nil, &TooFrequentError{Op: op, Wait: retryAfter(r.header, c.o.Now())}
	case r.status >= 500:
		return nil, unknown(unread)
	case failed && n == CodeDone:
		return nil, unknown(errors.New("it says error, and code 0, which is done"))
	case failed:
		return nil, c.refusal(op, r.status, n, a)
	case r.status >= 300 && r.status < 400 && r.header.Get("Location") != "":
		return nil, unknown(fmt.Errorf("redirected to %s, which is not followed", c.visible(r.header.Get("Location"), seenLength)))
	case r.status != http.StatusOK || unread != nil:
		return nil, unknown(unread)
	case string(a.Status) == statusInProgress:
		return a, &InProgressError{Op: op, RequestID: c.visible(string(a.RequestID), MaxID)}
	case len(a.Errors.kept) > 0:
		return nil, c.refusal(op, r.status, n, a) // it says success, and lists faults
	case string(a.Status) == statusSuccess && n <= CodeDone:
		return a, nil
	case op == opLogin && a.Status == "": // not described; the token decides
		return a, nil
	}
	return nil, unknown(fmt.Errorf("its status is %q with code %d", c.visible(string(a.Status), 40), n))
}

func (c *Client) refusal(op string, status, n int, a *answer) *Refusal {
	r := RuleOf(n)
	e := &Refusal{Op: op, Status: status, Code: n, Message: c.visible(string(a.Message), textLength),
		RetryLater: r.Again, Stops: true, about: c.visible(a.about(), MaxID)}
	e.Omitted = a.Errors.more
	for _, row := range a.Errors.kept {
		e.Rows = append(e.Rows, RowError{Code: row.Code, Message: c.visible(row.Message, textLength)})
	}
	return e
}

// nothing is how servers write that a list is empty, or an entry of it.
var nothing = []string{"null", "false", `""`, "{}", "[]", "0"}

// rows is errors_list: a list of objects, tolerant of what stands in it, since a refusal must be
// read whatever it holds.
type rows struct {
	kept []RowError
	more int // that are not kept
}

func (l *rows) UnmarshalJSON(b []byte) error {
	*l = rows{}
	d := json.NewDecoder(bytes.NewReader(b)) // one by one: it may have millions
	if t, _ := d.Token(); t != json.Delim('[') {
		l.add(b)
		return nil
	}
	for d.More() {
		var one json.RawMessage
		if err := d.Decode(&one); err != nil {
			return err
		}
		l.add(one)
	}
	return nil
}

func (l *rows) add(one []byte) {
	if slices.Contains(nothing, string(bytes.Join(bytes.Fields(one[:min(len(one), 40)]), nil))) {
		return
	}
	if len(l.kept) == keptRows {
		l.more++
		return
	}
	var row struct {
		Code    *number `json:"code"`
		Message words   `json:"message"`
	}
	if json.Unmarshal(one, &row) != nil || row.Code == nil {
		l.kept = append(l.kept, RowError{Code: NoCode, Message: string(one)})
		return
	}
	l.kept = append(l.kept, RowError{Code: int(*row.Code), Message: string(row.Message)})
}

// words is a text, or whatever stands in its place, which must not make the answer unreadable.
type words string

func (w *words) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(w))
	}
	if *w = words(b); *w == "null" {
		*w = ""
	}
	return nil
}

// number is a whole number, also as a text of digits.
type number int

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	if err != nil {
		return errors.New("no whole number where one belongs")
	}
	*n = number(v)
	return nil
}
