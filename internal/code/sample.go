package code

import "strings"

// Set82 is GS1 character set 82: every character that a serial number may hold
// (GS1 General Specifications, figure 7.11-1).
const Set82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`

// Samples returns codes of the profile that hold between them every character that its codes
// may hold. They are nobody's codes: they serve to ask a printer or a medium, before the first
// real code, whether it can carry all of them.
func Samples(p Profile, gtin string) []Code {
	var samples []Code
	alphabet := Set82
	take := func(n int) string {
		for len(alphabet) < n {
			alphabet += Set82
		}
		s := alphabet[:n]
		alphabet = alphabet[n:]
		return s
	}
	for used := 0; used < len(Set82); used += p.Serial {
		var b strings.Builder
		if !p.AIs {
			b.WriteString(gtin + take(p.Serial) + strings.Repeat("A", p.Full-GTINLength-p.Serial))
			samples = append(samples, Code(b.String()))
			continue
		}
		b.WriteString("01" + gtin + "21" + take(p.Serial))
		for _, f := range p.Tail {
			if f.AI != "" {
				b.WriteString(string(GS) + f.AI + strings.Repeat("A", f.Length))
			}
		}
		samples = append(samples, Code(b.String()))
	}
	return samples
}
