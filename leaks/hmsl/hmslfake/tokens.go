package hmslfake

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// lasts is how long a token is good.
const lasts = 5 * time.Minute

// Audience is whom tokens must be made for, unless it is the service's own address.
const Audience = "https://api.hasmysecretleaked.com"

// Made says how many tokens were made.
func (s *Service) Made() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made
}

// makeToken is GitGuardian's exchange of an API key for a token.
func (s *Service) makeToken(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("Authorization") != "Token "+s.options.APIKey {
		problem(w, http.StatusUnauthorized, "Invalid API key.")
		return
	}
	var in struct {
		Audience string `json:"audience"`
		Type     string `json:"audience_type"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Audience != Audience && in.Audience != "http://"+r.Host || in.Type != "hmsl" {
		problem(w, http.StatusBadRequest, "audience")
		return
	}
	end := s.options.Now().Add(lasts)
	encode := base64.RawURLEncoding.EncodeToString
	token := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		encode(fmt.Appendf(nil, `{"aud":%q,"exp":%d}`, in.Audience, end.Unix())) + "." + encode([]byte(rand.Text()))
	s.tokens[token] = end
	s.made++
	fake.JSON(w, http.StatusOK, map[string]string{"token": token})
}
