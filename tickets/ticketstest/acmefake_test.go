package ticketstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
)

// acmeTicket and acmeComment are what Acme, a vendor that does not exist, keeps.
type acmeTicket struct {
	ID, Key, Title, Body, Due string
	State                     tickets.State
	Urgent                    bool
	comments                  []acmeComment
}

type acmeComment struct{ Key, Text string }

// acmeServer is Acme. Where it knows keys, opening one twice opens one ticket.
type acmeServer struct {
	world World
	keyed bool

	mu   sync.Mutex
	last int
	all  []*acmeTicket
}

// serveAcme makes an Acme of either kind.
func serveAcme(keyed bool) func(World) Fake {
	return func(w World) Fake {
		s := &acmeServer{world: w, keyed: keyed}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /projects/ops", func(w http.ResponseWriter, _ *http.Request) { fake.JSON(w, 200, map[string]string{"Name": "ops"}) })
		mux.HandleFunc("GET /projects/ops/tickets", s.list)
		mux.HandleFunc("POST /projects/ops/tickets", s.create)
		mux.HandleFunc("GET /tickets/{id}", s.withTicket(func(w http.ResponseWriter, _ *http.Request, t *acmeTicket) { fake.JSON(w, 200, t) }))
		mux.HandleFunc("PATCH /tickets/{id}", s.withTicket(func(w http.ResponseWriter, r *http.Request, t *acmeTicket) {
			_ = json.NewDecoder(r.Body).Decode(t)
			fake.JSON(w, 200, t)
		}))
		mux.HandleFunc("GET /tickets/{id}/comments", s.withTicket(func(w http.ResponseWriter, r *http.Request, t *acmeTicket) { s.page(w, r, t.comments) }))
		mux.HandleFunc("POST /tickets/{id}/comments", s.withTicket(func(w http.ResponseWriter, r *http.Request, t *acmeTicket) {
			var c acmeComment
			_ = json.NewDecoder(r.Body).Decode(&c)
			t.comments = append(t.comments, c)
			fake.JSON(w, 201, c)
		}))
		return Fake{Handler: s.guard(mux), Tickets: s.held, SetState: s.set, Delete: s.remove, Deliver: deliverAcme}
	}
}

// guard lets in who shows the right credential, one at a time.
func (s *acmeServer) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !s.world.Accepts(token) {
			fake.Refuse(w, r, 401, 0, token)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func (s *acmeServer) list(w http.ResponseWriter, r *http.Request) {
	var out []any
	for _, t := range slices.Backward(s.all) {
		out = append(out, t)
	}
	s.page(w, r, out)
}

// page answers with the page that is asked for, of a slice.
func (s *acmeServer) page(w http.ResponseWriter, r *http.Request, all any) {
	items := []any{}
	switch all := all.(type) {
	case []any:
		items = append(items, all...)
	case []acmeComment:
		for _, c := range all {
			items = append(items, c)
		}
	}
	from, _ := strconv.Atoi(r.FormValue("from"))
	size := 50
	if s.world.PageSize > 0 {
		size = s.world.PageSize
	}
	part, next, more := fake.Page(items, from, size)
	if !more {
		next = 0
	}
	fake.JSON(w, 200, map[string]any{"Items": part, "Next": next})
}

func (s *acmeServer) create(w http.ResponseWriter, r *http.Request) {
	t := &acmeTicket{State: tickets.Open}
	_ = json.NewDecoder(r.Body).Decode(t)
	if s.keyed {
		for _, old := range s.all {
			if old.Key == t.Key {
				fake.JSON(w, 200, old)
				return
			}
		}
	} else {
		t.Urgent = false // it knows no priority
	}
	s.last++
	t.ID = strconv.Itoa(s.last)
	s.all = append(s.all, t)
	fake.JSON(w, 201, t)
}

func (s *acmeServer) withTicket(next func(http.ResponseWriter, *http.Request, *acmeTicket)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := strings.TrimSpace(r.PathValue("id"))
		for _, t := range s.all {
			if t.ID == id {
				next(w, r, t)
				return
			}
		}
		fake.Refuse(w, r, 404, 0, "no such ticket")
	}
}

func (s *acmeServer) held() (out []Held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.all {
		h := Held{ID: t.ID, Title: t.Title, Body: t.Body, State: t.State, Due: t.Due, Urgent: t.Urgent}
		for _, c := range t.comments {
			h.Comments = append(h.Comments, c.Text)
		}
		out = append(out, h)
	}
	return out
}

func (s *acmeServer) set(id string, state tickets.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.all {
		if t.ID == id {
			t.State = state
		}
	}
}

func (s *acmeServer) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = slices.DeleteFunc(s.all, func(t *acmeTicket) bool { return t.ID == id })
}

// acmeNews is what Acme's webhook sends.
type acmeNews struct {
	Delivery, Type, Ticket, Project string
	At                              time.Time
}

func deliverAcme(d Delivery) (http.Header, []byte) {
	n := acmeNews{d.Name, string(d.Event), d.Ticket, "ops", d.At}
	switch d.Event {
	case Ping:
		return nil, nil
	case Elsewhere:
		n.Type, n.Ticket, n.Project = string(Closed), "1", "sales"
	}
	body := d.Body
	if body == nil {
		body, _ = json.Marshal(n)
	}
	return http.Header{"Acme-Signature": {acmeSign(d.Secret, body)}}, body
}

func acmeSign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
