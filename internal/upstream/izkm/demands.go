package izkm

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"linemark/internal/code"
)

// Limits of chapter 3, footnotes 1 to 4, and of chapter 4.4.
const (
	MaxCodesPerGTIN   = 150_000 // in an order
	MaxGTINsPerOrder  = 10
	MaxUtilisation    = 30_000 // codes in a report
	MaxAggregation    = 11_000 // children and parents together
	MaxDropout        = 30_000 // codes in a report
	MaxSeriesNumber   = 20     // characters
	maxInt32          = math.MaxInt32
	usagePrinted      = "PRINTED"
	usageVerified     = "VERIFIED"
	usageInProduction = "USED_FOR_PRODUCTION"
)

// rulesOf knows what one group demands and not all. A group that the table does not know has
// only what is required of all.
func rulesOf(groups code.Table, group string) code.Rules {
	if r, ok := groups.Rules(group); ok {
		return r
	}
	return code.Rules{Group: group, Order: code.OrderFields{ReleaseMethodType: true}}
}

// need is a field that must be filled in.
type need struct {
	name  string
	given bool
}

func missing(needs ...need) error {
	for _, n := range needs {
		if !n.given {
			return fmt.Errorf("%s is missing", n.name)
		}
	}
	return nil
}

func checkOrder(o Order) error {
	if err := checkAlias(o.Group); err != nil {
		return err
	}
	if n := len(o.Products); n < 1 || n > MaxGTINsPerOrder {
		return fmt.Errorf("%d products; it must be 1 to %d", n, MaxGTINsPerOrder)
	}
	seen := map[string]bool{}
	for _, p := range o.Products {
		if seen[p.GTIN] { // a suborder is addressed by orderId and gtin
			return fmt.Errorf("product %s stands in the order twice", p.GTIN)
		}
		seen[p.GTIN] = true
		if err := checkProduct(o, p); err != nil {
			return fmt.Errorf("product %s: %w", p.GTIN, err)
		}
	}
	d := rulesOf(o.Groups, o.Group).Order
	if o.Factory != nil && !d.Factory {
		return fmt.Errorf("group %s has no place for a factory", o.Group)
	}
	if d.Factory {
		f := o.Factory
		if f == nil {
			return fmt.Errorf("group %s needs the factory", o.Group)
		}
		if err := missing(need{"factoryId", f.ID != ""}, need{"factoryCountry", f.Country != ""},
			need{"productionLineId", f.ProductionLineID != ""}, need{"productCode", f.ProductCode != ""},
			need{"productDescription", f.ProductDescription != ""}); err != nil {
			return err
		}
		if !isDigits(f.ID, glnLength) {
			return fmt.Errorf("factoryId %q is no GLN of %d digits", f.ID, glnLength)
		}
	}
	if d.ContactPerson && o.ContactPerson == "" {
		return errors.New("contactPerson is missing")
	}
	releases := []string{ReleaseProduction, ReleaseImport, ReleaseRemains, ReleaseCommission}
	if d.ReleaseMethodType && !slices.Contains(releases, o.ReleaseMethod) {
		return fmt.Errorf("releaseMethodType is %q, not one of %v", o.ReleaseMethod, releases)
	}
	if o.ServiceProviderID != "" && !isUUID(o.ServiceProviderID) {
		return fmt.Errorf("serviceProviderId %q is no UUID", o.ServiceProviderID)
	}
	if d.Factory {
		return nil
	}
	if o.Country != "" && !isCountry(o.Country) {
		return fmt.Errorf("country %q is not two letters of ISO 3166-1", o.Country)
	}
	return checkCreateMethod(o)
}

func checkCreateMethod(o Order) error {
	if o.ServiceProviderID == "" {
		if o.CreateMethod != "" && o.CreateMethod != CreateSelfMade {
			return fmt.Errorf("createMethodType %q needs a serviceProviderId", o.CreateMethod)
		}
		return nil
	}
	others := []string{CreateCentre, CreateContract, CreateLogistics, CreateSite}
	if !slices.Contains(others, o.CreateMethod) {
		return fmt.Errorf("createMethodType is %q; with a serviceProviderId it is one of %v", o.CreateMethod, others)
	}
	return nil
}

func checkProduct(o Order, p OrderProduct) error {
	if err := code.ValidGTIN(p.GTIN); err != nil {
		return err
	}
	r, known := o.Groups.Rules(o.Group)
	switch {
	case p.Quantity < 1 || p.Quantity > MaxCodesPerGTIN:
		return fmt.Errorf("quantity is %d; it must be 1 to %d", p.Quantity, MaxCodesPerGTIN)
	case p.TemplateID < 1 || p.TemplateID > maxInt32:
		return fmt.Errorf("templateId is %d", p.TemplateID)
	case p.CISType != code.Unit && p.CISType != code.Group:
		return fmt.Errorf("cisType is %q, not %s or %s", p.CISType, code.Unit, code.Group)
	case p.CISType == code.Group && known && !r.GroupPacks:
		return fmt.Errorf("cisType is %s, but group %s has no group packs", code.Group, o.Group)
	case p.RateType != nil && *p.RateType != 0 && *p.RateType != 1:
		return fmt.Errorf("rateType is %d, not 0 or 1", *p.RateType)
	}
	switch p.SerialNumberType {
	case SerialOperator:
		if len(p.SerialNumbers) > 0 {
			return errors.New("serialNumbers are given although the operator makes them")
		}
	case SerialSelfMade:
		if len(p.SerialNumbers) != p.Quantity {
			return fmt.Errorf("%d serialNumbers for %d codes", len(p.SerialNumbers), p.Quantity)
		}
		return checkSerials(o, p)
	default:
		return fmt.Errorf("serialNumberType is %q, not %s or %s", p.SerialNumberType, SerialOperator, SerialSelfMade)
	}
	return nil
}

// checkSerials holds the participant's own serial numbers against what a code of the group has
// room for: one bad number would come back as a code that no printer may print.
func checkSerials(o Order, p OrderProduct) error {
	profile, err := o.Groups.Profile(o.Group, p.CISType)
	if err != nil {
		return fmt.Errorf("serialNumbers: %w", err)
	}
	for i, s := range p.SerialNumbers {
		if len(s) != profile.Serial {
			return fmt.Errorf("serialNumbers[%d] has %d characters, group %s has %d", i, len(s), o.Group, profile.Serial)
		}
		if err := code.CheckSerial82(s); err != nil {
			return fmt.Errorf("serialNumbers[%d]: %w", i, err)
		}
	}
	return distinct("serialNumbers", p.SerialNumbers)
}

// distinct reports an empty or repeated item. It names the place, not the item: a code in an
// error text would end in a log.
func distinct[T ~string](name string, items []T) error {
	seen := make(map[T]int, len(items))
	for i, item := range items {
		if item == "" {
			return fmt.Errorf("%s[%d] is empty", name, i)
		}
		if first, ok := seen[item]; ok {
			return fmt.Errorf("%s[%d] repeats %s[%d]", name, i, name, first)
		}
		seen[item] = i
	}
	return nil
}

const glnLength = 13

func isDigits(s string, length int) bool {
	return len(s) == length && strings.Trim(s, "0123456789") == ""
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func isUUID(s string) bool { return uuid.MatchString(s) }
