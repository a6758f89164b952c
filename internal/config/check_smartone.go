package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"linemark/internal/code"
)

// SmartOne is the access to SmartOne's "T&T SYSTEM", which a line may have in place of [izkm].
type SmartOne struct {
	URL           string        `toml:"url,required"`         // base address, before the methods' names
	Login         string        `toml:"login,required"`       // of the user that the system has for this PC
	Password      Secret        `toml:"password,required"`    // where it is kept: "${ENV}", "file:/path", "credential:NAME", "secret:NAME"
	SigningKey    string        `toml:"signing_key,required"` // PEM of the manufacturer's RSA key, by which requests are signed: a file, or "secret:NAME", "credential:NAME"
	Group         string        `toml:"group,required"`       // product group, for the form of its codes: tobacco, alcohol, pharma, appliances, water, beer, or one of a [[group]]
	Department    string        `toml:"department"`           // where is produced, by the id that the plant registered; without one a line's batch is the number of a SmartOne batch
	DepartmentID  int           `toml:"department_id"`        // the same by the system's own id
	ProductLine   string        `toml:"product_line"`         // the production line, by the id that the plant registered; default the line's name
	ProductLineID int           `toml:"product_line_id"`      // the same by the system's own id
	Emission      string        `toml:"emission"`             // what the codes were issued for: retail (default), import
	ReportCodes   string        `toml:"report_codes"`         // how reports name codes: whole (default), or short, without their check part
	Lang          string        `toml:"lang"`                 // of the system's messages: en (default), az
	Padding       string        `toml:"padding"`              // of the signature: pkcs1v15 (default), pss
	Encoding      string        `toml:"encoding"`             // of the signature: base64 (default), hex
	Signed        string        `toml:"signed"`               // what is signed: plain (default), gzipped
	Gzip          string        `toml:"gzip"`                 // which reports go gzipped: always (default), large, never
	LoginField    string        `toml:"login_field"`          // name of the login where the system signs users in; default login
	PasswordField string        `toml:"password_field"`       // name of the password there; default password
	TokenField    string        `toml:"token_field"`          // name of the token in its answer, with dots into objects; default token
	Timeout       time.Duration `toml:"timeout"`              // default 60s
	Spacing       time.Duration `toml:"spacing"`              // between two requests; default and at least 2s
	CAFile        string        `toml:"ca_file"`              // PEM of the authority to trust in place of the system's
}

// maxPacked is the most parents and children of one report: so many of the longest codes stay under the
// 1 MB that one request may have.
const maxPacked = 4000

// leastSpacing is the shortest time that the system allows between two requests.
const leastSpacing = 2 * time.Second

// How reports name codes.
const (
	codesWhole = "whole"
	codesShort = "short"
)

// SigningKeyForm says what is wrong with a key by which requests are to be signed. Whoever puts the parts together sets
// it: the configuration knows no system's protocol.
var SigningKeyForm = func([]byte) error { return nil }

func (s *SmartOne) setDefaults() {
	s.Emission, s.ReportCodes, s.Lang = emissions[0], codesWhole, "en"
	s.Padding, s.Encoding, s.Signed, s.Gzip = paddings[0], encodings[0], signeds[0], gzips[0]
	s.LoginField, s.PasswordField, s.TokenField = "login", "password", "token"
	s.Timeout, s.Spacing = time.Minute, leastSpacing
}

// WholeCodes says whether reports name codes with their check part.
func (s SmartOne) WholeCodes() bool { return s.ReportCodes != codesShort }

// ByBatch says whether reports go by the batch: no department is given.
func (s SmartOne) ByBatch() bool { return s.Department == "" && s.DepartmentID == 0 }

// OnSmartOne says whether the national system is SmartOne, not IZKM.
func (c *Config) OnSmartOne() bool { return c.SmartOne.URL != "" }

// National returns the table of the national system and its address.
func (c *Config) National() (table, address string) {
	if c.OnSmartOne() {
		return "smartone", c.SmartOne.URL
	}
	return "izkm", c.IZKM.URL
}

// Group returns the product group of products that name none.
func (c *Config) Group() string {
	if c.OnSmartOne() {
		return c.SmartOne.Group
	}
	return c.IZKM.Group
}

// SigningKeyPEM returns the key by which requests to SmartOne are signed, as it is kept.
func (c *Config) SigningKeyPEM() ([]byte, error) {
	key, problem := resolver{systemLookup(), c.File, c.Dir}.key(c.SmartOne.SigningKey)
	if problem.what != "" {
		return nil, errors.New("smartone.signing_key: " + problem.what)
	}
	return key, nil
}

// system wants one national system.
func (c *checker) system() {
	izkm, smartone := c.root.at("izkm"), c.root.at("smartone")
	switch {
	case c.given(izkm) && c.given(smartone):
		c.add(smartone, "stands beside [izkm]", "keep one of the two: a line has one national system")
	case !c.given(izkm) && !c.given(smartone):
		c.add(izkm, "is missing", "add [izkm], or [smartone] in its place")
	}
	if c.given(smartone) {
		if c.ok(smartone) {
			c.smartone(smartone)
		}
		return
	}
	for i := range c.cfg.Products {
		c.foreign(c.root.at("product").element(i), "batches", "assort", "assort_id", "unit", "unit_id")
	}
	for i, l := range c.cfg.Lines {
		for j := range l.Stations {
			c.foreign(c.root.at("line").element(i).at("station").element(j), "pack", "pack_id")
		}
	}
}

// foreign refuses what only SmartOne has.
func (c *checker) foreign(at *place, keys ...string) {
	for _, key := range keys {
		if here := at.at(key); c.ok(here) && c.given(c.root.at("izkm")) {
			c.add(here, "is only for [smartone]", "remove it")
		}
	}
}

func (c *checker) smartone(at *place) {
	s := c.cfg.SmartOne
	if here := at.at("url"); c.ok(here) {
		switch what := urlFault(s.URL); {
		case what != "":
			c.add(here, what, `write the address of the service, such as "https://smartone.example"`)
		case strings.HasPrefix(s.URL, "http:") && !thisMachine(s.URL):
			c.add(here, "begins with http://", "write https://: only a simulated system on this machine has no TLS")
		}
	}
	if here := at.at("group"); c.ok(here) {
		c.oneOf(here, s.Group, c.cfg.Table.Groups()...)
	}
	if here := at.at("signing_key"); c.ok(here) {
		key, problem := c.key(s.SigningKey)
		if problem.what != "" {
			c.add(here, problem.what, problem.hint)
			c.problems[len(c.problems)-1].Secret = true
		} else if err := SigningKeyForm(key); err != nil {
			c.add(here, err.Error(), "RSA in PEM, without a password: openssl genrsa -out signing-key.pem 2048; its public half is registered with the system")
		}
	}
	c.either(at, "department", s.Department, s.DepartmentID)
	c.either(at, "product_line", s.ProductLine, s.ProductLineID)
	for _, word := range []struct {
		key, value string
		known      []string
	}{{"emission", s.Emission, emissions}, {"report_codes", s.ReportCodes, reportCodes}, {"lang", s.Lang, langs}, {"padding", s.Padding, paddings},
		{"encoding", s.Encoding, encodings}, {"signed", s.Signed, signeds}, {"gzip", s.Gzip, gzips}} {
		c.oneOf(at.at(word.key), word.value, word.known...)
	}
	if here := at.at("password_field"); s.LoginField == s.PasswordField && !c.bad[here.path] {
		c.add(here, "is the name of the login too", "write the two names as the system has them")
	}
	c.longerThanZero(at.at("timeout"), s.Timeout)
	if here := at.at("spacing"); s.Spacing < leastSpacing && !c.bad[here.path] {
		c.add(here, fmt.Sprintf("is %v", s.Spacing), "write 2s or more: the system refuses what comes sooner")
	}
	if here := at.at("ca_file"); s.CAFile != "" && !c.bad[here.path] {
		if _, err := os.ReadFile(c.cfg.PathOf(s.CAFile)); err != nil {
			c.add(here, "cannot be read: "+withoutPath(err), "the path starts at the configuration file's folder")
		}
	}
	for i, p := range c.cfg.Products {
		c.smartoneProduct(c.root.at("product").element(i), p)
	}
	for i, l := range c.cfg.Lines {
		c.smartoneLine(c.root.at("line").element(i), l)
	}
}

// either wants one of an external id and the system's own, at most; it says whether there is one.
func (c *checker) either(at *place, key, ext string, id int) bool {
	text, number := at.at(key), at.at(key+"_id")
	if c.bad[text.path] || c.bad[number.path] {
		return true
	}
	switch {
	case c.given(text) && c.given(number):
		c.add(number, "stands beside "+key, "keep one of the two: they name the same")
	case c.given(text) && strings.TrimSpace(ext) == "":
		c.add(text, "is empty", "write the id that the plant registered, or remove it")
	case c.given(number):
		c.atLeastOne(number, id)
	}
	return c.given(text) || c.given(number)
}

func (c *checker) smartoneProduct(at *place, p Product) {
	for _, key := range []string{"assort", "unit"} {
		ext, id := p.Assort, p.AssortID
		if key == "unit" {
			ext, id = p.Unit, p.UnitID
		}
		if !c.either(at, key, ext, id) {
			c.add(at.at(key), "is missing", "reports to SmartOne name the product and its package: add "+key+` = "..." or `+key+"_id = 1 "+at.header())
		}
	}
	here := at.at("batches")
	switch {
	case c.bad[here.path]:
	case len(p.Batches) > 0 && p.Preprinted == Yes:
		c.add(here, "is given, but the labels come printed (preprinted = true)", "remove it: codes import brings the codes in")
	case slices.ContainsFunc(p.Batches, func(b int) bool { return b < 1 }):
		c.add(here, fmt.Sprintf("holds %d", slices.Min(p.Batches)), "write the numbers of batches as the system shows them")
	default:
		sorted := slices.Sorted(slices.Values(p.Batches))
		for i := 1; i < len(sorted); i++ {
			if sorted[i] == sorted[i-1] {
				c.add(here, fmt.Sprintf("holds %d twice", sorted[i]), "write each batch once")
				break
			}
		}
	}
}

func (c *checker) smartoneLine(at *place, l Line) {
	if here := at.at("batch"); c.ok(here) && c.cfg.SmartOne.ByBatch() && strings.Trim(l.Batch, "0123456789") != "" {
		c.add(here, fmt.Sprintf("%q is no number", l.Batch), "without department, reports go by the batch: write the number of a SmartOne batch, or add department under [smartone]")
	}
	for j, s := range l.Stations {
		station := at.at("station").element(j)
		if here := station.at("kind"); s.Kind == kindDrop && !c.bad[here.path] {
			c.add(here, "SmartOne takes no dropout reports", "remove the station, and withdraw codes in the system itself")
		}
		named := c.either(station, "pack", s.Pack, s.PackID)
		further := slices.ContainsFunc(l.Stations[j+1:], func(outer Station) bool { return outer.Of == s.Name && s.Name != "" })
		if s.Kind == kindPack && s.Unit == SSCC && further && !named {
			c.add(station.at("pack"), "is missing", "its containers are packed further, and reports name their package: add pack = \"...\" or pack_id = 1 "+station.header())
		}
		if !named || s.Kind != kindPack || s.Unit == SSCC {
			continue
		}
		for _, key := range []string{"pack", "pack_id"} {
			if here := station.at(key); c.ok(here) {
				c.add(here, `is only for unit = "sscc"`, "remove it: the package of "+s.Unit+" is its own unit")
			}
		}
	}
}

// ofNoReport are the rules of a group in a system that is told of packing alone.
func ofNoReport(r code.Rules) code.Rules {
	r.ManualUtilisation, r.Order, r.Utilisation, r.Aggregation = false, code.OrderFields{}, code.UtilisationFields{}, code.AggregationFields{}
	return r
}

func thisMachine(web string) bool {
	u, err := url.Parse(web)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}
