package diadoc

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestNew(t *testing.T) {
	password := func() Options {
		return Options{URL: "https://diadoc-api.kontur.ru/", Password: &Password{ClientID: testClient, Login: testLogin, Password: testPassword}}
	}
	openID := func() Options {
		return Options{URL: "https://diadoc-api.kontur.ru", OpenID: &OpenID{TokenURL: "https://identity.kontur.ru/connect/token", ClientID: "plant", ClientSecret: testSecret, RefreshToken: testRefresh}}
	}
	cases := []struct {
		name   string
		of     func() Options
		change func(*Options)
		says   string // empty: accepted
	}{
		{"password", password, func(*Options) {}, ""},
		{"openid", openID, func(*Options) {}, ""},
		{"a path in front", password, func(o *Options) { o.URL = "https://proxy.example/diadoc/" }, ""},
		{"loopback by number", password, func(o *Options) { o.URL = "http://127.0.0.1:8080" }, ""},
		{"loopback in IPv6", password, func(o *Options) { o.URL = "http://[::1]:8080" }, ""},
		{"loopback by name", password, func(o *Options) { o.URL = "http://LOCALHOST:8080" }, ""},
		{"http allowed", password, func(o *Options) { o.URL, o.AllowHTTP = "http://10.0.0.7", true }, ""},

		{"http to another machine", password, func(o *Options) { o.URL = "http://10.0.0.7" }, "the URL is plain http"},
		{"a name that begins as loopback does", password, func(o *Options) { o.URL = "http://127.0.0.1.example" }, "plain http"},
		{"http to the token's server", openID, func(o *Options) { o.OpenID.TokenURL = "http://identity.kontur.ru/connect/token" }, "the token URL is plain http"},
		{"no url", password, func(o *Options) { o.URL = "" }, "the URL is missing"},
		{"no token url", openID, func(o *Options) { o.OpenID.TokenURL = "" }, "the token URL is missing"},
		{"no scheme", password, func(o *Options) { o.URL = "diadoc-api.kontur.ru" }, "does not begin with https"},
		{"ftp", password, func(o *Options) { o.URL = "ftp://diadoc-api.kontur.ru" }, "does not begin with https"},
		{"no host", password, func(o *Options) { o.URL = "https://:443/x" }, "no host"},
		{"unreadable", password, func(o *Options) { o.URL = "https://[::1" }, "cannot be read"},
		{"a password in it", password, func(o *Options) { o.URL = "https://u:" + "topsecret" + "@diadoc-api.kontur.ru" }, "more than a host"},
		{"a query in it", password, func(o *Options) { o.URL = "https://diadoc-api.kontur.ru?x=1" }, "more than a host"},
		{"no scheme of access", password, func(o *Options) { o.Password = nil }, "neither a login"},
		{"two of them", password, func(o *Options) { o.OpenID = openID().OpenID }, "both a login"},
		{"no client id", password, func(o *Options) { o.Password.ClientID = "" }, "client id (ddauth_api_client_id) is missing"},
		{"a comma in the client id", password, func(o *Options) { o.Password.ClientID = "a,ddauth_token=b" }, "client id holds"},
		{"a line end in the client id", password, func(o *Options) { o.Password.ClientID = testClient + "\n" }, "client id holds"},
		{"no login", password, func(o *Options) { o.Password.Login = "" }, "the login is missing"},
		{"no password", password, func(o *Options) { o.Password.Password = "" }, "the password is missing"},
		{"a password in another encoding", password, func(o *Options) { o.Password.Password = "\xef\xe0\xf0" }, "not in UTF-8"},
		{"a negative life", password, func(o *Options) { o.Password.TokenLife = -1 }, "life of a token"},
		{"no secret", openID, func(o *Options) { o.OpenID.ClientSecret = "" }, "client secret is missing"},
		{"no refresh token", openID, func(o *Options) { o.OpenID.RefreshToken = "" }, "refresh token is missing"},
		{"openid without client", openID, func(o *Options) { o.OpenID.ClientID = "" }, "client id is missing"},
		{"a line end in the refresh token", openID, func(o *Options) { o.OpenID.RefreshToken += "\n" }, "line end"},
		{"negative timeout", password, func(o *Options) { o.Timeout = -1 }, "negative"},
		{"negative size", password, func(o *Options) { o.MaxBody = -1 }, "negative"},
		{"too short a wait", password, func(o *Options) { o.Wait = time.Millisecond }, "between 1s and 30m0s"},
		{"too long a wait", password, func(o *Options) { o.Wait = time.Hour }, "between 1s and 30m0s"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			o := tc.of()
			tc.change(&o)
			c, err := New(o)
			if tc.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				for _, shown := range []string{fmt.Sprintf("%v %+v %#v", c, c, c), fmt.Sprintf("%v %+v %#v", o, o, o), fmt.Sprint(o.Password, o.OpenID), fmt.Sprintf("%#v %#v", o.Password, o.OpenID)} {
					for _, secret := range []string{testPassword, testClient, testSecret, testRefresh} {
						if strings.Contains(shown, secret) {
							t.Errorf("printed, it shows a secret: %s", shown)
						}
					}
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v, want an error with %q", err, tc.says)
			}
			for _, secret := range []string{testPassword, testClient, testSecret, testRefresh, "topsecret"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows a secret: %v", err)
				}
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	cases := []struct {
		text, date string
		want       time.Duration
	}{
		{"3", "", 3 * time.Second},
		{" 1400 ", "", 1400 * time.Second},
		{"0", "", time.Second},
		{"1800", "", 30 * time.Minute},
		{"1801", "", 30 * time.Minute},
		{"99999999999999999999999", "", 30 * time.Minute},
		{"9223372036854775807", "", 30 * time.Minute},
		{"Wed, 01 May 2024 12:00:40 GMT", "", 40 * time.Second},
		{"Wed, 01 May 2024 12:00:40 GMT", "Wed, 01 May 2024 12:00:30 GMT", 10 * time.Second},
		{"Wed, 01 May 2024 12:00:40 GMT", "yesterday", 40 * time.Second},
		{"Wednesday, 01-May-24 12:00:40 GMT", "", 40 * time.Second},
		{"Wed, 01 May 2024 11:00:00 GMT", "", time.Second},
		{"Thu, 02 May 2024 12:00:00 GMT", "", 30 * time.Minute},
		{"", "", 0}, {"-5", "", 0}, {"soon", "", 0}, {"3.5", "", 0}, {"3s", "", 0},
	}
	for _, tc := range cases {
		h := http.Header{"Retry-After": {tc.text}}
		if tc.date != "" {
			h.Set("Date", tc.date)
		}
		if got := retryAfter(h, now); got != tc.want {
			t.Errorf("%q with the date %q: %s, want %s", tc.text, tc.date, got, tc.want)
		}
	}
	if got := retryAfter(http.Header{}, now); got != 0 {
		t.Errorf("without the header: %s", got)
	}
}

// Jitter only ever adds, and never beyond the bound.
func TestJitter(t *testing.T) {
	for range 200 {
		if j := tenth(time.Minute); j < 0 || j > 6*time.Second {
			t.Fatal(j)
		}
	}
	for added, want := range map[time.Duration]time.Duration{-time.Minute: 60 * time.Second, 4 * time.Second: 64 * time.Second, time.Hour: 30 * time.Minute} {
		s := newSite(t, clientSays(func(o *Options) { o.Jitter = func(time.Duration) time.Duration { return added } }))
		if got := s.later(answer{header: http.Header{"Retry-After": {"60"}}}, 0); got != want {
			t.Errorf("with %s: %s, want %s", added, got, want)
		}
	}
}
