package izkm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linemark/internal/code"
)

// Block is a portion of codes in the order in which IZKM issued them. ID is empty only in
// Retry's answer about a whole suborder.
type Block struct {
	ID    string
	Codes []code.Code
}

// BlockState is one block that IZKM says it has issued. At is the zero time when the server
// gave none that can be read.
type BlockState struct {
	ID       string
	At       time.Time
	Quantity int
}

// Codes takes the next block of a suborder (4.3). It is not idempotent: every call may issue
// other codes. lastBlockID confirms the receipt of that block, so it must be on disk by then;
// it is empty on the first call only. The block may be shorter than asked. Codes are passed
// on as they came, U+FFFD and control characters included; the caller judges them. An error
// that is Lost means a block may have been issued: Blocks and Retry find it.
func (c *Client) Codes(ctx context.Context, orderID, gtin string, quantity int, lastBlockID string) (Block, error) {
	r := request{method: http.MethodGet, path: "/codes"}
	if err := checkSuborder(orderID, gtin); err != nil {
		return Block{}, invalid(r.op(), err)
	}
	if quantity < 1 || quantity > MaxCodesPerGTIN {
		return Block{}, invalid(r.op(), fmt.Errorf("%d codes asked for; it must be 1 to %d", quantity, MaxCodesPerGTIN))
	}
	r.query = []param{
		{"orderId", orderID}, {"gtin", gtin}, {"quantity", strconv.Itoa(quantity)}, {"lastBlockId", lastBlockID},
	}
	a := issued{needID: true}
	if err := c.call(ctx, r, &a); err != nil {
		return Block{}, err
	}
	return a.block(""), nil
}

// Retry reads issued codes again (4.11): those of one block, or with an empty blockID all
// codes of the suborder so far. IZKM does not do it for a closed order.
func (c *Client) Retry(ctx context.Context, orderID, gtin, blockID string) (Block, error) {
	r := request{method: http.MethodGet, path: "/codes/retry", twin: "omslId"}
	if err := checkSuborder(orderID, gtin); err != nil {
		return Block{}, invalid(r.op(), err)
	}
	r.query = []param{{"orderId", orderID}, {"gtin", gtin}, {"blockId", blockID}}
	a := issued{asked: blockID}
	if err := c.call(ctx, r, &a); err != nil {
		return Block{}, err
	}
	return a.block(blockID), nil
}

// issued is the answer of /codes and /codes/retry. The text of 4.3 calls the block's id
// packId, its table and example blockId.
type issued struct {
	Codes   []*string `json:"codes"`
	BlockID text      `json:"blockId"`
	PackID  text      `json:"packId"`

	needID bool
	asked  string
}

func (a *issued) id() string { return string(cmp.Or(a.BlockID, a.PackID)) }

func (a *issued) complete() error {
	if a.Codes == nil {
		return errors.New("it holds no codes")
	}
	for i, s := range a.Codes {
		if s == nil { // encoding/json would make an empty code of it
			return fmt.Errorf("code %d of %d is null", i+1, len(a.Codes))
		}
	}
	if a.needID && a.id() == "" {
		return errors.New("it holds no blockId")
	}
	if a.asked != "" && a.id() != "" && !strings.EqualFold(a.asked, a.id()) {
		return fmt.Errorf("it is block %.60q, not the one asked for", a.id())
	}
	return nil
}

func (a *issued) block(asked string) Block {
	b := Block{ID: cmp.Or(a.id(), asked), Codes: make([]code.Code, len(a.Codes))}
	for i, s := range a.Codes {
		b.Codes[i] = code.Code(*s)
	}
	return b
}

// Blocks lists the blocks issued of a suborder (4.10), in no promised order.
func (c *Client) Blocks(ctx context.Context, orderID, gtin string) ([]BlockState, error) {
	r := request{
		method: http.MethodGet, path: "/codes/blocks", twin: "omslId",
		query: []param{{"orderId", orderID}, {"gtin", gtin}},
	}
	if err := checkSuborder(orderID, gtin); err != nil {
		return nil, invalid(r.op(), err)
	}
	a := blocks{asked: orderID}
	if err := c.call(ctx, r, &a); err != nil {
		return nil, err
	}
	found := make([]BlockState, len(a.Blocks))
	for i, b := range a.Blocks {
		found[i] = BlockState{ID: b.id(), At: time.Time(b.At), Quantity: int(b.Quantity)}
	}
	return found, nil
}

// blocks: a list that is missing or null is no empty list, since an empty list allows the
// call of /codes to be repeated.
type blocks struct {
	OrderID text        `json:"orderId"`
	Blocks  list[block] `json:"blocks"`

	asked string
}

type block struct {
	BlockID  text   `json:"blockId"`
	PackID   text   `json:"packId"`
	At       moment `json:"blockDateTime"`
	Quantity number `json:"quantity"`
}

func (b block) id() string { return string(cmp.Or(b.BlockID, b.PackID)) }

func (a *blocks) complete() error {
	if a.Blocks == nil {
		return errors.New("it holds no blocks")
	}
	if a.OrderID != "" && !strings.EqualFold(string(a.OrderID), a.asked) {
		return fmt.Errorf("it is about order %.60q, not the one asked for", a.OrderID)
	}
	for i, b := range a.Blocks {
		if b.id() == "" {
			return fmt.Errorf("block %d of %d has no blockId", i+1, len(a.Blocks))
		}
	}
	return nil
}

// CloseBuffer closes a suborder, or with an empty gtin the whole order (4.9). It confirms
// the last block and ends Retry for good. IZKM ignores lastBlockID.
func (c *Client) CloseBuffer(ctx context.Context, orderID, gtin, lastBlockID string) error {
	r := request{
		method: http.MethodPost, path: "/buffer/close",
		query: []param{{"orderId", orderID}, {"gtin", gtin}, {"lastBlockId", lastBlockID}},
		body:  []byte(c.closeBody),
	}
	if orderID == "" {
		return invalid(r.op(), errors.New("orderId is missing"))
	}
	return c.call(ctx, r, new(closed))
}

// closed is only an envelope; one of its two signs must be there.
type closed struct{ envelope }

func (a *closed) complete() error {
	if a.omsID() == "" && a.Success == "" {
		return errors.New("it holds neither omsId nor success")
	}
	return nil
}

func checkSuborder(orderID, gtin string) error {
	switch {
	case orderID == "":
		return errors.New("orderId is missing")
	case gtin == "":
		return errors.New("gtin is missing")
	}
	return nil
}
