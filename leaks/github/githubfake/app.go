package githubfake

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/keyturn/keyturn/providers/fake"
)

// asApp tells an App that proves by a JWT who it is where it is installed, and gives it
// tokens that last an hour.
func (g *Forge) asApp(w http.ResponseWriter, r *http.Request, bearer string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.isApp(bearer) {
		Refuse(w, r, http.StatusUnauthorized, 0, "")
		return
	}
	level := "write"
	if g.options.ReadOnly {
		level = "read"
	}
	may := object{"secret_scanning_alerts": level, "contents": "read", "metadata": "read"}
	switch r.Method + " " + r.URL.Path {
	case "GET /app/installations":
		var all []object
		for i, owner := range g.owners() {
			all = append(all, installation(4711+i, owner, may))
		}
		g.page(w, r, all)
	case "POST /app/installations/4711/access_tokens":
		value, ends := "ghs_"+rand.Text(), g.options.Now().Add(time.Hour)
		g.tokens[value] = ends
		fake.JSON(w, http.StatusCreated, object{"token": value, "expires_at": stamp(ends), "permissions": may, "repository_selection": "all"})
	default:
		missing(w, r)
	}
}

// isApp checks a JWT as GitHub does: signed with the App's key, not yet over, and not
// for longer than ten minutes.
func (g *Forge) isApp(text string) bool {
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || g.options.Key == nil {
		return false
	}
	var c jwt.Claims
	if parsed.Claims(g.options.Key, &c) != nil || c.Issuer != g.options.App || c.IssuedAt == nil || c.Expiry == nil {
		return false
	}
	now := g.options.Now()
	return !c.IssuedAt.Time().After(now) && c.Expiry.Time().After(now) && c.Expiry.Time().Sub(now) <= 10*time.Minute
}

// owners are those of the repositories, each once.
func (g *Forge) owners() (out []string) {
	seen := map[string]bool{}
	for _, r := range g.repos {
		if owner, _, _ := strings.Cut(r.Name, "/"); !seen[owner] {
			seen[owner] = true
			out = append(out, owner)
		}
	}
	return out
}

func installation(id int, owner string, may object) object {
	return object{
		"id": id, "account": user(owner, "Organization"), "repository_selection": "all",
		"access_tokens_url": api + "/app/installations/4711/access_tokens", "repositories_url": api + "/installation/repositories",
		"html_url": site + "/organizations/" + owner + "/settings/installations/4711", "app_id": 42, "client_id": "Iv23li",
		"target_id": 1, "target_type": "Organization", "permissions": may, "events": []string{"secret_scanning_alert"},
		"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "single_file_name": nil,
		"has_multiple_single_files": false, "single_file_paths": []string{}, "app_slug": "keyturn", "suspended_by": nil, "suspended_at": nil,
	}
}
