package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"linemark/drivers"
)

// Ediweb is where the QR codes of waybills come from. What its document leaves open is a setting.
type Ediweb struct {
	URL        string        `toml:"url"`         // of the service, without /edi
	IDType     string        `toml:"id_type"`     // what org_id is: gln (default), fns
	OrgID      string        `toml:"org_id"`      // of the organisation whose waybills they are
	AuthHeader string        `toml:"auth_header"` // name of the header that lets calls in; default none
	AuthValue  Secret        `toml:"auth_value"`  // its value: where it is kept, as client_token of [izkm]
	Charset    string        `toml:"charset"`     // of names in archives that do not say theirs: cp866 (default), windows-1251
	Timeout    time.Duration `toml:"timeout"`     // for one call; default 1m
	Deadline   time.Duration `toml:"deadline"`    // a waybill that the service does not have for so long has failed; default 24h
	Extra      Extra         `toml:"extra"`       // more parameters of the query
}

// Extra are parameters of a query: their names and values.
type Extra struct {
	All map[string]any `toml:",rest"`
}

// Values are the parameters as texts.
func (e Extra) Values() map[string]string {
	values := map[string]string{}
	for name, v := range e.All {
		if text, ok := v.(string); ok {
			values[name] = text
		}
	}
	return values
}

// shown hides what is long enough to be a key.
func (e Extra) shown() (all []shown) {
	values := e.Values()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		s := shown{key: name, value: values[name]}
		if len(values[name]) >= 8 {
			s.value, s.note = Secret{}.String(), "it may be a key"
		}
		all = append(all, s)
	}
	return all
}

// Diadoc is where the transfer protocols of documents come from. It lets in by a login, or by OpenID Connect.
type Diadoc struct {
	URL          string        `toml:"url"`           // of the service; default https://diadoc-api.kontur.ru
	BoxID        string        `toml:"box_id"`        // of documents that name none
	ClientID     Secret        `toml:"client_id"`     // the integrator's key
	Login        string        `toml:"login"`         // with password: the account
	Password     Secret        `toml:"password"`      // where it is kept, as client_token of [izkm]
	TokenURL     string        `toml:"token_url"`     // with refresh_token: default https://identity.kontur.ru/connect/token
	ClientSecret Secret        `toml:"client_secret"` // with refresh_token
	RefreshToken Secret        `toml:"refresh_token"` // in place of login and password
	Scope        string        `toml:"scope"`         // with refresh_token; default none
	Timeout      time.Duration `toml:"timeout"`       // for one call; default 2m
	Deadline     time.Duration `toml:"deadline"`      // a protocol is asked for so long in all; default 24h
}

// Shipping says what is done with shipments.
type Shipping struct {
	Printer string `toml:"printer"` // that prints labels with the QR codes; no station uses it; default none
	Inbox   string `toml:"inbox"`   // folder that is watched for shipments in JSON and CSV; default none
	Keep    int    `toml:"keep"`    // days that a complete shipment stays on this PC; default 90, 0: for ever
}

func (s *Shipping) setDefaults() { s.Keep = 90 }

// The words of id_type and charset.
const (
	idGLN       = "gln"
	idFNS       = "fns"
	charset866  = "cp866"
	charset1251 = "windows-1251"
)

var (
	idTypes  = []string{idGLN, idFNS}
	charsets = []string{charset866, charset1251}
)

// ownParameters are those that getStackQrCode has itself.
var ownParameters = []string{"id_type", "org_id", "doc_ids"}

// ownHeaders are decided by the connection, or would change what comes back.
var ownHeaders = []string{"Host", "Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "TE", "Trailer", "Accept-Encoding", "Range", "Expect"}

func (e *Ediweb) setDefaults() {
	e.IDType, e.Charset, e.Timeout, e.Deadline = idGLN, charset866, time.Minute, 24*time.Hour
}

func (d *Diadoc) setDefaults() {
	d.URL, d.TokenURL = "https://diadoc-api.kontur.ru", "https://identity.kontur.ru/connect/token"
	d.Timeout, d.Deadline = 2*time.Minute, 24*time.Hour
}

// Configured says whether QR codes are fetched.
func (e Ediweb) Configured() bool { return e.URL != "" }

// Configured says whether protocols are fetched.
func (d Diadoc) Configured() bool { return d.Login != "" || d.RefreshToken != (Secret{}) }

// shipping runs after the stations: they have their printers first.
func (c *checker) shipping() {
	c.ediweb()
	c.diadoc()
	s, at := c.cfg.Shipping, c.root.at("shipping")
	ediweb := c.given(c.root.at("ediweb"))
	if here := at.at("printer"); c.ok(here) {
		before := len(c.problems)
		c.device(here, "printer", s.Printer)
		printer := c.printers[s.Printer]
		switch {
		case len(c.problems) > before || printer == nil: // said already
		case !printer.Traits().Pictures:
			c.add(here, fmt.Sprintf("%s: %s has no place for a QR code", s.Printer, c.labelOf(s.Printer)), "write {picture:MM} into it, the width in millimetres, and take a printer driver that prints pictures")
			c.problems[len(c.problems)-1].Printer = s.Printer
		case !ediweb:
			c.add(here, "prints the QR codes of waybills, and [ediweb] is not there", "add [ediweb], or remove the printer")
		default:
			c.shippingLabel(here, s.Printer, printer.Traits())
		}
	}
	const most = 3650
	if here := at.at("keep"); !c.bad[here.path] && (s.Keep < 0 || s.Keep > most) {
		c.add(here, fmt.Sprintf("is %d", s.Keep), fmt.Sprintf("write days from 1 to %d, or 0 to remove nothing", most))
	}
	if here := at.at("inbox"); c.ok(here) {
		switch {
		case strings.TrimSpace(s.Inbox) == "":
			c.add(here, "is empty", "name a folder, or remove the line")
		case within(c.cfg.PathOf(s.Inbox), c.cfg.Agent.DataDir) || within(c.cfg.Agent.DataDir, c.cfg.PathOf(s.Inbox)):
			c.add(here, "lies in agent.data_dir, or holds it", "name a folder of its own")
		case !ediweb && !c.given(c.root.at("diadoc")):
			c.add(here, "takes shipments, and neither [ediweb] nor [diadoc] is there", "add one of them, or remove the folder")
		}
	}
}

// shippingLabel refuses a label that wants what no shipment has.
func (c *checker) shippingLabel(at *place, name string, traits drivers.PrinterTraits) {
	if traits.CheckLabel == nil {
		return
	}
	l := drivers.Label{Fields: map[string]string{"shipment": "S", "waybill": "1", "pallets": "1", "sscc": "003012345670000001"}, Picture: &drivers.Picture{Width: 8, Height: 1, Black: []byte{0x80}}}
	if err := traits.CheckLabel(l); err != nil {
		c.add(at, fmt.Sprintf("%s: %s cannot be printed for a shipment: %v", name, c.labelOf(name), err), "a shipment's label shows {picture:MM}, {shipment}, {waybill} and {pallets}")
		c.problems[len(c.problems)-1].Printer = name
	}
}

func (c *checker) ediweb() {
	at, e := c.root.at("ediweb"), c.cfg.Ediweb
	if !c.given(at) {
		return
	}
	if here := at.at("url"); c.needs(at, "url", "the QR codes come from there") {
		if what := urlFault(e.URL); what != "" {
			c.add(here, what, `write the address of the service, such as "https://dapi.ediweb.ru"`)
		}
	}
	c.oneOf(at.at("id_type"), e.IDType, idTypes...)
	if here := at.at("org_id"); c.needs(at, "org_id", "waybills are those of an organisation") && e.IDType == idGLN && (len(e.OrgID) != 13 || strings.Trim(e.OrgID, "0123456789") != "") {
		c.add(here, fmt.Sprintf("%q is no GLN of 13 digits", e.OrgID), `write the GLN, or id_type = "fns" where it is an id of the tax service's exchange`)
	}
	if here := at.at("auth_header"); c.given(here) != c.given(at.at("auth_value")) {
		if !c.given(here) {
			here = at.at("auth_value")
		}
		c.add(here, "stands alone", "give auth_header and auth_value, or neither")
	} else if c.ok(here) && strings.ContainsFunc(e.AuthHeader, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`:"(),/;<=>?@[\]{}`, r) }) {
		c.add(here, fmt.Sprintf("%q cannot be the name of a header", e.AuthHeader), "write the name alone, such as Authorization")
	} else if c.ok(here) && slices.ContainsFunc(ownHeaders, func(h string) bool { return strings.EqualFold(h, e.AuthHeader) }) {
		c.add(here, fmt.Sprintf("%q has a meaning of its own", e.AuthHeader), "write the name of the header that lets calls in, such as Authorization")
	}
	if here := at.at("auth_value"); c.ok(here) && strings.TrimSpace(e.AuthValue.Reveal()) != e.AuthValue.Reveal() {
		c.add(here, "begins or ends with a blank", "write the value alone")
	}
	c.oneOf(at.at("charset"), e.Charset, charsets...)
	c.longerThanZero(at.at("timeout"), e.Timeout)
	c.longerThanZero(at.at("deadline"), e.Deadline)
	for _, name := range slices.Sorted(maps.Keys(e.Extra.All)) {
		here := at.at("extra").at(name)
		switch _, text := e.Extra.All[name].(string); {
		case slices.Contains(ownParameters, name):
			c.add(here, "is one of the method's own parameters", "remove it")
		case !text:
			c.wrongType(here, e.Extra.All[name], "a string", "write the value in quotes")
		}
	}
}

func (c *checker) diadoc() {
	at, d := c.root.at("diadoc"), c.cfg.Diadoc
	if !c.given(at) {
		return
	}
	for _, a := range []struct{ key, url string }{{"url", d.URL}, {"token_url", d.TokenURL}} {
		here := at.at(a.key)
		if c.bad[here.path] {
			continue
		}
		if what := urlFault(a.url); what != "" {
			c.add(here, what, "write the address of the service, or remove the line")
		} else if open(a.url) {
			c.add(here, "is plain http, which would send the password in the open", "begin it with https://")
		}
	}
	if c.needs(at, "client_id", "Diadoc lets nobody in without the integrator's key") && strings.ContainsAny(d.ClientID.Reveal(), `,"<>`) {
		c.add(at.at("client_id"), "holds a comma or another character that no client id has", "copy the key as Kontur gave it")
	}
	openID := []string{"token_url", "client_secret", "scope"}
	switch token := c.given(at.at("refresh_token")); {
	case token && (c.given(at.at("login")) || c.given(at.at("password"))):
		c.add(at.at("refresh_token"), "stands beside a login with its password", "remove one of them: a refresh token replaces login and password")
	case token:
		c.needs(at, "client_secret", "a refresh token needs it")
	default:
		c.needs(at, "login", "an account is needed: login and password, or refresh_token and client_secret")
		c.needs(at, "password", "the account has one")
		for _, key := range openID {
			if here := at.at(key); c.given(here) {
				c.add(here, "goes together with refresh_token", "remove it, or add refresh_token in place of login and password")
			}
		}
	}
	c.longerThanZero(at.at("timeout"), d.Timeout)
	c.longerThanZero(at.at("deadline"), d.Deadline)
}

// open says whether an address would carry secrets in plain http to another machine.
func open(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return !strings.EqualFold(u.Hostname(), "localhost") && (ip == nil || !ip.IsLoopback())
}
