package ediweb

import (
	"fmt"
	"regexp"

	"linemark/internal/upstream/ediweb/stack"
)

// mask is the document's QR_ + number + _ + time.zip. The number may hold anything, a slash too.
// The ending is left open, for a picture that stands where its archive should.
var mask = regexp.MustCompile(`(?is)(?:^|[/\\])QR_(.+)_(\d{14})\.[a-z0-9]{1,5}$`)

// packet takes over an entry of the answer that is no inventory.
func packet(e stack.Entry, i int, lot *Lot, names *stack.SafeNames) Packet {
	p := Packet{Name: e.Name, RawName: e.RawName, SafeName: names.Make(e.Name), Lot: i, Raw: e.Bytes}
	if m := mask.FindStringSubmatch(e.Name); m != nil {
		p.Number, p.Stamp = m[1], m[2]
	}
	var safe stack.SafeNames
	switch {
	case e.Err != nil:
		p.Problem = e.Err.Error()
	case !e.Archive:
		p.picture(e, lot, &safe)
	default:
		for _, inner := range e.Inner {
			switch {
			case inner.Err != nil && p.Problem == "":
				p.Problem = fmt.Sprintf("%.120q in it: %v", inner.Name, inner.Err)
			case inner.Err != nil: // one line is enough
			case stack.IsInventory(inner.Name):
				p.Inventories = append(p.Inventories, inventory(inner, lot))
			default:
				p.picture(inner, lot, &safe)
			}
		}
		if len(p.Pictures) == 0 && p.Problem == "" {
			p.Problem = "it holds no picture"
		}
	}
	return p
}

// picture takes over an entry as a QR picture.
func (p *Packet) picture(e stack.Entry, lot *Lot, safe *stack.SafeNames) {
	format := stack.FormatOf(e.Bytes)
	if format == stack.Unknown {
		lot.note("%.120q of %.120q is no picture of a known format, it begins %q", e.Name, p.Name, e.Bytes[:min(len(e.Bytes), 16)])
	}
	p.Pictures = append(p.Pictures, Picture{
		Name: e.Name, RawName: e.RawName, SafeName: safe.Make(e.Name), Format: format, Bytes: e.Bytes,
	})
	if len(e.Bytes) == 0 && p.Problem == "" {
		p.Problem = fmt.Sprintf("%.120q in it is empty", e.Name)
	}
}

// inventory takes over an Inventory.xml. One that cannot be read is kept all the same.
func inventory(e stack.Entry, lot *Lot) Inventory {
	tree, err := stack.ReadInventory(e.Bytes)
	v := Inventory{Raw: e.Bytes, tree: tree}
	if err != nil {
		v.Note = err.Error()
		lot.note("the inventory %.120q cannot be read: %v", e.Name, err)
	}
	return v
}
