package rights

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// clock is a clock that stands.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func opened(t *testing.T) (Book, *Door, *clock) {
	t.Helper()
	b := Beside(t.TempDir())
	c := &clock{time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	return b, NewDoor(b, "local-word", c.now), c
}

func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// asks is a request from an address, with a cookie where there is one.
func asks(from string, cookie *http.Cookie) *http.Request {
	r := httptest.NewRequest("POST", "/api/v1/drop", nil)
	r.RemoteAddr = from
	if cookie != nil {
		r.AddCookie(cookie)
	}
	return r
}

const away = "10.0.0.5:4711"

func TestRoles(t *testing.T) {
	for role, may := range map[Role][]bool{"": {true, false, false, false}, "boss": {true, false, false, false}, Viewer: {true, true, false, false}, Operator: {true, true, true, false}, Engineer: {true, true, true, true}} {
		for need, want := range may {
			if got := (Who{Role: role}).May(Right(need)); got != want {
				t.Errorf("%q: %v to %v", role, got, Right(need))
			}
		}
	}
	for scope := Look; scope <= Maintain; scope++ {
		for need := Open; need <= Maintain; need++ {
			if got := (Who{scope: scope}).May(need); got != (need <= scope) {
				t.Errorf("a token for %v: %v to %v", scope, got, need)
			}
		}
	}
}

func TestPasswords(t *testing.T) {
	for password, good := range map[string]bool{"": false, "4": false, "739": false, "7391": true, "1111": false, "1234": false, "43210": false, "secret": false, "longenough": true,
		"пароль12": true, "паро": false, strings.Repeat("x", 201): false} {
		if got := CheckPassword(password) == ""; got != good {
			t.Errorf("%q: %v", password, got)
		}
	}
	for name, good := range map[string]bool{"": false, " x": false, "A. Karimov": true, "a\nb": false, strings.Repeat("Ы", 41): false, "\xff": false} {
		if got := CheckName(name) == ""; got != good {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestBook(t *testing.T) {
	b, _, c := opened(t)
	if _, err := b.Check("A", "7391"); !errors.Is(err, ErrNone) {
		t.Errorf("an empty book says %v", err)
	}
	try(t, b.Set("A", Operator, "7391", c.now()))
	try(t, b.Set("Б", Engineer, "longer than eight", c.now()))
	for _, p := range []struct {
		name, password string
		good           bool
	}{{"A", "7391", true}, {"A", "7392", false}, {"A", "", false}, {"Б", "longer than eight", true}, {"a", "7391", false}, {"none", "7391", false}, {"A", "longer than eight", false}} {
		u, err := b.Check(p.name, p.password)
		if p.good != (err == nil) || !p.good && !errors.Is(err, ErrNoUser) || p.good && u.Name != p.name {
			t.Errorf("%s with %q: %v, %v", p.name, p.password, u, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(b.store.Path(FileName)))
	if err != nil || strings.Contains(string(text), "7391") || !strings.Contains(string(text), "$argon2id$") {
		t.Errorf("the file holds %s, %v", text, err)
	}
	try(t, b.Set("A", Viewer, "8264", c.now()))
	if _, err := b.Check("A", "7391"); !errors.Is(err, ErrNoUser) {
		t.Error("an old password opens")
	}
	users, err := b.Users()
	if err != nil || len(users) != 2 || users[0].Role != Viewer || users[0].Hash != "" {
		t.Errorf("%+v, %v", users, err)
	}
	try(t, b.Remove("A"))
	if err := b.Remove("A"); !errors.Is(err, ErrNoUser) {
		t.Error(err)
	}
	if err := b.Set("C", "king", "7391", c.now()); err == nil {
		t.Error("an unknown role is taken")
	}
}

func TestDamagedBookLetsNobodyIn(t *testing.T) {
	b, d, c := opened(t)
	try(t, b.Set("A", Operator, "7391", c.now()))
	cookie, _, err := d.Login(asks(away, nil), "A", "7391", true)
	try(t, err)
	for _, text := range []string{"{", `{"version":2}`, `{"version":1,"users":[{"name":"A","role":"operator","hash":"7391"}]}`, `{"version":1,"users":[{"name":"A","role":"operator","hash":"$argon2id$v=19$m=99999999,t=2,p=1$AAAA$AAAA"}]}`} {
		try(t, os.WriteFile(b.store.Path(FileName), []byte(text), 0o600))
		if who := d.Who(asks(away, cookie)); who.May(Look) {
			t.Errorf("with %s the old session is %+v", text, who)
		}
		if _, _, err := d.Login(asks(away, nil), "A", "7391", true); err == nil {
			t.Errorf("%s lets in", text)
		}
	}
}

func TestSessions(t *testing.T) {
	b, d, c := opened(t)
	try(t, b.Set("A", Operator, "7391", c.now()))
	cookie, who, err := d.Login(asks(away, nil), "A", "7391", true)
	try(t, err)
	if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || who.CSRF == "" || who.CSRF == cookie.Value {
		t.Errorf("%+v, %+v", cookie, who)
	}
	if got := d.Who(asks(away, cookie)); got != who || !got.May(Operate) || got.May(Maintain) || !SameForm(got, who.CSRF) || SameForm(got, "") || SameForm(got, who.CSRF+"x") {
		t.Errorf("%+v", got)
	}
	if got := d.Who(asks(away, &http.Cookie{Name: Cookie, Value: "guessed"})); got.May(Look) {
		t.Errorf("a guessed cookie is %+v", got)
	}
	c.at = c.at.Add(11 * time.Hour)
	if !d.Who(asks(away, cookie)).May(Operate) {
		t.Error("a session in use has ended")
	}
	c.at = c.at.Add(11 * time.Hour)
	if !d.Who(asks(away, cookie)).May(Operate) {
		t.Error("a session in use has ended")
	}
	c.at = c.at.Add(3 * time.Hour) // 25 since its begin
	if d.Who(asks(away, cookie)).May(Look) {
		t.Error("a session lasts for ever")
	}
	again := func() *http.Cookie {
		t.Helper()
		cookie, _, err := d.Login(asks(away, nil), "A", "7391", true)
		try(t, err)
		return cookie
	}
	cookie = again()
	c.at = c.at.Add(12*time.Hour + time.Second)
	if d.Who(asks(away, cookie)).May(Look) {
		t.Error("an idle session goes on")
	}
	cookie = again()
	d.Logout(asks(away, cookie))
	if d.Who(asks(away, cookie)).May(Look) {
		t.Error("a session that was ended goes on")
	}
	cookie = again()
	try(t, b.Set("A", Viewer, "7391", c.now().Add(time.Second)))
	if d.Who(asks(away, cookie)).May(Look) {
		t.Error("an operator who is a viewer now goes on")
	}
	cookie = again()
	try(t, b.Remove("A"))
	if d.Who(asks(away, cookie)).May(Look) {
		t.Error("somebody who is gone goes on")
	}
}

func TestWithoutASession(t *testing.T) {
	b, d, c := opened(t)
	for from, look := range map[string]bool{"127.0.0.1:99": true, "[::1]:99": true, "127.8.9.1:9": true, away: false, "[fe80::1%eth0]:1": false, "": false} {
		if got := d.Who(asks(from, nil)); got.May(Look) != look || got.May(Operate) || got.Known() {
			t.Errorf("%s is %+v", from, got)
		}
	}
	bearer := func(token string) Who {
		r := asks(away, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		return d.Who(r)
	}
	if got := bearer("local-word"); !got.May(Maintain) {
		t.Errorf("the PC's own commands are %+v", got)
	}
	token, err := b.NewToken("1C", Operate, c.now())
	try(t, err)
	if got := bearer(token); got.Name != "token 1C" || !got.May(Operate) || got.May(Maintain) || got.CSRF != "" {
		t.Errorf("%+v", got)
	}
	for _, wrong := range []string{"", "x", token + "x", token[:len(token)-1], strings.ToUpper(token)} {
		if got := bearer(wrong); got.May(Look) {
			t.Errorf("%q is %+v", wrong, got)
		}
	}
	if text, err := os.ReadFile(b.store.Path(FileName)); err != nil || strings.Contains(string(text), token) {
		t.Errorf("the file holds the token: %v", err)
	}
	if _, err := b.NewToken("1C", Look, c.now()); err == nil {
		t.Error("a second token of one name")
	}
	try(t, b.RemoveToken("1C"))
	if got := bearer(token); got.May(Look) {
		t.Errorf("a removed token is %+v", got)
	}
	if got := NewDoor(b, "", c.now).Who(func() *http.Request { r := asks(away, nil); r.Header.Set("Authorization", "Bearer "); return r }()); got.May(Look) {
		t.Errorf("an empty word is %+v", got)
	}
}

func TestLockout(t *testing.T) {
	b, d, c := opened(t)
	try(t, b.Set("A", Operator, "7391", c.now()))
	try(t, b.Set("B", Operator, "8264", c.now()))
	login := func(from, name, password string) error {
		_, _, err := d.Login(asks(from, nil), name, password, false)
		return err
	}
	wrong := func(n int) {
		t.Helper()
		for range n {
			if err := login(away, "A", "0000"); !errors.Is(err, ErrNoUser) {
				t.Fatal(err)
			}
		}
	}
	wrong(4)
	try(t, login(away, "A", "7391")) // counts anew
	wrong(5)
	locked := func(from, name, password string) bool {
		_, ok := errors.AsType[*LockedError](login(from, name, password))
		return ok
	}
	if !locked(away, "A", "7391") {
		t.Error("after five wrong ones the right one is taken")
	}
	try(t, login(away, "B", "8264")) // the others are not locked out
	c.at = c.at.Add(61 * time.Second)
	wrong(1)
	if e, ok := errors.AsType[*LockedError](login(away, "A", "7391")); !ok || e.For != 2*time.Minute {
		t.Errorf("%+v", e)
	}
	c.at = c.at.Add(2*time.Minute + time.Second)
	try(t, login(away, "A", "7391"))
	for i := range 40 { // names that nobody has: the address waits
		err := login("10.0.0.7:1", string(rune('a'+i)), "0000")
		if _, ok := errors.AsType[*LockedError](err); ok != (i >= addressMost) {
			t.Fatalf("%d: %v", i, err)
		}
	}
	c.at = c.at.Add(20 * time.Minute)
	try(t, login("10.0.0.7:1", "A", "7391"))

	// Who tries elsewhere locks nobody out here, until there are too many from everywhere.
	for i := range userMost {
		from := fmt.Sprintf("10.0.1.%d:1", 1+i/tries)
		if locked(from, "A", "0000") {
			t.Fatalf("try %d from %s is not looked at", i, from)
		}
		if i < userMost-1 && i%tries == tries-1 {
			if !locked(from, "A", "7391") {
				t.Errorf("%s is not locked out after %d tries", from, tries)
			}
			if _, err := b.Check("A", "7391"); err != nil || d.waits([]string{"user A at 10.0.0.5", "user A"}) > 0 {
				t.Errorf("after %d tries elsewhere A waits here", i+1)
			}
		}
	}
	if !locked(away, "A", "7391") || !locked("10.0.2.1:1", "A", "7391") {
		t.Errorf("after %d wrong ones from everywhere the right one is taken", userMost)
	}
	try(t, login(away, "B", "8264"))
	c.at = c.at.Add(time.Minute + time.Second)
	try(t, login(away, "A", "7391"))
	if locked("10.0.2.1:1", "A", "0000") {
		t.Error("a login does not count anew")
	}
}
