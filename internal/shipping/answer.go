package shipping

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Bounds of what is kept of one answer beside one shipment: an answer is anybody's, and the disk is the ledger's too.
const (
	mostPictures  = 8       // of one waybill; more of them are nobody's labels
	mostStrays    = 20      // files that belong to no waybill for certain
	mostBeside    = 4 << 20 // bytes of strays, and of inventories
	mostNotes     = 50
	longestNumber = 200 // bytes
)

// write puts the files of an answer beside a shipment, and returns what people should know of it.
func (c *Clerk) write(name string, a Answer, of map[int]Brought, now time.Time, pictures map[int][]QR, inventories, strays *[]File) (notes []string, err error) {
	for _, note := range a.Notes[:min(len(a.Notes), mostNotes)] {
		notes = append(notes, oneLine(note))
	}
	if more := len(a.Notes) - len(notes); more > 0 {
		notes = append(notes, fmt.Sprintf("and %d more notes", more))
	}
	for _, n := range slices.Sorted(maps.Keys(of)) {
		if of[n].Trouble == nil {
			if pictures[n], err = c.pictures(name, n, of[n], now); err != nil {
				return nil, err
			}
		}
	}
	left := mostBeside
	beside := func(file, original string, content []byte, into *[]File) error {
		if left -= len(content); left < 0 {
			return nil
		}
		f, err := c.Store.put(name, file, oneLine(original), content)
		*into = addFiles(*into, []File{f})
		return err
	}
	if slices.ContainsFunc(slices.Collect(maps.Values(pictures)), func(of []QR) bool { return len(of) > 0 }) {
		for _, raw := range a.Inventories {
			if err := beside("inventory-"+sum(raw)[:12]+".xml", "Inventory.xml", raw, inventories); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range a.Strays[:min(len(a.Strays), mostStrays)] {
		if err := beside("stray-"+sum(r.Bytes)[:12]+"."+end(r.Format), r.Name, r.Bytes, strays); err != nil {
			return nil, err
		}
	}
	if left < 0 {
		notes = append(notes, fmt.Sprintf("the answer has %d bytes of inventories and of what belongs to no waybill for certain: no more than %d are kept", mostBeside-left, mostBeside))
	}
	return notes, nil
}

// pictures puts the pictures of one waybill beside its shipment.
func (c *Clerk) pictures(name string, n int, b Brought, now time.Time) (all []QR, err error) {
	for j, p := range b.Pictures[:min(len(b.Pictures), mostPictures)] {
		if slices.ContainsFunc(all, func(q QR) bool { return q.SHA256 == sum(p.Bytes) }) {
			continue // the same one twice is one label
		}
		f, err := c.Store.put(name, fmt.Sprintf("qr-%03d-%d.%s", n+1, j+1, end(p.Format)), oneLine(p.Name), p.Bytes)
		if err != nil {
			return nil, err
		}
		q := QR{File: f, Format: p.Format, Label: Unasked, Since: now}
		if c.Rules.Print {
			q.Label = ToPrint
		}
		if _, err := Decode(p.Bytes); err != nil {
			q.Label, q.Why = Unprintable, oneLine(err.Error())
			c.alarm(name+q.Name, fmt.Sprintf("shipment %s: no label can be made of the QR code of waybill %s, which is in %s: %s", name, b.ID, q.Name, q.Why))
		} else if len(b.Pictures) > mostPictures && c.Rules.Print {
			q.Label, q.Why = Doubtful, fmt.Sprintf("%d pictures came for one waybill: look which is its QR code, and have it printed with linemark shipping print --again", len(b.Pictures))
		}
		all = append(all, q)
	}
	return all, nil
}

// number is a document's number as the answer tells it, where it is one that people can read.
func number(text string) string {
	if len(text) > longestNumber || oneLine(text) != text {
		return ""
	}
	return text
}

// relabelled keeps what is known of a label whose picture came again as it was. Where another picture came than
// the one that is or may be on the goods, whether it is to be printed too is a person's to say.
func relabelled(had, came []QR) []QR {
	out := slices.ContainsFunc(had, func(h QR) bool {
		return slices.Contains([]LabelState{Sending, Sent, Printed, Doubtful}, h.Label)
	})
	for i := range came {
		if n := slices.IndexFunc(had, func(h QR) bool { return h.SHA256 == came[i].SHA256 }); n >= 0 {
			came[i].Label, came[i].Why, came[i].Since = had[n].Label, had[n].Why, had[n].Since
		} else if out && came[i].Label == ToPrint {
			came[i].Label, came[i].Why = Doubtful, anotherPicture
		}
	}
	return came
}

// anotherPicture is why a label is not printed by itself.
const anotherPicture = "another QR code came than the one that was printed: compare the two, and have it printed with linemark shipping print --again"

// addFiles adds files that are not there yet.
func addFiles(had, more []File) []File {
	for _, f := range more {
		known := false
		for _, h := range had {
			known = known || h.Name == f.Name
		}
		if !known {
			had = append(had, f)
		}
	}
	return had
}

// end is how the name of a file of a format ends.
func end(format string) string {
	switch format {
	case "png", "gif", "bmp", "pdf", "svg", "zip":
		return format
	case "jpeg":
		return "jpg"
	}
	return "bin"
}
