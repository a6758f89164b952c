package web

import (
	"net"
	"sync"
)

// How many connections the page has at a time, and how many of them from one address: a screen that opens one after the
// other must not take the descriptors with which devices come back.
const (
	mostConns = 1000
	mostEach  = 200 // fifty pages behind one gateway, with what a browser keeps open beside them
)

// limited closes connections beyond its limits as they come in.
type limited struct {
	net.Listener
	most, each int
	mu         sync.Mutex
	from       map[string]int
	all        int
}

func limit(l net.Listener, most, each int) net.Listener {
	return &limited{Listener: l, most: most, each: each, from: map[string]int{}}
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(c.RemoteAddr().String())
		if err != nil {
			host = c.RemoteAddr().String()
		}
		if l.take(host) {
			return &counted{Conn: c, gone: sync.OnceFunc(func() { l.give(host) })}, nil
		}
		_ = c.Close() // nobody has heard anything from it yet
	}
}

func (l *limited) take(host string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= l.most || l.from[host] >= l.each {
		return false
	}
	l.all++
	l.from[host]++
	return true
}

func (l *limited) give(host string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.from[host]--; l.from[host] == 0 {
		delete(l.from, host)
	}
}

type counted struct {
	net.Conn
	gone func()
}

func (c *counted) Close() error {
	defer c.gone()
	return c.Conn.Close()
}
