package entrafake

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// longest is how long a subscription to users may last.
const longest = 41760 * time.Minute

// A Subscription is one as the tenant keeps it.
type Subscription struct {
	ID                 string    `json:"id"`
	ChangeType         string    `json:"changeType"`
	Resource           string    `json:"resource"`
	NotificationURL    string    `json:"notificationUrl"`
	LifecycleURL       string    `json:"lifecycleNotificationUrl"`
	ExpirationDateTime time.Time `json:"expirationDateTime"`
	ClientState        string    `json:"clientState"`
}

// Subscriptions are those that have not ended.
func (f *Fake) Subscriptions() []Subscription {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Subscription
	for _, s := range f.live() {
		out = append(out, *s)
	}
	return out
}

// AddSubscription adds one that was made in another way.
func (f *Fake) AddSubscription(s Subscription) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.ID = f.id()
	f.subscriptions = append(f.subscriptions, &s)
	return s.ID
}

// live are the subscriptions that have not ended. f.mu is held.
func (f *Fake) live() []*Subscription {
	f.subscriptions = slices.DeleteFunc(f.subscriptions, func(s *Subscription) bool { return !f.Now().Before(s.ExpirationDateTime) })
	return f.subscriptions
}

func (f *Fake) listSubscriptions(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	value := []any{}
	for _, s := range f.live() {
		shown := *s
		shown.ClientState = "" // never shown
		value = append(value, shown)
	}
	f.page(w, r, value)
}

func (f *Fake) subscribe(w http.ResponseWriter, r *http.Request) {
	var s Subscription
	_ = json.NewDecoder(r.Body).Decode(&s)
	switch {
	case s.ExpirationDateTime.Sub(f.Now()) > longest, len(s.ClientState) > 128, s.Resource == "", s.ChangeType == "",
		!strings.HasPrefix(s.NotificationURL, "https://"), s.LifecycleURL == "":
		refuse(w, http.StatusBadRequest, "InvalidRequest", "The subscription is not a proper one.")
		return
	case f.Post != nil && !f.reaches(s.NotificationURL):
		refuse(w, http.StatusBadRequest, "ValidationError", "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.")
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s.ID = f.id()
	f.subscriptions = append(f.subscriptions, &s)
	fake.JSON(w, http.StatusCreated, s)
}

// reaches asks a webhook to say a token again.
func (f *Fake) reaches(address string) bool {
	token := "Validation: Testing client application reachability for subscription Request-Id: " + rand.Text()
	mark := "?"
	if strings.Contains(address, "?") {
		mark = "&"
	}
	status, answer := f.Post(address+mark+"validationToken="+url.QueryEscape(token), nil)
	return status == http.StatusOK && answer == token
}

func (f *Fake) renew(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var in Subscription
	_ = json.NewDecoder(r.Body).Decode(&in)
	for _, s := range f.live() {
		if s.ID != r.PathValue("id") {
			continue
		}
		if in.ExpirationDateTime.Sub(f.Now()) > longest {
			refuse(w, http.StatusBadRequest, "InvalidRequest", "The expiration is too late.")
			return
		}
		s.ExpirationDateTime = in.ExpirationDateTime
		fake.JSON(w, http.StatusOK, *s)
		return
	}
	refuse(w, http.StatusNotFound, "ResourceNotFound", "The object was not found.")
}

func (f *Fake) unsubscribe(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, s := range f.live() {
		if s.ID == r.PathValue("id") {
			f.subscriptions = slices.Delete(f.subscriptions, i, i+1)
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	refuse(w, http.StatusNotFound, "ResourceNotFound", "The object was not found.")
}

// Tell delivers that users were changed, to each subscription. It returns the
// statuses that were answered.
func (f *Fake) Tell(changeType string, ids ...string) []int {
	return f.tell(func(s Subscription) []object {
		var out []object
		for _, id := range ids {
			out = append(out, object{
				"changeType": changeType, "resource": "Users/" + id,
				"resourceData": object{"@odata.type": "#Microsoft.Graph.User", "@odata.id": "Users/" + id, "id": id},
			})
		}
		return out
	})
}

// TellOf delivers a lifecycle event: missed, subscriptionRemoved or
// reauthorizationRequired.
func (f *Fake) TellOf(event string) []int {
	return f.tell(func(Subscription) []object { return []object{{"lifecycleEvent": event}} })
}

func (f *Fake) tell(what func(s Subscription) []object) (statuses []int) {
	for _, s := range f.Subscriptions() {
		value := what(s)
		for _, n := range value {
			n["subscriptionId"], n["clientState"], n["tenantId"] = s.ID, s.ClientState, Tenant
			n["subscriptionExpirationDateTime"] = s.ExpirationDateTime.Format(time.RFC3339)
		}
		body, _ := json.Marshal(object{"value": value})
		status, _ := f.Post(s.NotificationURL, body)
		statuses = append(statuses, status)
	}
	return statuses
}
