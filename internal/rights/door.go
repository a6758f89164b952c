package rights

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Door lets requests in: by a session's cookie, by a program's token, or by the PC's own word. Looking is free for whoever
// sits at the PC.
type Door struct {
	book  Book
	local string // the word that the agent keeps in its data folder
	free  bool   // looking needs nothing, from this machine
	now   func() time.Time

	mu       sync.Mutex
	sessions map[string]*session // by the sum of their cookie
	failed   map[string]*failures
}

type session struct {
	who         Who
	changed     time.Time // the password with which it was begun
	began, seen time.Time
}

// failures are wrong passwords: of one user from one address, of one user, or from one address.
type failures struct {
	n     int
	until time.Time // nothing is tried before
	last  time.Time
}

// How long things last.
const (
	sessionIdle = 12 * time.Hour // a shift
	sessionLife = 24 * time.Hour
	tries       = 5           // wrong passwords of a user from one address before he waits there
	userMost    = 25          // and from all addresses before he waits everywhere: a stranger elsewhere is not the one who works here
	addressMost = 30          // wrong passwords from one address before all who log in there wait
	lockFirst   = time.Minute // doubled with each further one
	lockMost    = 15 * time.Minute
	maxSessions = 1000
)

// Cookie is the name of the session's cookie.
const Cookie = "linemark"

// NewDoor makes a door. local is the word by which commands on the PC are let in; empty: they are not.
func NewDoor(b Book, local string, now func() time.Time) *Door {
	return &Door{book: b, local: local, free: true, now: now, sessions: map[string]*session{}, failed: map[string]*failures{}}
}

// LockedError says that nothing is tried for a while.
type LockedError struct{ For time.Duration }

func (e *LockedError) Error() string {
	return fmt.Sprintf("too many wrong passwords: wait %s", e.For.Round(time.Second))
}

// Who says who asks. A session's cookie counts only where the browser says that the request is of this site.
func (d *Door) Who(r *http.Request) Who {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "bearer") {
		if d.local != "" && subtle.ConstantTimeCompare([]byte(token), []byte(d.local)) == 1 {
			return ThisPC()
		}
		if who, ok := d.book.holder(token); ok {
			return who
		}
		return Nobody()
	}
	if who, ok := d.session(r); ok {
		return who
	}
	if d.free && Loopback(r.RemoteAddr) {
		return Who{Role: Viewer}
	}
	return Nobody()
}

func (d *Door) session(r *http.Request) (Who, bool) {
	c, err := r.Cookie(Cookie)
	if err != nil {
		return Who{}, false
	}
	known, err := d.book.read()
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sessions[sum(c.Value)]
	if s == nil || err != nil {
		return Who{}, false
	}
	// Whoever has got another password or role, or is there no more, logs in anew.
	now := d.now()
	i := slices.IndexFunc(known.Users, func(u User) bool { return u.Name == s.who.Name })
	if i < 0 || !known.Users[i].Changed.Equal(s.changed) || now.Sub(s.seen) > sessionIdle || now.Sub(s.began) > sessionLife {
		delete(d.sessions, sum(c.Value))
		return Who{}, false
	}
	s.seen = now
	return s.who, true
}

// Login begins a session and returns its cookie. The error is a *LockedError, ErrNoUser, ErrNone or a failure.
func (d *Door) Login(r *http.Request, name, password string, secure bool) (*http.Cookie, Who, error) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	keys := []string{"user " + name + " at " + host, "user " + name, "address " + host}
	if wait := d.waits(keys); wait > 0 {
		return nil, Who{}, &LockedError{wait}
	}
	u, err := d.book.Check(name, password)
	if errors.Is(err, ErrNoUser) {
		d.wrong(keys)
	}
	if err != nil {
		return nil, Who{}, err
	}
	value, now := word(), d.now()
	who := Who{Name: u.Name, Role: u.Role, CSRF: word()}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.failed, keys[0])
	delete(d.failed, keys[1])
	if len(d.sessions) >= maxSessions {
		d.tidy(now)
	}
	d.sessions[sum(value)] = &session{who: who, changed: u.Changed, began: now, seen: now}
	return &http.Cookie{Name: Cookie, Value: value, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLife / time.Second)}, who, nil
}

// Logout ends a session and returns the cookie that makes the browser forget it.
func (d *Door) Logout(r *http.Request) *http.Cookie {
	if c, err := r.Cookie(Cookie); err == nil {
		d.mu.Lock()
		delete(d.sessions, sum(c.Value))
		d.mu.Unlock()
	}
	return &http.Cookie{Name: Cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: -1}
}

// tidy makes room: what is over, then the one that was used least lately.
func (d *Door) tidy(now time.Time) {
	oldest := ""
	for k, s := range d.sessions {
		if now.Sub(s.seen) > sessionIdle {
			delete(d.sessions, k)
		} else if oldest == "" || s.seen.Before(d.sessions[oldest].seen) {
			oldest = k
		}
	}
	if len(d.sessions) >= maxSessions {
		delete(d.sessions, oldest)
	}
}

func (d *Door) waits(keys []string) (longest time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		if f := d.failed[k]; f != nil {
			longest = max(longest, f.until.Sub(d.now()))
		}
	}
	return longest
}

func (d *Door) wrong(keys []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	for k, f := range d.failed { // old ones are forgotten: nobody fills the memory with names
		if now.Sub(f.last) > time.Hour {
			delete(d.failed, k)
		}
	}
	for i, k := range keys {
		f := d.failed[k]
		if f == nil {
			if len(d.failed) > 10*maxSessions {
				clear(d.failed)
			}
			f = &failures{}
			d.failed[k] = f
		}
		f.n, f.last = f.n+1, now
		if most := []int{tries, userMost, addressMost}[i]; f.n >= most {
			f.until = now.Add(min(lockMost, lockFirst<<min(f.n-most, 10)))
		}
	}
}

// Loopback says whether an address is this machine's own.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// With notes in a request's context who asks.
func With(ctx context.Context, who Who) context.Context { return context.WithValue(ctx, asking{}, who) }

// From says who asks; nobody where it was not noted.
func From(ctx context.Context) Who {
	who, _ := ctx.Value(asking{}).(Who)
	return who
}

type asking struct{}

// Word is a random text for a secret that one program keeps for another.
func Word() string { return word() }

// SameForm says whether a form of a session brings the session's own word along.
func SameForm(who Who, given string) bool {
	return who.CSRF == "" || subtle.ConstantTimeCompare([]byte(who.CSRF), []byte(cmp.Or(given, "-"))) == 1
}
