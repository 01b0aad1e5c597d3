package googlefake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// channel is one that was opened.
type channel struct {
	id, event, address, token string
	until                     time.Time
	sent                      int
}

// watch opens a channel. An id is never given twice, not even after its channel has
// ended; that Google keeps it as long is an assumption.
func (d *Directory) watch(w http.ResponseWriter, r *http.Request) {
	if !ofCustomer(w, r) {
		return
	}
	var in struct {
		ID, Type, Address, Token string
		Params                   map[string]string
	}
	event := r.FormValue("event")
	seconds := 7200
	err := json.NewDecoder(r.Body).Decode(&in)
	if ttl, ok := in.Params["ttl"]; ok && err == nil {
		seconds, err = strconv.Atoi(ttl)
	}
	switch {
	case err != nil || seconds <= 0 || in.ID == "" || len(in.ID) > 64 || in.Type != "web_hook" || event != "" && !slices.Contains(events, event):
		problem(w, http.StatusBadRequest, "invalid", "Bad Request")
		return
	case !strings.HasPrefix(in.Address, "https://"):
		problem(w, http.StatusBadRequest, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS: "+in.Address)
		return
	case slices.ContainsFunc(d.channels, func(c *channel) bool { return c.id == in.ID }):
		problem(w, http.StatusBadRequest, "channelIdNotUnique", "Channel id not unique")
		return
	}
	c := &channel{id: in.ID, event: event, address: in.Address, token: in.Token, until: d.Now().Add(min(time.Duration(seconds)*time.Second, d.Longest))}
	d.channels = append(d.channels, c)
	answer(w, r, object{
		"kind": "api#channel", "id": c.id, "token": c.token, "resourceId": "fakeResource", "resourceUri": "https://admin.googleapis.com" + r.URL.String(),
		"expiration": strconv.FormatInt(c.until.UnixMilli(), 10),
	})
}

var events = []string{"add", "delete", "makeAdmin", "undelete", "update"}

// Deliveries are the requests that Google makes when something becomes of a user: one
// for each channel that is open for the event. The event sync, of nobody, is what
// each channel begins with.
func (d *Directory) Deliveries(event, id string) []*http.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []*http.Request
	for _, c := range d.channels {
		if !d.Now().Before(c.until) || event != "sync" && c.event != "" && c.event != event {
			continue
		}
		body := ""
		for _, u := range d.users {
			if u.ID == id {
				body = fmt.Sprintf(`{"kind":"admin#directory#user","id":%q,"etag":"\"fake\"","primaryEmail":%q}`, u.ID, u.Email)
			}
		}
		req, err := http.NewRequest(http.MethodPost, c.address, strings.NewReader(body))
		if err != nil {
			panic("googlefake: " + err.Error())
		}
		c.sent++
		for name, value := range map[string]string{
			"Content-Type": "application/json; utf-8", "X-Goog-Channel-ID": c.id, "X-Goog-Channel-Token": c.token,
			"X-Goog-Channel-Expiration": c.until.UTC().Format("Mon, 2 Jan 2006 15:04:05 GMT"), "X-Goog-Resource-ID": "fakeResource",
			"X-Goog-Resource-URI":   "https://admin.googleapis.com/admin/directory/v1/users?customer=my_customer&event=" + c.event,
			"X-Goog-Resource-State": event, "X-Goog-Message-Number": strconv.Itoa(c.sent),
		} {
			req.Header.Set(name, value)
		}
		out = append(out, req)
	}
	return out
}
