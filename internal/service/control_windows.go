package service

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

// patience is how long Start and Stop wait for the service; its own bound for a stop lies within it.
const patience = stopWithin + 30*time.Second

// Start starts the service and waits until it is up. It is no error if it runs already.
func Start(ctx context.Context) error {
	s, done, err := open(windows.SERVICE_START | windows.SERVICE_QUERY_STATUS)
	if err != nil {
		return err
	}
	defer done()
	if err := s.Start(); err != nil && !errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) {
		return fmt.Errorf("starting the service: %w", known(err))
	}
	at, err := await(ctx, s, svc.Running)
	if err == nil && at.State == svc.Stopped {
		err = &hinted{errors.New("the service has ended: " + ending(at)), "the event log says why, under Application, source linemark; so do the files in the folder logs beside the configuration"}
	}
	return err
}

// Stop stops the service and waits until it has ended. It is no error if it does not run.
func Stop(ctx context.Context) error {
	s, done, err := open(windows.SERVICE_STOP | windows.SERVICE_QUERY_STATUS)
	if err != nil {
		return err
	}
	defer done()
	return stop(ctx, s)
}

func stop(ctx context.Context, s *mgr.Service) error {
	at, err := s.Query()
	if err == nil && at.State == svc.StartPending { // it takes no control yet
		at, err = await(ctx, s, svc.Running)
	}
	if err != nil {
		return fmt.Errorf("asking the service: %w", known(err))
	}
	if at.State == svc.Stopped {
		return nil
	}
	if _, err := s.Control(svc.Stop); err != nil && !errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) && !errors.Is(err, windows.ERROR_SERVICE_CANNOT_ACCEPT_CTRL) {
		return fmt.Errorf("stopping the service: %w", known(err))
	}
	_, err = await(ctx, s, svc.Stopped)
	return err
}

// await waits until the service is in a state, or has stopped.
func await(ctx context.Context, s *mgr.Service, want svc.State) (svc.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		at, err := s.Query()
		if err != nil {
			return at, fmt.Errorf("asking the service: %w", known(err))
		}
		if at.State == want || at.State == svc.Stopped {
			return at, nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return at, fmt.Errorf("waiting for the service, which is %s: %w", stateNames()[at.State], ctx.Err())
		}
	}
}

// Query asks after the service. Every account may.
func Query(context.Context) (State, error) {
	s, done, err := open(windows.SERVICE_QUERY_STATUS | windows.SERVICE_QUERY_CONFIG)
	if errors.Is(err, ErrNotInstalled) {
		return State{}, nil
	}
	if err != nil {
		return State{}, err
	}
	defer done()
	at, err := s.Query()
	if err != nil {
		return State{}, fmt.Errorf("asking the service: %w", known(err))
	}
	atBoot, err := startsWithMachine(s)
	if err != nil {
		return State{}, fmt.Errorf("reading the service's settings: %w", known(err))
	}
	return State{
		Installed: true,
		Running:   at.State == svc.Running,
		State:     stateNames()[at.State],
		Text:      ending(at),
		AtBoot:    atBoot,
		PID:       int(at.ProcessId),
	}, nil
}

func startsWithMachine(s *mgr.Service) (bool, error) {
	buffer := make([]byte, 8<<10) // QueryServiceConfig has never more to say
	c := (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&buffer[0]))
	var needed uint32
	if err := windows.QueryServiceConfig(s.Handle, c, uint32(len(buffer)), &needed); err != nil {
		return false, err
	}
	return c.StartType == windows.SERVICE_AUTO_START, nil
}

func stateNames() map[svc.State]string {
	return map[svc.State]string{
		svc.Stopped: "stopped", svc.StartPending: "starting", svc.StopPending: "stopping", svc.Running: "running",
		svc.ContinuePending: "continuing", svc.PausePending: "pausing", svc.Paused: "paused",
	}
}

// ending says how a service that has stopped did so; "" when it was asked to.
func ending(s svc.Status) string {
	switch {
	case s.State != svc.Stopped:
		return ""
	case s.Win32ExitCode == uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR) && s.ServiceSpecificExitCode == exitEarly:
		return "it ended and nobody had asked it to"
	case s.Win32ExitCode == uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR):
		return "it ended with an error"
	case s.Win32ExitCode == uint32(windows.ERROR_SERVICE_NEVER_STARTED):
		return "not started since the machine was"
	case s.Win32ExitCode != 0:
		return windows.Errno(s.Win32ExitCode).Error()
	}
	return ""
}
