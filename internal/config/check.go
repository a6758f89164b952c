package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"linemark/drivers"
)

// Limits of the national system on one order and one report: LEGACY-API v1.10.0, chapters
// 4.2 (codes of one GTIN in an order), 4.4 (codes) and 4.5 (parents and children).
const (
	maxOrder       = 150_000
	maxUtilisation = 30_000
	maxAggregation = 11_000
)

// maxRate is how many requests a second a national system may be asked.
const maxRate = 1000

// usageType, dictionary 5.9 of the same document.
const (
	usagePrinted  = "PRINTED"
	usageVerified = "VERIFIED"
	usageInUse    = "USED_FOR_PRODUCTION"
)

// The words of group_table, when_in_doubt and close_body.
const (
	tableFirst  = "first"
	tableSecond = "second"
	doubtResend = "resend"
	doubtAsk    = "ask"
	closeNone   = "none"
)

const defaultListen = "127.0.0.1:8480"

// checker looks at what fill has read: every value alone, then one against another.
type checker struct {
	*doc
	resolver
	cfg  *Config
	root *place

	printers map[string]drivers.Printer // those whose driver took their settings, by name
	labels   map[string]string          // the files that printers name as their labels, by name
	plcs     map[string]drivers.PLC     // likewise
	taken    map[string]*place          // printers and scanners that a station has, by section and name
}

func (c *checker) check() {
	c.printers, c.plcs, c.taken = map[string]drivers.Printer{}, map[string]drivers.PLC{}, map[string]*place{}
	c.labels = map[string]string{}
	if at := c.root.at("version"); c.ok(at) && c.cfg.Version != 1 {
		c.add(at, fmt.Sprintf("%d is no version that this linemark knows", c.cfg.Version), "write version = 1")
	}
	c.oneOf(c.root.at("agent").at("language"), c.cfg.Agent.Language, languages...)
	c.http()
	c.groups()
	c.izkm()
	c.system()
	c.report()
	c.record()
	c.backup()
	c.archive()
	c.disk()
	c.products()
	c.devices()
	c.stations()
	c.shipping()
	c.mqtt()
	c.groupFields()
}

func (c *checker) izkm() {
	at, izkm := c.root.at("izkm"), c.cfg.IZKM
	if !c.ok(at) {
		return
	}
	if here := at.at("url"); c.ok(here) {
		if what := urlFault(izkm.URL); what != "" {
			c.add(here, what, `write the address of the service, such as "https://izkm.example"`)
		}
	}
	if here := at.at("oms_id"); c.ok(here) && !isUUID(izkm.OMSID) {
		c.add(here, fmt.Sprintf("%q is no UUID", izkm.OMSID), "copy the 36 characters that the cabinet shows, 8-4-4-4-12 hexadecimal digits")
	}
	if here := at.at("group"); c.ok(here) {
		c.oneOf(here, izkm.Group, c.cfg.Table.Groups()...)
	}
	if here := at.at("contact_person"); c.ok(at) && !c.bad[here.path] && strings.TrimSpace(izkm.ContactPerson) == "" {
		for _, p := range c.cfg.Products {
			if r, ok := c.cfg.Table.Rules(p.GroupOr(c.cfg)); ok && r.Order.ContactPerson {
				c.add(here, "is missing", "orders of "+r.Group+` need it: add contact_person = "..." `+at.header())
				break
			}
		}
	}
	c.longerThanZero(at.at("timeout"), izkm.Timeout)
	c.between(at.at("rate"), izkm.Rate, maxRate, "a national system is not asked more often")
	c.oneOf(at.at("close_body"), izkm.CloseBody, closeBodies...)
	for _, f := range []struct{ key, path string }{{"ca_file", izkm.CAFile}, {"client_cert", izkm.ClientCert}} {
		if here := at.at(f.key); f.path != "" && !c.bad[here.path] {
			if _, err := os.ReadFile(c.cfg.PathOf(f.path)); err != nil {
				c.add(here, "cannot be read: "+withoutPath(err), "the path starts at the configuration file's folder")
			}
		}
	}
	if here := at.at("client_key"); izkm.ClientKey != "" && !c.bad[here.path] {
		if _, problem := c.key(izkm.ClientKey); problem.what != "" {
			c.add(here, problem.what, problem.hint)
			c.problems[len(c.problems)-1].Secret = true
		}
	}
	if here := at.at("client_key"); (izkm.ClientCert == "") != (izkm.ClientKey == "") && !c.bad[here.path] {
		c.add(here, "goes together with client_cert", "give both or none")
	}
}

// withoutPath is what went wrong with a file, without its name, which stands beside it.
func withoutPath(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err.Error()
	}
	return err.Error()
}

// urlFault does not quote the address: it may hold a password.
func urlFault(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "is no address of a web service"
	case u.Scheme != "http" && u.Scheme != "https":
		return "does not begin with https:// or http://"
	case u.Hostname() == "":
		return "has no host"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "has more than a host, a port and a path"
	}
	return ""
}

// isUUID accepts the one form that the national system uses.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range []byte(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(r)) {
			return false
		}
	}
	return true
}

func (c *checker) report() {
	c.oneOf(c.root.at("report").at("when_in_doubt"), c.cfg.Report.WhenInDoubt, doubts...)
	at := c.root.at("report").at("utilisation")
	u := c.cfg.Report.Utilisation
	c.oneOf(at.at("usage_type"), u.UsageType, usageTypes...)
	c.longerThanZero(at.at("every"), u.Every)
	c.between(at.at("max_codes"), u.MaxCodes, maxUtilisation, "the national system takes no more in one report")

	at = c.root.at("report").at("aggregation")
	a := c.cfg.Report.Aggregation
	c.longerThanZero(at.at("every"), a.Every)
	most := maxAggregation
	if c.cfg.OnSmartOne() {
		if most = maxPacked; !c.given(at.at("max_codes")) {
			c.cfg.Report.Aggregation.MaxCodes, a.MaxCodes = most, most
		}
	}
	c.between(at.at("max_codes"), a.MaxCodes, most, "the national system takes no more in one report")
}

// oneOf checks a value against its dictionary. Like the other checks of one value it keeps
// silent about a key that already has a problem.
func (c *checker) oneOf(at *place, value string, known ...string) {
	if !c.bad[at.path] && !slices.Contains(known, value) {
		c.add(at, fmt.Sprintf("%q is unknown", value), suggest(value, known, "remove it"))
	}
}

func (c *checker) atLeastOne(at *place, n int) {
	if !c.bad[at.path] && n < 1 {
		c.add(at, fmt.Sprintf("is %d", n), "write 1 or more")
	}
}

func (c *checker) between(at *place, n, most int, reason string) {
	c.atLeastOne(at, n)
	if !c.bad[at.path] && n > most {
		c.add(at, fmt.Sprintf("is %d", n), fmt.Sprintf("write at most %d: %s", most, reason))
	}
}

func (c *checker) longerThanZero(at *place, length time.Duration) {
	if !c.bad[at.path] && length <= 0 {
		c.add(at, fmt.Sprintf("is %v", length), "write a time longer than zero")
	}
}

// unique reports a value that stood before under the same meaning.
func (c *checker) unique(seen map[string]*place, at *place, value, thing string) {
	if !c.ok(at) {
		return
	}
	if first := seen[value]; first != nil {
		c.add(at, fmt.Sprintf("%q is %s in line %d already", value, thing, c.lines.of(first)), "make the two differ, or remove one")
		return
	}
	seen[value] = at
}
