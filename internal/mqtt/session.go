package mqtt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"
)

const (
	patience  = 10 * time.Second // for a connection, and for each answer
	farewell  = time.Second      // for the last word
	keepAlive = 10               // seconds; a broker gives up a silent client after one and a half of it
	qos       = 1                // at least once
	withWill  = 0x04             // of a DISCONNECT: the last will is published all the same (MQTT 5, 3.14.2.1)
	refusals  = 0x80             // reason codes from here on are refusals
)

// session is one connection. It returns why it has ended.
func (p *Publisher) session(ctx context.Context) error {
	conn, err := p.dial(ctx)
	if err != nil {
		return err
	}
	life, end := context.WithCancelCause(ctx)
	defer end(nil)
	client := paho.NewClient(paho.ClientConfig{
		ClientID: p.o.ClientID, Conn: packets.NewThreadSafeConn(conn), PacketTimeout: patience,
		OnPublishReceived:  []func(paho.PublishReceived) (bool, error){func(paho.PublishReceived) (bool, error) { return true, nil }},
		OnClientError:      func(err error) { end(fmt.Errorf("the connection has ended: %w", err)) },
		OnServerDisconnect: func(d *paho.Disconnect) { end(ended(d)) },
	})
	ack, err := client.Connect(ctx, p.hello())
	if err != nil {
		return refused(ack, err)
	}
	defer func() {
		_ = conn.SetDeadline(time.Now().Add(farewell))                // the broker may be gone
		_ = client.Disconnect(&paho.Disconnect{ReasonCode: withWill}) // then its last will is told by the broker alone
	}()
	p.begin()
	for {
		told, err := p.next(life, client)
		switch {
		case life.Err() != nil:
			return context.Cause(life)
		case err != nil:
			return err
		case told:
			continue
		}
		select {
		case <-life.Done():
			return context.Cause(life)
		case <-p.wake:
		}
	}
}

// hello is the first packet. Nothing is kept for this client between its connections: what waits, waits here.
func (p *Publisher) hello() *paho.Connect {
	return &paho.Connect{
		ClientID: p.o.ClientID, KeepAlive: keepAlive, CleanStart: true,
		Username: p.o.Username, UsernameFlag: p.o.Username != "",
		Password: []byte(p.o.Password), PasswordFlag: p.o.Password != "",
		WillMessage: &paho.WillMessage{Topic: p.o.Presence, Payload: []byte(Offline), QoS: qos, Retain: true},
	}
}

// begin has everything told that the broker keeps: it may be another one, or have forgotten.
func (p *Publisher) begin() {
	p.up()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.values[p.o.Presence] = []byte(Online)
	p.refresh(p.o.Presence)
	for topic := range p.values {
		p.refresh(topic)
	}
}

// next tells one thing, values first, and says whether there was any.
func (p *Publisher) next(ctx context.Context, client *paho.Client) (bool, error) {
	p.mu.Lock()
	if len(p.fresh) > 0 {
		topic := p.fresh[0]
		value := p.values[topic]
		p.fresh = p.fresh[1:]
		p.mu.Unlock()
		return true, p.publish(ctx, client, &paho.Publish{Topic: topic, Payload: value, QoS: qos, Retain: true})
	}
	if p.current == nil {
		if m, ok := p.queue.take(); ok {
			p.current = &m
		}
	}
	p.mu.Unlock()
	if p.current == nil {
		return false, nil
	}
	err := p.publish(ctx, client, &paho.Publish{Topic: p.current.topic, Payload: p.current.payload, QoS: qos})
	if err == nil {
		p.current = nil
	}
	return true, err
}

// publish returns an error if it is not known that the broker has it. What it refuses is counted, and not told again:
// it would stand in the way of all that follows.
func (p *Publisher) publish(ctx context.Context, client *paho.Client, m *paho.Publish) error {
	r, err := client.Publish(ctx, m)
	no := r != nil && r.ReasonCode >= refusals || errors.Is(err, paho.ErrInvalidArguments)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case no:
		p.status.Refused++
		p.status.Error = fmt.Sprintf("%s is refused: %v", m.Topic, err)
		return nil
	case err != nil:
		return fmt.Errorf("telling %s: %w", m.Topic, err)
	}
	p.status.Told++
	return nil
}

func (p *Publisher) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := p.o.DialContext(ctx, "tcp", p.address)
	if err != nil || p.tls == nil {
		return conn, err
	}
	over := tls.Client(conn, p.tls)
	if err := over.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // the handshake's error is the one to tell
		return nil, fmt.Errorf("securing the connection: %w", err)
	}
	return over, nil
}

func secure(o Options, host string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if o.CA != nil {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(o.CA) {
			return nil, errors.New("there is no certificate of an authority in its file")
		}
	}
	if o.Cert != nil {
		pair, err := tls.X509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("this side's certificate and key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// reasons are the refusals of a connection that a person can mend (MQTT 5, 3.2.2.2).
var reasons = map[byte]string{
	0x85: "the client id is not valid", 0x86: "bad user name or password", 0x87: "not authorized", 0x89: "it is busy", 0x8a: "banned",
	0x8c: "bad authentication method", 0x8e: "another client has the same client id", 0x97: "a quota is exceeded", 0x9c: "another server is to be used", 0x9d: "the server has moved",
}

// refused says why a connection did not come about.
func refused(ack *paho.Connack, err error) error {
	if ack == nil || ack.ReasonCode < refusals {
		return fmt.Errorf("opening a session: %w", err)
	}
	return fmt.Errorf("the broker refuses the connection: %s", reason(ack.ReasonCode))
}

// ended says why the broker has hung up.
func ended(d *paho.Disconnect) error {
	return fmt.Errorf("the broker has ended the connection: %s", reason(d.ReasonCode))
}

func reason(code byte) string {
	if text := reasons[code]; text != "" {
		return text
	}
	return fmt.Sprintf("reason %#02x", code)
}
