package izkm

import (
	"context"
	"errors"
	"net/http"
)

// Ping asks whether the group's IZKM serves this token (4.1). Nil means status 200 with
// success:true, nothing less.
func (c *Client) Ping(ctx context.Context) error {
	return c.call(ctx, request{method: http.MethodGet, path: "/ping"}, new(pinged))
}

type pinged struct {
	Success flag `json:"success"`
}

func (p *pinged) complete() error {
	if !p.Success {
		return errors.New("it does not say success")
	}
	return nil
}
