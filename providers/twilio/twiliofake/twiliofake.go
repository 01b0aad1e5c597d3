// Package twiliofake speaks the part of Twilio's API that providers/twilio
// uses, over a [fake.Ledger]: the Key resource v1 of iam.twilio.com and the
// phone numbers of api.twilio.com, both behind one handler.
package twiliofake

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/keyturn/keyturn/providers/fake"
)

// Account is the account the fake serves.
const Account = "AC00000000000000000000000000c0ffee"

// Numbers in Twilio's refusals.
const (
	codeDenied       = 20003
	codeUnauthorized = 70051 // "Authorization Failed": a Restricted key may not
)

// New serves the API over l. Every administrator of the ledger is a Main key,
// whose id is its user name, or, with the account's SID as id, the Auth Token.
func New(l *fake.Ledger) http.Handler {
	l.SetFormat(fake.Format{ID: sid, Value: func(prefix string) string { return prefix + rand.Text() }})
	a := api{l}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/Keys", a.admin(a.create))
	mux.HandleFunc("GET /v1/Keys", a.admin(a.list))
	mux.HandleFunc("DELETE /v1/Keys/{sid}", a.admin(a.remove))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json", a.numbers)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { Refuse(w, r, http.StatusNotFound, 0, "") })
	return mux
}

type (
	api    struct{ l *fake.Ledger }
	object map[string]any
)

// main reports who a request is from, if from a Main key or the Auth Token.
func (a api) main(r *http.Request) (string, bool) {
	user, password, _ := r.BasicAuth()
	who, ok := a.l.AdminByID(user)
	return who.Name, ok && who.Secret == password
}

// admin lets nobody else through. A Standard key is refused as an unknown one
// is (Error and Warning Dictionary, 20003).
func (a api) admin(next func(w http.ResponseWriter, r *http.Request, who string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, ok := a.main(r)
		if !ok {
			Refuse(w, r, http.StatusUnauthorized, 0, "")
			return
		}
		next(w, r, who)
	}
}

func (a api) create(w http.ResponseWriter, r *http.Request, who string) {
	name, restricted := r.PostFormValue("FriendlyName"), r.PostFormValue("KeyType") == "restricted"
	var may struct{ Allow []string }
	if restricted && (json.Unmarshal([]byte(r.PostFormValue("Policy")), &may) != nil || len(may.Allow) == 0) ||
		len(may.Allow) > 100 || utf8.RuneCountInString(name) > 64 || r.PostFormValue("AccountSid") != Account {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	k, err := a.l.Mint(who, fake.Draft{Label: name, Permissions: may.Allow})
	if err != nil {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	out := show(k)
	out["secret"], out["policy"] = k.Secret, nil
	if restricted {
		out["policy"] = object{"allow": k.Permissions}
	}
	fake.JSON(w, http.StatusCreated, out)
}

// list pages as Twilio does: a page token, and a page number that is "simply
// for client state".
func (a api) list(w http.ResponseWriter, r *http.Request, _ string) {
	if r.FormValue("AccountSid") != Account {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	size := 50
	if n, err := strconv.Atoi(r.FormValue("PageSize")); err == nil {
		size = min(max(n, 1), 1000)
	}
	number, _ := strconv.Atoi(r.FormValue("Page"))
	from, _ := strconv.Atoi(r.FormValue("PageToken"))
	at := func(number int, token string) string {
		q := url.Values{"AccountSid": {Account}, "PageSize": {strconv.Itoa(size)}, "Page": {strconv.Itoa(number)}}
		if token != "" {
			q.Set("PageToken", token)
		}
		return "https://iam.twilio.com/v1/Keys?" + q.Encode()
	}
	page, next, more := fake.Page(a.l.Live(""), from, size)
	keys := []object{}
	for _, k := range page {
		one := show(k)
		one["flags"] = []string{"rest_api", "signing"}
		keys = append(keys, one)
	}
	meta := object{
		"page": number, "page_size": size, "key": "keys", "first_page_url": at(0, ""),
		"url": at(number, r.FormValue("PageToken")), "previous_page_url": nil, "next_page_url": nil,
	}
	if more {
		meta["next_page_url"] = at(number+1, strconv.Itoa(next))
	}
	fake.JSON(w, http.StatusOK, object{"keys": keys, "meta": meta})
}

func (a api) remove(w http.ResponseWriter, r *http.Request, who string) {
	if err := a.l.Revoke(who, "", r.PathValue("sid")); err != nil {
		Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// numbers may be read by every credential but a Restricted key, none of which
// has the permission for it here.
func (a api) numbers(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	_, main := a.main(r)
	k, known := a.l.FindSecret(password)
	known = known && k.ID == user
	if known {
		_, known = a.l.Use(user)
	}
	switch {
	case !main && !known, r.PathValue("account") != Account:
		Refuse(w, r, http.StatusUnauthorized, 0, "")
		return
	case len(k.Permissions) > 0:
		Refuse(w, r, http.StatusForbidden, 0, "")
		return
	}
	here := r.URL.Path + "?PageSize=1&Page=0"
	fake.JSON(w, http.StatusOK, object{
		"incoming_phone_numbers": []object{}, "page": 0, "page_size": 1, "start": 0, "end": 0,
		"uri": here, "first_page_uri": here, "next_page_uri": nil, "previous_page_uri": nil,
	})
}

// show is a key without its value.
func show(k fake.Key) object {
	at := k.Created.UTC().Format(time.RFC1123Z)
	return object{"sid": k.ID, "friendly_name": k.Label, "date_created": at, "date_updated": at}
}

// Refuse is a [fake.Refusal] in Twilio's words: a number of its own, and no
// word of how long to wait.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, _ time.Duration, text string) {
	code := map[int]int{http.StatusUnauthorized: codeDenied, http.StatusForbidden: codeUnauthorized}[status]
	if code == 0 {
		code = 20000 + status // 20404, 20429, 20500
	}
	fake.JSON(w, status, object{
		"code": code, "message": http.StatusText(status) + text, "status": status,
		"more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(code),
	})
}

func sid() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return "SK" + hex.EncodeToString(b[:])
}
