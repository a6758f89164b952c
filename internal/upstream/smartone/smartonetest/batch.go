package smartonetest

import "time"

// Batch is what make_batch and the generation of its codes have left.
type Batch struct {
	Codes     []Code
	Created   time.Time // zero: lately
	Estimated time.Time // of production; zero: unknown
	NotReady  bool      // its codes are not generated yet
}

// Code is one generated code.
type Code struct {
	Code, Human string
	UnitID      int
	UnitExt     string
}

// Count is what cnt counts, which is not described.
type Count int

// What cnt may count.
const (
	CountHere  Count = iota // the codes of the answer
	CountBatch              // those of the batch
	CountRest               // those from the offset on
)

// SetBatch adds or replaces a batch.
func (s *Server) SetBatch(id int64, b Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches[id] = &b
	s.note(event{Event: "batch", Batch: id, Generated: &b})
}

// HasBatch says whether there is a batch of that number.
func (s *Server) HasBatch(id int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batches[id] != nil
}

// batchCodes carries out get_batch_codes. It reads; asked twice it answers twice.
func (s *Server) batchCodes(c *call) object {
	k := &checker{s: s, call: c}
	k.only(c.in, "batch_id", "offset", "count")
	id, offset, count := k.integer(c.in, "batch_id"), int(k.integer(c.in, "offset")), int(k.integer(c.in, "count"))
	if id == 0 {
		k.say(0, "batch_id is missing")
	}
	if no := k.verdict(); no != nil {
		return no
	}
	b := s.batches[id]
	switch {
	case b == nil:
		return refuse(116, "Batch not found")
	case b.NotReady:
		return refuse(102, "Codes not generated yet")
	case !b.Created.IsZero() && c.now.After(b.Created.AddDate(1, 0, 0)):
		return refuse(176, "Batch is expired")
	}
	if s.opt.NoOffset {
		offset = 0
	}
	codes := b.Codes[min(offset, len(b.Codes)):]
	rest := len(codes)
	if _, given := c.in["count"]; given {
		codes = codes[:min(count, len(codes))]
	}
	if s.opt.Page > 0 {
		codes = codes[:min(s.opt.Page, len(codes))]
	}
	items := make([]object, len(codes))
	for i, one := range codes {
		items[i] = object{"code": one.Code, "hrc": one.Human, "unit_id": one.UnitID, "unit_ext_id": one.UnitExt}
	}
	cnt := map[Count]int{CountHere: len(items), CountBatch: len(b.Codes), CountRest: rest}[s.opt.Count]
	return object{"status": "success", "code": 0, "message": "", "cnt": cnt, "items": items}
}
