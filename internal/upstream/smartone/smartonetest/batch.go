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

// batchCodes carries out get_batch_codes. It reads; asked twice it answers twice. cnt is the number
// of codes in the answer.
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
	codes := b.Codes[min(offset, len(b.Codes)):]
	if _, given := c.in["count"]; given {
		codes = codes[:min(count, len(codes))]
	}
	items := make([]object, len(codes))
	for i, one := range codes {
		items[i] = object{"code": one.Code, "hrc": one.Human, "unit_id": one.UnitID, "unit_ext_id": one.UnitExt}
	}
	return object{"status": "success", "code": 0, "message": "", "cnt": len(items), "items": items}
}
