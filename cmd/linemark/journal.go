package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"linemark/internal/ledger"
)

func runJournal(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "journal", []word{{"verify", journalVerify}, {"head", journalHead}}, args, "linemark journal verify --config linemark.toml")
}

// openJournal opens the ledger of the configuration, or a file, for reading.
func openJournal(ctx context.Context, q question, files []string) (*ledger.Ledger, error) {
	switch len(files) {
	case 0:
	case 1:
		l, err := ledger.OpenCopy(ctx, files[0])
		if err != nil {
			return nil, failed(fmt.Errorf("%s: %w", files[0], err), "a backup's file ends with .ledger, an agent's is ledger.db in its data_dir")
		}
		return l, nil
	default:
		return nil, wrong(fmt.Errorf("one ledger is read, not %d", len(files)), "linemark journal --help")
	}
	cfg, err := q.load()
	if err != nil {
		return nil, err
	}
	l, err := ledger.OpenReader(ctx, cfg.Agent.DataDir)
	if err != nil {
		return nil, failed(err, "see agent.data_dir in "+q.config+", or name a ledger's file")
	}
	return l, nil
}

// heads are the noted heads of a command line.
type heads []ledger.Head

func (h *heads) String() string { return "" }

func (h *heads) Set(text string) error {
	head, err := ledger.ParseHead(text)
	*h = append(*h, head)
	return err
}

func journalVerify(ctx context.Context, c *console, args []string) error {
	var q question
	var noted heads
	files, err := flags(c, "journal", args, func(fs *flag.FlagSet) {
		q.flags(fs)
		fs.Var(&noted, "head", "a head that was noted before, `SEQ:HEX`, must be part of the journal; may be given again")
	})
	if err != nil {
		return err
	}
	l, err := openJournal(ctx, q, files)
	if err != nil {
		return err
	}
	defer l.Close()
	show := progress(c.err, "entries")
	p, err := l.VerifyJournal(ctx, func(n int64) { show.tell(int(n)) }, noted...)
	show.clear()
	err = journalHint(err, p)
	if q.json {
		if shown := printJSON(c.out, journalProof(p, err)); shown != nil {
			return shown
		}
		return err
	}
	if p.Entries > 0 || err == nil {
		printProof(c, p, noted, err)
	}
	return err
}

// journalHint says what a person can do about a journal that is not proved.
func journalHint(err error, p ledger.Proof) error {
	if _, ok := errors.AsType[*ledger.BrokenError](err); ok {
		return failed(err, "keep a copy of the data folder as it is; verify the last backup (linemark journal verify FILE) to see since when; who had access to this PC's files?")
	}
	if e, ok := errors.AsType[*ledger.HeadError](err); ok && !e.Unproved {
		return failed(err, "is it the head of this agent? After linemark restore only heads noted up to that backup are part of it; else the journal was written anew")
	}
	if errors.Is(err, ledger.ErrNoChain) {
		return failed(err, "start the agent with this program once")
	}
	if _, ok := errors.AsType[*ledger.HeadError](err); ok || err == nil && len(p.Unproved) > 0 {
		if err == nil {
			err = errors.New("not all entries could be proved")
		}
		return &hinted{err, "put the archives back into the folder " + ledger.ArchiveDir + " of agent.data_dir; backups have them in the folder linemark-AGENT-" + ledger.ArchiveDir, exitOpen}
	}
	return err
}

// printProof tells what was proved.
func printProof(c *console, p ledger.Proof, noted heads, err error) {
	if _, broken := errors.AsType[*ledger.BrokenError](err); broken {
		fmt.Fprintf(c.out, "%d entries before that are unbroken\n", p.Entries)
		return
	}
	if p.From > p.To {
		fmt.Fprintln(c.out, "the journal has no entry yet that is part of its chain")
	} else {
		fmt.Fprintf(c.out, "%d entries from %s to %s are unbroken\n", p.Entries, journalTime(p.FromAt), journalTime(p.ToAt))
	}
	if p.Older > 0 {
		fmt.Fprintf(c.out, "entries up to %d are older than the chain: nothing is said of them\n", p.Older)
	}
	for _, u := range p.Unproved {
		fmt.Fprintf(c.out, "not proved: entries %d to %d, for want of %s (%s)\n", u.From, u.To, strings.Join(u.Archives, " or "), u.Why)
	}
	if err == nil || !isHead(err) {
		for _, h := range noted {
			fmt.Fprintf(c.out, "the head of entry %d is part of it\n", h.Seq)
		}
	}
	fmt.Fprintf(c.out, "head: %s\n", p.Head)
}

func isHead(err error) bool {
	_, ok := errors.AsType[*ledger.HeadError](err)
	return ok
}

func journalTime(t time.Time) string { return t.Local().Format(time.DateTime) }

// proofJSON is a proof for programs.
type proofJSON struct {
	Verdict  string        `json:"verdict"` // unbroken, broken, foreign (a noted head is no part of it), incomplete (archives are away), unread
	Problem  string        `json:"problem,omitempty"`
	BrokenAt int64         `json:"broken_at,omitempty"` // the first entry that is wrong
	Entries  int64         `json:"entries"`             // that are proved
	Older    int64         `json:"older"`               // entries up to this one are older than the chain
	From     int64         `json:"from"`
	To       int64         `json:"to"`
	FromAt   *time.Time    `json:"from_at"`
	ToAt     *time.Time    `json:"to_at"`
	Head     ledger.Head   `json:"head"`
	Unproved []unprovedRun `json:"unproved"`
}

type unprovedRun struct {
	From     int64    `json:"from"`
	To       int64    `json:"to"`
	Archives []string `json:"archives"` // one of which has them
	Why      string   `json:"why"`
}

func journalProof(p ledger.Proof, err error) proofJSON {
	v := proofJSON{Verdict: "unbroken", Entries: p.Entries, Older: p.Older, From: p.From, To: p.To, Head: p.Head, Unproved: []unprovedRun{}}
	if !p.FromAt.IsZero() {
		v.FromAt, v.ToAt = &p.FromAt, &p.ToAt
	}
	for _, u := range p.Unproved {
		v.Unproved = append(v.Unproved, unprovedRun(u))
	}
	if err == nil {
		return v
	}
	v.Problem = err.Error()
	var h *hinted
	broken, ok := errors.AsType[*ledger.BrokenError](err)
	switch {
	case ok:
		v.Verdict, v.BrokenAt = "broken", broken.Seq
	case errors.As(err, &h) && h.code == exitOpen:
		v.Verdict = "incomplete"
	case isHead(err):
		v.Verdict = "foreign"
	default:
		v.Verdict = "unread"
	}
	return v
}

func journalHead(ctx context.Context, c *console, args []string) error {
	var q question
	files, err := flags(c, "journal", args, func(fs *flag.FlagSet) { configFlag(fs, &q.config) })
	if err != nil {
		return err
	}
	l, err := openJournal(ctx, q, files)
	if err != nil {
		return err
	}
	defer l.Close()
	h, err := l.Head(ctx)
	if err == nil && h == (ledger.Head{}) {
		err = journalHint(ledger.ErrNoChain, ledger.Proof{})
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, h)
	return nil
}
