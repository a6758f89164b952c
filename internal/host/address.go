package host

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"linemark/internal/config"
	"linemark/internal/ledger"
)

// What the running agent leaves in its data folder for the commands on this PC: the configuration may have been changed
// since, and is not in force yet; and whoever can read the folder is one of the PC's administrators.
const (
	addressName = "page.address" // where the page is, as a URL
	tokenName   = "page.token"   // the word that lets a command in
)

// Way is how a command reaches the agent of a configuration.
type Way struct {
	URL    string // without a slash at its end
	Client *http.Client
	token  string
}

// To is the way to the agent of a configuration: where it says that it is while it runs, else where it would be. No proxy
// stands between two programs of one plant, and the certificate is the one that lies here.
func To(cfg *config.Config) Way {
	dir := cfg.Agent.DataDir
	t := &http.Transport{DisableKeepAlives: true}
	w := Way{URL: pageURL(cfg), Client: &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if dir != "" && ledger.Locked(dir) {
		if said, err := os.ReadFile(filepath.Join(dir, addressName)); err == nil && len(bytes.TrimSpace(said)) > 0 {
			w.URL = string(bytes.TrimSpace(said))
		}
		if said, err := os.ReadFile(filepath.Join(dir, tokenName)); err == nil {
			w.token = string(bytes.TrimSpace(said))
		}
	}
	if strings.HasPrefix(w.URL, "https:") {
		cert, _, _ := certificateFiles(cfg)
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true, VerifyConnection: onlyThat(cert)} // the certificate itself is compared
	}
	return w
}

// Host is the address without the scheme, for people.
func (w Way) Host() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return w.URL
	}
	return u.Host
}

// Authorize says who asks, where this account may read it.
func (w Way) Authorize(r *http.Request) {
	if w.token != "" {
		r.Header.Set("Authorization", "Bearer "+w.token)
	}
}

// onlyThat accepts a server with the certificate in a file, and no other.
func onlyThat(file string) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		block, _ := pem.Decode(text)
		if block == nil || len(s.PeerCertificates) == 0 || !bytes.Equal(block.Bytes, s.PeerCertificates[0].Raw) {
			return errors.New("another program answers there: its certificate is not the one in " + file)
		}
		return nil
	}
}

// pageURL is where the page of a configuration is for a program on this PC.
func pageURL(cfg *config.Config) string { return urlOf(cfg.HTTP.Listen, cfg.HTTP.Secure()) }

func urlOf(address string, secure bool) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	if err == nil {
		address = net.JoinHostPort(host, port)
	}
	if secure {
		return "https://" + address
	}
	return "http://" + address
}

// tellAddress writes where the page is, and the word that lets commands in. Without it commands ask where the
// configuration says, and may only look.
func (h *Host) tellAddress(address string, secure bool) {
	dir := h.file.cfg.Agent.DataDir
	if dir == "" {
		return
	}
	if _, err := os.Stat(dir); err != nil {
		return // it is told again when the ledger is open
	}
	token := filepath.Join(dir, tokenName)
	_ = os.Remove(token) // whatever rights an old one has
	err := errors.Join(os.WriteFile(token, []byte(h.word+"\n"), 0o600), os.WriteFile(filepath.Join(dir, addressName), []byte(urlOf(address, secure)+"\n"), 0o644))
	if err != nil {
		h.o.Log.Warn("commands on this PC may only look at the page where the configuration says", "error", err)
	}
}
