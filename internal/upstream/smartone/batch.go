package smartone

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"linemark/internal/code"
)

const opBatchCodes = "get_batch_codes"

// BatchQuery asks for codes of a batch that make_batch made and whose codes are generated. It reads
// and takes nothing: asked again, the same question has the same answer. The system gives no codes
// of a batch that was made more than a year ago.
type BatchQuery struct {
	Batch  int64
	Offset int // codes to skip
	Count  int // codes to get; 0: all
}

// Batch is the answer, in the system's order.
type Batch struct {
	// Total is the answer's cnt, -1 where it has none. Whether that counts the whole batch or what
	// was asked for is not public; it is never less than the codes that came.
	Total int
	Codes []BatchCode
}

// BatchCode is one code as it goes to a printer.
type BatchCode struct {
	Code  code.Code
	Human string // human-readable form; may be empty
	Unit  ID     // the package that it is for, by either id or by both
}

// BatchCodes takes the codes that q asks for. Codes that are not whole, that come twice, or more of
// them than were asked for, are an *UnknownError: none of such an answer is to be used. A *Refusal
// with RetryLater is worth asking again: the codes are still being made. After an *InProgressError
// the same is asked again.
func (c *Client) BatchCodes(ctx context.Context, q BatchQuery) (Batch, error) {
	p := new(problems)
	if q.Batch <= 0 {
		p.add("batch_id is %d; it is above zero", q.Batch)
	}
	if q.Offset < 0 {
		p.add("offset is %d", q.Offset)
	}
	if q.Count < 0 {
		p.add("count is %d", q.Count)
	}
	if err := p.err(opBatchCodes); err != nil {
		return Batch{}, err
	}
	b := strconv.AppendInt([]byte(`{"batch_id":`), q.Batch, 10)
	if q.Offset > 0 || q.Count > 0 {
		b = strconv.AppendInt(append(b, `,"offset":`...), int64(q.Offset), 10)
	}
	if q.Count > 0 {
		b = strconv.AppendInt(append(b, `,"count":`...), int64(q.Count), 10)
	}
	b = append(b, '}')
	a, err := c.call(ctx, message{op: opBatchCodes, body: b, gzip: c.o.GzipBatch})
	if err != nil {
		var no *Refusal
		if errors.As(err, &no) && no.Code == CodeNotReady {
			no.Stops = false
		}
		return Batch{}, err
	}
	got, err := a.batch(q)
	if err != nil {
		return Batch{}, &UnknownError{Op: opBatchCodes, Status: 200, Err: err}
	}
	return got, nil
}

type batchItem struct {
	Code    *string `json:"code"`
	Human   words   `json:"hrc"`
	UnitID  *number `json:"unit_id"`
	UnitExt words   `json:"unit_ext_id"`
}

// itemsOf reads a list of codes, no further than most; 0: to its end.
func itemsOf(list []byte, most int) (items []batchItem, err error) {
	d := json.NewDecoder(bytes.NewReader(list))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, errors.New("its items are no list")
	}
	for d.More() {
		if most > 0 && len(items) == most {
			return nil, fmt.Errorf("it holds more codes than the %d that were asked for", most)
		}
		var one batchItem
		if err := d.Decode(&one); err != nil {
			return nil, fmt.Errorf("reading its items: %w", err)
		}
		items = append(items, one)
	}
	return items, nil
}

func (a *answer) batch(q BatchQuery) (Batch, error) {
	if len(a.Items) == 0 || string(a.Items) == "null" {
		return Batch{}, errors.New("it holds no items")
	}
	items, err := itemsOf(a.Items, q.Count)
	if err != nil {
		return Batch{}, err
	}
	got := Batch{Total: -1, Codes: make([]BatchCode, len(items))}
	if a.Count != nil {
		if got.Total = int(*a.Count); got.Total < len(items) {
			return Batch{}, fmt.Errorf("its cnt is %d, and it holds %d codes", got.Total, len(items))
		}
	}
	first := make(map[string]int, len(items))
	for i, item := range items {
		if item.Code == nil {
			return Batch{}, fmt.Errorf("item %d of %d has no code", i+1, len(items))
		}
		if err := checkIssued(*item.Code); err != nil {
			return Batch{}, fmt.Errorf("code %d of %d %w", i+1, len(items), err)
		}
		if j, twice := first[*item.Code]; twice {
			return Batch{}, fmt.Errorf("code %d of %d is the same as code %d", i+1, len(items), j+1)
		}
		first[*item.Code] = i
		got.Codes[i] = BatchCode{Code: code.Code(*item.Code), Human: string(item.Human), Unit: ID{Ext: string(item.UnitExt)}}
		if item.UnitID != nil {
			got.Codes[i].Unit.System = int64(*item.UnitID)
		}
	}
	return got, nil
}

// checkIssued refuses what no code can be: nothing, too much, or what was broken on the way.
func checkIssued(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	if n := utf8.RuneCountInString(s); n > MaxCode {
		return fmt.Errorf("has %d characters; at most %d", n, MaxCode)
	}
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			return fmt.Errorf("holds U+FFFD at byte %d: it was broken on the way", i)
		case r != code.GS && r < ' ' || r == 0x7f:
			return fmt.Errorf("holds the control character U+%04X at byte %d", r, i)
		}
	}
	return nil
}
