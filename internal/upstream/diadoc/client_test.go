package diadoc

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"linemark/internal/upstream/diadoc/diadoctest"
)

// canned answers requests by itself and keeps each as it would go over the wire.
type canned struct {
	answer func(r *http.Request) (status int, header, body string)
	heard  []string
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	raw, err := httputil.DumpRequestOut(r, true)
	if err != nil {
		return nil, err
	}
	c.heard = append(c.heard, string(raw))
	status, header, body := c.answer(r)
	h := http.Header{}
	if name, value, found := strings.Cut(header, ": "); found {
		h.Set(name, value)
	}
	return &http.Response{StatusCode: status, Header: h, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// Both requests, byte for byte as they leave.
func TestRequestBytes(t *testing.T) {
	const token = "3IU0iPhuhHPZ6lrlumGz4pICEedhQ1XmlMN1Pk8z0DJ51MXkcTi6Q3CODCC4xTMs+/jPFfhK6XM4kCJ=="
	wire := &canned{answer: func(r *http.Request) (int, string, string) {
		if r.Method == http.MethodPost {
			return 200, "", token + "\r\n"
		}
		return 200, "", string(diadoctest.Encode(testForm, testSign))
	}}
	c, err := New(Options{
		URL: "https://diadoc-api.kontur.ru/v/", Transport: wire,
		Password: &Password{ClientID: testClient, Login: "login", Password: `pa"ss\ё`},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Protocol(t.Context(), "a b+c&d=e@диадок/ру", testMessage, testID); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"POST /v/V3/Authenticate?type=password HTTP/1.1\r\nHost: diadoc-api.kontur.ru\r\nUser-Agent: linemark\r\nContent-Length: 41\r\n" +
			"Authorization: DiadocAuth ddauth_api_client_id=" + testClient + "\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n" +
			`{"login":"login","password":"pa\"ss\\ё"}`,
		"GET /v/GenerateDocumentProtocol?boxId=a%20b%2Bc%26d%3De%40%D0%B4%D0%B8%D0%B0%D0%B4%D0%BE%D0%BA%2F%D1%80%D1%83" +
			"&messageId=" + testMessage + "&documentId=" + testID + " HTTP/1.1\r\nHost: diadoc-api.kontur.ru\r\nUser-Agent: linemark\r\n" +
			"Authorization: DiadocAuth ddauth_api_client_id=" + testClient + ",ddauth_token=" + token + "\r\nAccept-Encoding: gzip\r\n\r\n",
	}
	if !slices.Equal(wire.heard, want) {
		t.Errorf("sent\n%q\nwant\n%q", wire.heard, want)
	}
}

func TestProtocol(t *testing.T) {
	for _, status := range []int{200, 204} {
		s := newSite(t, serverSays(func(o *diadoctest.Options) { o.NotReadyStatus = status }))
		s.put(func(d *diadoctest.Document) { d.Making = 7 * time.Second })
		for _, want := range []time.Duration{7 * time.Second, 2 * time.Second} {
			p, err := s.ask(t.Context())
			var notReady *NotReadyError
			if !errors.As(err, &notReady) || *notReady != (NotReadyError{Document: testDocument, Status: status, After: want}) {
				t.Fatalf("%d: %#v", status, err)
			}
			if p.PrintForm != nil || p.Signature != nil {
				t.Errorf("not ready and yet %q", p)
			}
			s.clock.move(5 * time.Second)
			s.put(func(d *diadoctest.Document) { d.Making = 2 * time.Second })
		}
		s.clock.move(2 * time.Second)
		s.put(func(d *diadoctest.Document) { d.PrintForm = bytes.Repeat(testForm, 10_000) })
		p, err := s.ask(t.Context())
		if err != nil || !bytes.Equal(p.PrintForm, bytes.Repeat(testForm, 10_000)) || !bytes.Equal(p.Signature, testSign) {
			t.Fatalf("%d: %d bytes, %v", status, len(p.PrintForm), err)
		}
		if n := s.History().Count(diadoctest.PathLogin); n != 1 {
			t.Errorf("%d: %d logins", status, n)
		}
		s.unbroken(t)
	}
}

// Every status is told apart, says which document and what to do, and keeps the server's words.
func TestStatuses(t *testing.T) {
	const words = "Формирование протокола\r\n передачи\x00 невозможно"
	const kept = "Формирование протокола передачи невозможно"
	type kind struct{ refusal, final, wholeBox bool }
	var (
		temporary = kind{}
		final     = kind{refusal: true, final: true}
		box       = kind{refusal: true, final: true, wholeBox: true}
		conflict  = kind{refusal: true}
		access    = kind{refusal: true, wholeBox: true}
	)
	seen := make(map[string]int)
	for _, tc := range []struct {
		status int
		want   kind
		says   string
	}{
		{400, final, "check the three ids"},
		{401, access, "check the client id and the account"},
		{402, box, "subscription to the API has ended"},
		{403, box, "no access to the box or to the document"},
		{404, final, "no such message"},
		{405, final, "check the address"},
		{409, conflict, "no protocol can be made"},
		{410, final, "does not name"},
		{408, temporary, "too slowly"},
		{429, temporary, "too many requests"},
		{500, temporary, "unexpected error in Diadoc"},
		{502, temporary, "no answer from Diadoc"},
		{503, temporary, "not available"},
		{504, temporary, "waited in vain"},
		{507, temporary, "fault of the server"},
	} {
		for _, after := range []string{"", "70"} {
			s := newSite(t)
			s.faulty(diadoctest.PathProtocol, diadoctest.Fault{Kind: diadoctest.Status, Status: tc.status, Body: words, RetryAfter: after})
			p, err := s.ask(t.Context())
			if p.PrintForm != nil || p.Signature != nil {
				t.Errorf("%d: something is left: %q", tc.status, p)
			}
			wait := time.Duration(0)
			if after != "" {
				wait = 70 * time.Second
			}
			var got kind
			var refusal *Refusal
			var temp *TemporaryError
			switch {
			case errors.As(err, &refusal):
				got = kind{true, refusal.Final, refusal.WholeBox}
				if refusal.Document != testDocument || refusal.Status != tc.status || refusal.Text != kept || refusal.Login || refusal.After != wait {
					t.Errorf("%d: %#v", tc.status, refusal)
				}
			case errors.As(err, &temp):
				if temp.Document != testDocument || temp.Status != tc.status || temp.Text != kept || temp.Login || temp.After != wait {
					t.Errorf("%d: %#v", tc.status, temp)
				}
			default:
				t.Fatalf("%d: %v", tc.status, err)
			}
			if got != tc.want {
				t.Errorf("%d: %+v, want %+v", tc.status, got, tc.want)
			}
			text := err.Error()
			for _, part := range []string{tc.says, testID, testMessage, testBox, kept} {
				if !strings.Contains(text, part) {
					t.Errorf("%d: %q does not say %q", tc.status, text, part)
				}
			}
			if strings.ContainsAny(text, "\r\n\x00") {
				t.Errorf("%d: not one clean line: %q", tc.status, text)
			}
			if other, found := seen[strings.ReplaceAll(text, "70", "")]; found && other != tc.status {
				t.Errorf("%d and %d read alike", tc.status, other)
			}
			seen[strings.ReplaceAll(text, "70", "")] = tc.status
		}
	}
}

// What the emulator itself refuses, by the document.
func TestRefusedByState(t *testing.T) {
	s := newSite(t)
	s.put(func(d *diadoctest.Document) { d.ID = "denied"; d.Denied = true })
	s.put(func(d *diadoctest.Document) { d.ID = "never"; d.Conflicts = -1 })
	s.put(func(d *diadoctest.Document) { d.Box = "unpaid" })
	s.put(func(d *diadoctest.Document) { d.Box = "closed" })
	s.SetBox("unpaid", diadoctest.Box{Unpaid: true})
	s.SetBox("closed", diadoctest.Box{Closed: true})
	for _, tc := range []struct {
		box, message, id string
		status           int
	}{
		{testBox, testMessage, "denied", 403}, {testBox, testMessage, "never", 409}, {"unpaid", testMessage, testID, 402},
		{"closed", testMessage, testID, 403}, {testBox, "other", testID, 404}, {testBox, testMessage, "other", 404},
	} {
		_, err := s.Protocol(t.Context(), tc.box, tc.message, tc.id)
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Status != tc.status || refusal.Text == "" {
			t.Errorf("%v: %v", tc, err)
		}
	}
	s.unbroken(t)
}

// Ids that cannot be sent are refused before anything is.
func TestBadIDs(t *testing.T) {
	s := newSite(t)
	for _, id := range []string{"", "a\nb", "a\x00", "\xff", "a\u00a0b", strings.Repeat("x", 257)} {
		for i := range 3 {
			ids := [3]string{testBox, testMessage, testID}
			ids[i] = id
			_, err := s.Protocol(t.Context(), ids[0], ids[1], ids[2])
			var refusal *Refusal
			if !errors.As(err, &refusal) || !refusal.Final || refusal.WholeBox || refusal.Status != 0 {
				t.Fatalf("%q: %v", id, err)
			}
			if strings.ContainsAny(err.Error(), "\n\x00") || !utf8.ValidString(err.Error()) || len(err.Error()) > 2000 || !strings.Contains(err.Error(), "id of the "+[]string{"box", "message", "document"}[i]) {
				t.Errorf("%q", err)
			}
		}
	}
	if n := len(s.History().Requests); n != 0 {
		t.Errorf("%d requests", n)
	}
}
