// Package mqtt tells an MQTT 5 broker of something: values, of which the broker keeps the newest for whoever comes
// later, and messages, one after another.
//
// Who tells is never held up. While the broker is away the newest values and a bounded number of messages wait; what
// does not fit is dropped and counted. A message is told again when its acknowledgement was lost, so one may arrive
// twice: QoS 1 is at least once.
package mqtt

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"linemark/internal/retry"
)

// The words in the topic that says whether the teller is there.
const (
	Online  = "online"
	Offline = "offline" // the last will
)

// The ports that are usual.
const (
	portPlain = "1883"
	portTLS   = "8883"
)

// Options of New.
type Options struct {
	Broker   string // tls://HOST:8883, or mqtt://HOST:1883 in the open; the port may be left out
	ClientID string
	Username string // empty: none
	Password string // empty: none
	CA       []byte // PEM of the authorities to trust; nil: the system's
	Cert     []byte // PEM of this side's certificate; nil: none
	Key      []byte // PEM of its key
	Presence string // topic that says Online, or Offline when the connection has ended
	Buffer   int    // messages that wait at most; at least 1
	Log      *slog.Logger
	// DialContext replaces the network; nil: the system's.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// Publisher tells one broker.
type Publisher struct {
	o       Options
	address string
	tls     *tls.Config // nil: in the open
	wake    chan struct{}

	current *message // taken out of the queue and not acknowledged yet; Run's own

	mu     sync.Mutex
	values map[string][]byte // retained, by topic
	fresh  []string          // topics whose value the broker does not have
	queue  queue
	status Status
	short  int // sessions in a row that soon ended: after a few they are not logged
}

// Status tells how the broker answers.
type Status struct {
	Broker  string    `json:"broker"`
	Up      bool      `json:"up"`
	Since   time.Time `json:"since"`
	Error   string    `json:"error,omitempty"` // why it is not up, or what it refused last
	Waiting int       `json:"waiting"`         // messages
	Told    uint64    `json:"told"`            // values and messages that it has taken
	Dropped uint64    `json:"dropped"`         // messages for which there was no room
	Refused uint64    `json:"refused"`         // values and messages that it did not want
}

// New checks the options. It connects to nothing.
func New(o Options) (*Publisher, error) {
	u, err := url.Parse(o.Broker)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("the broker's address is none")
	}
	p := &Publisher{o: o, wake: make(chan struct{}, 1), values: map[string][]byte{}, queue: queue{most: max(o.Buffer, 1)}}
	p.status = Status{Broker: u.Scheme + "://" + u.Host, Since: time.Now(), Error: "not connected yet"}
	port := portPlain
	switch u.Scheme {
	case "mqtt":
	case "tls":
		port = portTLS
		if p.tls, err = secure(o, u.Hostname()); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("the broker's address begins with %s://, not with tls:// or mqtt://", u.Scheme)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	p.address = net.JoinHostPort(u.Hostname(), port)
	if p.o.DialContext == nil {
		p.o.DialContext = (&net.Dialer{}).DialContext
	}
	return p, nil
}

// Keep tells a value that the broker keeps. Only the newest of a topic is told. It never waits.
func (p *Publisher) Keep(topic string, value []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.values[topic] = value
	p.refresh(topic)
	p.rouse()
}

// Tell tells a message, after those before it. Of yields see queue. It never waits.
func (p *Publisher) Tell(topic string, payload []byte, yields bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.add(message{topic, payload, yields})
	p.rouse()
}

// Status tells how the broker answers.
func (p *Publisher) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status
	s.Waiting, s.Dropped = len(p.queue.all), p.queue.dropped
	return s
}

// refresh has a topic's value told; the caller holds mu.
func (p *Publisher) refresh(topic string) {
	for _, t := range p.fresh {
		if t == topic {
			return
		}
	}
	p.fresh = append(p.fresh, topic)
}

func (p *Publisher) rouse() {
	select {
	case p.wake <- struct{}{}:
	default: // it is awake
	}
}

// What a session may take, and how long one must have lasted to count as a good one.
const (
	firstPause = 500 * time.Millisecond
	mostPause  = 30 * time.Second
	goodFor    = 10 * time.Second
	mostLogged = 3
)

// Run connects again and again until ctx ends, and tells what there is. At its end the broker is told that nobody
// is there any more.
func (p *Publisher) Run(ctx context.Context) error {
	pause := retry.Backoff{First: firstPause, Most: mostPause}
	for {
		began := time.Now()
		err := p.session(ctx)
		if ctx.Err() != nil {
			p.down(ctx.Err())
			return ctx.Err()
		}
		if p.ended(err, time.Since(began)) {
			pause.Reset()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause.Next(err)):
		}
	}
}

// up notes that a session has begun.
func (p *Publisher) up() {
	p.mu.Lock()
	p.status.Up, p.status.Since, p.status.Error = true, time.Now(), ""
	logged := p.short < mostLogged
	p.mu.Unlock()
	if logged {
		p.o.Log.Info("the MQTT broker takes messages", "broker", p.status.Broker)
	}
}

// ended notes why a session has ended, or never began, and says whether it was a good one. An outage is logged once.
func (p *Publisher) ended(err error, lasted time.Duration) (good bool) {
	p.mu.Lock()
	wasUp, first := p.status.Up, p.status.Error == "not connected yet"
	logged := first || wasUp && p.short < mostLogged
	switch {
	case wasUp && lasted >= goodFor:
		p.short, good = 0, true
	case wasUp:
		p.short++
	}
	p.mu.Unlock()
	p.down(err)
	if logged {
		p.o.Log.Warn("the MQTT broker is away and is tried again: the newest messages wait", "broker", p.status.Broker, "error", err)
	}
	return good
}

func (p *Publisher) down(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status.Up {
		p.status.Up, p.status.Since = false, time.Now()
	}
	p.status.Error = err.Error()
}

// Level makes a name one level of a topic: what separates levels, and what only filters may have, is replaced.
func Level(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("/+#", r) || r < ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, name)
}
