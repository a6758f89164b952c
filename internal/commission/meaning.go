package commission

import (
	"fmt"
	"strings"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/mangle"
)

// reader understands codes by the products of a configuration.
type reader struct {
	products []marked
	known    map[code.Code]string // codes of nobody's, by what they are
	// takes asks the driver whether it would accept a setting; nil: there is none to ask.
	takes func(key, value string) error
}

func newReader(cfg *config.Config) (*reader, error) {
	r := &reader{known: map[code.Code]string{}}
	var err error
	if r.products, err = products(cfg); err != nil {
		return nil, err
	}
	for _, p := range r.products {
		for _, s := range code.Samples(p.profile, nobody) {
			r.known[s] = "a label of linemark test printer, as it was printed"
		}
	}
	for _, p := range r.products {
		r.known[control(p.profile)] = "the control code, byte for byte"
	}
	return r, nil
}

// meaning is what one code is.
type meaning struct {
	good   bool   // a whole code in a form of this configuration
	text   string // in words
	ais    bool   // the code has application identifiers: its symbol must be a GS1 symbol
	advice []Advice
}

// of says what a code is, and if it is none, what happened to it.
func (r *reader) of(c code.Code) meaning {
	if what, ok := r.known[c]; ok {
		return meaning{good: true, text: what, ais: strings.HasPrefix(string(c), "01"+nobody)}
	}
	if prefix, serial, err := code.ParseSSCC(c); err == nil {
		return meaning{good: true, ais: true, text: fmt.Sprintf("a transport code (SSCC): company part %s, serial %07d", prefix, serial)}
	}
	if p, ok := r.whole(c); ok {
		return r.product(c, p)
	}
	for _, p := range r.products {
		if parts, err := p.profile.Parse(c); err == nil && len(parts.Warnings) == 0 && parts.Tail == "" && !parts.GSLost {
			return meaning{text: "the identification code of a " + p.profile.Group + " code", advice: []Advice{{Key: "tail",
				What: "the check part of the code is missing", Do: "let the reader send the whole content of the symbol"}}}
		}
	}
	return r.mangled(c)
}

// whole finds the product whose code it is, or one with codes of this form.
func (r *reader) whole(c code.Code) (marked, bool) {
	var form marked
	found := false
	for _, p := range r.products {
		parts, err := p.profile.Parse(c)
		if err != nil || len(parts.Warnings) > 0 || parts.GSLost || parts.Tail == "" && p.profile.Full > p.profile.KI {
			continue
		}
		if parts.GTIN == p.gtin {
			return p, true
		}
		form, found = marked{"", parts.GTIN, p.profile}, true
	}
	return form, found
}

func (r *reader) product(c code.Code, p marked) meaning {
	parts, err := p.profile.Parse(c)
	if err != nil {
		return meaning{text: err.Error()}
	}
	m := meaning{good: true, ais: p.profile.AIs}
	m.text = fmt.Sprintf("%s %s code, GTIN %s, serial %s: ", p.profile.Group, p.profile.Type, parts.GTIN, visible(parts.Serial))
	switch {
	case p.name != "":
		m.text += "product " + p.name
	case parts.GTIN == nobody && len(r.changed(c)) > 0:
		m.good = false
		m.text += "the control code, changed"
		m.advice = r.changed(c)
	case parts.GTIN == nobody:
		m.text += "a code of nobody's"
	default:
		m.text += "no product of this configuration has this GTIN"
		m.advice = []Advice{{Key: "gtin " + parts.GTIN, Note: true, What: "GTIN " + parts.GTIN + " is of no product of this configuration", Do: "name it in a [[product]] if it is to pass"}}
	}
	return m
}

// lost says whether all that is wrong with a code is that its separators are missing.
func (r *reader) lost(c code.Code) bool {
	for _, p := range r.products {
		if wrong, gsLost := faults(p.profile, c); gsLost && !wrong {
			return true
		}
	}
	return false
}

// faults says whether more is wrong with a code than its missing separators.
func faults(p code.Profile, c code.Code) (wrong, gsLost bool) {
	parts, err := p.Parse(c)
	if err != nil {
		return true, false
	}
	for _, w := range parts.Warnings {
		if !parts.GSLost || !strings.HasPrefix(w, "GS missing") {
			wrong = true
		}
	}
	return wrong || parts.Tail == "" && p.Full > p.KI, parts.GSLost
}

func (r *reader) fits(c code.Code) bool {
	_, ok := r.whole(c)
	return ok || r.known[c] != "" || code.ValidSSCC(c) == nil
}

// mangled says what happened to a text that is no code as issued.
func (r *reader) mangled(c code.Code) meaning {
	if r.lost(c) {
		m := meaning{text: "a code without its separators", advice: []Advice{lostGS}}
		m.advice = append(m.advice, r.changed(c)...)
		return m
	}
	was, found, ok := mangle.Explain(c, r.fits)
	gsLost := false
	if len(found) == 0 {
		was, found, ok = mangle.Explain(c, r.lost)
		gsLost = ok
	}
	m := meaning{text: "no code of this configuration"}
	if ok {
		m.text = "it was " + visible(string(was))
		m.advice = r.happened(c, was, found)
		if gsLost {
			m.advice = append(m.advice, lostGS)
		}
		m.advice = append(m.advice, r.changed(was)...)
		return m
	}
	for _, f := range found {
		m.advice = append(m.advice, Advice{Key: f.Who, What: f.What + " (" + f.Who + ")", Do: f.Do})
	}
	if len(found) == 0 {
		m.advice = append(r.changed(c), r.around(c)...)
	}
	if len(m.advice) == 0 {
		m.advice = r.word(c)
	}
	return m
}

var lostGS = Advice{Key: "gs",
	What: "every separator GS (byte 1D) is missing, the rest of the code has the right length",
	Do:   "set the reader to send GS (function code substitution, control character removal and keyboard mode take it away), or a mark for it that gs = ... names; without it a code is matched with issued ones exactly or not at all"}
