package smartone_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"linemark/internal/upstream/smartone"
	"linemark/internal/upstream/smartone/smartonetest"
)

const login = "/login_api/"

// A token that has run out is renewed once, whether the system says 401 or its own code.
func TestTokenRenewed(t *testing.T) {
	for _, deny := range []bool{false, true} {
		e := smartonetest.Options{TokenLife: time.Hour, Deny401: deny}
		play(t, good(), e, func(t *testing.T, x *site) {
			for i := range 4 {
				if _, err := x.send(x.body(document(i + 1))); err != nil {
					t.Fatalf("%d: %v", i, err)
				}
				time.Sleep(40 * time.Minute)
			}
			if h := x.clean(4); h.Logins != 2 {
				t.Fatalf("%d logins", h.Logins)
			}
		})
	}
}

// A fresh token that is turned away too is not renewed again.
func TestTokenNotAccepted(t *testing.T) {
	for _, f := range []smartonetest.Fault{
		{Kind: smartonetest.Status, Status: 401},
		{Kind: smartonetest.Status, Status: 403, Body: "<html>"},
		{Kind: smartonetest.Status, Status: 200, Body: `{"status":"error","code":"113","message":"Access denied"}`},
	} {
		play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
			x.srv.SetFault(func(path string, _ int) smartonetest.Fault {
				if strings.HasSuffix(path, aggregation) {
					return f
				}
				return smartonetest.Fault{}
			})
			_, err := x.send(x.body(document(1)))
			no, refused := is[*smartone.Refusal](err)
			_, denied := is[*smartone.AccessError](err)
			if !denied && (!refused || no.Code != smartone.CodeAccessDenied || !no.Stops || !no.RetryLater) {
				t.Fatal(err)
			}
			if h := x.srv.History(); h.Logins != 2 || h.Requests[aggregation] != 2 {
				t.Fatalf("%d logins, %d requests", h.Logins, h.Requests[aggregation])
			}
		})
	}
}

// One login is in flight, and all who wait share what comes of it.
func TestOneLogin(t *testing.T) {
	for _, wrong := range []bool{false, true} {
		o := good()
		if wrong {
			o.Password = "wrong one"
		}
		play(t, o, smartonetest.Options{}, func(t *testing.T, x *site) {
			x.srv.SetBatch(1, smartonetest.Batch{Codes: []smartonetest.Code{{Code: "a"}}})
			x.srv.SetFault(fault(login, 1, smartonetest.Fault{Delay: time.Second}))
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					_, err := x.BatchCodes(t.Context(), smartone.BatchQuery{Batch: 1})
					if denied, ok := is[*smartone.AccessError](err); wrong && (!ok || denied.Op != "login_api") || !wrong && err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if h := x.srv.History(); h.Logins != 1 || len(h.Breaches) > 0 {
				t.Fatalf("%d logins, %q", h.Logins, h.Breaches)
			}
		})
	}
}

// Who waits for the login of one that gives up signs in itself.
func TestLoginGivenUp(t *testing.T) {
	play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
		x.srv.SetFault(fault(login, 1, smartonetest.Fault{Delay: 10 * time.Second}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := x.MakeAggregation(ctx, x.body(document(1))); err == nil {
				t.Error("its context has ended")
			}
		})
		time.Sleep(time.Millisecond)
		wg.Go(func() {
			if _, err := x.send(x.body(document(2))); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		x.clean(1)
	})
}

// The names of login_api are settings.
func TestLoginFields(t *testing.T) {
	o := good()
	o.LoginField, o.PasswordField, o.TokenField = "user", "pass", "access"
	e := smartonetest.Options{LoginField: "user", PasswordField: "pass", TokenField: "access"}
	play(t, o, e, func(t *testing.T, x *site) {
		if _, err := x.send(x.body(document(1))); err != nil {
			t.Fatal(err)
		}
		x.clean(1)
	})
}

func TestLoginAnswers(t *testing.T) {
	for body, says := range map[string]string{
		`{"token":"abc"}`: "",
		`{"status":"success","code":0,"token":"abc"}`:              "",
		`{"status":"success","code":0,"TOKEN2":"secret-of-login"}`: "it holds no token; the setting of the token's field may be another",
		`{"status":"success","code":0,"token":""}`:                 "token is not a text",
		`{"status":"success","code":0,"token":{"a":"b"}}`:          "token is not a text",
		`{"status":"success","code":0,"token":"a b"}`:              "cannot be a token",
		`{"status":"success","code":0,"token":"a\r\nX-A: b"}`:      "cannot be a token",
		`{"status":"error","code":113,"message":"no"}`:             "login_api: access denied (HTTP 200): no; check the login",
		`{"status":"error","message":"no user"}`:                   "access denied (HTTP 200): no user",
		`<html>secret-of-login</html>`:                             "not an answer of the system (HTTP 200): it is not a JSON object",
	} {
		play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
			x.srv.SetFault(fault(login, 1, smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: body}))
			_, err := x.send(x.body(document(1)))
			if says == "" { // the emulator knows no such token, so another login follows
				if err != nil {
					t.Errorf("%s: %v", body, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret-of-login") {
				t.Errorf("%s: got %v, want %q", body, err, says)
			}
			if h := x.srv.History(); h.Requests[aggregation] > 0 {
				t.Errorf("%s: sent without a token", body)
			}
		})
	}
}

func TestTokenInside(t *testing.T) {
	o := good()
	o.TokenField = "data.token"
	play(t, o, smartonetest.Options{}, func(t *testing.T, x *site) {
		x.srv.SetFault(fault(login, 1, smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: `{"data":{"token":"abc"}}`}))
		_, err := x.send(x.body(document(1)))
		if err == nil || !strings.Contains(err.Error(), "it holds no data.token") {
			t.Fatal(err) // of the second login: the first token was found, and turned away
		}
		if h := x.srv.History(); h.Requests[aggregation] != 1 {
			t.Fatalf("%v", h.Requests)
		}
	})
}

// Neither password nor token is in what is said, even where the system says it.
func TestSecrets(t *testing.T) {
	const inJSON = `pa\"ss\\wörd`
	play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
		echo := `{"status":"error","code":999,"message":"user plant, ` + inJSON + `","errors_list":[{"code":1,"message":"Bearer TOKEN-1"},"` + inJSON + `"]}`
		x.srv.SetFault(func(path string, n int) smartonetest.Fault {
			switch {
			case strings.HasSuffix(path, login):
				return smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: `{"token":"TOKEN-1"}`}
			case n == 1:
				return smartonetest.Fault{Kind: smartonetest.Status, Status: 400, Body: echo}
			case n == 2:
				return smartonetest.Fault{Kind: smartonetest.Status, Status: 502, Body: "you sent TOKEN-1 and " + password + " and " + inJSON}
			}
			return smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: `{"status":"odd","message":"TOKEN-1"}`}
		})
		for range 3 {
			_, err := x.send(x.body(document(1)))
			text := fmt.Sprintf("%v %+v %#v", err, err, err)
			for _, secret := range []string{"TOKEN-1", password, inJSON, "wörd"} {
				if err == nil || strings.Contains(text, secret) {
					t.Errorf("%q is in %s", secret, text)
				}
			}
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, x.Client); strings.Contains(text, "wörd") || !strings.HasPrefix(text, "smartone at ") {
				t.Errorf("%s: %s", verb, text)
			}
		}
	})
}

func TestNew(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*smartone.Options)
		says   string // empty: accepted
	}{
		"good":               {func(*smartone.Options) {}, ""},
		"https":              {func(o *smartone.Options) { o.URL = "https://tnt.example/api" }, ""},
		"http elsewhere":     {func(o *smartone.Options) { o.URL = "http://tnt.example/api" }, "by https alone"},
		"http to loopback":   {func(o *smartone.Options) { o.URL = "http://127.0.0.2:8080" }, ""},
		"http to v6":         {func(o *smartone.Options) { o.URL = "http://[::1]:8080" }, ""},
		"no url":             {func(o *smartone.Options) { o.URL = "" }, "not with https"},
		"unreadable":         {func(o *smartone.Options) { o.URL = "https://[::1" }, "cannot be read"},
		"no host":            {func(o *smartone.Options) { o.URL = "https:///api" }, "no host"},
		"password in it":     {func(o *smartone.Options) { o.URL = "https://u:p@tnt.example" }, "more than an address"},
		"no login":           {func(o *smartone.Options) { o.Login = "" }, "login is missing"},
		"no password":        {func(o *smartone.Options) { o.Password = "" }, "password is missing"},
		"password broken":    {func(o *smartone.Options) { o.Password = "a\xff" }, "password is not UTF-8"},
		"login with an end":  {func(o *smartone.Options) { o.Login = "a\n" }, "control character"},
		"no key":             {func(o *smartone.Options) { o.Key = nil }, "signature key: the file is empty"},
		"padding":            {func(o *smartone.Options) { o.Padding = "oaep" }, `padding is "oaep"`},
		"encoding":           {func(o *smartone.Options) { o.Encoding = "base32" }, "encoding of the signature"},
		"signed":             {func(o *smartone.Options) { o.Signed = "x" }, "what is signed"},
		"gzip":               {func(o *smartone.Options) { o.Gzip = "x" }, "gzip is"},
		"language":           {func(o *smartone.Options) { o.Lang = "ru" }, "X-Lang is"},
		"one field":          {func(o *smartone.Options) { o.LoginField = "password" }, "have one name"},
		"header":             {func(o *smartone.Options) { o.TokenHeader = "X Y" }, "cannot be the header"},
		"header of ours":     {func(o *smartone.Options) { o.TokenHeader = "x-signature" }, "cannot be the header"},
		"prefix":             {func(o *smartone.Options) { o.TokenPrefix = "a\r\n" }, "outside ASCII"},
		"timeout":            {func(o *smartone.Options) { o.Timeout = -1 }, "negative"},
		"spacing":            {func(o *smartone.Options) { o.Spacing = time.Second }, "less than the system allows"},
		"everything at once": {func(o *smartone.Options) { o.Lang, o.Gzip = "ru", "x" }, "; X-Lang is"},
	} {
		o := good()
		tc.change(&o)
		_, err := smartone.New(o)
		if tc.says == "" && err != nil || tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
			t.Errorf("%s: got %v, want %q", name, err, tc.says)
		}
		if err != nil && (strings.Contains(err.Error(), "wörd") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %q", name, err)
		}
	}
}
