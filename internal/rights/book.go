package rights

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"linemark/internal/secrets"
)

// FileName is the stored secret that holds people and tokens.
const FileName = "page-users"

// Book is the people and programs that are known, beside the configuration, in a file that the agent's account alone can read.
type Book struct{ store secrets.Store }

// Beside is the book of the configuration in this folder.
func Beside(dir string) Book { return Book{secrets.Beside(dir)} }

// User is a person.
type User struct {
	Name    string    `json:"name"`
	Role    Role      `json:"role"`
	Hash    string    `json:"hash,omitempty"`
	Changed time.Time `json:"changed"`
}

// Token lets a program in.
type Token struct {
	Name  string    `json:"name"`
	Scope string    `json:"scope"` // look, operate, maintain
	Sum   string    `json:"sum"`   // SHA-256 of the token, which is random
	Made  time.Time `json:"made"`
}

// content is what the file holds.
type content struct {
	Version int     `json:"version"`
	Users   []User  `json:"users"`
	Tokens  []Token `json:"tokens"`
}

// Least lengths. A PIN is for a touch panel; five wrong ones lock its user out.
const (
	leastPIN      = 4
	leastPassword = 8
	mostPassword  = 200
)

// Errors of a book.
var (
	ErrNoUser = errors.New("there is no such user")
	ErrNone   = errors.New("nobody has a password yet")
)

func (b Book) read() (content, error) {
	text, err := secrets.Open(b.store.Path(FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return content{Version: 1}, nil
	}
	if err != nil {
		return content{}, fmt.Errorf("reading the page's users: %w", err)
	}
	var c content
	if err := json.Unmarshal(text, &c); err != nil {
		return content{}, fmt.Errorf("reading the page's users in %s: %w", b.store.Path(FileName), err)
	}
	if c.Version != 1 {
		return content{}, fmt.Errorf("the page's users in %s are of version %d: a newer linemark wrote them", b.store.Path(FileName), c.Version)
	}
	return c, nil
}

func (b Book) change(do func(*content) error) error {
	c, err := b.read()
	if err != nil {
		return err
	}
	if err := do(&c); err != nil {
		return err
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return b.store.Set(FileName, append(text, '\n'))
}

// CheckName says what is wrong with the name of a user or a token, or "".
func CheckName(name string) string {
	if n := utf8.RuneCountInString(name); n == 0 || n > 40 || !utf8.ValidString(name) || strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Sprintf("%q is no name", name)
	}
	return ""
}

// CheckPassword says what is wrong with a password or a PIN, or "".
func CheckPassword(password string) string {
	digits := strings.Trim(password, "0123456789") == ""
	switch {
	case len(password) > mostPassword:
		return fmt.Sprintf("it has more than %d bytes", mostPassword)
	case digits && len(password) < leastPIN:
		return fmt.Sprintf("a PIN has %d digits at least", leastPIN)
	case digits && (strings.Count(password, password[:1]) == len(password) || strings.Contains("01234567890", password) || strings.Contains("09876543210", password)):
		return "this PIN is the first that others would try"
	case !digits && utf8.RuneCountInString(password) < leastPassword:
		return fmt.Sprintf("a password has %d characters at least, a PIN %d digits", leastPassword, leastPIN)
	}
	return ""
}

// Set gives a person a role and a password; one that is known gets another.
func (b Book) Set(name string, role Role, password string, now time.Time) error {
	if problem := CheckName(name); problem != "" {
		return errors.New(problem)
	}
	if !role.Known() {
		return fmt.Errorf("%q is no role", role)
	}
	if problem := CheckPassword(password); problem != "" {
		return errors.New(problem)
	}
	u := User{name, role, hash(password), now.UTC()}
	return b.change(func(c *content) error {
		if i := slices.IndexFunc(c.Users, func(u User) bool { return u.Name == name }); i >= 0 {
			c.Users[i] = u
			return nil
		}
		c.Users = append(c.Users, u)
		return nil
	})
}

// Remove takes a person out.
func (b Book) Remove(name string) error {
	return b.change(func(c *content) error {
		n := len(c.Users)
		if c.Users = slices.DeleteFunc(c.Users, func(u User) bool { return u.Name == name }); len(c.Users) == n {
			return ErrNoUser
		}
		return nil
	})
}

// Users returns the people, without what is kept of their passwords.
func (b Book) Users() ([]User, error) {
	c, err := b.read()
	for i := range c.Users {
		c.Users[i].Hash = ""
	}
	return c.Users, err
}

// nobodys is compared with where there is no such user: the answer takes as long.
var nobodys = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdC4uLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Check says who comes with this name and password. ErrNoUser is the answer to a wrong password too.
func (b Book) Check(name, password string) (User, error) {
	c, err := b.read()
	if err != nil {
		return User{}, err
	}
	if len(c.Users) == 0 {
		return User{}, ErrNone
	}
	i := slices.IndexFunc(c.Users, func(u User) bool { return u.Name == name })
	kept := nobodys
	if i >= 0 {
		kept = c.Users[i].Hash
	}
	if len(password) > mostPassword {
		password = password[:mostPassword]
	}
	ok, err := matches(kept, password)
	switch {
	case err != nil:
		return User{}, fmt.Errorf("user %q: %w", name, err)
	case !ok || i < 0:
		return User{}, ErrNoUser
	}
	return c.Users[i], nil
}

// NewToken makes a token and returns it: what is kept does not tell it.
func (b Book) NewToken(name string, scope Right, now time.Time) (string, error) {
	if problem := CheckName(name); problem != "" {
		return "", errors.New(problem)
	}
	if scope == Open {
		return "", errors.New("a token has the scope look, operate or maintain")
	}
	token := "lm_" + word()
	return token, b.change(func(c *content) error {
		if slices.ContainsFunc(c.Tokens, func(t Token) bool { return t.Name == name }) {
			return fmt.Errorf("there is a token %q already", name)
		}
		c.Tokens = append(c.Tokens, Token{name, scope.String(), sum(token), now.UTC()})
		return nil
	})
}

// RemoveToken makes a token worthless.
func (b Book) RemoveToken(name string) error {
	return b.change(func(c *content) error {
		n := len(c.Tokens)
		if c.Tokens = slices.DeleteFunc(c.Tokens, func(t Token) bool { return t.Name == name }); len(c.Tokens) == n {
			return fmt.Errorf("there is no token %q", name)
		}
		return nil
	})
}

// Tokens returns the tokens' names and scopes.
func (b Book) Tokens() ([]Token, error) {
	c, err := b.read()
	return c.Tokens, err
}

// holder says which program comes with a token.
func (b Book) holder(token string) (Who, bool) {
	c, err := b.read()
	if err != nil {
		return Who{}, false
	}
	got := sum(token)
	for _, t := range c.Tokens {
		scope, known := ParseRight(t.Scope)
		if known && subtle.ConstantTimeCompare([]byte(t.Sum), []byte(got)) == 1 {
			return Who{Name: "token " + t.Name, scope: scope}, true
		}
	}
	return Who{}, false
}

func sum(token string) string {
	s := sha256.Sum256([]byte(token))
	return hex.EncodeToString(s[:])
}
