package agent

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/upstream/smartone"
)

// onePapers make the exact bytes of reports for SmartOne, which is told of packing alone.
type onePapers struct {
	cfg    *config.Config
	ledger *ledger.Ledger
}

// errNoPaper is what SmartOne has no document for.
var errNoPaper = errors.New("SmartOne takes documents of packing only")

// Utilisation implements report.Papers.
func (p onePapers) Utilisation(ledger.Report, []code.Code) ([]byte, error) { return nil, errNoPaper }

// Dropout implements report.Papers.
func (p onePapers) Dropout(ledger.Report, ledger.Drop, []code.Code) ([]byte, error) {
	return nil, errNoPaper
}

// NeedsUtilisation implements report.System.
func (p onePapers) NeedsUtilisation(string) bool { return false }

// Aggregation implements report.Papers. The day is this PC's own at the report's making.
func (p onePapers) Aggregation(r ledger.Report, units []ledger.AggregationUnit) ([]byte, error) {
	made := r.CreatedAt.Local()
	d := smartone.Document{RequestID: r.UUID, Date: made, Today: made, Emission: smartone.Retail}
	s := p.cfg.SmartOne
	if s.Emission == "import" {
		d.Emission = smartone.Import
	}
	d.Line = smartone.ID{Ext: s.ProductLine, System: int64(s.ProductLineID)}
	if s.ByBatch() {
		batch, err := strconv.ParseInt(r.Batch, 10, 64)
		if err != nil || batch < 1 {
			return nil, fmt.Errorf("batch %q of line %s is no number of a SmartOne batch: start the line's batch under such a number, or give [smartone] department", r.Batch, r.Line)
		}
		d.Batch = batch
	} else {
		d.Department = smartone.ID{Ext: s.Department, System: int64(s.DepartmentID)}
		if d.Line.IsZero() {
			d.Line.Ext = r.Line
		}
	}
	rows, err := p.rows(units)
	if err != nil {
		return nil, err
	}
	d.Rows = rows
	return smartone.EncodeAggregation(d)
}

// level is one row of a document: so many packings out of the innermost, one product in one package,
// packed into another.
type level struct {
	depth               int
	product, unit, pack smartone.ID
}

// rows puts what was packed in rows, what is inside before what holds it.
func (p onePapers) rows(units []ledger.AggregationUnit) ([]smartone.Row, error) {
	b := packing{onePapers: p, depths: map[code.Code]int{}, contents: map[code.Code][]code.Code{}, assorts: map[code.Code]smartone.ID{}}
	for _, u := range units {
		b.contents[u.Serial] = u.Children
	}
	var rows []smartone.Row
	at := map[level]int{}
	var order []level
	for _, u := range units {
		parent, err := b.packed(u.Serial)
		if err != nil {
			return nil, err
		}
		for _, c := range u.Children {
			child, err := b.packed(c)
			if err != nil {
				return nil, err
			}
			if child.unit.IsZero() {
				return nil, fmt.Errorf("%s is packed at station %q of line %s, whose packages have no name in SmartOne: give the station pack or pack_id", code.Visible(c), child.station, child.line)
			}
			l := level{depth: b.depth(c), unit: child.unit, pack: parent.unit}
			if l.product, err = b.assort(c); err != nil {
				return nil, err
			}
			i, known := at[l]
			if !known {
				i = len(rows)
				at[l] = i
				order = append(order, l)
				rows = append(rows, smartone.Row{Product: l.product, Unit: l.unit, Pack: l.pack})
			}
			rows[i].Codes = append(rows[i].Codes, smartone.Item{Code: child.name, Parent: parent.name})
		}
	}
	return byDepth(rows, order), nil
}

// byDepth orders rows from the inside out, each level in the order of its first packing.
func byDepth(rows []smartone.Row, of []level) []smartone.Row {
	sorted := make([]smartone.Row, 0, len(rows))
	for depth := 0; len(sorted) < len(rows); depth++ {
		for i, l := range of {
			if l.depth == depth {
				sorted = append(sorted, rows[i])
			}
		}
	}
	return sorted
}

// packing looks up what a report's codes are.
type packing struct {
	onePapers
	depths   map[code.Code]int
	contents map[code.Code][]code.Code
	assorts  map[code.Code]smartone.ID
}

// named is how SmartOne is told of a code.
type named struct {
	name          code.Code
	unit          smartone.ID // its package; zero: a transport pallet
	product       string      // empty: an SSCC
	line, station string      // of an SSCC
}

// packed finds what stands behind a code or an SSCC.
func (b *packing) packed(c code.Code) (named, error) {
	found, err := b.ledger.Packed(context.Background(), c)
	if err != nil {
		return named{}, fmt.Errorf("%s: %w", code.Visible(c), err)
	}
	n := named{name: c, line: found.Line, station: found.Station}
	if found.Product == 0 {
		n.unit = b.packageOf(found.Line, found.Station)
		return n, nil
	}
	product, err := b.productOf(c)
	if err != nil {
		return n, err
	}
	n.product, n.unit = product.Name, smartone.ID{Ext: product.Unit, System: int64(product.UnitID)}
	if b.cfg.SmartOne.WholeCodes() {
		n.name = found.Whole
	}
	return n, nil
}

// packageOf is the package of a station's SSCCs.
func (b *packing) packageOf(line, station string) smartone.ID {
	for _, l := range b.cfg.Lines {
		for _, s := range l.Stations {
			if l.Name == line && s.Name == station {
				return smartone.ID{Ext: s.Pack, System: int64(s.PackID)}
			}
		}
	}
	return smartone.ID{}
}

// productOf finds a code's product by the GTIN in it.
func (b *packing) productOf(c code.Code) (config.Product, error) {
	for _, p := range b.cfg.Products {
		if profile, err := b.cfg.Table.Profile(p.GroupOr(b.cfg), code.Type(p.CISType)); err == nil && ofGTIN(profile, p.GTIN, c) {
			return p, nil
		}
	}
	return config.Product{}, fmt.Errorf("%s is of no product of the configuration", code.Visible(c))
}

// ofGTIN says whether a code begins as the codes of a GTIN do.
func ofGTIN(p code.Profile, gtin string, c code.Code) bool {
	if p.AIs {
		gtin = "01" + gtin
	}
	return len(c) > len(gtin) && string(c[:len(gtin)]) == gtin
}

// depth is how many levels of this document lie in a code.
func (b *packing) depth(c code.Code) int {
	if d, known := b.depths[c]; known {
		return d
	}
	deepest := 0
	for _, child := range b.contents[c] {
		deepest = max(deepest, 1+b.depth(child))
	}
	b.depths[c] = deepest
	return deepest
}

// assort is the product that a code stands for: its own, or, of an SSCC, that of what is in it.
func (b *packing) assort(c code.Code) (smartone.ID, error) {
	if id, known := b.assorts[c]; known {
		return id, nil
	}
	n, err := b.packed(c)
	if err != nil {
		return smartone.ID{}, err
	}
	var id smartone.ID
	if p, ok := b.cfg.Product(n.product); ok {
		id = smartone.ID{Ext: p.Assort, System: int64(p.AssortID)}
	} else {
		in := b.contents[c]
		if len(in) == 0 {
			box, _, err := b.ledger.FindContainer(context.Background(), c)
			if err != nil {
				return id, fmt.Errorf("%s: %w", code.Visible(c), err)
			}
			in = box.In
		}
		if len(in) == 0 {
			return id, fmt.Errorf("%s has nothing in it", code.Visible(c))
		}
		if id, err = b.assort(in[0]); err != nil {
			return id, err
		}
	}
	b.assorts[c] = id
	return id, nil
}
