package smartonetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"
)

// repeatWindow is how long equal parameters make a repeat.
const repeatWindow = 5 * time.Minute

// request is a make_aggregation that was let in. Its answer stands for ever.
type request struct {
	id     string
	at     time.Time
	params string
	answer object
}

// aggregate carries out make_aggregation, or tells what became of it.
func (s *Server) aggregate(c *call) object {
	if s.opt.MustGzip && !c.gzipped {
		return s.breach(c, refuse(0, "the parameters are not gzipped"))
	}
	id, _ := c.in["request_id"].(string)
	if id == "" {
		return s.breach(c, refuse(0, "request_id is missing"))
	}
	if first := s.byID[id]; first != nil {
		if first.params != params(c) {
			s.breach(c, refuse(0, "request_id "+id+" came with other parameters before"))
		}
		return s.told(first, id, c.now)
	}
	if first := s.byParams[params(c)]; first != nil && c.now.Sub(first.at) < repeatWindow {
		return s.told(first, id, c.now)
	}
	r := &request{id: id, at: c.now, params: params(c)}
	doc, no := s.checkAggregation(c)
	r.answer = no
	if no == nil {
		r.answer = s.keep(c, id, doc)
	}
	s.byID[id] = r
	s.byParams[r.params] = r
	e := event{Event: "request", RequestID: id, At: r.at, Params: r.params, Answer: r.answer}
	if no == nil {
		e.Document = &s.documents[len(s.documents)-1]
	}
	s.note(e)
	return s.told(r, id, c.now)
}

// told is the answer to a request, or to a repeat of it.
func (s *Server) told(r *request, asked string, now time.Time) object {
	id := r.id
	if s.opt.OwnID {
		id = asked
	}
	out := object{"request_id": id}
	if now.Sub(r.at) < s.opt.Work {
		out["status"], out["message"] = "in progress", ""
	} else {
		maps.Copy(out, r.answer)
	}
	if s.opt.Bare {
		delete(out, "request_id")
		delete(out, "doc_id")
	}
	return out
}

// params stands for everything but the request id.
func params(c *call) string {
	rest := make(map[string]any, len(c.in))
	for name, v := range c.in {
		if name != "request_id" {
			rest[name] = v
		}
	}
	b, err := json.Marshal(rest)
	if err != nil {
		panic("smartonetest: parameters that are not JSON: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// keep makes the document; the production document behind it is that of the day, the department
// and the line.
func (s *Server) keep(c *call, id string, doc Document) object {
	doc.RequestID, doc.At, doc.Number = id, c.now, len(s.documents)+1
	s.add(doc)
	return object{"status": "success", "code": 0, "message": "", "doc_id": doc.Number}
}

// add takes a document into the books.
func (s *Server) add(doc Document) {
	s.documents = append(s.documents, doc)
	for _, p := range doc.Packed {
		s.parent[p.Code] = p.Parent
	}
	s.lastDate[doc.queue()] = doc.Date
}

// checkAggregation reads the parameters against the tables of the document.
func (s *Server) checkAggregation(c *call) (Document, object) {
	k := &checker{s: s, call: c, seen: make(map[string]bool)}
	var doc Document
	doc.Batch = k.integer(c.in, "batch_id")
	doc.Department = k.either(c.in, "depart", false)
	doc.Line = k.either(c.in, "product_line", false)
	k.only(c.in, "request_id", "batch_id", "depart_ext_id", "depart_id", "product_line_ext_id", "product_line_id", "dat", "doc_type", "items")
	if doc.Batch == 0 && doc.Department == "" {
		k.say(114, "Depatment ID is required")
	}
	if doc.Batch != 0 && s.batches[doc.Batch] == nil {
		k.say(116, "Batch not found")
	}
	switch n, given := c.in["doc_type"]; {
	case !given:
		doc.Emission = 1
	default:
		doc.Emission, _ = strconv.Atoi(fmt.Sprint(n))
		if _, isNumber := n.(json.Number); !isNumber || doc.Emission < 1 || doc.Emission > 2 {
			k.say(159, "Incorrect emission type")
		}
	}
	k.date(&doc)
	k.text(c.in, "request_id", 250)
	items, _ := c.in["items"].([]any)
	if len(items) == 0 {
		k.say(135, "Empty product range")
	}
	for i, v := range items {
		k.product(&doc, i, v)
	}
	k.order(doc)
	return doc, k.verdict()
}

// date: the vendor's default is the current date. An earlier day than the last of a department
// breaks the true order of events.
func (k *checker) date(doc *Document) {
	today := k.call.now.Format(time.DateOnly)
	text, given := k.call.in["dat"].(string)
	if !given {
		text = today
	}
	doc.Date = text
	day, err := time.Parse(time.DateOnly, text)
	batch := k.s.batches[doc.Batch]
	switch {
	case err != nil, text > today:
		k.say(169, "Incorrect date")
	case batch != nil && !batch.Estimated.IsZero() && day.After(batch.Estimated.AddDate(1, 0, 0)):
		k.say(169, "Incorrect date")
	case text < k.s.lastDate[doc.queue()]:
		k.say(169, "Incorrect date: the department is at a later one")
	}
}

// order: what goes into a package is reported before the package goes into another, or with it.
func (k *checker) order(doc Document) {
	for _, p := range doc.Packed {
		if p.Parent == "" {
			continue
		}
		if _, gone := k.s.parent[p.Parent]; gone {
			k.row(136, "Package with code "+p.Parent+" was packed before its content "+p.Code)
		}
	}
}
