package e2e

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// pgProxy stands between the worker and PostgreSQL at address and tells the
// tripwire of every statement that writes a key. It speaks just enough of the
// protocol (PostgreSQL documentation, "Message Formats") to see Parse and Bind
// on the way in and ReadyForQuery on the way out.
func pgProxy(t testing.TB, w *tripwire, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go (&pgConn{wire: w, writes: map[string]bool{}}).run(c, address)
		}
	}()
	return l.Addr().String()
}

// pgConn is one connection through the proxy.
type pgConn struct {
	wire   *tripwire
	writes map[string]bool // prepared statements that write a key

	mu      sync.Mutex
	pending bool // a write is under way; its ReadyForQuery is awaited
}

func (c *pgConn) run(client net.Conn, address string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	startup, err := message(client, false)
	if err != nil {
		return
	}
	if _, err := server.Write(startup); err != nil {
		return
	}
	go func() {
		c.outward(client, server)
		_ = client.Close()
		_ = server.Close()
	}()
	c.inward(client, server)
}

const registryWrite = "registry write"

// inward copies what the worker says.
func (c *pgConn) inward(client, server net.Conn) {
	for {
		m, err := message(client, true)
		if err != nil {
			return
		}
		switch m[0] {
		case 'P':
			name, rest := cstring(m[5:])
			query, _ := cstring(rest)
			c.writes[name] = strings.Contains(query, "INSERT INTO keys") || strings.Contains(query, "UPDATE keys")
		case 'B':
			_, rest := cstring(m[5:])
			if name, _ := cstring(rest); c.writes[name] {
				if c.wire.before(registryWrite) {
					return
				}
				c.set(true)
			}
		}
		if _, err := server.Write(m); err != nil {
			return
		}
	}
}

// outward copies what the server says.
func (c *pgConn) outward(client, server net.Conn) {
	for {
		m, err := message(server, true)
		if err != nil {
			return
		}
		if m[0] == 'Z' && c.set(false) && c.wire.done(registryWrite) {
			return
		}
		if _, err := client.Write(m); err != nil {
			return
		}
	}
}

func (c *pgConn) set(pending bool) (was bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, c.pending = c.pending, pending
	return was
}

// message reads one message; only the first of a connection has no type byte.
func message(r io.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 4)
	if typed {
		head = make([]byte, 5)
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(head[len(head)-4:])) - 4
	if n < 0 || n > 64<<20 {
		return nil, io.ErrUnexpectedEOF
	}
	body := make([]byte, n)
	_, err := io.ReadFull(r, body)
	return append(head, body...), err
}

func cstring(b []byte) (string, []byte) {
	i := bytes.IndexByte(b, 0)
	if i < 0 {
		return "", nil
	}
	return string(b[:i]), b[i+1:]
}
