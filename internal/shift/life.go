package shift

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing/synctest"
	"time"

	"linemark/drivers/link"
	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/ledger/home"
)

// load writes the configuration of one life and reads it.
func load(dir, text string) (*config.Config, error) {
	if _, err := os.Stat(filepath.Join(dir, "labels")); err != nil {
		if err := os.CopyFS(filepath.Join(dir, "labels"), config.Labels()); err != nil {
			return nil, err
		}
	}
	file := filepath.Join(dir, "linemark.toml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "DATA", filepath.ToSlash(dir))), 0o600); err != nil {
		return nil, err
	}
	cfg, err := config.Load(file)
	if err != nil {
		return nil, err
	}
	cfg.HTTP.Listen = "" // a real port would stop the bubble's time
	return cfg, nil
}

// start begins a life of the agent on the ledger in s.dir.
func (s *site) start() error {
	cfg, err := load(s.dir, s.plan.Config)
	if err != nil {
		return err
	}
	life := s.wires.life
	a, err := agent.New(context.Background(), cfg, agent.Options{Log: slog.New(s.log), Look: s.plan.Look, Now: s.now, Home: atHome,
		Dial: func(_ context.Context, address string) (link.Conn, error) {
			return s.wires.dial(life, strings.TrimPrefix(address, "tcp://"))
		},
		DialContext: func(_ context.Context, _, address string) (net.Conn, error) { return s.wires.dial(life, address) },
	})
	if err != nil {
		return fmt.Errorf("starting the agent: %w", err)
	}
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(context.Background())
	s.agent, s.ended = a, make(chan error, 1)
	go func(ended chan error) { ended <- a.Run(ctx) }(s.ended)
	return nil
}

// now is the PC's wall clock. Its zone is another in every second hour, as at the ends of summer time.
func (s *site) now() time.Time {
	at := time.Now().Round(0).Add(time.Duration(s.clock.Load()))
	return at.In(time.FixedZone("", 3600*(4+at.Hour()%2)))
}

// stop ends the agent's life in good order.
func (s *site) stop() error {
	if s.agent == nil {
		return nil
	}
	s.cancel()
	err := errors.Join(<-s.ended, s.agent.Close())
	s.agent = nil
	s.wires.end()
	return err
}

// kill ends the agent's life at this very moment: from now on nothing that it does has an effect, and
// the next life gets the disk as it is now.
func (s *site) kill() error {
	if s.agent == nil {
		return nil
	}
	s.wires.freeze()
	synctest.Wait()
	next := filepath.Join(s.root, fmt.Sprintf("life-%d", s.wires.life+1))
	if err := copyLedger(s.dir, next); err != nil {
		return err
	}
	s.plant.ForgetReadings()
	s.cancel()
	s.wires.end()
	<-s.ended // what its last moments say and write has no meaning
	_ = s.agent.Close()
	s.agent = nil
	gone := s.dir
	s.dir = next
	return os.RemoveAll(gone)
}

// copyLedger copies the ledger as a dead process leaves it: its file, its log, and what lies beside them.
// The index of the log is memory, and the lock dies with its owner.
func copyLedger(from, to string) error {
	if err := os.MkdirAll(to, 0o750); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(from, "ledger*"))
	for _, file := range files {
		if name := filepath.Base(file); !strings.HasSuffix(name, ".lock") && !strings.HasSuffix(name, "-shm") {
			err = errors.Join(err, copyFile(file, filepath.Join(to, name)))
		}
	}
	if err != nil {
		return fmt.Errorf("copying the ledger of a killed agent: %w", err)
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// atHome lets every life have its ledger at home: the copy of the disk stands for the disk itself.
func atHome(string) (home.Home, error) { return home.Home{}, nil }
