package datadogfake

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// events searches Audit Trail by the key that was used, which is all it
// understands of a query.
func (a api) events(w http.ResponseWriter, r *http.Request, _ string) {
	id, byKey := strings.CutPrefix(r.FormValue("filter[query]"), "@metadata.api_key.id:")
	from, err := time.Parse(time.RFC3339, r.FormValue("filter[from]"))
	if !byKey || err != nil {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	all := slices.DeleteFunc(a.l.Uses(id), func(u fake.Use) bool { return u.At.Before(from) })
	if r.FormValue("sort") != "timestamp" {
		slices.Reverse(all)
	}
	size, at := 10, 0
	if n, err := strconv.Atoi(r.FormValue("page[limit]")); err == nil {
		size = min(n, 1000)
	}
	if n, err := strconv.Atoi(r.FormValue("page[cursor]")); err == nil {
		at = n
	}
	page, next, more := fake.Page(all, at, size)
	data := []object{}
	for _, u := range page {
		data = append(data, a.line(u))
	}
	meta := object{"elapsed": 132, "request_id": "MWlFUjVa", "status": "done"}
	if more {
		meta["page"] = object{"after": strconv.Itoa(next)}
	}
	fake.JSON(w, http.StatusOK, object{"data": data, "meta": meta})
}

// line is a use as Audit Trail has it: a request.
func (a api) line(u fake.Use) object {
	method, path, _ := strings.Cut(u.What, " ")
	return object{"type": "audit", "id": u.ID, "attributes": object{
		"timestamp": u.At.UTC().Format(time.RFC3339Nano), "service": "audit-trail", "message": "A request was made", "tags": []string{"source:datadog"},
		"attributes": object{
			"evt": object{"name": "Request", "actor": object{"type": "API_KEY"}}, "action": "accessed",
			"metadata": object{"api_key": object{"id": u.Key}}, "network": object{"client": object{"ip": u.From}},
			"http": object{"method": method, "url_details": object{"path": path}, "useragent": u.Agent, "status_code": 200},
		},
	}}
}
