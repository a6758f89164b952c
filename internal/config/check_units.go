package config

import (
	"fmt"

	"linemark/internal/code"
)

// units checks which product passes a station: the one that a print station before it marks, or, on
// a line whose products come with their labels, the one that its first station names.
func (c *checker) units(at *place, s Station, before []Station) {
	here := at.at("product")
	if s.Kind == kindPrint {
		if p, ok := c.cfg.Product(s.Product); ok && p.Preprinted == Yes && !c.bad[here.path] {
			c.add(here, fmt.Sprintf("the labels of %q come printed (preprinted = true)", s.Product), "name another product, or a verify station with this one in place of the print station")
		}
		return
	}
	passing := ""
	for _, b := range before {
		if b.Product != "" {
			passing = b.Product
		}
	}
	switch {
	case passing != "" && c.given(here):
		c.add(here, fmt.Sprintf("%q passes this station already: a station before it says so", passing), "remove it")
	case passing == "" && len(before) == 0 && !c.given(at.at("of")):
		if c.needs(at, "product", "no station before it marks a product") {
			c.product(here, s.Product, code.Unit)
		}
	case passing == "" && c.given(here):
		c.product(here, s.Product, code.Unit)
	}
}
