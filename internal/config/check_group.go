package config

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"linemark/internal/code"
)

// groupFields asks for what the product groups in use need in orders and reports. It is asked
// for before the first product runs, not found missing when the report is made.
func (c *checker) groupFields() {
	for _, p := range c.cfg.Products {
		if r, ok := c.cfg.Table.Rules(p.GroupOr(c.cfg)); ok && r.Order.Factory {
			c.factory(r.Group)
			break
		}
	}
	for i, l := range c.cfg.Lines {
		at := c.root.at("line").element(i)
		r := c.rulesOf(l)
		// A line whose batch is not described here waits for linemark batch start, which asks for the same.
		c.date(at, "production_date", l.ProductionDate, r.Group, l.HasBatch() && r.Utilisation.ProductionDate)
		c.date(at, "expiration_date", l.ExpirationDate, r.Group, l.HasBatch() && r.Utilisation.ExpirationDate)
		here := at.at("series")
		switch n := utf8.RuneCountInString(l.Series); {
		case c.bad[here.path]:
		case n == 0 && l.HasBatch() && r.Utilisation.SeriesNumber:
			c.add(here, "is missing", "utilisation reports of "+r.Group+` need it: add series = "..." `+at.header())
		case n > 20:
			c.add(here, fmt.Sprintf("has %d characters", n), "the national system takes 1 to 20")
		}
	}
}

// glnLength is the number of digits of a GLN (GS1 General Specifications).
const glnLength = 13

func (c *checker) rulesOf(l Line) code.Rules {
	for _, s := range l.Stations {
		if p, ok := c.cfg.Product(s.Product); ok {
			r, _ := c.cfg.Table.Rules(p.GroupOr(c.cfg))
			return r
		}
	}
	return code.Rules{}
}

func (c *checker) factory(group string) {
	at, f := c.root.at("izkm").at("factory"), c.cfg.IZKM.Factory
	for _, field := range []struct{ key, value string }{
		{"id", f.ID}, {"country", f.Country}, {"production_line_id", f.ProductionLineID}, {"product_code", f.ProductCode}, {"product_description", f.ProductDescription},
	} {
		if here := at.at(field.key); field.value == "" && !c.bad[here.path] {
			c.add(here, "is missing", "orders of "+group+" need it: add "+field.key+` = "..." under [izkm.factory]`)
		}
	}
	if here := at.at("id"); f.ID != "" && !c.bad[here.path] && (len(f.ID) != glnLength || strings.Trim(f.ID, "0123456789") != "") {
		c.add(here, fmt.Sprintf("%q is no GLN", f.ID), fmt.Sprintf("write the %d digits of the factory's number", glnLength))
	}
}

func (c *checker) date(line *place, key, value, group string, required bool) {
	at := line.at(key)
	if c.bad[at.path] {
		return
	}
	if value == "" {
		if required {
			c.add(at, "is missing", "utilisation reports of "+group+" need it: add "+key+` = "2026-01-31T00:00:00+05:00" `+line.header())
		}
		return
	}
	if _, err := time.Parse(time.RFC3339, value); err != nil {
		c.add(at, fmt.Sprintf("%q is no date with time and zone", value), `write it as "2026-01-31T00:00:00+05:00"`)
	}
}
