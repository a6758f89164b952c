package diadoctest

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// desk is an emulator with one document, spoken to by hand.
type desk struct {
	*Server
	t   *testing.T
	url string
	at  time.Time
}

const (
	key    = "key-1"
	bearer = "DiadocAuth ddauth_api_client_id=" + key
	target = PathProtocol + "?boxId=b&messageId=m&documentId=d"
)

func newDesk(t *testing.T, change func(*Options)) *desk {
	d := &desk{t: t, at: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}
	o := Options{ClientID: key, Login: "login", Password: "pass", ClientSecret: "secret", RefreshToken: "refresh", Now: func() time.Time { return d.at }}
	change(&o)
	d.Server = New(o)
	d.Put(Document{Box: "b", Message: "m", ID: "d", PrintForm: []byte("%PDF"), Signature: []byte{0x30, 3, 2, 1, 5}})
	web := httptest.NewServer(d.Server)
	t.Cleanup(web.Close)
	d.url = web.URL
	return d
}

// send sends a request with headers in pairs.
func (d *desk) send(method, target, body string, headers ...string) (*http.Response, string) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.url+target, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp, string(b)
}

// login logs in as the document has it.
func (d *desk) login() (token string) {
	d.t.Helper()
	resp, token := d.send("POST", PathLogin+"?type=password", `{"login":"login","password":"pass"}`, "Authorization", bearer, "Content-Type", "application/json")
	if resp.StatusCode != 200 {
		d.t.Fatal(resp.Status, token)
	}
	return token
}

func TestVectors(t *testing.T) {
	if got := strings.ToUpper(hex.EncodeToString(Encode([]byte("%PDF"), []byte{0x30, 3, 2, 1, 5}))); got != "0A042550444612053003020105" {
		t.Error(got)
	}
	login, password, err := readLogin("", []byte("\x0A\x05login\x12\x04pass"))
	if login != "login" || password != "pass" || err != nil {
		t.Error(login, password, err)
	}
	long := Encode(bytes.Repeat([]byte("x"), 300), nil)
	if !bytes.HasPrefix(long, []byte{0x0A, 0xAC, 0x02}) {
		t.Errorf("% x", long[:3])
	}
}

// Every request against the document is refused as it says, and noted.
func TestStrict(t *testing.T) {
	const json = `{"login":"login","password":"pass"}`
	d := newDesk(t, func(*Options) {})
	token := d.login()
	good := bearer + ",ddauth_token=" + token
	for _, tc := range []struct {
		name, method, target, body string
		headers                    []string
		status                     int
		breach                     string // empty: none
	}{
		{"as it should be", "GET", target, "", []string{"Authorization", good}, 200, ""},
		{"posted", "POST", target, "", []string{"Authorization", good}, 405, "asked with POST"},
		{"without a parameter", "GET", PathProtocol + "?boxId=b&messageId=m", "", []string{"Authorization", good}, 400, "documentId is missing"},
		{"with an empty one", "GET", PathProtocol + "?boxId=&messageId=m&documentId=d", "", []string{"Authorization", good}, 400, "boxId is missing"},
		{"in another spelling", "GET", PathProtocol + "?boxid=b&messageId=m&documentId=d", "", []string{"Authorization", good}, 400, "boxId is missing"},
		{"with one twice", "GET", target + "&boxId=b", "", []string{"Authorization", good}, 400, "boxId comes 2 times"},
		{"with one too many", "GET", target + "&x=y", "", []string{"Authorization", good}, 400, "more parameters"},
		{"with a bare semicolon", "GET", target + ";x", "", []string{"Authorization", good}, 400, "bare ;"},
		{"with a body", "GET", target, "{}", []string{"Authorization", good}, 200, "a GET with a body"},
		{"without authorization", "GET", target, "", nil, 401, "0 headers"},
		{"with it twice", "GET", target, "", []string{"Authorization", good, "Authorization", good}, 401, "2 headers"},
		{"with a blank behind the comma", "GET", target, "", []string{"Authorization", bearer + ", ddauth_token=" + token}, 401, ""},
		{"with the token in quotes", "GET", target, "", []string{"Authorization", bearer + `,ddauth_token="` + token + `"`}, 401, ""},
		{"of another scheme", "GET", target, "", []string{"Authorization", "Basic eDp5"}, 401, `scheme "Basic"`},
		{"an unknown message", "GET", PathProtocol + "?boxId=b&messageId=x&documentId=d", "", []string{"Authorization", good}, 404, ""},
		{"an unknown document", "GET", PathProtocol + "?boxId=b&messageId=m&documentId=x", "", []string{"Authorization", good}, 404, ""},
		{"another method", "GET", "/GetMessage", "", []string{"Authorization", good}, 404, "none of Diadoc's methods"},

		{"login by GET", "GET", PathLogin + "?type=password", "", []string{"Authorization", bearer}, 405, "a login with GET"},
		{"login of another type", "POST", PathLogin + "?type=certificate", json, []string{"Authorization", bearer}, 400, "another type"},
		{"login without a key", "POST", PathLogin + "?type=password", json, nil, 401, ""},
		{"login with another key", "POST", PathLogin + "?type=password", json, []string{"Authorization", bearer + "x"}, 401, ""},
		{"JSON without its type", "POST", PathLogin + "?type=password", json, []string{"Authorization", bearer}, 400, "cannot be read"},
		{"JSON in capitals", "POST", PathLogin + "?type=password", `{"Login":"login","Password":"pass"}`, []string{"Authorization", bearer, "Content-Type", "application/json"}, 400, "cannot be read"},
		{"JSON with more in it", "POST", PathLogin + "?type=password", `{"login":"login","password":"pass","x":"y"}`, []string{"Authorization", bearer, "Content-Type", "application/json"}, 400, "cannot be read"},
		{"a wrong password", "POST", PathLogin + "?type=password", `{"login":"login","password":"x"}`, []string{"Authorization", bearer, "Content-Type", "application/json"}, 401, ""},
		{"protobuf", "POST", PathLogin + "?type=password", "\x0A\x05login\x12\x04pass", []string{"Authorization", bearer}, 200, ""},

		{"a form of two tokens", "POST", PathToken, "grant_type=refresh_token&refresh_token=refresh&refresh_token=x", []string{"Content-Type", "application/x-www-form-urlencoded"}, 400, "comes 2 times"},
		{"a token by JSON", "POST", PathToken, "{}", []string{"Content-Type", "application/json"}, 400, "no posted form"},
		{"another grant", "POST", PathToken, "grant_type=password&client_id=key-1&client_secret=secret&refresh_token=refresh", []string{"Content-Type", "application/x-www-form-urlencoded"}, 400, ""},
		{"another secret", "POST", PathToken, "grant_type=refresh_token&client_id=key-1&client_secret=x&refresh_token=refresh", []string{"Content-Type", "application/x-www-form-urlencoded"}, 401, ""},
	} {
		d.latest = nil // a login is in order
		before := len(d.History().Breaches)
		resp, body := d.send(tc.method, tc.target, tc.body, tc.headers...)
		after := d.History().Breaches[before:]
		if resp.StatusCode != tc.status {
			t.Errorf("%s: %s %s, want %d", tc.name, resp.Status, body, tc.status)
		}
		if (tc.breach == "") != (len(after) == 0) || !strings.Contains(strings.Join(after, "\n"), tc.breach) {
			t.Errorf("%s: noted %q, want %q", tc.name, after, tc.breach)
		}
		last := d.History().Requests
		if r := last[len(last)-1]; r.Status != tc.status || r.Method != tc.method || r.Bytes != len(body) {
			t.Errorf("%s: kept as %+v", tc.name, r)
		}
	}
}

func TestMaking(t *testing.T) {
	for _, status := range []int{200, 204} {
		d := newDesk(t, func(o *Options) { o.NotReadyStatus = status })
		auth := bearer + ",ddauth_token=" + d.login()
		d.Put(Document{Box: "b", Message: "m", ID: "d", PrintForm: []byte("%PDF"), Making: 2500 * time.Millisecond, Conflicts: 1})
		for i, want := range []struct {
			status int
			after  string
			move   time.Duration
		}{{409, "", 0}, {status, "3", time.Second}, {status, "2", 2 * time.Second}, {200, "", 0}} {
			resp, body := d.send("GET", target, "", "Authorization", auth)
			if resp.StatusCode != want.status || resp.Header.Get("Retry-After") != want.after || (want.after != "") != (body == "") {
				t.Errorf("%d: %s, Retry-After %q, %q", i, resp.Status, resp.Header.Get("Retry-After"), body)
			}
			d.at = d.at.Add(want.move)
		}
		// The third ask came after one second where three had been asked for.
		if b := d.History().Breaches; len(b) != 1 || !strings.Contains(b[0], "2s before its Retry-After was over") {
			t.Errorf("%q", b)
		}
	}
}

func TestTokens(t *testing.T) {
	d := newDesk(t, func(*Options) {})
	ask := func(token string) int {
		resp, _ := d.send("GET", target, "", "Authorization", bearer+",ddauth_token="+token)
		return resp.StatusCode
	}
	first := d.login()
	if !strings.ContainsAny(first, "/") || !strings.ContainsAny(first, "+") || !strings.ContainsAny(first, "=") {
		t.Errorf("the token %q spares the caller the characters that hurt", first)
	}
	if ask(first) != 200 {
		t.Error("refused")
	}
	second := d.login()
	if b := d.History().Breaches; len(b) != 1 || !strings.Contains(b[0], "good for 24h0m0s more") || first == second {
		t.Errorf("%q", b)
	}
	d.at = d.at.Add(24*time.Hour - 1)
	if ask(second) != 200 {
		t.Error("refused within its life")
	}
	d.at = d.at.Add(1)
	if ask(second) != 401 {
		t.Error("taken after its life")
	}
	d.login()
	d.Revoke()
	d.login()
	if b := d.History().Breaches; len(b) != 1 {
		t.Errorf("logins that were in order: %q", b)
	}
}

func TestFiveAtATime(t *testing.T) {
	d := newDesk(t, func(*Options) {})
	auth := bearer + ",ddauth_token=" + d.login()
	came, release := make(chan struct{}, 5), make(chan struct{})
	d.SetFault(func(string, string, int) Fault {
		came <- struct{}{}
		return Fault{Until: release}
	})
	done := make(chan struct{}, 5)
	for range 5 {
		go func() { d.send("GET", target, "", "Authorization", auth); done <- struct{}{} }()
	}
	for range 5 {
		<-came
	}
	close(release)
	for range 5 {
		<-done
	}
	if h := d.History(); h.MostAsks != 5 || len(h.Breaches) != 1 || !strings.Contains(h.Breaches[0], "5 calls at a time") {
		t.Errorf("%d at a time, %q", h.MostAsks, h.Breaches)
	}
}

// FuzzRequest: whatever comes in, the answer is no 5xx.
func FuzzRequest(f *testing.F) {
	f.Add("GET", target, "", bearer)
	f.Add("POST", PathLogin+"?type=password", "\x0A\x05login\x12\x04pass", bearer)
	f.Add("POST", PathLogin+"?type=password", "\x0A\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", bearer)
	f.Add("POST", PathToken, "grant_type=refresh_token", "Basic eDp5")
	f.Fuzz(func(t *testing.T, method, target, body, authorization string) {
		if method != http.MethodGet {
			method = http.MethodPost
		}
		s := New(Options{ClientID: key, Login: "login", Password: "pass", ClientSecret: "secret", RefreshToken: "refresh"})
		r := httptest.NewRequest(method, "/", strings.NewReader(body))
		path, query, _ := strings.Cut(target, "?")
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 || w.Code < 200 || len(s.History().Requests) != 1 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
