package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/eventlog"
)

// Run runs the program until ctx or the program ends and returns its error. With asService it is a
// Windows service: the service control manager is answered before anything else is done, and it, not ctx,
// ends the program. Nothing is detected; the argument alone decides, since detection fails in some
// environments.
func Run(ctx context.Context, asService bool, program func(ctx context.Context, life *Life) error) error {
	if !asService {
		return foreground(ctx, nobody{}, program)
	}
	// Windows tells every service when a user logs off, and the runtime makes an interrupt of it where
	// anybody listens for one. What nobody listens for, Windows' own handler for services lets pass.
	signal.Reset(os.Interrupt, syscall.SIGTERM)
	h := newSCM(program)
	h.openEvents = func() (eventLog, error) { return eventlog.Open(Name) }
	err := svc.Run(Name, h)
	if errors.Is(err, windows.ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
		return errNotByControl
	}
	if err != nil {
		return fmt.Errorf("answering the service control manager: %w", err)
	}
	return h.err
}
