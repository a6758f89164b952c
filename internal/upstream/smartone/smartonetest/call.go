package smartonetest

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxRaw      = 16 << 20
	maxUnpacked = 1_000_000
)

// call is one request, unpacked.
type call struct {
	method, path string
	header       http.Header
	raw          []byte // as it came
	body         []byte // unpacked
	gzipped      bool
	in           map[string]any
	bad          string
	now          time.Time
}

func (s *Server) read(r *http.Request) *call {
	c := &call{method: r.Method, path: r.URL.Path, header: r.Header}
	var err error
	if c.raw, err = io.ReadAll(io.LimitReader(r.Body, maxRaw)); err != nil {
		c.bad = "the body broke off"
		return c
	}
	c.body = c.raw
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
	case "application/octet-stream":
		c.gzipped = true
		z, err := gzip.NewReader(bytes.NewReader(c.raw))
		if err == nil {
			c.body, err = io.ReadAll(io.LimitReader(z, maxRaw))
		}
		if err != nil {
			c.bad = "octet-stream that is not gzip"
			return c
		}
	default:
		c.bad = "Content-Type is " + kind
		return c
	}
	if !utf8.Valid(c.body) {
		c.bad = "the body is not UTF-8"
		return c
	}
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.UseNumber()
	if err := d.Decode(&c.in); err != nil || c.in == nil || d.More() {
		c.bad = "the body is not one JSON object"
	}
	return c
}

// checkHeaders demands what the vendor's page on requirements lists for every request.
func (s *Server) checkHeaders(c *call) object {
	if c.header.Get("X-Requested-With") != "XMLHttpRequest" {
		return s.breach(c, refuse(0, "X-Requested-With is missing"))
	}
	if lang := c.header.Get("X-Lang"); lang != "en" && lang != "az" {
		return s.breach(c, refuse(0, "X-Lang is "+lang))
	}
	return nil
}

func (s *Server) login(c *call) object {
	s.logins++
	if c.in[s.opt.LoginField] != s.opt.Login || c.in[s.opt.PasswordField] != s.opt.Password {
		return refuse(113, "Access denied")
	}
	token := rand.Text()
	s.tokens[token] = c.now
	return object{"status": "success", "code": 0, s.opt.TokenField: token}
}

// enter lets a heavy request in: token, signature, distance, size. One that came too soon counts as
// the one before for the next: it was a request too.
func (s *Server) enter(c *call) object {
	before := s.lastHeavy
	s.lastHeavy = c.now
	token, bearer := strings.CutPrefix(c.header.Get("Authorization"), "Bearer ")
	given, known := s.tokens[token]
	switch {
	case !bearer:
		return s.breach(c, refuse(113, "Access denied"))
	case !known, s.opt.TokenLife > 0 && c.now.Sub(given) > s.opt.TokenLife:
		return refuse(113, "Access denied")
	}
	if !before.IsZero() && c.now.Sub(before) < s.opt.Spacing {
		return s.breach(c, refuse(158, "Invalid highload frequency"))
	}
	sig := c.header.Get("X-Signature")
	if sig == "" {
		return s.breach(c, refuse(161, "Request signature required"))
	}
	if !s.signed(c, sig) {
		return s.breach(c, refuse(162, "Package sign validation error"))
	}
	if len(c.body) > maxUnpacked {
		return s.breach(c, refuse(157, "Maximum package size exceeded"))
	}
	return nil
}

func (s *Server) signed(c *call, text string) bool {
	decode := base64.StdEncoding.DecodeString
	if s.opt.Hex {
		decode = hex.DecodeString
	}
	sig, err := decode(text)
	if err != nil {
		return false
	}
	message := c.body
	if s.opt.SignGzipped {
		message = c.raw
	}
	hash := sha256.Sum256(message)
	if s.opt.PSS {
		return rsa.VerifyPSS(s.opt.PublicKey, crypto.SHA256, hash[:], sig, nil) == nil
	}
	return rsa.VerifyPKCS1v15(s.opt.PublicKey, crypto.SHA256, hash[:], sig) == nil
}
