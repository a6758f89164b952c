package supply_test

import (
	"testing"
)

func TestStockIsFilled(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.start()
		p.until("a full stock", p.full)
		t.Log(p.calls())
		p.sameCodes()
		p.noBreach()
	})
}
