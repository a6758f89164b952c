package mqtt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"
	"go.uber.org/goleak"

	"linemark/internal/peers"
)

// asChild in the environment lets the test program be a publisher that can be killed.
const asChild = "LINEMARK_MQTT_CHILD"

func TestMain(m *testing.M) {
	if text := os.Getenv(asChild); text != "" {
		var o Options
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			panic(err)
		}
		o.Log = slog.New(slog.DiscardHandler)
		p, err := New(o)
		if err != nil {
			panic(err)
		}
		panic(p.Run(context.Background()))
	}
	goleak.VerifyTestMain(m)
}

const wait = 20 * time.Second

// mosquitto is a real broker, with TLS and a password.
type mosquitto struct {
	t       *testing.T
	program string
	dir     string
	port    int
	pki     pki
	process *exec.Cmd
	said    words
}

// words are what the broker says, read while it goes on.
type words struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func newMosquitto(t *testing.T) *mosquitto {
	t.Helper()
	m := &mosquitto{t: t, program: peers.Need(t, "mosquitto"), dir: t.TempDir(), pki: newPKI(t)}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.port = free.Addr().(*net.TCPAddr).Port
	free.Close()
	config := fmt.Sprintf("listener %d 127.0.0.1\ncafile %s\ncertfile %s\nkeyfile %s\nallow_anonymous false\npassword_file %s\npersistence false\nuser root\n",
		m.port, m.write("ca.pem", m.pki.ca), m.write("server.pem", m.pki.server), m.write("server.key", m.pki.serverKey), m.write("passwords", []byte("line-3:s3cret\n")))
	if out, err := exec.Command(filepath.Join(filepath.Dir(m.program), "../bin/mosquitto_passwd"), "-U", filepath.Join(m.dir, "passwords")).CombinedOutput(); err != nil {
		t.Fatalf("hashing the password: %v\n%s", err, out)
	}
	m.write("mosquitto.conf", []byte(config))
	m.start()
	return m
}

func (m *mosquitto) write(name string, text []byte) string {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		m.t.Fatal(err)
	}
	return path
}

func (m *mosquitto) start() {
	m.t.Helper()
	m.process = exec.Command(m.program, "-v", "-c", filepath.Join(m.dir, "mosquitto.conf"))
	m.process.Stdout, m.process.Stderr = &m.said, &m.said
	if err := m.process.Start(); err != nil {
		m.t.Fatal(err)
	}
	kill := m.process
	m.t.Cleanup(func() {
		kill.Process.Kill()
		kill.Wait()
	})
	until(m.t, "the broker", func() bool {
		c, err := net.Dial("tcp", m.address())
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// kill ends the broker as a power cut does.
func (m *mosquitto) kill() {
	m.process.Process.Kill()
	m.process.Wait()
}

func (m *mosquitto) address() string { return fmt.Sprint("127.0.0.1:", m.port) }

func (m *mosquitto) options() Options {
	return Options{Broker: "tls://" + m.address(), ClientID: "linemark-line-3", Username: "line-3", Password: "s3cret", CA: m.pki.ca, Presence: "p/online", Buffer: 10, Log: slog.New(slog.DiscardHandler)}
}

// heard is what a subscriber was told, in order, as topic=payload, with a ! behind what was retained.
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) has(text string) bool { return slices.Contains(h.list(), text) }

func (h *heard) list() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.all)
}

// alarms are the payloads of the alarms.
func (h *heard) alarms() []string {
	var all []string
	for _, one := range h.list() {
		if text, ok := strings.CutPrefix(one, "p/alarm="); ok {
			all = append(all, text)
		}
	}
	return all
}

// subscribe listens to everything below p until the test, or the broker, ends.
func (m *mosquitto) subscribe(name string) *heard {
	m.t.Helper()
	p, err := New(m.options())
	if err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(m.t.Context(), wait)
	defer cancel()
	conn, err := p.dial(ctx)
	if err != nil {
		m.t.Fatalf("a subscriber: %v\n%s", err, &m.said)
	}
	h := &heard{}
	// The client's first ping is sent beside the subscription, and a packet is more than one write.
	c := paho.NewClient(paho.ClientConfig{Conn: packets.NewThreadSafeConn(conn), OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(r paho.PublishReceived) (bool, error) {
		text := r.Packet.Topic + "=" + string(r.Packet.Payload)
		if r.Packet.Retain {
			text += "!"
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.all = append(h.all, text)
		return true, nil
	}}})
	if _, err := c.Connect(ctx, &paho.Connect{ClientID: name, KeepAlive: 30, CleanStart: true, Username: "line-3", UsernameFlag: true, Password: []byte("s3cret"), PasswordFlag: true}); err != nil {
		m.t.Fatalf("a subscriber: %v\n%s", err, &m.said)
	}
	m.t.Cleanup(func() { _ = c.Disconnect(&paho.Disconnect{}) })
	if _, err := c.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "p/#", QoS: 1}}}); err != nil {
		m.t.Fatalf("a subscriber: %v\n%s", err, &m.said)
	}
	return h
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(wait); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s never came", what)
		}
	}
}

// gate lets connections through, or not.
type gate struct {
	mu     sync.Mutex
	closed bool
}

func (g *gate) close(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = on
}

func (g *gate) dial(ctx context.Context, network, address string) (net.Conn, error) {
	g.mu.Lock()
	closed := g.closed
	g.mu.Unlock()
	if closed {
		return nil, errors.New("the gate is closed")
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// The broker is killed and comes back with nothing: what waited arrives in order, within the bound, each once; who
// comes later is told the newest values; and the end is told.
func TestOutage(t *testing.T) {
	m, g, log := newMosquitto(t), &gate{}, &diary{}
	o := m.options()
	o.Log, o.DialContext = slog.New(log), g.dial
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	first := m.subscribe("first")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	p.Keep("p/state", []byte("v1"))
	p.Tell("p/alarm", []byte("1"), false)
	until(t, "the first alarm", func() bool { return first.has("p/alarm=1") && first.has("p/online=online") && first.has("p/state=v1") })

	g.close(true)
	m.kill()
	until(t, "the outage", func() bool { return !p.Status().Up })
	p.Keep("p/state", []byte("v2"))
	for n := 2; n <= 14; n++ { // ten fit
		p.Tell("p/alarm", fmt.Append(nil, n), false)
		p.Tell("p/line/3/counts", fmt.Append(nil, "c", n), true)
	}
	if s := p.Status(); s.Waiting != 10 || s.Dropped != 16 {
		t.Errorf("in the outage the status is %+v", s)
	}

	m.start()
	second := m.subscribe("second")
	g.close(false)
	until(t, "the last alarm", func() bool { return second.has("p/alarm=14") })
	if got, want := second.alarms(), []string{"5", "6", "7", "8", "9", "10", "11", "12", "13", "14"}; !slices.Equal(got, want) {
		t.Errorf("the alarms came as %v, want %v", got, want)
	}
	if !second.has("p/state=v2") || !second.has("p/online=online") {
		t.Errorf("the values were not told anew: %q", second.list())
	}

	late := m.subscribe("late")
	until(t, "what is retained", func() bool { return late.has("p/state=v2!") && late.has("p/online=online!") })
	if a := late.alarms(); len(a) > 0 {
		t.Errorf("a late subscriber heard the alarms %v", a)
	}
	if s := p.Status(); !s.Up || s.Waiting != 0 || s.Error != "" || s.Told < 14 {
		t.Errorf("at the end the status is %+v", s)
	}
	if n := log.with("is away"); n != 1 {
		t.Errorf("%d warnings of one outage: %q", n, log.all)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
	until(t, "the farewell", func() bool { return second.has("p/online=offline") })
}

// A publisher that is killed leaves its last will, and the next start takes it back.
func TestLastWill(t *testing.T) {
	m := newMosquitto(t)
	h := m.subscribe("watcher")
	o, err := json.Marshal(struct {
		Broker, ClientID, Username, Password, Presence string
		CA                                             []byte
	}{m.options().Broker, "linemark-line-3", "line-3", "s3cret", "p/online", m.pki.ca})
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), asChild+"="+string(o))
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "its presence", func() bool { return h.has("p/online=online") })
	child.Process.Kill()
	child.Wait()
	until(t, "the last will", func() bool { return h.has("p/online=offline") })
	until(t, "that it stays", func() bool { return m.subscribe("later").waits("p/online=offline!") })
}

// waits says whether a text comes within a moment.
func (h *heard) waits(text string) bool {
	for range 100 {
		if h.has(text) {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// A refusal is told in words, and a certificate of another authority ends the connection.
func TestRefused(t *testing.T) {
	m := newMosquitto(t)
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"password":    {func(o *Options) { o.Password = "wrong" }, "the broker refuses the connection: not authorized"},
		"authority":   {func(o *Options) { o.CA = newPKI(t).ca }, "certificate"},
		"in the open": {func(o *Options) { o.Broker = "mqtt://" + m.address() }, "opening a session"},
	} {
		t.Run(name, func(t *testing.T) {
			o := m.options()
			c.change(&o)
			p, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.session(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "wrong") {
				t.Errorf("it said %v, want %q", err, c.want)
			}
		})
	}
}
