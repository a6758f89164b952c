package check

import "testing"

// What is in the ledger, and how much.
func TestJudgeFinds_ledger(t *testing.T) {
	judged(t, []spoilt{
		{"in the ledger and never issued", func(s *shift) {
			orders := must(s.Orders(s.ctx))
			try(s.Receive(s.ctx, orders[0].ID, "block-9", s.unit, codesOf(unitGTIN, 50, 1)))
		}, "P8: in the ledger but not issued in block block-9", found{Unknown: 1}},
		{"in the ledger under each other's blocks", func(s *shift) {
			s.tamper("UPDATE code SET block = CASE id WHEN 1 THEN 2 ELSE 1 END WHERE id IN (1, 8)")
		}, "P8: in the ledger but not issued in block block-2", found{Unknown: 2}},
		{"changed in the ledger", func(s *shift) {
			s.tamper("UPDATE code SET raw = CAST(replace(CAST(raw AS TEXT), '0000000008', '0000000088') AS BLOB) WHERE id = 8")
		}, "P8: in the ledger but not issued in block block-2", found{Unknown: 1}},
		{"an acknowledged block is missing", func(s *shift) {
			s.block("block-4", "order-1", unitGTIN, codesOf(unitGTIN, 60, 5)) // acknowledges block-2, which is there
			s.log("izkm", fields{"close": fields{"orderId": "order-1", "gtin": unitGTIN}})
		}, "P4: block block-4 was acknowledged with 5 codes, the ledger has 0", found{Unbalanced: true}},
		{"an acknowledged block is missing behind another", func(s *shift) {
			s.block("block-4", "order-1", unitGTIN, codesOf(unitGTIN, 60, 5))
			s.block("block-5", "order-1", unitGTIN, codesOf(unitGTIN, 70, 5))
		}, "P4: block block-4 was acknowledged with 5 codes, the ledger has 0", found{Unbalanced: true}},
		{"a block whose answer was lost", func(s *shift) {
			s.block("block-4", "order-1", unitGTIN, codesOf(unitGTIN, 60, 5)) // nothing acknowledges it
		}, "", found{}},
		{"a code is lost from the ledger", func(s *shift) {
			s.tamper("UPDATE tally SET n = n - 1 WHERE state = 0 AND product = 2") // so that only the blocks can tell
			s.tamper("DELETE FROM code WHERE state = 0 AND product = 2")
		}, "P4: block block-3 was acknowledged with 2 codes, the ledger has 1\nP2: product six: received 2, the states do not add up", found{Unbalanced: true}},
		{"the tally is tampered with", func(s *shift) {
			s.tamper("UPDATE tally SET n = n + 1 WHERE state = 0 AND product = 1")
		}, "P2: product 1: 4 codes are in_stock, the running tally says 5", found{Unbalanced: true}},
		{"a state is tampered with", func(s *shift) {
			s.tamper("UPDATE code SET state = 5 WHERE state = 1 AND product = 1")
		}, "P2: code 3 is doubtful by its row\nP2: code 4 is doubtful by its row\nP2: product 1: ", found{Unbalanced: true}},
		{"a block's quantity is tampered with", func(s *shift) {
			s.tamper("UPDATE block SET quantity = quantity + 1 WHERE server_id = 'block-1'")
		}, "P2: product bottle: received 9, the states do not add up", found{Unbalanced: true}},
		{"verified and never read", func(s *shift) {
			must(s.Verify(s.ctx, "3/check", s.unitLot, s.unit, s.units[2:3]))
		}, "P3: verified in the ledger, but no camera has read it", found{}},
	})
}
