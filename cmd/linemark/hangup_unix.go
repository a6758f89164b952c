//go:build !windows

package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// hangups asks for a reload with each SIGHUP, which is how a systemd unit does it.
func hangups(ctx context.Context) <-chan struct{} {
	c, asks := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(c, syscall.SIGHUP)
	go func() {
		defer signal.Stop(c)
		for {
			select {
			case <-ctx.Done():
				return
			case <-c:
			}
			select {
			case <-ctx.Done():
				return
			case asks <- struct{}{}:
			}
		}
	}()
	return asks
}
