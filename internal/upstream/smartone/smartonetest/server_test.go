package smartonetest

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// plant speaks to an emulator as the document says, without any client of ours.
type plant struct {
	t     *testing.T
	srv   *Server
	at    time.Time
	token string
	heavy bool // wait before the next heavy request
}

func newPlant(t *testing.T, opt Options) *plant {
	p := &plant{t: t, at: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), heavy: true}
	opt.Login, opt.Password, opt.PublicKey = "plant", "secret", &key().PublicKey
	opt.Now = func() time.Time { return p.at }
	p.srv = New(opt)
	a := p.do("login_api", `{"login":"plant","password":"secret"}`, nil)
	p.token, _ = a["token"].(string)
	return p
}

func (p *plant) do(method, body string, change func(*http.Request)) map[string]any {
	p.t.Helper()
	if p.heavy && method != "login_api" {
		p.at = p.at.Add(2 * time.Second)
	}
	hash := sha256.Sum256([]byte(body))
	sig, err := rsa.SignPKCS1v15(nil, key(), crypto.SHA256, hash[:])
	if err != nil {
		p.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/"+method+"/", strings.NewReader(body))
	for name, value := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "X-Requested-With": "XMLHttpRequest", "X-Lang": "az",
		"Authorization": "Bearer " + p.token, "X-Signature": base64.StdEncoding.EncodeToString(sig),
	} {
		r.Header.Set(name, value)
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	p.srv.ServeHTTP(w, r)
	var a map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		p.t.Fatalf("%s: %v", w.Body, err)
	}
	return a
}

const row = `{"assort_ext_id":"P","unit_ext_id":"pack","pack_ext_id":"outer","cnt":1,"items":[{"code":"%s","parent_code":"%s"}]}`

func document(id, code, parent string) string {
	return fmt.Sprintf(`{"request_id":"%s","depart_ext_id":"D","product_line_ext_id":"L","items":[`+row+`]}`, id, code, parent)
}

func TestCodes(t *testing.T) {
	good := document("r", "a", "A")
	put := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, tc := range map[string]struct {
		body   string
		change func(*http.Request)
		code   float64
	}{
		"good":                {good, nil, 0},
		"date":                {put(`"items"`, `"dat":"2026-03-01","items"`), nil, 0},
		"import":              {put(`"items"`, `"doc_type":2,"items"`), nil, 0},
		"by system ids":       {put(`"depart_ext_id":"D"`, `"depart_id":4`), nil, 0},
		"quantity":            {put(`,"items":[{"code":"a","parent_code":"A"}]`, ``), nil, 0},
		"no token":            {good, set("Authorization", "x"), 113},
		"wrong token":         {good, set("Authorization", "Bearer x"), 113},
		"no signature":        {good, set("X-Signature", ""), 161},
		"wrong signature":     {good, set("X-Signature", "eHg="), 162},
		"wrong text":          {good, set("X-Signature", "!"), 162},
		"too large":           {put(`"P"`, `"`+strings.Repeat("P", 1_000_000)+`"`), nil, 157},
		"no XHR":              {good, set("X-Requested-With", ""), 999},
		"language":            {good, set("X-Lang", "ru"), 999},
		"type":                {good, set("Content-Type", "text/plain"), 999},
		"not gzip":            {good, set("Content-Type", "application/octet-stream"), 999},
		"no JSON":             {"x", nil, 999},
		"two objects":         {good + good, nil, 999},
		"no request id":       {put(`"request_id":"r",`, ``), nil, 999},
		"request id over":     {put(`"r"`, `"`+strings.Repeat("r", 251)+`"`), nil, 999},
		"no department":       {put(`"depart_ext_id":"D",`, ``), nil, 114},
		"department over":     {put(`"D"`, `"`+strings.Repeat("d", 251)+`"`), nil, 999},
		"by both ids":         {put(`"depart_ext_id":"D"`, `"depart_ext_id":"D","depart_id":4`), nil, 999},
		"id as text":          {put(`"depart_ext_id":"D"`, `"depart_id":"4"`), nil, 999},
		"no such batch":       {put(`"depart_ext_id":"D"`, `"batch_id":9`), nil, 116},
		"batch past its year": {put(`"depart_ext_id":"D"`, `"batch_id":1`), nil, 169},
		"emission":            {put(`"items"`, `"doc_type":3,"items"`), nil, 159},
		"tomorrow":            {put(`"items"`, `"dat":"2026-03-03","items"`), nil, 169},
		"no date":             {put(`"items"`, `"dat":"1 March","items"`), nil, 169},
		"unknown parameter":   {put(`"items"`, `"event_time":1,"items"`), nil, 999},
		"no product":          {put(`"assort_ext_id":"P",`, ``), nil, 999},
		"no unit":             {put(`"unit_ext_id":"pack",`, ``), nil, 999},
		"count":               {put(`"cnt":1`, `"cnt":2`), nil, 999},
		"nothing":             {put(`"cnt":1,"items":[{"code":"a","parent_code":"A"}]`, `"cnt":0`), nil, 156},
		"code over":           {put(`"a"`, `"`+strings.Repeat("a", 1025)+`"`), nil, 999},
		"in itself":           {put(`"A"`, `"a"`), nil, 156},
		"twice":               {put(`1,"items":[{"code":"a","parent_code":"A"}`, `2,"items":[{"code":"a"},{"code":"a"}`), nil, 156},
		"outside first":       {put(`1,"items":[{"code":"a","parent_code":"A"}`, `2,"items":[{"code":"A"},{"code":"a","parent_code":"A"}`), nil, 156},
		"unknown code":        {put(`"a"`, `"lost"`), nil, 156},
	} {
		p := newPlant(t, Options{Unknown: func(c string) bool { return c == "lost" }})
		p.srv.SetBatch(1, Batch{Estimated: p.at.AddDate(-1, 0, -1)})
		a := p.do("make_aggregation", tc.body, tc.change)
		if a["code"] != tc.code {
			t.Errorf("%s: %v", name, a)
		}
		if n := len(p.srv.History().Documents); n == 1 != (tc.code == 0) {
			t.Errorf("%s: %d documents", name, n)
		}
	}
}

func TestRemembers(t *testing.T) {
	p := newPlant(t, Options{})
	first := document("1", "a", "A")
	number := func(body string) any { p.t.Helper(); return p.do("make_aggregation", body, nil)["doc_id"] }
	if n := number(first); n != 1.0 {
		t.Fatal(n)
	}
	second := strings.Replace(first, `"1"`, `"2"`, 1)
	p.at = p.at.Add(5*time.Minute - 3*time.Second)
	if a := p.do("make_aggregation", second, nil); a["doc_id"] != 1.0 || a["request_id"] != "1" {
		t.Fatalf("within five minutes: %v", a)
	}
	p.at = p.at.Add(3 * time.Second)
	if n := number(second); n != 2.0 {
		t.Fatalf("after five minutes: %v", n)
	}
	p.at = p.at.AddDate(3, 0, 0)
	if n := number(first); n != 1.0 {
		t.Fatalf("the same id after three years: %v", n)
	}
	if h := p.srv.History(); len(h.Documents) != 2 || len(h.Twice()) != 1 || len(h.Breaches) > 0 {
		t.Fatalf("%+v", h)
	}
	if number(document("1", "b", "B")); len(p.srv.History().Breaches) != 1 {
		t.Fatal("an id with other parameters is no breach")
	}
}

// A refusal is remembered too; what was turned away at the door is not.
func TestRemembersRefusals(t *testing.T) {
	lost := true
	p := newPlant(t, Options{Unknown: func(string) bool { return lost }})
	body := document("1", "a", "A")
	p.do("make_aggregation", body, func(r *http.Request) { r.Header.Del("X-Signature") })
	for range 2 {
		if a := p.do("make_aggregation", body, nil); a["code"] != 156.0 {
			t.Fatal(a)
		}
		lost = false
	}
}

func TestInProgress(t *testing.T) {
	p := newPlant(t, Options{Work: 5 * time.Second})
	body := document("1", "a", "A")
	for _, want := range []string{"in progress", "in progress", "in progress", "success"} {
		if a := p.do("make_aggregation", body, nil); a["status"] != want {
			t.Fatalf("%v, want %s", a, want)
		}
	}
}

func TestFrequency(t *testing.T) {
	p := newPlant(t, Options{})
	p.heavy = false
	for i, step := range []struct {
		after time.Duration
		code  float64
	}{{0, 0}, {1999 * time.Millisecond, 158}, {1999 * time.Millisecond, 158}, {2 * time.Second, 0}} {
		p.at = p.at.Add(step.after)
		if a := p.do("make_aggregation", document(fmt.Sprint(i), fmt.Sprint("c", i), fmt.Sprint("P", i)), nil); i > 0 && a["code"] != step.code {
			t.Errorf("%d: %v", i, a)
		}
	}
}

func TestOrderOfDepartment(t *testing.T) {
	p := newPlant(t, Options{})
	dated := func(id, date string) string {
		return strings.Replace(document(id, "c"+id, "P"+id), `"items"`, `"dat":"`+date+`","items"`, 1)
	}
	for _, step := range []struct {
		body string
		code float64
	}{
		{dated("1", "2026-03-01"), 0},
		{dated("2", "2026-02-28"), 169},
		{strings.Replace(dated("3", "2026-02-28"), `"D"`, `"E"`, 1), 0},
		{document("4", "P1", "T"), 0},
		{document("5", "late", "P1"), 156},
	} {
		if a := p.do("make_aggregation", step.body, nil); a["code"] != step.code {
			t.Errorf("%s: %v", step.body, a)
		}
	}
	if n := len(p.srv.History().Breaches); n != 2 {
		t.Errorf("%d breaches", n)
	}
}

func TestGzip(t *testing.T) {
	p := newPlant(t, Options{MustGzip: true})
	body := document("1", "a", "A")
	if a := p.do("make_aggregation", body, nil); a["code"] != 999.0 {
		t.Fatal(a)
	}
	a := p.do("make_aggregation", body, func(r *http.Request) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(body))
		_ = z.Close()
		r.Header.Set("Content-Type", "application/octet-stream")

		r.Body = httptest.NewRequest("POST", "/", &b).Body
	})
	if a["code"] != 0.0 {
		t.Fatal(a)
	}
}

func TestLogin(t *testing.T) {
	p := newPlant(t, Options{TokenLife: time.Minute})
	if a := p.do("login_api", `{"login":"plant","password":"x"}`, nil); a["code"] != 113.0 {
		t.Fatal(a)
	}
	p.at = p.at.Add(time.Hour)
	if a := p.do("make_aggregation", document("1", "a", "A"), nil); a["code"] != 113.0 {
		t.Fatal(a)
	}
	if h := p.srv.History(); h.Logins != 2 || len(h.Breaches) > 0 {
		t.Fatalf("%+v", h)
	}
}
