package peopletest

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/keyturn/keyturn/providers/fake"
)

// acmePerson is a person as Acme, a vendor that does not exist, keeps them.
type acmePerson struct {
	ID, Email, Name, Manager string
	Aliases                  []string
	Active                   *bool
}

type acmeTeam struct {
	Name           string
	Leads, Members []acmePerson
}

type acmeSession struct{ ID, Person string }

// acmeServer is Acme.
type acmeServer struct {
	stage  Stage
	secret string

	mu       sync.Mutex
	last     int
	persons  []acmePerson
	teams    []Team
	sessions []acmeSession
}

func serveAcme(stage Stage) Fake {
	s := &acmeServer{stage: stage, secret: "acme_" + rand.Text()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /persons", func(w http.ResponseWriter, r *http.Request) {
		s.page(w, r, anys(slices.DeleteFunc(slices.Clone(s.persons), func(p acmePerson) bool {
			email := r.FormValue("email")
			return r.Form.Has("email") && !strings.EqualFold(p.Email, email) && !slices.Contains(p.Aliases, email)
		})))
	})
	mux.HandleFunc("GET /persons/{id}", func(w http.ResponseWriter, r *http.Request) {
		if p := s.person(r.PathValue("id")); p != nil {
			fake.JSON(w, 200, p)
			return
		}
		fake.Refuse(w, r, 404, 0, "no such person")
	})
	mux.HandleFunc("GET /teams", func(w http.ResponseWriter, r *http.Request) {
		out := []any{}
		for _, t := range s.teams {
			if t.Name == r.FormValue("name") {
				out = append(out, acmeTeam{t.Name, s.all(t.Leads), s.all(t.Members)})
			}
		}
		s.page(w, r, out)
	})
	mux.HandleFunc("GET /sessions", func(w http.ResponseWriter, r *http.Request) {
		s.page(w, r, anys(slices.DeleteFunc(slices.Clone(s.sessions), func(x acmeSession) bool { return x.Person != r.FormValue("of") })))
	})
	mux.HandleFunc("DELETE /sessions/{id}", func(w http.ResponseWriter, r *http.Request) {
		n := len(s.sessions)
		s.sessions = slices.DeleteFunc(s.sessions, func(x acmeSession) bool { return x.ID == r.PathValue("id") })
		if len(s.sessions) == n {
			fake.Refuse(w, r, 404, 0, "no such session")
		}
	})
	return Fake{
		Handler: s.guard(mux), Secret: s.secret,
		Add: func(h Human) (id string) {
			s.do(func() {
				yes := true
				id = s.id()
				s.persons = append(s.persons, acmePerson{ID: id, Email: h.Email, Name: h.Name, Manager: h.Manager, Aliases: h.Aliases, Active: &yes})
			})
			return id
		},
		Deactivate: func(id string) { s.do(func() { no := false; s.person(id).Active = &no }) },
		Delete: func(id string) {
			s.do(func() { s.persons = slices.DeleteFunc(s.persons, func(p acmePerson) bool { return p.ID == id }) })
		},
		AddTeam: func(t Team) { s.do(func() { s.teams = append(s.teams, t) }) },
		SignIn:  func(id string) { s.do(func() { s.sessions = append(s.sessions, acmeSession{s.id(), id}) }) },
		Open: func(id string) (n int) {
			s.do(func() {
				for _, x := range s.sessions {
					if x.Person == id {
						n++
					}
				}
			})
			return n
		},
	}
}

func (s *acmeServer) do(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *acmeServer) id() string { s.last++; return "u" + strconv.Itoa(s.last) }

func (s *acmeServer) person(id string) *acmePerson {
	for i := range s.persons {
		if s.persons[i].ID == id {
			return &s.persons[i]
		}
	}
	return nil
}

func (s *acmeServer) all(ids []string) (out []acmePerson) {
	for _, id := range ids {
		out = append(out, *s.person(id))
	}
	return out
}

// guard lets in who shows the right credential, one at a time.
func (s *acmeServer) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+s.secret {
			fake.Refuse(w, r, 401, 0, "")
			return
		}
		s.do(func() { next.ServeHTTP(w, r) })
	})
}

func (s *acmeServer) page(w http.ResponseWriter, r *http.Request, all []any) {
	from, _ := strconv.Atoi(r.FormValue("from"))
	part, next, more := fake.Page(all, from, cmp.Or(s.stage.PageSize, 50))
	if !more {
		next = 0
	}
	fake.JSON(w, 200, map[string]any{"Items": part, "Next": next})
}

func anys[T any](all []T) []any {
	out := []any{}
	for _, x := range all {
		out = append(out, x)
	}
	return out
}
