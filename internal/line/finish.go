package line

import (
	"context"
	"time"
)

// grace is how long an event that has begun may take after the line was told to stop.
const grace = time.Second

// finishing returns a context that ends a while after ctx.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-work.Done():
		case <-time.After(grace):
			cancel()
		}
	})
	return work, func() {
		stop()
		cancel()
	}
}
