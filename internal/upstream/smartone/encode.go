package smartone

import (
	"fmt"
	"strconv"
	"time"

	"linemark/internal/code"
	"linemark/internal/escape"
)

const opAggregation = "make_aggregation"

// EncodeAggregation returns the body of make_aggregation, the bytes to store before they are sent
// for the first time and to send again ever after, or an *InvalidError with everything that the
// document does not allow.
func EncodeAggregation(d Document) ([]byte, error) {
	p := d.check()
	if d.RequestID == "" {
		p.add("request_id is not given")
	}
	if err := checkText(d.RequestID, MaxID); err != nil {
		p.add("request_id %v", err)
	}
	if err := p.err(opAggregation); err != nil {
		return nil, err
	}
	b := d.head(nil)
	for i, r := range d.Rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = r.append(b)
	}
	b = append(b, `]}`...)
	if len(b) > MaxUnpacked {
		p.add("it has %d bytes before gzip; at most %d: split it", len(b), MaxUnpacked)
		return nil, p.err(opAggregation)
	}
	return b, nil
}

// head writes everything before the rows. The request id comes first, so that whoever looks at the
// stored bytes finds it.
func (d Document) head(b []byte) []byte {
	b = append(b, `{"request_id":`...)
	b = quoted(b, code.Code(d.RequestID))
	if d.Batch > 0 {
		b = append(b, `,"batch_id":`...)
		b = strconv.AppendInt(b, d.Batch, 10)
	}
	b = d.Department.append(b, ',', "depart")
	b = d.Line.append(b, ',', "product_line")
	b = append(b, `,"dat":"`...)
	b = d.date().AppendFormat(b, time.DateOnly)
	b = append(b, `","doc_type":`...)
	b = strconv.AppendInt(b, int64(max(d.Emission, Retail)), 10)
	return append(b, `,"items":[`...)
}

func (r Row) append(b []byte) []byte {
	b = r.head(b)
	if len(r.Codes) == 0 {
		return append(b, '}')
	}
	b = append(b, `,"items":[`...)
	for i, item := range r.Codes {
		if i > 0 {
			b = append(b, ',')
		}
		b = item.append(b)
	}
	return append(b, `]}`...)
}

func (r Row) head(b []byte) []byte {
	b = r.Product.append(b, '{', "assort")
	b = r.Unit.append(b, ',', "unit")
	b = r.Pack.append(b, ',', "pack")
	b = append(b, `,"cnt":`...)
	return strconv.AppendInt(b, int64(max(r.Count, len(r.Codes))), 10)
}

func (i Item) append(b []byte) []byte {
	b = append(b, `{"code":`...)
	b = quoted(b, i.Code)
	if i.Parent != "" {
		b = append(b, `,"parent_code":`...)
		b = quoted(b, i.Parent)
	}
	return append(b, '}')
}

// append writes whichever of the two is given.
func (id ID) append(b []byte, before byte, name string) []byte {
	switch {
	case id.Ext != "":
		b = append(b, before)
		b = append(b, `"`+name+`_ext_id":`...)
		b = quoted(b, code.Code(id.Ext))
	case id.System > 0:
		b = append(b, before)
		b = append(b, `"`+name+`_id":`...)
		b = strconv.AppendInt(b, id.System, 10)
	}
	return b
}

// quoted appends s, which has been checked to be UTF-8.
func quoted(b []byte, s code.Code) []byte {
	q, err := escape.JSONString(s)
	if err != nil {
		panic(fmt.Sprintf("smartone: a text that was not checked: %v", err))
	}
	return append(b, q...)
}
