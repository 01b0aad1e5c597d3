package entrafake

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn/providers/fake"
)

// show is a user with the properties that a $select names, or those that come
// without one. A property that is not asked for is not there.
func (f *Fake) show(a *account, selected string) object {
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	all := object{
		"id": a.id, "displayName": a.Name, "mail": null(a.Mail), "userPrincipalName": a.Principal, "accountEnabled": a.enabled,
		"proxyAddresses": append([]string{}, a.Proxies...), "otherMails": append([]string{}, a.Others...),
		"givenName": nil, "jobTitle": nil,
	}
	if selected == "" {
		selected = "id,displayName,mail,userPrincipalName,givenName,jobTitle"
	}
	out := object{}
	for _, name := range strings.Split(selected, ",") {
		if v, ok := all[name]; ok {
			out[name] = v
		}
	}
	return out
}

// user is who a path names. f.mu is held.
func (f *Fake) user(w http.ResponseWriter, r *http.Request) *account {
	key := r.PathValue("key")
	for _, a := range f.accounts {
		if !a.deleted && (strings.EqualFold(a.id, key) || strings.EqualFold(a.Principal, key)) {
			return a
		}
	}
	notFound(w, key)
	return nil
}

var expand = regexp.MustCompile(`^manager\(\$select=([A-Za-z,]+)\)$`)

func (f *Fake) getUser(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.user(w, r)
	if a == nil {
		return
	}
	out := f.show(a, r.FormValue("$select"))
	out["@odata.context"] = "https://graph.microsoft.com/v1.0/$metadata#users/$entity"
	if m := expand.FindStringSubmatch(r.FormValue("$expand")); m != nil {
		for _, boss := range f.accounts {
			if boss.id == a.Manager && !boss.deleted {
				out["manager"] = f.show(boss, m[1])
				out["manager"].(object)["@odata.type"] = "#microsoft.graph.user"
			}
		}
	}
	fake.JSON(w, http.StatusOK, out)
}

// getDeleted gives what is given of a user without a $select.
func (f *Fake) getDeleted(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.accounts {
		if a.deleted && strings.EqualFold(a.id, r.PathValue("id")) {
			out := f.show(a, "")
			out["@odata.type"] = "#microsoft.graph.user"
			fake.JSON(w, http.StatusOK, out)
			return
		}
	}
	notFound(w, r.PathValue("id"))
}

var byAddress = regexp.MustCompile(`^mail eq '(.*)' or proxyAddresses/any\(p:p eq 'smtp:(.*)'\)$`)

func (f *Fake) listUsers(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	keep := func(*account) bool { return true }
	if filter := r.FormValue("$filter"); filter != "" {
		m := byAddress.FindStringSubmatch(filter)
		if m == nil || !literal(m[1]) || !literal(m[2]) {
			refuse(w, http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified.")
			return
		}
		keep = func(a *account) bool {
			return strings.EqualFold(a.Mail, unquote(m[1])) ||
				slices.ContainsFunc(a.Proxies, func(p string) bool { return strings.EqualFold(p, "smtp:"+unquote(m[2])) })
		}
		if !indexed(w, r) {
			return
		}
	}
	value := []any{}
	for _, a := range f.accounts {
		if !a.deleted && keep(a) {
			value = append(value, f.show(a, r.FormValue("$select")))
		}
	}
	f.page(w, r, value)
}

// literal reports whether every quote in a string is doubled, as within quotes
// it must be.
func literal(s string) bool { return !strings.Contains(strings.ReplaceAll(s, "''", ""), "'") }

func unquote(s string) string { return strings.ReplaceAll(s, "''", "'") }

// indexed refuses what only the index beside the directory can answer, unless it
// is asked, and what the index cannot.
func indexed(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("ConsistencyLevel") != "eventual" || r.FormValue("$count") != "true" || r.FormValue("$expand") != "" {
		refuse(w, http.StatusBadRequest, "Request_UnsupportedQuery", "Request only works with 'ConsistencyLevel: eventual' and $count, and without $expand.")
		return false
	}
	return true
}

// page answers with the page of a listing that is asked for.
func (f *Fake) page(w http.ResponseWriter, r *http.Request, all []any) {
	size, from := f.PageSize, 0
	if n, err := strconv.Atoi(r.FormValue("$top")); err == nil {
		size = min(n, size)
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(r.FormValue("$skiptoken"), "RFNwdAo")); err == nil {
		from = n
	}
	part, next, more := fake.Page(all, from, size)
	out := object{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#" + strings.TrimPrefix(r.URL.Path, "/v1.0/"), "value": part}
	if more {
		q := url.Values{}
		for name, v := range r.URL.Query() {
			q[name] = v
		}
		q.Set("$skiptoken", "RFNwdAo"+strconv.Itoa(next))
		out["@odata.nextLink"] = "https://graph.microsoft.com" + r.URL.Path + "?" + q.Encode()
	}
	fake.JSON(w, http.StatusOK, out)
}
