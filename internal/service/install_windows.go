package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc/eventlog"
	"golang.org/x/sys/windows/svc/mgr"
)

// Account is what the service runs under: the virtual account that Windows keeps for this service alone. It
// has no password, can log on nowhere, opens serial ports and TCP connections as every account does, and
// no other service has it, so rights on the ledger can be given to linemark and to nobody else. LocalService
// is shared by many services of Windows.
const Account = `NT SERVICE\` + Name

const accessHint = "run it as administrator: right-click the command prompt, Run as administrator"

const reachHint = `copy linemark.exe to C:\Program Files\linemark and call it from there; leave the configuration in C:\ProgramData\linemark`

// ImagePath is the command line by which the service control manager starts the service.
func ImagePath(o Options) string {
	return `"` + o.Exe + `" run --service --config "` + o.Config + `"`
}

// Recovery is what is done each time when the service has ended by itself, also when it has ended in order
// but with an error; the last one again and again. After a day without an end the first one is next.
func Recovery() []time.Duration {
	return []time.Duration{5 * time.Second, 30 * time.Second, time.Minute}
}

// Install makes the folders, the service and the source of its events. It starts nothing. The errors are
// ErrAccess, ErrInstalled and others.
func Install(_ context.Context, o Options) error {
	o, err := o.checked()
	if err != nil {
		return err
	}
	m, err := connect(windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		return err
	}
	defer func() { _ = m.Disconnect() }()
	switch s, err := openService(m, windows.SERVICE_ALL_ACCESS); {
	case errors.Is(err, ErrNotInstalled):
	case err != nil:
		return err
	default:
		defer func() { _ = s.Close() }()
		if !o.Again {
			return ErrInstalled
		}
		return again(s, ImagePath(o))
	}
	if err := makeFolders(); err != nil {
		return err
	}
	s, err := create(m, ImagePath(o))
	if err != nil {
		return fmt.Errorf("making the service: %w", known(err))
	}
	defer func() { _ = s.Close() }()
	if err := errors.Join(configure(s), registerEvents()); err != nil {
		return errors.Join(fmt.Errorf("setting the service up: %w", known(err)), s.Delete())
	}
	return nil
}

// again brings an installed service to what Install would make of it. Its account and whether it starts
// with the machine are a person's and stay.
func again(s *mgr.Service, image string) error {
	if err := makeFolders(); err != nil {
		return err
	}
	text, err := windows.UTF16PtrFromString(image)
	if err != nil {
		return err
	}
	const same = windows.SERVICE_NO_CHANGE
	err = windows.ChangeServiceConfig(s.Handle, same, same, same, text, nil, nil, nil, nil, nil, nil)
	if err := errors.Join(err, configure(s), registerEvents()); err != nil {
		return fmt.Errorf("setting the service up: %w", known(err))
	}
	return nil
}

// RemoveFolders removes the configuration, the ledger and the logs of a linemark whose service is
// removed. A ledger that the configuration has put elsewhere stays.
func RemoveFolders() error {
	return removeTree(Dir())
}

// removeTree removes a folder and what is in it, one by one: os.RemoveAll deletes in a way that not every file
// system under Windows knows. What a link points to stays.
func removeTree(dir string) error {
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, path := range slices.Backward(all) {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// create makes the service with exactly this image path: the library's own way leaves out the quotes where
// it sees no need for them.
func create(m *mgr.Mgr, image string) (*mgr.Service, error) {
	var text [4]*uint16
	for i, s := range []string{Name, DisplayName, image, Account} {
		p, err := windows.UTF16PtrFromString(s)
		if err != nil {
			return nil, err
		}
		text[i] = p
	}
	h, err := windows.CreateService(m.Handle, text[0], text[1], windows.SERVICE_ALL_ACCESS, windows.SERVICE_WIN32_OWN_PROCESS,
		windows.SERVICE_AUTO_START, windows.SERVICE_ERROR_NORMAL, text[2], nil, nil, nil, text[3], nil)
	if err != nil {
		return nil, err
	}
	return &mgr.Service{Name: Name, Handle: h}, nil
}

// configure sets what CreateService cannot. A setting that this Windows does not know is left out: the
// service works without.
func configure(s *mgr.Service) error {
	set := func(level uint32, value unsafe.Pointer) error {
		err := windows.ChangeServiceConfig2(s.Handle, level, (*byte)(value))
		if errors.Is(err, windows.ERROR_INVALID_LEVEL) {
			return nil
		}
		return err
	}
	about, err := windows.UTF16PtrFromString(Description)
	if err != nil {
		return err
	}
	var actions []mgr.RecoveryAction
	for _, after := range Recovery() {
		actions = append(actions, mgr.RecoveryAction{Type: mgr.ServiceRestart, Delay: after})
	}
	// The folders' rights hold also if somebody gives the service another account.
	sid := uint32(windows.SERVICE_SID_TYPE_UNRESTRICTED)
	return errors.Join(
		set(windows.SERVICE_CONFIG_DESCRIPTION, unsafe.Pointer(&windows.SERVICE_DESCRIPTION{Description: about})),
		set(windows.SERVICE_CONFIG_SERVICE_SID_INFO, unsafe.Pointer(&sid)),
		set(windows.SERVICE_CONFIG_DELAYED_AUTO_START_INFO, unsafe.Pointer(&windows.SERVICE_DELAYED_AUTO_START_INFO{IsDelayedAutoStartUp: 1})),
		set(windows.SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, unsafe.Pointer(&windows.SERVICE_FAILURE_ACTIONS_FLAG{FailureActionsOnNonCrashFailures: 1})),
		set(windows.SERVICE_CONFIG_PRESHUTDOWN_INFO, unsafe.Pointer(&struct{ timeout uint32 }{millis(stopWithin)})),
		s.SetRecoveryActions(actions, uint32(24*time.Hour/time.Second)),
	)
}

// registerEvents has the event log show linemark's events with the texts as they are: EventCreate.exe,
// which every Windows has, brings one for each number from 1 to 1000 that is nothing but the text.
func registerEvents() error {
	_ = eventlog.Remove(Name) // of an installation that was not removed in order
	if err := eventlog.InstallAsEventCreate(Name, eventlog.Info|eventlog.Warning|eventlog.Error); err != nil {
		return fmt.Errorf("registering the source of events: %w", err)
	}
	return nil
}

// Remove stops and removes the service and the source of its events. Configuration, ledger and logs stay.
func Remove(ctx context.Context) error {
	s, done, err := open(windows.SERVICE_ALL_ACCESS)
	if err != nil {
		return err
	}
	defer done()
	if err := stop(ctx, s); err != nil {
		return err
	}
	if err := s.Delete(); err != nil {
		return fmt.Errorf("removing the service: %w", known(err))
	}
	_ = eventlog.Remove(Name) // it may be gone
	return nil
}

func connect(access uint32) (*mgr.Mgr, error) {
	h, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT|access)
	if err != nil {
		return nil, fmt.Errorf("reaching the service control manager: %w", known(err))
	}
	return &mgr.Mgr{Handle: h}, nil
}

func openService(m *mgr.Mgr, access uint32) (*mgr.Service, error) {
	name, err := windows.UTF16PtrFromString(Name)
	if err != nil {
		return nil, err
	}
	h, err := windows.OpenService(m.Handle, name, access)
	if err != nil {
		return nil, fmt.Errorf("opening the service: %w", known(err))
	}
	return &mgr.Service{Name: Name, Handle: h}, nil
}

// open returns the service and what closes it again.
func open(access uint32) (*mgr.Service, func(), error) {
	m, err := connect(0)
	if err != nil {
		return nil, nil, err
	}
	s, err := openService(m, access)
	if err != nil {
		_ = m.Disconnect()
		return nil, nil, err
	}
	return s, func() { _, _ = s.Close(), m.Disconnect() }, nil
}

// known makes errors of Windows to those that callers decide on.
func known(err error) error {
	switch {
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return fmt.Errorf("%w: %w", ErrAccess, err)
	case errors.Is(err, windows.ERROR_SERVICE_EXISTS), errors.Is(err, windows.ERROR_DUPLICATE_SERVICE_NAME):
		return ErrInstalled
	case errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST):
		return ErrNotInstalled
	case errors.Is(err, windows.ERROR_SERVICE_MARKED_FOR_DELETE):
		return &hinted{err, "close the Services window and all others that look at it; then it is removed"}
	case errors.Is(err, windows.ERROR_SERVICE_DISABLED):
		return &hinted{err, "sc config linemark start= delayed-auto"}
	}
	return err
}

// outOfReach says why the service's account cannot read a path.
func outOfReach(path string) string {
	volume := filepath.VolumeName(path)
	if strings.HasPrefix(volume, `\\`) {
		return "it is on another machine"
	}
	root, err := windows.UTF16PtrFromString(volume + `\`)
	if err == nil && windows.GetDriveType(root) == windows.DRIVE_REMOTE {
		return "it is on another machine"
	}
	users, err := windows.KnownFolderPath(windows.FOLDERID_UserProfiles, 0)
	if err == nil && strings.HasPrefix(strings.ToLower(path), strings.ToLower(users)+`\`) {
		return "it is in a person's folder"
	}
	return ""
}
