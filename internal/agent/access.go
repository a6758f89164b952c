package agent

import (
	"context"
	"log/slog"
	"os"
	"time"

	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/retry"
	"linemark/internal/upstream/izkm"
)

// newIZKM makes the access to IZKM as the configuration has it. It connects to nothing.
func newIZKM(cfg *config.Config, l *ledger.Ledger, o Options) (*izkmSystem, error) {
	n := &izkmSystem{papers: papers{cfg, l}, national: &national{log: o.Log, now: o.Now, isAnswer: clearNo, gate: retry.Gate{Rate: cfg.IZKM.Rate, Trip: tripAfter}}}
	access := izkm.Options{
		URL: cfg.IZKM.URL, OMSID: cfg.IZKM.OMSID, Token: cfg.IZKM.ClientToken.Reveal(), Group: cfg.IZKM.Group, Timeout: cfg.IZKM.Timeout, DialContext: o.DialContext,
		QueryTwin: cfg.IZKM.QueryTwin == config.Yes, TokenPrefix: cfg.IZKM.TokenPrefix, Clock: n.clock, Now: o.Now, Record: call(o.rec),
	}
	if cfg.IZKM.CloseBody == "{}" {
		access.CloseBody = cfg.IZKM.CloseBody
	}
	for _, f := range []struct {
		path string
		into *[]byte
	}{{cfg.IZKM.CAFile, &access.CA}, {cfg.IZKM.ClientCert, &access.ClientCert}} {
		if f.path == "" {
			continue
		}
		text, err := os.ReadFile(cfg.PathOf(f.path))
		if err != nil {
			return nil, err
		}
		*f.into = text
	}
	var err error
	if access.ClientKey, err = cfg.ClientKeyPEM(); err != nil {
		return nil, err
	}
	if n.client, err = izkm.New(access); err != nil {
		return nil, err
	}
	n.reach = n.client.Ping
	if n.ends = n.client.CertificateEnds(); !n.ends.IsZero() && time.Until(n.ends) < certificateWarning {
		n.log.Warn("this PC's certificate ends soon: ask for the next one", "ends", n.ends.Format(time.DateOnly), "file", cfg.IZKM.ClientCert)
	}
	return n, nil
}

// certificateWarning is how long before its end people are told of a certificate.
const certificateWarning = 30 * 24 * time.Hour

// Ping asks the national system once whether it is there and takes this PC's access. It tells how far its
// clock is ahead of this PC's, where it has said so.
func Ping(ctx context.Context, cfg *config.Config, o Options) (skew *time.Duration, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := newSystem(cfg, nil, o)
	if err != nil {
		return nil, err
	}
	n := s.watched()
	err = n.reach(ctx)
	if _, ok := s.(*smartOne); ok && err == nil {
		err = n.reach(ctx) // signed in: now a request that is signed
	}
	if s := n.Access().Skew; s != nil {
		d := time.Duration(*s) * time.Second
		skew = &d
	}
	return skew, err
}

// Room returns how much is free for this account on the disk of a folder, and how large the disk is, in bytes.
func Room(dir string) (free, total int64, err error) { return room(dir) }
