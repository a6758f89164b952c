package commission

import (
	"fmt"
	"strings"

	"linemark/internal/code"
	"linemark/internal/config"
)

// nobody is a GTIN that no product has; its check digit is right.
const nobody = "00000000000000"

// marked is a product's codes as the configuration has them.
type marked struct {
	name    string
	gtin    string
	profile code.Profile
}

func products(cfg *config.Config) ([]marked, error) {
	var all []marked
	for _, p := range cfg.Products {
		profile, err := cfg.Table.Profile(p.GroupOr(cfg), code.Type(p.CISType))
		if err != nil {
			return nil, fmt.Errorf("product %s: %w", p.Name, err)
		}
		all = append(all, marked{p.Name, p.GTIN, profile})
	}
	return all, nil
}

// Control is a code of nobody's to hold under a scanner.
type Control struct {
	Of   string // whose form it has: group and type
	Code code.Code
}

// ControlCodes returns a code of nobody's for each kind of code in the configuration. Letters of
// both cases, those that keyboards swap and the marks that programs eat stand in it, so that what
// happens to codes on their way happens to it.
func ControlCodes(cfg *config.Config) ([]Control, error) {
	all, err := products(cfg)
	if err != nil {
		return nil, err
	}
	var controls []Control
	seen := map[code.Code]bool{}
	for _, p := range all {
		c := control(p.profile)
		if !seen[c] {
			seen[c] = true
			controls = append(controls, Control{p.profile.Group + " " + string(p.profile.Type), c})
		}
	}
	return controls, nil
}

// tricky is what control codes are made of: all of it is in GS1 character set 82.
const tricky = `aBz&Yy<%Z/"A_'+?b`

func control(p code.Profile) code.Code { return assemble(p, nobody, tricky, "aB1/") }

// assemble makes a code of a profile; serial and check part repeat the given texts as far as they must.
func assemble(p code.Profile, gtin, serial, check string) code.Code {
	var b strings.Builder
	if p.AIs {
		b.WriteString("01" + gtin + "21")
	} else {
		b.WriteString(gtin)
	}
	b.WriteString(filled(serial, p.Serial))
	for _, f := range p.Tail {
		if f.Length == 0 {
			break
		}
		if p.AIs {
			b.WriteString(string(code.GS) + f.AI)
		}
		b.WriteString(filled(check, f.Length))
	}
	return code.Code(b.String())
}

func filled(with string, n int) string {
	return strings.Repeat(with, n/len(with)+1)[:n]
}
