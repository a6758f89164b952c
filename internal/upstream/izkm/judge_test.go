package izkm

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func asError(t testing.TB, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want an *Error", err, err)
	}
	return e
}

const (
	html     = "<html><head>\n<title>502</title></head></html>"
	refusal  = `{"globalErrors":[{"error":"Не указано значение параметра \"Товарная группа.\",","errorCode":601}],"success":false}`
	codes200 = `{"omsId":"` + testOMS + `","codes":["a"],"blockId":"b"}`
)

// The order of decision, over real connections. fate: l lost, r refused, u unauthorized.
func TestDecision(t *testing.T) {
	cases := []struct {
		name   string
		answer string
		kind   Kind
		codes  string // fate of GET /codes
		post   string // fate of a POST
		list   string // fate of another GET
	}{
		{"nothing at all", "", Interrupted, "l", "l", "l"},
		{"not HTTP", "220 smtp ready\r\n", Interrupted, "l", "l", "l"},
		{"cut body", cut(reply(200, codes200), 5), Interrupted, "l", "l", "l"},
		{"cut body of a refusal", cut(reply(400, refusal), 5), Interrupted, "l", "l", "l"},
		{"cut body of a 401", cut(reply(401, refusal), 5), Interrupted, "l", "l", "l"},
		{"cut chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"codes\":[", Interrupted, "l", "l", "l"},
		{"401 with HTML", reply(401, html), Unauthorized, "u", "u", "u"},
		{"401 refusal", reply(401, refusal), Unauthorized, "u", "u", "u"},
		{"403 empty", reply(403, ""), Unauthorized, "u", "u", "u"},
		{"403 success", reply(403, codes200), Unauthorized, "u", "u", "u"},
		{"429 refusal", reply(429, refusal), Busy, "", "", ""},
		{"500 refusal", reply(500, refusal), ServerFault, "l", "l", ""},
		{"502 HTML", reply(502, html), ServerFault, "l", "l", ""},
		{"503 empty", reply(503, ""), ServerFault, "l", "l", ""},
		{"504 success", reply(504, codes200), ServerFault, "l", "l", ""},
		{"400 refusal", reply(400, refusal), Refused, "r", "r", "r"},
		{"404 refusal", reply(404, refusal), Refused, "r", "r", "r"},
		{"200 refusal", reply(200, refusal), Refused, "r", "r", "r"},
		{"200 success:false alone", reply(200, `{"success":false}`), Refused, "r", "r", "r"},
		{"200 globalErrors alone", reply(200, `{"globalErrors":["no"]}`), Refused, "r", "r", "r"},
		{"200 globalErrors beside success", reply(200, `{"globalErrors":["no"],"success":true,"reportId":"x"}`), Refused, "r", "r", "r"},
		{"202 refusal", reply(202, refusal), Refused, "r", "r", "r"},
		{"404 HTML", reply(404, html), Unexpected, "l", "l", "l"},
		{"405 empty", reply(405, ""), Unexpected, "l", "l", "l"},
		{"413 half a JSON", reply(413, refusal[:40]), Unexpected, "l", "l", "l"},
		{"200 HTML", reply(200, html), Unexpected, "l", "l", "l"},
		{"200 empty", reply(200, ""), Unexpected, "l", "l", "l"},
		{"200 blanks", reply(200, " \r\n"), Unexpected, "l", "l", "l"},
		{"200 half a JSON, whole body", reply(200, codes200[:60]), Unexpected, "l", "l", "l"},
		{"200 null", reply(200, `null`), Unexpected, "l", "l", "l"},
		{"200 array", reply(200, `[]`), Unexpected, "l", "l", "l"},
		{"200 two objects", reply(200, codes200+codes200), Unexpected, "l", "l", "l"},
		{"200 other object", reply(200, `{"status":"UP"}`), Unexpected, "l", "l", "l"},
		{"200 only fieldErrors", reply(200, `{"fieldErrors":[{"fieldName":"a","fieldError":"b"}]}`), Unexpected, "l", "l", "l"},
		{"200 not UTF-8", reply(200, "{\"codes\":[\"a\xe8\"],\"blockId\":\"b\",\"reportId\":\"r\",\"orderInfos\":[]}"), Unexpected, "l", "l", "l"},
		{"200 for another participant", reply(200, `{"omslid":"X","codes":["a"],"blockId":"b","reportId":"r","orderInfos":[]}`), Unexpected, "l", "l", "l"},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", Unexpected, "l", "l", "l"},
		{"302 to a login page", reply(302, html, "Location: /login"), Unexpected, "l", "l", "l"},
		{"too large", reply(200, `{"codes":["`+strings.Repeat("a", 3000)+`"],"blockId":"b"}`), TooLarge, "l", "l", "l"},
		{"too large 401", reply(401, strings.Repeat("a", 3000)), Unauthorized, "u", "u", "u"},
		{"too large 400", reply(400, strings.Repeat("a", 3000)), Refused, "r", "r", "r"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			w := serve(t, always(tc.answer))
			c := w.client(t, func(o *Options) { o.MaxBody = 2000 })
			_, codesErr := c.Codes(t.Context(), testOrder, testGTIN, 1, "")
			_, postErr := c.SendUtilisation(t.Context(), []byte("{}"))
			_, listErr := c.Orders(t.Context(), OrdersQuery{})
			for _, got := range []struct {
				err  error
				want string
			}{{codesErr, tc.codes}, {postErr, tc.post}, {listErr, tc.list}} {
				e := asError(t, got.err)
				if e.Kind != tc.kind || fateOf(e) != got.want {
					t.Errorf("%v\nkind %q, fate %q; want %q, %q", e, e.Kind, fateOf(e), tc.kind, got.want)
				}
			}
			if n := len(w.heard()); n != 3 {
				t.Errorf("%d requests for three calls", n)
			}
		})
	}
}

func cut(answer string, n int) string { return answer[:len(answer)-n] }

func fateOf(e *Error) string {
	s := ""
	if e.Lost() {
		s += "l"
	}
	if e.Refused() {
		s += "r"
	}
	if e.Unauthorized() {
		s += "u"
	}
	return s
}

func TestCutBodyKeepsItsCause(t *testing.T) {
	w := serve(t, always(cut(reply(200, codes200), 5)))
	_, err := w.client(t).Codes(t.Context(), testOrder, testGTIN, 1, "")
	if e := asError(t, err); !errors.Is(e, io.ErrUnexpectedEOF) || e.Status != 200 || e.Seen == "" {
		t.Errorf("got %+v", e)
	}
}

// A body of exactly the largest length is read, one byte more is not.
func TestLargestBody(t *testing.T) {
	for over, want := range []Kind{"", TooLarge} {
		w := serve(t, always(reply(200, `{"success":true}`)))
		err := w.client(t, func(o *Options) { o.MaxBody = int64(len(`{"success":true}`) - over) }).Ping(t.Context())
		if want == "" && err != nil || want != "" && asError(t, err).Kind != want {
			t.Errorf("%d bytes over: %v", over, err)
		}
	}
}

func TestGlobalErrors(t *testing.T) {
	cases := []struct {
		name string
		body string
		want []APIError
	}{
		{"the document's", refusal, []APIError{{"601", `Не указано значение параметра "Товарная группа.",`}}},
		{"unknown report", `{"globalErrors":[{"error":"Идентификатор отчета не найден","errorCode":725}],"success":false}`,
			[]APIError{{"725", "Идентификатор отчета не найден"}}},
		{"ping's, with a path", `{"globalErrors":[{"error":"string","errorCode":"0","jsonPath":"$.a"}],"omsId":"3fa85f64-5717-4562-b3fc-2c963f66afa6","success":false}`,
			[]APIError{{"0", "$.a: string"}}},
		{"strings", `{"globalErrors":["first","second"]}`, []APIError{{"", "first"}, {"", "second"}}},
		{"mixed", `{"globalErrors":["first",{"error":"second","errorCode":2},3,null]}`,
			[]APIError{{"", "first"}, {"2", "second"}, {"", "3"}, {"", ""}}},
		{"one object", `{"globalErrors":{"error":"a","errorCode":1}}`, []APIError{{"1", "a"}}},
		{"one string", `{"globalErrors":"no"}`, []APIError{{"", "no"}}},
		{"unknown object", `{"globalErrors":[{"message":"x"}]}`, []APIError{{"", `{"message":"x"}`}}},
		{"field errors too", `{"success":false,"fieldErrors":[{"fieldName":"gtin","fieldError":"bad"}],"globalErrors":["g"]}`,
			[]APIError{{"", "g"}, {"", "gtin: bad"}}},
		{"success as a string", `{"success":"FALSE"}`, nil},
		{"lines and control characters", `{"globalErrors":["a\n\tb\u0000c"]}`, []APIError{{"", `a b\x00c`}}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			e := asError(t, offline(t).judge("GET /ping", 200, http.Header{}, []byte(tc.body), new(pinged)))
			if e.Kind != Refused || !slices.Equal(e.Codes, tc.want) {
				t.Errorf("got %q %q, want %q", e.Kind, e.Codes, tc.want)
			}
			for _, said := range tc.want {
				if said.Code != "" && !e.HasCode(said.Code) || e.HasCode("999") {
					t.Errorf("HasCode does not see %q", said.Code)
				}
				if !strings.Contains(e.Error(), said.Text) {
					t.Errorf("%q does not say %q", e.Error(), said.Text)
				}
			}
		})
	}
	// None of these refuses anything.
	for _, body := range []string{
		`{"success":true,"globalErrors":[]}`, `{"success":true,"globalErrors":null}`,
		`{"success":"true","globalErrors":""}`, `{"success":true,"fieldErrors":[]}`,
	} {
		if err := offline(t).judge("GET /ping", 200, http.Header{}, []byte(body), new(pinged)); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	cases := []struct {
		header string
		want   time.Duration
	}{
		{"", 0}, {"soon", 0}, {"-5", 0}, {"1.5", 0},
		{"0", time.Second}, {"1", time.Second}, {" 90 ", 90 * time.Second}, {"1800", 30 * time.Minute},
		{"1801", 30 * time.Minute}, {"99999999999999999999999", 30 * time.Minute},
		{"Wed, 01 May 2024 12:02:00 GMT", 2 * time.Minute},
		{"Wednesday, 01-May-24 12:02:00 GMT", 2 * time.Minute},
		{"Wed, 01 May 2024 11:00:00 GMT", time.Second},
		{"Wed, 01 May 2030 12:00:00 GMT", 30 * time.Minute},
	}
	for _, tc := range cases {
		for status, heard := range map[int]bool{429: true, 503: true, 500: false, 400: false} {
			h := http.Header{"Retry-After": {tc.header}}
			e := asError(t, offline(t).judge("GET /ping", status, h, nil, new(pinged)))
			want := tc.want
			if !heard {
				want = 0
			}
			if e.Wait() != want {
				t.Errorf("%d %q: wait %v, want %v", status, tc.header, e.Wait(), want)
			}
		}
	}
	if got := (&Error{RetryAfter: time.Hour}).Wait(); got != 30*time.Minute {
		t.Errorf("an hour waits %v", got)
	}
}

// Whatever a server repeats of the request, the token is in no text of the error.
func TestTokenInNoError(t *testing.T) {
	upper := strings.ToUpper(testToken)
	answers := map[string]string{
		"echoed in HTML":     reply(200, "<pre>clientToken: "+testToken+"\nand "+upper+"</pre>"),
		"echoed at the cut":  reply(200, strings.Repeat("x", 180)+testToken),
		"many times":         reply(200, strings.Repeat(testToken, 3000)),
		"in a refusal":       reply(400, `{"globalErrors":[{"error":"token `+upper+`","errorCode":"`+testToken+`"}]}`),
		"in a field error":   reply(401, `{"fieldErrors":[{"fieldName":"`+testToken+`","fieldError":"x"}]}`),
		"in a cut body":      cut(reply(500, testToken+"....."), 3),
		"in a redirect":      reply(302, "", "Location: http://x/?t="+testToken),
		"in a bad location":  reply(302, "", "Location: http://["+testToken),
		"in place of HTTP":   testToken + "\r\n\r\n",
		"in the status line": "HTTP/1.1 " + testToken + "\r\n\r\n",
		"in an id":           reply(200, `{"codes":["a"],"blockId":{"a":"`+testToken[:15]+`"}}`),
		"in another block":   reply(200, `{"codes":["a"],"blockId":"`+testToken+`"}`),
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			w := serve(t, always(answer))
			_, err := w.client(t).Retry(t.Context(), testOrder, testGTIN, testBlock)
			e := asError(t, err)
			texts := fmt.Sprintf("%v %+v %#v", e, *e, *e)
			for cause := error(e); cause != nil; cause = errors.Unwrap(cause) {
				texts += fmt.Sprintf(" %+v", cause)
			}
			if strings.Contains(strings.ToLower(texts), testToken) {
				t.Errorf("the token shows: %s", texts)
			}
		})
	}
}

func TestSeen(t *testing.T) {
	cases := []struct{ body, want string }{
		{"\ufeff <html>\r\n\t<b>502  Bad</b>", "<html> <b>502 Bad</b>"},
		{"caf\xe8\x1d\ufffd", "caf\\xe8\\x1d\ufffd"},
		{strings.Repeat("Ж", 300), strings.Repeat("Ж", 200)},
		{"", ""},
	}
	for _, tc := range cases {
		e := asError(t, offline(t).judge("GET /ping", 200, http.Header{}, []byte(tc.body), new(pinged)))
		if strings.TrimPrefix(e.Seen, `\ufeff `) != tc.want {
			t.Errorf("%q: seen %q, want %q", tc.body, e.Seen, tc.want)
		}
	}
}
