package office

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// Drop withdraws codes with a reason of the dictionary and its source document. A fault of what was
// given is an *InputError and nothing is withdrawn; a code that cannot be withdrawn says why in its
// outcome and keeps no other back.
func (o Office) Drop(ctx context.Context, d ledger.Drop, codes []code.Code) ([]ledger.DropOutcome, error) {
	d, err := o.paper(d)
	if err != nil {
		return nil, err
	}
	if len(codes) == 0 {
		return nil, noCode
	}
	return o.Ledger.Drop(ctx, place, d, codes)
}

var noCode = &InputError{"no code is given", "give full codes, identification codes or SSCCs"}

// paper says what keeps a dropout from being reported, and completes it.
func (o Office) paper(d ledger.Drop) (ledger.Drop, error) {
	switch {
	case o.Config.OnSmartOne():
		return d, &InputError{"SmartOne takes no dropout reports: nothing is withdrawn here that nobody is told of", "withdraw the codes in SmartOne itself"}
	case !slices.Contains(o.Reasons, d.Reason):
		return d, &InputError{fmt.Sprintf("reason %q is unknown", d.Reason), "reasons: " + strings.Join(o.Reasons, ", ")}
	case strings.TrimSpace(o.Config.IZKM.Address) == "":
		return d, &InputError{"[izkm] address is missing in the configuration", "a dropout report must say where: the address of the plant"}
	case o.Config.IZKM.ParticipantID == "":
		return d, &InputError{"[izkm] participant_id is missing in the configuration", "a dropout report must say who: the taxpayer number"}
	case (d.DocNum == "") != d.DocDate.IsZero():
		return d, &InputError{"a source document has a number and a date", "give both, or neither: then the report's own id stands for it"}
	case !prints(d.DocNum):
		return d, &InputError{fmt.Sprintf("the document's number %q begins or ends with a blank, or holds what does not print", d.DocNum), "give it as it stands on the document"}
	}
	if d.DocDate.IsZero() {
		d.DocDate = time.Now()
	}
	return d, nil
}
