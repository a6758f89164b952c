// Package label is what is printed around a code: the values behind the placeholders of a
// label. How a label looks, and how a value is written in a printer's own language, is the
// driver's business; a ready set of label files lies in configs/labels.
package label

import (
	"fmt"
	"strconv"
	"strings"

	"linemark/internal/code"
)

// Label is the content of one label.
type Label struct {
	Code   code.Code // {code}; empty if the label has no marking code
	SSCC   code.Code // empty if the label has no transport code; {sscc} is its 18 digits without the identifier 00
	GTIN   string    // {gtin}, 14 digits
	Serial string    // {serial}, as it stands in the code
	Batch  string    // {batch}
	// {production_date} and {expiration_date}, as in RFC 3339 or yyyy-mm-dd; empty where the batch has none.
	ProductionDate string
	ExpirationDate string
	// Number is {count}: the running number of the label in its batch, from 1.
	Number int
}

// Batch is what a batch gives to all of its labels.
type Batch struct {
	Name           string
	ProductionDate string
	ExpirationDate string
}

// OfCode is the label of a unit or a group pack with its own code. The serial is left out of a
// code that the profile cannot read.
func (b Batch) OfCode(c code.Code, gtin string, p code.Profile, number int) Label {
	l := b.label(number)
	l.Code, l.GTIN = c, gtin
	if parts, err := p.Parse(c); err == nil {
		l.Serial = parts.Serial
	}
	return l
}

// OfSSCC is the label of a container with a transport code.
func (b Batch) OfSSCC(sscc code.Code, number int) Label {
	l := b.label(number)
	l.SSCC = sscc
	return l
}

func (b Batch) label(number int) Label {
	return Label{Batch: b.Name, ProductionDate: b.ProductionDate, ExpirationDate: b.ExpirationDate, Number: number}
}

// sscc is the application identifier of a transport code, as {gtin} has none either.
const sscc = "00"

// Fields returns the values of the placeholders but {code}. A date that the batch does not have
// is left out: a label that needs it must not be printed with a gap.
func (l Label) Fields() map[string]string {
	fields := map[string]string{"gtin": l.GTIN, "serial": l.Serial, "batch": l.Batch, "sscc": strings.TrimPrefix(string(l.SSCC), sscc), "count": strconv.Itoa(l.Number)}
	for name, date := range map[string]string{"production_date": l.ProductionDate, "expiration_date": l.ExpirationDate} {
		if date != "" {
			fields[name] = date
		}
	}
	return fields
}

// Carries asks, before the first code is claimed, whether a printer and its label can carry what
// the codes of a product may hold: every character that a serial may have, and GS. check is the
// driver's word on one code.
func Carries(p code.Profile, gtin string, check func(code []byte) error) error {
	for _, c := range code.Samples(p, gtin) {
		if err := check([]byte(c)); err != nil {
			return fmt.Errorf("they may hold what the printer cannot take: %w", err)
		}
	}
	return nil
}
