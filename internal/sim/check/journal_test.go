package check

import (
	"testing"

	"linemark/internal/ledger"
)

// enter adds an entry to the journal and moves its code, behind the ledger's back: the code's row, its
// product's tally and the chain of its entries stay right, so that only the move itself can be wrong.
func (s *shift) enter(id int64, was, now ledger.State) {
	s.tamper("INSERT INTO journal (at, agent, place, code, was, now, cause, prev) SELECT 0, 1, 'x', id, ?, ?, 'x', last FROM code WHERE id = ?", was, now, id)
	s.tamper("UPDATE code SET last = (SELECT MAX(seq) FROM journal) WHERE id = ?", id)
	s.row(id, now)
}

// row moves a code's row and its product's tally alone.
func (s *shift) row(id int64, now ledger.State) {
	s.tamper("UPDATE tally SET n = n - 1 WHERE (product, state) = (SELECT product, state FROM code WHERE id = ?)", id)
	s.tamper("INSERT INTO tally (product, state, n) SELECT product, ?, 1 FROM code WHERE id = ? ON CONFLICT DO UPDATE SET n = n + 1", now, id)
	s.tamper("UPDATE code SET state = ? WHERE id = ?", now, id)
}

// Codes 1 and 2 are verified, 3 was printed and is claimed, 4 is claimed, 5 to 8 are in stock.
func TestJudgeFinds_journal(t *testing.T) {
	judged(t, []spoilt{
		{"an entry is missing", func(s *shift) { s.tamper("DELETE FROM journal WHERE seq = 2") }, "P2: the journal's entry 2 is missing", found{}},
		{"a code's entry is missing", func(s *shift) {
			s.tamper("DELETE FROM journal WHERE seq = (SELECT MIN(seq) FROM journal WHERE code = 3)")
		}, "P2: the journal's entry … is missing", found{}},
		{"an entry of nobody's", func(s *shift) { s.tamper("UPDATE journal SET agent = 9 WHERE seq = 3") }, "P2: the journal's entry 3 names no agent", found{}},
		{"a wrong entry before", func(s *shift) { s.tamper("UPDATE journal SET prev = prev - 1 WHERE code = 1 AND now = 3") }, "P2: the journal's entry … of code 1 follows entry 5 and claimed, not 6 and claimed", found{}},
		{"no entry before", func(s *shift) { s.tamper("UPDATE journal SET prev = 0 WHERE code = 1 AND now = 3") }, "P2: the journal's entry … of code 1 follows entry 0", found{}},
		{"a wrong state before", func(s *shift) { s.tamper("UPDATE journal SET was = 2 WHERE code = 1 AND now = 3") }, "P2: the journal's entry … and printed, not … and claimed", found{}},
		{"first seen in another state than in stock", func(s *shift) { s.enter(8, ledger.Doubtful, ledger.Rejected) }, "P2: the journal's entry … of code 8 follows entry 3 and doubtful, not 3 and in_stock", found{}},
		{"an entry says another cause", func(s *shift) { s.tamper("UPDATE journal SET cause = 'x' WHERE seq = 3") }, "P2: the journal is broken at entry 3: entry 3 (…) is not the one that was sealed", found{}},
		{"claimed twice", func(s *shift) {
			s.enter(4, ledger.Claimed, ledger.Doubtful)
			s.enter(4, ledger.Doubtful, ledger.Claimed)
		}, "P1: the journal's entry … claims code 4, which was doubtful and claimed before: true", found{}},
		{"claimed and back in stock", func(s *shift) { s.enter(4, ledger.Claimed, ledger.InStock) }, "P1: the journal's entry … returns code 4 to the stock, which was claimed", found{}},
		{"claimed, in doubt and back in stock", func(s *shift) {
			s.enter(4, ledger.Claimed, ledger.Doubtful)
			s.enter(4, ledger.Doubtful, ledger.InStock)
		}, "P1: the journal's entry … returns code 4 to the stock, which was doubtful", found{}},
		{"rejected and back in stock, never claimed", func(s *shift) {
			s.enter(8, ledger.InStock, ledger.Rejected)
			s.enter(8, ledger.Rejected, ledger.InStock)
		}, "P1: the journal's entry … returns code 8 to the stock, which was rejected", found{}},
		{"recovered and released by a person", func(s *shift) {
			codes := codesOf(unitGTIN, 60, 2)
			s.block("block-4", "order-3", unitGTIN, codes)
			order := must(s.RecoverOrder(s.ctx, 1, "order-3", 2, ledger.Active, s.at))
			must(s.ReceiveRecovered(s.ctx, order, "block-4", s.unit, codes))
			must(s.ReleaseOrder(s.ctx, "order-3", "never given to a printer"))
		}, "", found{}},
		{"dropped and in doubt again", func(s *shift) {
			s.read("cam-1", s.units[2])
			must(s.Verify(s.ctx, "3/check", s.unitLot, s.unit, s.units[2:3]))
			must(s.Drop(s.ctx, "office", ledger.Drop{Reason: "DEFECT"}, s.units[2:3]))
			s.enter(3, ledger.Dropped, ledger.Doubtful)
		}, "P2: the journal's entry … makes code 3 doubtful, which was dropped", found{}},
		{"in another state than the journal says", func(s *shift) { s.row(4, ledger.Doubtful) }, "P2: code 4 is doubtful by its row", found{}},
		{"in another state than in stock, without a word", func(s *shift) { s.row(7, ledger.Doubtful) }, "P2: code 7 is doubtful by its row", found{}},
		{"its last entry is another", func(s *shift) { s.tamper("UPDATE code SET last = last - 1 WHERE id = 4") }, "P2: code 4 is claimed by its row", found{}},
		{"still with a printer after a start", func(s *shift) {
			try(s.Doubt(s.ctx, "3/mark", []int64{3}, "a fault"))
			s.tamper("INSERT INTO journal (at, agent, place, cause) VALUES (0, 1, 'agent', 'started')")
		}, "P9: a printer had it when an agent ended, and the next one has not set it aside: 0104780012345677", found{}},
		{"set aside at a start, then another is claimed", func(s *shift) {
			must(s.Recover(s.ctx))
			must(s.Claim(s.ctx, "3/mark", s.unitLot, 1))
		}, "", found{}},
	})
}
