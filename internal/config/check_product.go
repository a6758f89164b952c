package config

import (
	"fmt"
	"slices"
	"strings"

	"linemark/internal/code"
)

func (c *checker) products() {
	names, gtins := map[string]*place{}, map[string]*place{}
	for i, p := range c.cfg.Products {
		at := c.root.at("product").element(i)
		c.unique(names, at.at("name"), p.Name, "the name of the product")
		if p.Name == SSCC {
			c.add(at.at("name"), `"sscc" means a transport code, not a product`, "give the product another name")
		}
		c.gtin(at.at("gtin"), p.GTIN)
		c.unique(gtins, at.at("gtin"), p.GTIN, "the GTIN of the product")
		c.groupAndType(at, p)
		c.oneOf(at.at("release_method"), p.ReleaseMethod, releaseMethods...)
		c.template(at.at("template_id"), at, p)
		c.quantities(at, p)
		if here := at.at("cover"); p.Cover < 0 && !c.bad[here.path] {
			c.add(here, fmt.Sprintf("is %v", p.Cover), `write how long the stock is to last, such as "8h"`)
		}
	}
}

func (c *checker) template(here, product *place, p Product) {
	switch {
	case c.ok(here):
		c.atLeastOne(here, p.TemplateID)
	case !c.given(here) && c.given(c.root.at("izkm")):
		c.add(here, "is missing", "add template_id = 1 "+product.header())
	}
}

func (c *checker) gtin(at *place, gtin string) {
	if !c.ok(at) || code.ValidGTIN(gtin) == nil {
		return
	}
	if len(gtin) == code.GTINLength && strings.Trim(gtin, "0123456789") == "" {
		for _, digit := range "0123456789" {
			right := gtin[:code.GTINLength-1] + string(digit)
			if code.ValidGTIN(right) == nil {
				c.add(at, fmt.Sprintf("%q has a wrong check digit", gtin),
					fmt.Sprintf("the last digit of this number must be %c: compare all the others too", digit))
				return
			}
		}
	}
	c.add(at, fmt.Sprintf("%q is no GTIN", gtin), "write 14 digits, with zeros before a shorter number")
}

func (c *checker) groupAndType(at *place, p Product) {
	if c.given(at.at("group")) {
		c.oneOf(at.at("group"), p.Group, c.cfg.Table.Groups()...)
	}
	here := at.at("cis_type")
	c.oneOf(here, p.CISType, cisTypes...)
	group := p.GroupOr(c.cfg)
	if c.bad[here.path] || c.bad[at.at("group").path] || !slices.Contains(c.cfg.Table.Groups(), group) {
		return
	}
	if _, err := c.cfg.Table.Profile(group, code.Type(p.CISType)); err != nil {
		c.add(here, fmt.Sprintf("there are no %s codes in the group %s", p.CISType, group),
			"pack its units under an SSCC, or write the product's own group")
	}
}

func (c *checker) quantities(at *place, p Product) {
	order, block := at.at("order_quantity"), at.at("block_quantity")
	c.atLeastOne(at.at("low_water"), p.LowWater)
	c.between(order, p.OrderQuantity, maxOrder, "the national system takes no more codes of one GTIN in an order")
	c.atLeastOne(block, p.BlockQuantity)
	if c.bad[order.path] || c.bad[block.path] || p.BlockQuantity <= p.OrderQuantity {
		return
	}
	here := block
	if !c.given(block) {
		here = order
	}
	c.add(here, fmt.Sprintf("a block of %d codes is larger than the order of %d", p.BlockQuantity, p.OrderQuantity),
		"write a block_quantity no larger than order_quantity")
}
