package oktafake

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// hash is secret_hash as every example of Okta's guide "Client secret rotation" has
// it: the first half of a SHA-256.
func hash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

var (
	byActors = regexp.MustCompile(`^actor\.id eq "[^"]+"( or actor\.id eq "[^"]+")*$`)
	actor    = regexp.MustCompile(`"([^"]+)"`)
)

// logs searches the System Log for what apps did, which is all it understands of a
// filter. As at Okta a search without an end has no last page.
func (a api) logs(w http.ResponseWriter, r *http.Request, _ string) {
	filter, until := r.FormValue("filter"), r.FormValue("until")
	since, err := time.Parse(time.RFC3339, r.FormValue("since"))
	end, _ := time.Parse(time.RFC3339, until)
	if err != nil || !byActors.MatchString(filter) || since.Before(a.l.Now().AddDate(0, 0, -180)) {
		refuse(w, "The query is not one that Okta understands.")
		return
	}
	var who []string
	for _, m := range actor.FindAllStringSubmatch(filter, -1) {
		who = append(who, m[1])
	}
	all := slices.DeleteFunc(a.l.Uses(""), func(u fake.Use) bool {
		app, _, _ := strings.Cut(u.Key, ".")
		return !slices.Contains(who, app) || u.At.Before(since) || until != "" && u.At.After(end)
	})
	if r.FormValue("sortOrder") == "DESCENDING" {
		slices.Reverse(all)
	}
	size, from := 100, 0
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil {
		size = min(n, 1000)
	}
	if n, err := strconv.Atoi(r.FormValue("after")); err == nil {
		from = n
	}
	page, next, more := fake.Page(all, from, size)
	link := func(rel string, q url.Values) {
		w.Header().Add("Link", "<http://"+r.Host+"/api/v1/logs?"+q.Encode()+`>; rel="`+rel+`"`)
	}
	q := r.URL.Query()
	link("self", q)
	if more || until == "" {
		q.Set("after", strconv.Itoa(next))
		link("next", q)
	}
	out := []object{}
	for _, u := range page {
		out = append(out, a.line(u))
	}
	fake.JSON(w, http.StatusOK, out)
}

// line is a use as the System Log has it: a request of the app that showed a secret.
func (a api) line(u fake.Use) object {
	app, _, _ := strings.Cut(u.Key, ".")
	return object{
		"uuid": u.ID, "published": u.At.UTC().Format("2006-01-02T15:04:05.000Z"), "eventType": u.What, "version": "0", "severity": "INFO",
		"displayMessage": "OIDC access token is granted", "outcome": object{"result": "SUCCESS", "reason": nil},
		"actor":        object{"id": app, "type": "PublicClientApp", "alternateId": app, "displayName": app, "detailEntry": nil},
		"client":       object{"id": nil, "ipAddress": u.From, "userAgent": object{"rawUserAgent": u.Agent, "os": "Unknown", "browser": "UNKNOWN"}},
		"debugContext": object{"debugData": object{"clientAuthType": "client_secret_basic", "clientSecret": hash(a.l.Value(u.Key)), "grantType": "client_credentials", "requestUri": "/oauth2/v1/token"}},
		"target":       []object{},
	}
}
