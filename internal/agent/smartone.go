package agent

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/retry"
	"linemark/internal/supply"
	"linemark/internal/upstream/smartone"
)

func init() {
	config.SigningKeyForm = func(key []byte) error { _, err := smartone.ParseKey(key); return err }
}

// smartOne is SmartOne's "T&T SYSTEM" as supply and report need it. Its codes are those of batches that
// somebody has made there; its reports are documents of what was packed into what.
type smartOne struct {
	*national
	onePapers
	client *smartone.Client

	signedIn atomic.Bool // in this run
	pools    pools
	pending  map[int64]*asked // reports that it still works on, by their number; the desk alone calls
	recent   recent
	passed   sync.Map // batches that are taken although another gives no codes, and what people were told of it
}

// newSmartOne makes the access to SmartOne as the configuration has it. It connects to nothing.
func newSmartOne(cfg *config.Config, l *ledger.Ledger, o Options) (*smartOne, error) {
	key, err := cfg.SigningKeyPEM()
	if err != nil {
		return nil, err
	}
	n := &smartOne{onePapers: onePapers{cfg, l}, national: &national{log: o.Log, now: o.Now, isAnswer: answersOne, gate: retry.Gate{Trip: tripAfter}},
		pending: map[int64]*asked{}}
	s := cfg.SmartOne
	access := smartone.Options{
		URL: s.URL, Login: s.Login, Password: s.Password.Reveal(), Key: key, Lang: s.Lang,
		Padding: smartone.Padding(s.Padding), Encoding: smartone.Encoding(s.Encoding), Signed: smartone.Signed(s.Signed), Gzip: smartone.Gzip(s.Gzip),
		LoginField: s.LoginField, PasswordField: s.PasswordField, TokenField: s.TokenField,
		Timeout: s.Timeout, Spacing: s.Spacing, DialContext: o.DialContext, Clock: n.clock, Now: o.Now, Record: callOne(o.rec),
	}
	if s.CAFile != "" {
		text, err := os.ReadFile(cfg.PathOf(s.CAFile))
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("ca_file %s holds no certificate in PEM", s.CAFile)
		}
		access.TLS = &tls.Config{RootCAs: roots}
	}
	if n.client, err = smartone.New(access); err != nil {
		return nil, err
	}
	n.reach = n.ping
	n.pools = newPools(n.batchCodes)
	return n, nil
}

func (n *smartOne) past() supply.Past { return pastOne{n} }

// ping asks whether the system is there and takes this PC's access: the first time it signs in, later it reads
// one code of a batch, which changes nothing. Where no batch is named it signs in each time.
func (n *smartOne) ping(ctx context.Context) error {
	if !n.signedIn.Load() {
		err := n.client.SignIn(ctx)
		n.signedIn.Store(err == nil)
		return byOne(err)
	}
	for _, p := range n.cfg.Products {
		if len(p.Batches) > 0 {
			_, err := n.client.BatchCodes(ctx, smartone.BatchQuery{Batch: int64(p.Batches[0]), Count: 1})
			if no, ok := errors.AsType[*smartone.Refusal](err); ok && !closed(no) {
				return nil // an answer, and to a good signature
			}
			return byOne(err)
		}
	}
	return byOne(n.client.SignIn(ctx))
}

// lockedOut is how long nothing is asked after the system has not let the user in: each try may bring
// the account nearer to its lock.
const lockedOut = 5 * time.Minute

// oneError tells whoever tries again what an error of SmartOne's means.
type oneError struct {
	error
	outcome                      ledger.ReportStatus // of a report; empty: it is not decided
	lost, unsent, refused, local bool
	denied                       bool // the access, not the request
	wait                         time.Duration
}

func (e *oneError) Unwrap() error                { return e.error }
func (e *oneError) Outcome() ledger.ReportStatus { return e.outcome }
func (e *oneError) Lost() bool                   { return e.lost }
func (e *oneError) Unsent() bool                 { return e.unsent }
func (e *oneError) Refused() bool                { return e.refused }
func (e *oneError) Local() bool                  { return e.local }
func (e *oneError) Unauthorized() bool           { return e.denied }
func (e *oneError) Wait() time.Duration          { return e.wait }

// byOne says what an error of the client means. A refused request of which the same bytes may go again has
// had no effect; where faults of single rows are named, whether the good ones were taken is not said; any other
// refusal is the system's last word on the request's own id.
func byOne(err error) error {
	if err == nil {
		return nil
	}
	e := &oneError{error: err}
	var (
		unknown  *smartone.UnknownError
		access   *smartone.AccessError
		frequent *smartone.TooFrequentError
		running  *smartone.InProgressError
		repeat   *smartone.RepeatError
		invalid  *smartone.InvalidError
		no       *smartone.Refusal
	)
	switch {
	case errors.As(err, &unknown):
		e.lost, e.unsent = true, unknown.Unsent
	case errors.As(err, &access):
		e.lost, e.denied, e.wait = true, true, lockedOut
	case errors.As(err, &frequent):
		e.unsent, e.wait = true, cmp.Or(frequent.Wait, smartone.DefaultSpacing)
	case errors.As(err, &running):
		e.wait = smartone.DefaultSpacing
	case errors.As(err, &repeat):
		e.outcome = ledger.Unclear
	case errors.As(err, &invalid):
		e.lost, e.local, e.unsent = true, true, true
	case errors.As(err, &no) && closed(no):
		e.lost, e.denied, e.unsent = true, true, true
	case errors.As(err, &no) && no.RetryLater:
		e.unsent = true
	case errors.As(err, &no) && no.Faulted():
		e.outcome = ledger.Unclear
	case errors.As(err, &no):
		e.refused, e.outcome = true, ledger.Denied
	}
	return e
}

// closed says whether a refusal is of the access: no request can succeed until a person has mended it.
func closed(no *smartone.Refusal) bool {
	return no.Code == smartone.CodeAccessDenied || no.Code == smartone.CodeUnsigned || no.Code == smartone.CodeWrongSign
}

// answersOne says whether an error is an answer of the system's: it is there, and the access is good.
func answersOne(err error) bool {
	var e *oneError
	return errors.As(err, &e) && !e.lost
}

// try makes one call in its turn; see national.ask.
func (n *smartOne) try(ctx context.Context, method string, call func() error) error {
	return n.ask(ctx, method, func() error { return byOne(call()) })
}

// asked is when the system may be asked again what became of a report.
type asked struct {
	backoff retry.Backoff
	at      time.Time
}

// recent are the documents that went lately.
type recent struct {
	mu     sync.Mutex
	filled bool // with what went before this run
	went   map[[32]byte]sending
}

// sending is when a document went last.
type sending struct {
	uuid string
	at   time.Time
}
