package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// MQTT is a broker that is told states, counts and alarms, by MQTT 5.
type MQTT struct {
	Broker     string        `toml:"broker"`      // tls://HOST:8883, or mqtt://HOST:1883 in the open
	ClientID   string        `toml:"client_id"`   // each PC has its own; default linemark-NAME, of the agent
	Prefix     string        `toml:"prefix"`      // of all topics; default linemark/NAME, of the agent
	Username   string        `toml:"username"`    // default none
	Password   Secret        `toml:"password"`    // where it is kept, as client_token of [izkm]
	CAFile     string        `toml:"ca_file"`     // PEM of the authority to trust in place of the system's
	ClientCert string        `toml:"client_cert"` // PEM of this PC's certificate, where the broker asks for one
	ClientKey  string        `toml:"client_key"`  // PEM of its key: a file, or "secret:NAME", "credential:NAME"
	Every      time.Duration `toml:"every"`       // how often the agent's state is told; default 5s
	Buffer     int           `toml:"buffer"`      // messages kept while the broker is away; default 1000
}

const (
	mostBuffer  = 100_000
	leastEvery  = time.Second
	mostPrefix  = 200
	topicFilter = "+#"
)

func (m *MQTT) setDefaults() { m.Every, m.Buffer = 5*time.Second, 1000 }

// Configured says whether a broker is told.
func (m MQTT) Configured() bool { return m.Broker != "" }

// PrefixOr returns what all topics begin with.
func (m MQTT) PrefixOr(c *Config) string {
	if m.Prefix != "" {
		return m.Prefix
	}
	return "linemark/" + strings.NewReplacer("/", "_", "+", "_", "#", "_").Replace(c.Agent.Name)
}

// ClientIDOr returns the name of this client at the broker.
func (m MQTT) ClientIDOr(c *Config) string {
	if m.ClientID != "" {
		return m.ClientID
	}
	return "linemark-" + c.Agent.Name
}

// BrokerKeyPEM returns the private key of this PC's certificate for the MQTT broker as it is kept; nil where there
// is none.
func (c *Config) BrokerKeyPEM() ([]byte, error) {
	if c.MQTT.ClientKey == "" {
		return nil, nil
	}
	key, problem := resolver{systemLookup(), c.File, c.Dir}.key(c.MQTT.ClientKey)
	if problem.what != "" {
		return nil, errors.New("mqtt.client_key: " + problem.what)
	}
	return key, nil
}

func (c *checker) mqtt() {
	at, m := c.root.at("mqtt"), c.cfg.MQTT
	if !c.given(at) {
		return
	}
	const form = `write its address, such as "tls://broker.plant.example:8883"`
	secure := true // what is said of an address that is wrong would be said twice
	if here := at.at("broker"); c.needs(at, "broker", "the broker is told there") {
		u, what := brokerFault(m.Broker)
		switch {
		case what != "":
			c.add(here, what, form)
		case u.Scheme == "mqtt":
			if secure = false; c.given(at.at("password")) && !local(u.Hostname()) {
				c.add(here, "is plain mqtt, which would send the password in the open", "begin it with tls://")
			}
		}
	}
	for _, f := range []struct{ key, path string }{{"ca_file", m.CAFile}, {"client_cert", m.ClientCert}} {
		if here := at.at(f.key); f.path != "" && !c.bad[here.path] {
			if _, err := os.ReadFile(c.cfg.PathOf(f.path)); err != nil {
				c.add(here, "cannot be read: "+withoutPath(err), "the path starts at the configuration file's folder")
			}
		}
	}
	if here := at.at("client_key"); m.ClientKey != "" && !c.bad[here.path] {
		if _, problem := c.key(m.ClientKey); problem.what != "" {
			c.add(here, problem.what, problem.hint)
			c.problems[len(c.problems)-1].Secret = true
		}
	}
	if here := at.at("client_key"); (m.ClientCert == "") != (m.ClientKey == "") && !c.bad[here.path] {
		c.add(here, "goes together with client_cert", "give both or none")
	}
	for _, key := range []string{"ca_file", "client_cert", "client_key"} {
		if here := at.at(key); !secure && c.ok(here) {
			c.add(here, "is for a broker with TLS", "begin the broker's address with tls://, or remove this")
		}
	}
	if here := at.at("prefix"); c.ok(here) {
		switch {
		case strings.ContainsAny(m.Prefix, topicFilter) || strings.ContainsFunc(m.Prefix, func(r rune) bool { return r < ' ' || r == 0x7f }):
			c.add(here, fmt.Sprintf("%q holds what no topic may have", m.Prefix), "write it without + and #, such as plant/marking/line-3")
		case m.Prefix == "" || strings.HasPrefix(m.Prefix, "/") || strings.HasSuffix(m.Prefix, "/") || strings.HasPrefix(m.Prefix, "$"):
			c.add(here, fmt.Sprintf("%q begins or ends as no prefix may", m.Prefix), "write it without a / at its ends and without a $ before it")
		case len(m.Prefix) > mostPrefix:
			c.add(here, fmt.Sprintf("is %d bytes long", len(m.Prefix)), fmt.Sprintf("write at most %d", mostPrefix))
		}
	}
	if here := at.at("every"); !c.bad[here.path] && m.Every < leastEvery {
		c.add(here, fmt.Sprintf("is %v", m.Every), "write at least a second, such as 5s")
	}
	c.between(at.at("buffer"), m.Buffer, mostBuffer, "they are kept in memory")
}

// brokerFault reads a broker's address, or says what is wrong with it. It does not quote it: it may hold a password.
func brokerFault(address string) (u *url.URL, what string) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, "is no address of a broker"
	case u.Scheme != "mqtt" && u.Scheme != "tls":
		return nil, "does not begin with tls:// or mqtt://"
	case u.Hostname() == "":
		return nil, "has no host"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "":
		return nil, "has more than a host and a port"
	}
	return u, ""
}

// local says whether a host is this machine.
func local(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// brokerAddress is where the broker is to be reached, with the scheme's port if none is given; empty where none is
// configured.
func (m MQTT) brokerAddress() string {
	u, what := brokerFault(m.Broker)
	if m.Broker == "" || what != "" {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = "8883"
		if u.Scheme == "mqtt" {
			port = "1883"
		}
	}
	return "tcp://" + net.JoinHostPort(u.Hostname(), port)
}
