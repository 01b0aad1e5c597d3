package openaifake

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// A count is a use of the ledger's that is no event but a number of calls:
// "completions: 3 requests, gpt-5".
type count struct {
	kind, model string
	calls       int64
}

func counted(u fake.Use) (c count, ok bool) {
	kind, rest, ok := strings.Cut(u.What, ": ")
	if _, err := fmt.Sscanf(rest, "%d requests, %s", &c.calls, &c.model); err != nil {
		return c, false
	}
	c.kind = kind
	return c, ok
}

// auditLogs lists what keys changed, newest first. A key has no session, and so no
// address.
func (a *api) auditLogs(w http.ResponseWriter, r *http.Request, _ string) {
	only := r.URL.Query()["actor_ids[]"]
	from, _ := strconv.ParseInt(r.FormValue("effective_at[gte]"), 10, 64)
	all := slices.DeleteFunc(a.l.Uses(""), func(u fake.Use) bool {
		_, call := counted(u)
		return call || u.At.Unix() < from || len(only) > 0 && !slices.Contains(only, u.Key)
	})
	slices.Reverse(all)
	list(w, r, all, func(u fake.Use) string { return u.ID }, func(u fake.Use) object {
		return object{
			"id": u.ID, "type": u.What, "effective_at": u.At.Unix(),
			"actor": object{"type": "api_key", "api_key": object{"id": u.Key, "type": "service_account", "service_account": object{"id": "svc_acct_1"}}},
		}
	})
}

// usage counts one kind of calls by the hour, those of keys and models apart. Hours
// without any are listed too.
func (a *api) usage(w http.ResponseWriter, r *http.Request, _ string) {
	q := r.URL.Query()
	from, err := strconv.ParseInt(q.Get("start_time"), 10, 64)
	if err != nil || q.Get("bucket_width") != "1h" || !slices.Equal(q["group_by[]"], []string{"api_key_id", "model"}) {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	first := time.Unix(from, 0).Truncate(time.Hour)
	hours := make([][]fake.Use, 1+int(a.l.Now().Sub(first)/time.Hour))
	for _, u := range a.l.Uses("") {
		c, ok := counted(u)
		if ok && c.kind == r.PathValue("kind") && slices.Contains(q["api_key_ids[]"], u.Key) && !u.At.Before(first) {
			n := int(u.At.Sub(first) / time.Hour)
			hours[n] = append(hours[n], u)
		}
	}
	size, at := 24, 0
	if n, err := strconv.Atoi(q.Get("limit")); err == nil {
		size = min(n, 168)
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil {
		at = n
	}
	page, next, more := fake.Page(hours, at, size)
	data := []object{}
	for i, uses := range page {
		start := first.Add(time.Duration(at+i) * time.Hour)
		data = append(data, object{
			"object": "bucket", "start_time": start.Unix(), "end_time": start.Add(time.Hour).Unix(), "results": sums(uses),
		})
	}
	out := object{"object": "page", "data": data, "has_more": more, "next_page": nil}
	if more {
		out["next_page"] = strconv.Itoa(next)
	}
	fake.JSON(w, http.StatusOK, out)
}

// sums adds an hour's calls up.
func sums(uses []fake.Use) []object {
	type group struct{ key, model string }
	calls := map[group]int64{}
	var order []group
	for _, u := range uses {
		c, _ := counted(u)
		g := group{u.Key, c.model}
		if !slices.Contains(order, g) {
			order = append(order, g)
		}
		calls[g] += c.calls
	}
	out := []object{}
	for _, g := range order {
		out = append(out, object{
			"object": "organization.usage.completions.result", "input_tokens": 100, "output_tokens": 100,
			"num_model_requests": calls[g], "project_id": nil, "user_id": nil, "api_key_id": g.key, "model": g.model, "batch": nil,
		})
	}
	return out
}
