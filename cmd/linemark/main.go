// Command linemark is the agent beside a production line: it keeps marking codes in stock,
// feeds them to printers, reads back what was printed, and reports it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"linemark/internal/config"
	"linemark/internal/ledger"

	_ "linemark/drivers/all" // every driver makes itself known
)

// command is one word that a person can type after linemark.
type command struct {
	name  string
	usage string // its arguments
	about string
	run   func(ctx context.Context, c *console, args []string) error
	words []string // usage of its words, where it has some
}

// console is what a command talks to.
type console struct {
	in       io.Reader
	out, err io.Writer
}

func commands() []command {
	return []command{
		{"demo", "[--for 30s] [--rate N] [--seed N] [--system smartone] [--shipping] [--json]", "a whole plant on this machine, nothing to install", runDemo, nil},
		{"run", "--config FILE", "the agent", runAgent, nil},
		{"service", "install|uninstall|start|stop|status|may-restart", "the agent as a Windows service or a systemd unit, which starts with the machine", runService, []string{
			"install [--config FILE] [--again]    as administrator or root; writes a starter configuration where there is none",
			"uninstall [--remove-data]            configuration, ledger and logs stay, unless they are to go too",
			"start [--if-enabled]",
			"stop",
			"status                               exit code 0 only while it runs",
			"may-restart [--config FILE]          exit code 0 unless a line is in the middle of its work",
		}},
		{"reload", "[--config FILE]", "the running agent takes the changed configuration over; a wrong one changes nothing", runReload, nil},
		{"doctor", "[--config FILE] [--json]", "what keeps this PC from working, or will, and what to do; exit 1 where something does not work", runDoctor, nil},
		{"config", "check|init|show|schema [FILE]", "the configuration, looked at by the same loader as run", runConfig, []string{
			"check [--offline] [FILE]                        every problem with its line; then whether each device answers",
			"init [FILE] [--group GROUP] [--printer DRIVER[=ADDRESS]] [--box-printer ...] [--scanner ...] [--plc ... | --no-plc] [--boxes N | --no-boxes] [--pallets N | --no-pallets] [--preprinted] [--trial]",
			"show [FILE] [--json]                            everything that is in force, defaults too, without secrets",
			"schema [--output FILE]                          a JSON schema for editors",
		}},
		{"secret", "set|list|remove ...", "secrets kept beside the configuration, which names them as \"secret:NAME\"", runSecret, []string{
			"set [--config FILE] NAME       the secret comes from standard input; a terminal does not show it",
			"list [--config FILE]           the names, and which settings use them",
			"remove [--config FILE] NAME",
		}},
		{"user", "set|list|remove|token ...", "who may do what on the page, and the tokens of programs", runUser, []string{
			"set [--config FILE] [--role ROLE] NAME       a password or PIN from standard input; ROLE is viewer, operator (default) or engineer",
			"list [--config FILE]                         people and tokens",
			"remove [--config FILE] NAME                  nobody is let in by it any more",
			"token [--config FILE] [--scope SCOPE] NAME   a program's token, shown once; SCOPE is look (default), operate or maintain",
		}},
		{"status", "[--config FILE] [--json]", "what is going on (asks the running agent)", runStatus, nil},
		{"balance", "[--config FILE] [--json]", "received against every state of a code, recounted", runBalance, nil},
		{"trace", "[--config FILE] [--json] CODE", "one code's life; - reads the code from standard input", runTrace, nil},
		{"sim", "--config FILE | [--izkm ADDR] [--printer zpl=ADDR] ...", "the emulators alone, for a desk", runSim, nil},
		{"code", "parse|check|escape|sscc ...", "a code taken apart, checked, escaped for a medium; a transport code made or checked", runCode, []string{
			"parse [--group GROUP] [--type GROUP] [--config FILE] [--json] CODE    what it is made of, which groups it fits, what happened to it",
			"check [--group GROUP] [--type GROUP] [--config FILE] CODE ...         a line for each; GTIN, GLN and SSCC too",
			"escape --for url|json-get|json|csv|csv-izkm|xml CODE                  the escaped text alone",
			"sscc --prefix DIGITS --serial N, or sscc CODE                         a transport code made, or checked",
		}},
		{"journal", "verify|head ...", "the proof that no entry of the journal was changed, left out or put in", runJournal, []string{
			"verify [--config FILE | FILE] [--head SEQ:HEX] [--json]    beside the running agent or without it, or a backup; exit 1: broken, 3: archives are away",
			"head [--config FILE | FILE]                     the newest entry and its seal, to be noted elsewhere",
		}},
		{"codes", "import|export ...", "codes from a file into the stock, and out of the ledger into a file", runCodes, []string{
			"import --config FILE --product NAME --format FORMAT [--skip-bad] CODES    while the agent is stopped",
			"export --config FILE --format FORMAT [--product NAME] [--state STATES] [--ident] [--output CODES]",
		}},
		{"batch", "start|end|show ...", "a batch of a line begun and ended, and its balance sheet", runBatch, []string{
			"start --line LINE --name NAME [--production-date TIME] [--expiration-date TIME] [--series SERIES]",
			"end --line LINE",
			"show --line LINE [--name NAME]",
		}},
		{"pack", "show|close|undo|empty|out|replace|dissolve ...", "what is in a container, and a person's word on it", runPack, []string{
			"show --line LINE --station STATION              what is open at a pack station",
			"show CODE                                       the container that bears this code, or holds it",
			"close --line LINE --station STATION --by NAME --reason TEXT      though it is not full; so undo (the last one out), empty",
			"out --by NAME --reason TEXT CODE                one unit or container out of an open one",
			"replace --by NAME --reason TEXT OLD NEW         another in its place, also in a closed one that no report holds",
			"dissolve --by NAME --reason TEXT CODE           a closed container given up: what is in it is loose again",
		}},
		{"drop", "--reason REASON [--with-child] [--doc NUMBER --date TIME] CODE ... | -", "codes withdrawn and reported, a line for each", runDrop, []string{
			"--reason DEFECT CODE ...                    full codes or identification codes",
			"--reason DESTRUCTION --with-child CODE      a container, and all that is in it",
			"--reason DEFECT -                           one code a line on standard input",
		}},
		{"reports", "list|show|retry|resolve|export ...", "reports to the national system, and a person's word on them", runReports, []string{
			"list [--all] [--json]                       in doubt and rejected first",
			"show ID                                     and what it names",
			"retry ID                                    one in doubt again as it is, a rejected one made anew",
			"resolve ID --as sent|rejected --reason TEXT",
			"export ID --output DIR [--hand --reason TEXT]    files for the national system's cabinet",
		}},
		{"shipping", "add|list|show|print|retry|export ...", "shipments: their waybills' QR codes fetched and printed, their documents' protocols fetched", runShipping, []string{
			"add [FILE.json | FILE.csv] [--name NAME] [--pallet SSCC ...] [--waybill ID ...] [--document MESSAGE,DOCUMENT[,BOX] ...]",
			"list [--all] [--json]",
			"show NAME                                   each paper: there, or missing and why; each label",
			"print NAME [--again --by NAME --reason TEXT] [--waybill ID]    labels that nobody asked for; with --again also printed and doubtful ones",
			"retry NAME --by NAME --reason TEXT          what has failed, or waits, is asked for at once",
			"export NAME --output DIR                    pictures, protocols and signatures as they came; exit 1 where something is missing",
		}},
		{"recover", "--config FILE [--json]", "after the loss of a ledger: orders, blocks and codes again from the national system", runRecover, []string{
			"--config FILE --release-unused-order ORDER --reason TEXT    recovered codes to stock: none of the order was printed",
			"--config FILE --release-from CODE --reason TEXT             recovered codes to stock: none from this one on was printed",
		}},
		{"backup", "[--config FILE] [--to DIR] [--json]", "a verified copy of the ledger, beside the running agent or without it", runBackup, nil},
		{"restore", "--from FILE | --takeover --old NAME | --moved | --rename AGENT", "a ledger put in place, and a person's word on whose place it takes", runRestore, []string{
			"--from FILE [--replace]                          a backup, or a ledger.db with its log, into the data folder; it is a copy then",
			"--takeover --old NAME --reason TEXT              the PC that it was copied from is dead: what it may have printed is in doubt, the rest is asked for",
			"--takeover --rename AGENT --old NAME --reason TEXT    and the configured agent has another name than that one",
			"--moved --reason TEXT                            it was moved on this PC, whole, and nothing was printed since",
			"--rename AGENT --reason TEXT                     the configured agent goes on with the ledger of this one",
		}},
		{"test", "printer|scanner|plc|line ...", "commissioning: one device, or a whole line with codes of nobody's, while the agent is stopped", runTest, []string{
			"printer [--config FILE] NAME                    one label, and every byte that goes and comes",
			"scanner [--config FILE] [--for 60s] [--trigger] [--codes N] NAME    every byte, what it means, and what is set wrong",
			"scanner [--config FILE] --print-code            a code of nobody's to hold under a scanner",
			"plc [--config FILE] [--for 10s] [--write OUTPUT=VALUE] [--pulse OUTPUT] [--beat] [--expect NAME=VALUE] [--raw] NAME",
			"line [--config FILE] [--products 50] [--seed N] [--speed N] [--sheet FILE] [--yes] NAME    good and bad codes past all stations; an acceptance sheet",
		}},
		{"record", "export|show ...", "the flight recorder: a time cut out of it into a file, or shown", runRecord, []string{
			"export --config FILE --last-stop --output FILE.lrec               codes are masked; --with-codes leaves them whole",
			"export --config FILE --from TIME --to TIME [--device NAME] [--line LINE] --output FILE.lrec",
			"show [--config FILE | FILE.lrec] [--from TIME] [--to TIME] [--last-stop] [--device NAME] [--line LINE]",
		}},
		{"replay", "[--config FILE | FILE.lrec] [--set LINE/STATION.SETTING=VALUE]", "a recording run against this program's own steps; exit 1 where they differ", runReplay, nil},
		{"drivers", "[NAME [--sample]]", "the device drivers, or one's manual", runDrivers, nil},
		{"ports", "", "the serial ports of this machine", runPorts, nil},
		{"version", "", "the version of this program", runVersion, nil},
	}
}

func main() {
	ctx, stop := signals()
	defer stop()
	os.Exit(run(ctx, &console{in: os.Stdin, out: os.Stdout, err: os.Stderr}, os.Args[1:]))
}

// signals ends the context at the first interrupt, so that everything finishes what it has
// begun; the second one ends the process, which is as safe.
func signals() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-c
		cancel()
		<-c
		os.Exit(130)
	}()
	return ctx, cancel
}

// Exit codes.
const (
	exitFailed = 1 // it did not work
	exitWrong  = 2 // the command line or the configuration is wrong; nothing was done
	exitOpen   = 3 // nothing wrong was found, and not all could be looked at
)

func run(ctx context.Context, c *console, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		usage(c.out)
		return 0
	}
	for _, cmd := range commands() {
		if cmd.name == args[0] {
			return exitCode(c, cmd.run(ctx, c, args[1:]))
		}
	}
	return exitCode(c, wrong(fmt.Errorf("no command %q", args[0]), "linemark help lists them"))
}

func usage(w io.Writer) {
	fmt.Fprint(w, "linemark keeps marking codes in stock, prints them, reads them back and reports them.\n\n")
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  %s\n        %s\n", strings.TrimSpace("linemark "+cmd.name+" "+cmd.usage), cmd.about)
	}
}

// hinted is an error with what to do about it.
type hinted struct {
	err  error
	hint string
	code int
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

func wrong(err error, hint string) error  { return &hinted{err, hint, exitWrong} }
func failed(err error, hint string) error { return &hinted{err, hint, exitFailed} }

// errShown ends a command whose problem was printed already.
var errShown = errors.New("shown")

func exitCode(c *console, err error) int {
	var problems config.Problems
	var h *hinted
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errShown):
		return exitFailed
	case errors.As(err, &problems):
		for _, p := range problems {
			fmt.Fprintln(c.err, p)
		}
		return exitWrong
	case errors.Is(err, ledger.ErrInUse):
		err = failed(err, "stop the other linemark, or give this one another data_dir")
	case !errors.As(err, &h) && isCopy(err):
		err = failed(err, copyIs)
	}
	fmt.Fprintf(c.err, "linemark: %v\n", err)
	if errors.As(err, &h) {
		if h.hint != "" {
			fmt.Fprintf(c.err, "hint: %s\n", h.hint)
		}
		return h.code
	}
	return exitFailed
}

// flags parses a command's flags; what is wrong with them goes out as every other error does.
func flags(c *console, name string, args []string, define func(*flag.FlagSet)) ([]string, error) {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	define(fs)
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		for _, cmd := range commands() {
			if cmd.name == name {
				fmt.Fprintf(c.out, "%s\n        %s\n", strings.TrimSpace("linemark "+cmd.name+" "+cmd.usage), cmd.about)
				for _, w := range cmd.words {
					fmt.Fprintf(c.out, "  linemark %s %s\n", name, w)
				}
				if strings.Contains(strings.Join(cmd.words, "\n"), "CODE") {
					fmt.Fprintln(c.out, "A code stands in single quotes, {GS} in it for the byte 1D; - reads it from standard input as it is.")
				}
			}
		}
		fs.SetOutput(c.out)
		fs.PrintDefaults()
		return nil, err
	}
	if err != nil {
		return nil, wrong(err, "linemark "+name+" --help shows its flags")
	}
	rest := fs.Args()
	var plain []string
	for len(rest) > 0 { // flags may also stand behind the arguments
		plain, rest = append(plain, rest[0]), rest[1:]
		if err := fs.Parse(rest); err != nil {
			return nil, wrong(err, "linemark "+name+" --help shows its flags")
		}
		rest = fs.Args()
	}
	return plain, nil
}

// help shows a command that begins with a word of its own, as its --help would.
func help(c *console, name string) error {
	_, err := flags(c, name, []string{"--help"}, func(*flag.FlagSet) {})
	return err
}

// noArguments is flags for a command that takes nothing else: a file or a number that stands
// there without its flag would be passed over in silence.
func noArguments(c *console, name string, args []string, define func(*flag.FlagSet)) error {
	rest, err := flags(c, name, args, define)
	if err == nil && len(rest) > 0 {
		return wrong(fmt.Errorf("%s takes no argument %q", name, rest[0]), "linemark "+name+" --help shows its flags")
	}
	return err
}

// version is set by the release build; else the commit that Go has recorded is told.
var version string

func runVersion(_ context.Context, c *console, args []string) error {
	if err := noArguments(c, "version", args, func(*flag.FlagSet) {}); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "linemark", programVersion())
	return nil
}

// programVersion is what version tells.
func programVersion() string {
	v := version
	if v == "" {
		v = "development"
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" {
					v += " " + s.Value
				}
			}
		}
	}
	return v
}
