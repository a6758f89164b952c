package izkmtest

import "fmt"

// Issue places an order and takes all of its codes in one block, for somebody else than the caller under
// test: the house that prints a plant's labels, say. The block is never acknowledged. The log has it like
// everything else.
func (s *Server) Issue(group, gtin, cisType string, n int) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	order := &placed{ID: newID(s.opt.Seed, "order", len(s.orders)+1), OMSID: s.opt.OMSID, Group: group, Created: now, Pending: now, Ready: now,
		Products: []product{{GTIN: gtin, Type: cisType, Total: n}}}
	if err := s.record(&event{At: now, Order: order}); err != nil {
		return nil, fmt.Errorf("issuing codes: %w", err)
	}
	block := &taken{ID: newID(s.opt.Seed, "block", len(s.blocks)+1), OrderID: order.ID, GTIN: gtin, At: now}
	block.Codes = s.generate(s.suborder(order.ID, gtin), n)
	if err := s.record(&event{At: now, Block: block}); err != nil {
		return nil, fmt.Errorf("issuing codes: %w", err)
	}
	return block.Codes, nil
}
