package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"linemark/drivers/link"
	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/doctor"
	"linemark/internal/service"
)

func runDoctor(ctx context.Context, c *console, args []string) error {
	var q question
	if err := noArguments(c, "doctor", args, func(fs *flag.FlagSet) { q.flags(fs) }); err != nil {
		return err
	}
	found := doctor.Look(ctx, doctor.Patient{
		Config: q.config,
		Status: func(ctx context.Context, cfg *config.Config) (s agent.Status, err error) {
			err = q.ask(ctx, cfg, "/api/v1/status", &s)
			return s, err
		},
		Service: func() []doctor.Finding { return serviceFinding(ctx) },
		Reach: func(ctx context.Context, address string) error {
			conn, err := link.Dial(ctx, address)
			if err != nil {
				return err
			}
			return conn.Close()
		},
	})
	if err := q.print(c, found, func() {
		for _, f := range found {
			fmt.Fprintf(c.out, "%-8s %s: %s\n", strings.ToUpper(string(f.Level)), f.Subject, f.Says)
			if f.Do != "" && f.Level != doctor.Good {
				fmt.Fprintf(c.out, "         do: %s\n", f.Do)
			}
		}
	}); err != nil {
		return err
	}
	if doctor.Worst(found) == doctor.Bad {
		return errShown
	}
	return nil
}

// serviceFinding says whether something starts linemark with this machine.
func serviceFinding(ctx context.Context) []doctor.Finding {
	s, err := service.Query(ctx)
	f := doctor.Finding{Subject: "service", Level: doctor.Warn}
	switch {
	case err != nil:
		return nil // this machine has no service control, or does not tell
	case !s.Installed:
		f.Says, f.Do = "is not installed: nothing starts linemark with this machine", "linemark service install, from the folder where the program stays"
	case !s.AtBoot:
		f.Says, f.Do = "does not start with this machine", "linemark service install"
	default:
		f.Level, f.Says = doctor.Good, "starts with this machine; it is "+s.State
	}
	return []doctor.Finding{f}
}
