package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/line"
	"linemark/internal/service"
)

// serviceMayRestart says whether the service can be restarted without stopping a line in the middle of its
// work. Packages ask it when they have brought another program.
func serviceMayRestart(ctx context.Context, c *console, args []string) error {
	q := question{config: service.ConfigPath()}
	if err := noArguments(c, "service", args, func(fs *flag.FlagSet) {
		fs.StringVar(&q.config, "config", q.config, "the configuration `FILE` of the service")
	}); err != nil {
		return err
	}
	cfg, _ := config.Load(q.config) // whatever is wrong with it, the running agent has its own
	var s agent.Status
	err := q.ask(ctx, cfg, "/api/v1/status", &s)
	switch busy := atWork(s); {
	case err != nil && !agentRuns(ctx, cfg):
		fmt.Fprintln(c.out, "yes: the agent does not run")
	case err != nil:
		fmt.Fprintln(c.out, "no: the agent cannot be asked whether a line is at work:", err)
		return errShown
	case len(busy) > 0:
		fmt.Fprintln(c.out, "no:", strings.Join(busy, "; "))
		return errShown
	default:
		fmt.Fprintln(c.out, "yes: no line is at work")
	}
	return nil
}

// agentRuns says whether there is an agent though none answers. Where nothing can tell, there may be one.
func agentRuns(ctx context.Context, cfg *config.Config) bool {
	at, err := service.Query(ctx)
	if err != nil && cfg.Agent.DataDir == "" {
		return true
	}
	return at.PID != 0 || ledger.Locked(cfg.Agent.DataDir)
}

// atWork tells of each line that is in the middle of its work: something was counted there in this clock
// hour or the one before, and its batch has not ended. A batch that stands for longer can be interrupted:
// plants whose batches never end are upgraded when nothing moves.
func atWork(s agent.Status) []string {
	var busy []string
	for _, l := range s.Lines {
		b := l.Batch
		if l.Counts == nil || b.Ended != nil {
			continue
		}
		moved := l.Counts.Hour.Counts != line.Counts{}
		if last := l.Counts.LastHour; last != nil {
			moved = moved || last.Counts != line.Counts{}
		}
		switch {
		case !moved:
		case b.Started != nil:
			busy = append(busy, fmt.Sprintf("line %s is in the middle of batch %s", l.Name, b.Name))
		default:
			busy = append(busy, fmt.Sprintf("line %s is at work: it has counted products in this clock hour or the one before", l.Name))
		}
	}
	return busy
}
