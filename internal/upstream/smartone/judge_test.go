package smartone

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func newClient(t testing.TB) *Client {
	c, err := New(Options{URL: "http://localhost", Login: "plant", Password: "secret-1", Key: pkcs1(testKey())})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Which way each pair of HTTP status and body goes. The system's own word comes before the status.
func TestJudge(t *testing.T) {
	c := newClient(t)
	for _, tc := range []struct {
		status int
		body   string
		want   error // by type; nil: success
	}{
		{200, `{"status":"success","code":0}`, nil},
		{200, "\ufeff" + ` {"status":"success"}`, nil},
		{200, `{"status":"success","code":"0","request_id":5,"doc_id":6,"new":{}}`, nil},
		{200, `{"status":"success","code":5}`, &UnknownError{}},
		{200, `{"status":"Success","code":0}`, &UnknownError{}},
		{200, `{"code":0}`, &UnknownError{}},
		{200, `{"status":"in progress"}`, &InProgressError{}},
		{200, `{"status":"in progress","code":0}`, &InProgressError{}},
		{502, `{"status":"in progress"}`, &UnknownError{}},
		{502, `{"status":"success","code":0}`, &UnknownError{}},
		{200, `{"status":"error","code":158}`, &TooFrequentError{}},
		{400, `{"status":"error","code":158}`, &TooFrequentError{}},
		{503, `{"status":"error","code":158}`, &TooFrequentError{}},
		{429, `{"status":"error","code":999}`, &TooFrequentError{}},
		{429, `<html>`, &TooFrequentError{}},
		{200, `{"status":"error","code":113}`, &Refusal{}},
		{401, `{"status":"error","code":162}`, &Refusal{}},
		{401, `{"status":"error","code":777}`, &AccessError{}},
		{401, ``, &AccessError{}},
		{403, `<html>`, &AccessError{}},
		{500, `{"status":"error","code":156,"errors_list":[]}`, &Refusal{}},
		{500, `{"status":"error","code":777}`, &UnknownError{}},
		{500, `{"status":"error"}`, &UnknownError{}},
		{500, `{"status":"error","code":0}`, &UnknownError{}},
		{400, `{"status":"error"}`, &Refusal{}},
		{200, `{"status":"error","code":"x"}`, &UnknownError{}},
		{200, `{"status":"success","code":0,"errors_list":[1]}`, &Refusal{}},
		{200, `{"status":"success","code":0,"errors_list":[]}`, nil},
		{200, `{"status":"success","code":0,"errors_list":null}`, nil},
		{204, ``, &UnknownError{}},
		{201, `{"status":"success","code":0}`, &UnknownError{}},
		{200, `[{"status":"success"}]`, &UnknownError{}},
		{200, `{"status":"success","code":0}}`, &UnknownError{}},
		{200, "{\"status\":\"success\",\"message\":\"\xff\"}", &UnknownError{}},
	} {
		_, err := c.judge(opAggregation, reply{status: tc.status, header: http.Header{}, body: []byte(tc.body)})
		if kind(err) != kind(tc.want) {
			t.Errorf("%d %s: got %T %v, want %T", tc.status, tc.body, err, err, tc.want)
		}
	}
}

func kind(err error) string {
	var (
		unknown  *UnknownError
		running  *InProgressError
		frequent *TooFrequentError
		no       *Refusal
		denied   *AccessError
	)
	switch {
	case err == nil:
		return "success"
	case errors.As(err, &unknown):
		return "unknown"
	case errors.As(err, &running):
		return "running"
	case errors.As(err, &frequent):
		return "frequent"
	case errors.As(err, &no):
		return "refused"
	case errors.As(err, &denied):
		return "denied"
	}
	return "?"
}

func TestRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "-7": 0, "99999": 30 * time.Minute, "soon": 0,
		"Mon, 02 Jan 2006 15:04:05 GMT": 0, "Fri, 01 Jan 2100 00:00:00 GMT": 30 * time.Minute,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, time.Now()); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	far := http.Header{"Retry-After": {"Fri, 01 Jan 2100 00:00:20 GMT"}, "Date": {"Fri, 01 Jan 2100 00:00:00 GMT"}}
	if got := retryAfter(far, time.Now()); got != 20*time.Second {
		t.Errorf("by a clock that is years behind: %v", got)
	}
}

func TestManyRows(t *testing.T) {
	body := `{"status":"error","code":156,"errors_list":[` + strings.Repeat(`{"code":137,"message":"x"},`, 1999) + `"odd"]}`
	_, err := newClient(t).judge(opAggregation, reply{status: 200, header: http.Header{}, body: []byte(body)})
	var no *Refusal
	if !errors.As(err, &no) || len(no.Rows) != 1000 || no.Omitted != 1000 || !strings.Contains(err.Error(), "; and 1995 more;") {
		t.Fatalf("%d rows, %d left out: %.300v", len(no.Rows), no.Omitted, err)
	}
}

// An answer that is gzipped is read, up to the limit of what is unpacked.
func TestPackedAnswer(t *testing.T) {
	c := newClient(t)
	c.o.MaxBody = 1000
	for n, want := range map[int]int{10: 10, 1000: 1000, 100_000: 1001} {
		resp := &http.Response{Body: body(packed(bytes.Repeat([]byte("x"), n)))}
		if got, err := c.read(resp); err != nil || len(got) != want {
			t.Errorf("%d: %d bytes, %v", n, len(got), err)
		}
	}
	if _, err := c.read(&http.Response{Body: body([]byte("\x1f\x8bxx"))}); err == nil {
		t.Error("broken gzip was read")
	}
}

type closing struct{ *bytes.Reader }

func (closing) Close() error { return nil }

func body(b []byte) closing { return closing{bytes.NewReader(b)} }

// Every code that someone can meet has a meaning and something to do; only "too frequent" does not stop.
func TestRules(t *testing.T) {
	for code, r := range rules {
		if r.Meaning == "" || code != CodeDone && r.Do == "" {
			t.Errorf("%d: %+v", code, r)
		}
		if code != CodeDone && r.Stops == (code == CodeTooFrequent) {
			t.Errorf("%d: stops is %v", code, r.Stops)
		}
	}
	for _, code := range []int{113, 158, 161, 162} {
		if !RuleOf(code).Again {
			t.Errorf("%d was turned away unread, and the same bytes may not go again", code)
		}
	}
	for _, code := range []int{156, 137, 169, 170, 4711, NoCode} {
		if r := RuleOf(code); r.Again || !r.Stops {
			t.Errorf("%d: %+v", code, r)
		}
	}
}

func FuzzJudge(f *testing.F) {
	c := newClient(f)
	f.Add(200, []byte(`{"status":"success","code":0,"doc_id":1,"items":[{"code":"a"}]}`))
	f.Add(500, []byte(`{"status":"error","code":156,"errors_list":[{"code":137,"message":"secret-1"}]}`))
	f.Add(401, []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, b []byte) {
		a, err := c.judge(opAggregation, reply{status: status, header: http.Header{}, body: b})
		if (err == nil) == (a == nil) && kind(err) != "running" {
			t.Fatal("neither an answer nor an error")
		}
		if err != nil && (strings.ContainsAny(err.Error(), "\n\r") || strings.Contains(err.Error(), "secret-1") || kind(err) == "?") {
			t.Fatalf("%q", err)
		}
		if err == nil {
			if status != http.StatusOK {
				t.Fatalf("success with %d", status)
			}
			_, _ = a.batch(BatchQuery{Batch: 1})
		}
	})
}
