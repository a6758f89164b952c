package shipping

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"linemark/internal/code"
)

// Order is a shipment as it is given.
type Order struct {
	Name      string   `json:"name"`
	Pallets   []string `json:"pallets"`   // SSCC, with or without 00
	Waybills  []string `json:"waybills"`  // ids
	Documents []Named  `json:"documents"` // without a box: the configured one
}

// Limits of an order: far above anything real, they catch a wrong file.
const (
	longestName = 100
	longestID   = 200 // bytes of a waybill's id; the client takes no longer ones
	longestBox  = 256 // bytes of the three ids of a document; the same
	mostOfAKind = 1000
)

// Rules are what the configuration means for orders.
type Rules struct {
	Waybills  bool   // [ediweb] is there
	Documents bool   // [diadoc] is there
	Box       string // of documents that name none
	Print     bool   // [shipping] printer is there: QR codes go on labels
}

// check returns the order as it is kept: repeats left out, SSCCs with 00, boxes filled in. The error is an
// *InputError.
func (o Order) check(r Rules) (Order, error) {
	if err := checkName(o.Name); err != nil {
		return o, err
	}
	for _, list := range []struct {
		what string
		n    int
	}{{"pallets", len(o.Pallets)}, {"waybills", len(o.Waybills)}, {"documents", len(o.Documents)}} {
		if list.n > mostOfAKind {
			return o, input("divide it into several shipments", "the shipment has %d %s, more than %d", list.n, list.what, mostOfAKind)
		}
	}
	switch {
	case len(o.Waybills)+len(o.Documents) == 0:
		return o, input("name at least one waybill or document", "there is nothing to fetch for the shipment")
	case len(o.Waybills) > 0 && !r.Waybills:
		return o, input("add [ediweb] to the configuration", "the shipment names waybills, and their QR codes come from Ediweb, which is not configured")
	case len(o.Documents) > 0 && !r.Documents:
		return o, input("add [diadoc] to the configuration", "the shipment names documents, and their protocols come from Diadoc, which is not configured")
	}
	out := Order{Name: o.Name}
	for _, p := range o.Pallets {
		sscc, err := ssccOf(p)
		if err != nil {
			return o, err
		}
		out.Pallets = append(out.Pallets, sscc)
	}
	for _, id := range o.Waybills {
		if err := checkID("waybill", id, longestID); err != nil {
			return o, err
		}
		if strings.ContainsRune(id, ',') {
			return o, input("give each id by itself", "waybill %q holds a comma, which separates ids", id)
		}
		out.Waybills = append(out.Waybills, id)
	}
	for _, d := range o.Documents {
		d.Box = cmp.Or(d.Box, r.Box)
		if d.Box == "" {
			return o, input("name it with the document, or write box_id under [diadoc]", "document %q has no box", d.Document)
		}
		for _, id := range []struct{ what, text string }{{"message", d.Message}, {"document", d.Document}, {"box", d.Box}} {
			if err := checkID(id.what, id.text, longestBox); err != nil {
				return o, err
			}
		}
		out.Documents = append(out.Documents, d)
	}
	out.Pallets, out.Waybills, out.Documents = once(out.Pallets), once(out.Waybills), once(out.Documents)
	return out, nil
}

// once leaves repeats out and keeps the order.
func once[T comparable](all []T) []T {
	var out []T
	seen := map[T]bool{}
	for _, v := range all {
		if !seen[v] {
			seen[v], out = true, append(out, v)
		}
	}
	return out
}

// reserved are names that Windows keeps for devices.
var reserved = []string{"CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
	"LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9"}

// checkName takes what is a folder's name on every system.
func checkName(name string) error {
	const hint = "letters, digits, dash, dot and underscore, 100 at most; neither first nor last a dot"
	stem, _, _ := strings.Cut(name, ".")
	switch {
	case name == "":
		return input(hint, "the shipment has no name")
	case len(name) > longestName:
		return input(hint, "the shipment's name has %d characters, more than %d", len(name), longestName)
	case inside(name):
		return input(hint, "%q cannot be the name of a shipment", name)
	case name[0] == '.' || name[len(name)-1] == '.' || slices.Contains(reserved, strings.ToUpper(stem)):
		return input(hint, "%q cannot be the name of a shipment", name)
	}
	return nil
}

// inside finds a character that no name may have.
func inside(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._", r))
	})
}

func checkID(what, id string, longest int) error {
	const hint = "copy it as its system shows it"
	shown := id[:min(len(id), 60)]
	switch {
	case id == "":
		return input(hint, "the id of a %s is empty", what)
	case len(id) > longest:
		return input(hint, "%s %q has %d bytes, more than %d", what, shown, len(id), longest)
	case !utf8.ValidString(id) || strings.ContainsRune(id, utf8.RuneError):
		return input(hint, "%s %q is not valid UTF-8", what, shown)
	case strings.TrimSpace(id) != id || strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }):
		return input(hint, "%s %q begins or ends with a blank or holds what does not print", what, shown)
	}
	return nil
}

// ssccOf is a pallet's code with 00, checked.
func ssccOf(text string) (string, error) {
	const hint = "give the 18 digits on the pallet's label, with or without 00 before them"
	c := code.Code(text)
	if len(text) == 18 {
		c = "00" + c
	}
	if len(c) != 20 {
		return "", input(hint, "pallet %q is no SSCC of 18 digits", text[:min(len(text), 60)])
	}
	if err := code.ValidSSCC(c); err != nil {
		return "", &InputError{What: fmt.Sprintf("pallet %q: %v", text, err), Hint: hint}
	}
	return string(c), nil
}

// same says whether an order asks for what a shipment was made of, in whatever order.
func (o Order) same(s *Shipment) bool {
	var had Order
	for _, p := range s.Pallets {
		had.Pallets = append(had.Pallets, p.SSCC)
	}
	for _, w := range s.Waybills {
		had.Waybills = append(had.Waybills, w.ID)
	}
	for _, d := range s.Documents {
		had.Documents = append(had.Documents, d.Named)
	}
	named := func(a, b Named) int {
		return cmp.Or(cmp.Compare(a.Box, b.Box), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Document, b.Document))
	}
	return slices.Equal(slices.Sorted(slices.Values(o.Pallets)), slices.Sorted(slices.Values(had.Pallets))) &&
		slices.Equal(slices.Sorted(slices.Values(o.Waybills)), slices.Sorted(slices.Values(had.Waybills))) &&
		slices.Equal(slices.SortedFunc(slices.Values(o.Documents), named), slices.SortedFunc(slices.Values(had.Documents), named))
}
