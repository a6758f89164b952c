package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"linemark/internal/config"
	"linemark/internal/upstream/izkm/izkmtest"
)

// national starts the national system of the configuration, which goes on from its own log.
func (p *Plant) national(cfg *config.Config) error {
	table, address := cfg.National()
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return fmt.Errorf("[%s] url %s: the simulated plant serves http on loopback only", table, address)
	}
	old, err := p.history(table)
	if err != nil {
		return err
	}
	start := p.izkm
	if cfg.OnSmartOne() {
		start = p.smartOne
	}
	handler, err := start(cfg, old)
	if err != nil {
		return err
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "80")
	}
	l, err := p.opt.Listen(host)
	if err != nil {
		return fmt.Errorf("[%s] url: %w", table, err)
	}
	p.closers = append(p.closers, port{l})
	p.http = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go p.http.Serve(l) //nolint:errcheck // ends with Close
	return nil
}

func (p *Plant) izkm(cfg *config.Config, old []byte) (http.Handler, error) {
	log, err := p.log("izkm")
	if err != nil {
		return nil, err
	}
	p.IZKM = izkmtest.New(izkmtest.Options{OMSID: cfg.IZKM.OMSID, Token: cfg.IZKM.ClientToken.Reveal(), Seed: p.opt.Seed, OrderDelay: p.opt.Orders, ReportDelay: p.opt.Reports, Log: log})
	if p.opt.Storm > 0 {
		p.IZKM.SetFault(izkmtest.Storm(p.opt.Seed, p.opt.Storm, p.opt.Storm, p.opt.Storm/5))
	}
	if len(old) > 0 {
		if err := p.IZKM.Restore(bytes.NewReader(old)); err != nil {
			return nil, fmt.Errorf("going on from the national system's log: %w", err)
		}
	}
	return p.IZKM, nil
}

// history is what the national system logged before, if it did. It is read before its log is
// opened, which ends a half line: only one without an end is known for what a kill has left.
func (p *Plant) history(name string) ([]byte, error) {
	if p.opt.Dir == "" {
		return nil, nil
	}
	old, err := os.ReadFile(filepath.Join(p.opt.Dir, name+".jsonl"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the national system's log: %w", err)
	}
	return old, nil
}
