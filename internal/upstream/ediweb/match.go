package ediweb

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"linemark/internal/upstream/ediweb/stack"
)

// owners holds for each packet the ids that it may belong to.
type owners []map[string]bool

func (o owners) add(packet int, id string) {
	if o[packet] == nil {
		o[packet] = map[string]bool{}
	}
	o[packet][id] = true
}

func (o owners) of(packet int) []string {
	var ids []string
	for id := range o[packet] {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// match finds whose each packet is, by three witnesses: the document's number in its name, the
// inventory beside the packets, and the inventory inside. Where they contradict each other the
// packet has several owners, and none is taken. That a lot of one id brought one packet is no
// witness: the service may have sent another document's.
func match(lot *Lot, packets []Packet) owners {
	found := make(owners, len(packets))
	asked := map[string]bool{}
	for _, id := range lot.IDs {
		asked[id] = true
	}
	for n, p := range packets {
		if asked[p.Number] {
			found.add(n, p.Number)
		}
		inside := map[string]bool{}
		for _, v := range p.Inventories {
			walk(v.tree, func(value string) {
				if asked[value] {
					inside[value] = true
				}
			})
		}
		for id := range inside {
			found.add(n, id)
		}
	}
	r := reader{asked: asked, names: map[string][]string{}, records: map[record]bool{}}
	of := map[string][]int{}
	for n, p := range packets {
		k := key(n, p)
		r.refer(k, p)
		of[k] = append(of[k], n)
	}
	for _, v := range lot.Inventories {
		if v.tree != nil {
			r.read(v.tree)
		}
	}
	for rec := range r.records {
		for _, n := range of[rec.document] {
			found.add(n, rec.id)
		}
	}
	return found
}

func walk(n *stack.Node, visit func(string)) {
	if n == nil {
		return
	}
	for _, v := range n.Values {
		visit(v)
	}
	for _, child := range n.Nodes {
		walk(child, visit)
	}
}

// key tells documents apart by their packets: by number, or each packet without one by itself.
func key(n int, p Packet) string {
	if p.Number != "" {
		return p.Number
	}
	return fmt.Sprintf("\x00%d", n)
}

// reader matches by an inventory of unknown structure. The smallest element in which an id
// stands together with what names a packet is taken for the record of that document; if it
// holds a second id, or names the packets of two documents, it is no record and says nothing.
type reader struct {
	asked   map[string]bool
	names   map[string][]string // the documents' keys by what an inventory may call them
	records map[record]bool
}

type record struct{ id, document string }

// refer lists what an inventory may call a packet: its name, whole or without folder and ending,
// and the document's number. A name of two documents is of no use, so more are not listed.
func (r *reader) refer(k string, p Packet) {
	bare := path.Base(strings.ReplaceAll(p.Name, `\`, "/"))
	for _, name := range []string{
		p.Name, strings.TrimSuffix(p.Name, path.Ext(p.Name)), bare, strings.TrimSuffix(bare, path.Ext(bare)), p.Number,
	} {
		keys := r.names[name]
		if name != "" && len(keys) < 2 && !slices.Contains(keys, k) {
			r.names[name] = append(keys, k)
		}
	}
}

// read returns what stands in n and below: the ids, and the documents that are named. The first
// element in which both stand has them alone, or no larger one will.
func (r *reader) read(n *stack.Node) (ids, documents map[string]bool) {
	ids, documents = map[string]bool{}, map[string]bool{}
	for _, v := range n.Values {
		if r.asked[v] {
			ids[v] = true
		}
		for _, k := range r.names[v] {
			documents[k] = true
		}
	}
	for _, child := range n.Nodes {
		i, d := r.read(child)
		maps.Copy(ids, i)
		maps.Copy(documents, d)
	}
	if len(ids) == 1 && len(documents) == 1 {
		for id := range ids {
			for d := range documents {
				r.records[record{id, d}] = true
			}
		}
	}
	return ids, documents
}
