package service

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// foreground runs the program in this process until it ends. SIGHUP asks for a reload and ends nothing.
func foreground(ctx context.Context, t teller, program func(context.Context, *Life) error) error {
	life := newLife(&unrepeated{to: t})
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		asked := ctx.Done()
		for {
			select {
			case <-ended:
				return
			case <-asked:
				life.Stopping()
				asked = nil
			case <-hangups:
				life.askReload()
			}
		}
	})
	err := program(ctx, life)
	signal.Stop(hangups)
	close(ended)
	wg.Wait()
	life.Stopping()
	if err != nil {
		life.Status("ended: " + err.Error())
	}
	return err
}
