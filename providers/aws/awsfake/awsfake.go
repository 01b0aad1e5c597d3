// Package awsfake speaks the part of the IAM and STS query APIs that
// providers/aws uses, over a [fake.Ledger]: forms in, XML out, and signatures
// really checked; and CloudTrail's LookupEvents, in JSON. Users are the ledger's
// principals. The administrator is any of the ledger's admins.
package awsfake

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// Account is the account every key of the fake belongs to.
const Account = "123456789012"

// pageSize is the most the fake puts on a page, whatever was asked for: IAM
// "might return fewer results" than MaxItems.
const pageSize = 50

// New serves IAM, STS and CloudTrail over l.
func New(l *fake.Ledger) http.Handler {
	l.SetFormat(fake.Format{ID: func() string { return "AKIA" + rand.Text()[:16] }})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse := refusal(r)
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err != nil || r.ParseForm() != nil || r.Method != http.MethodPost || r.URL.Path != "/" {
			refuse(w, http.StatusNotFound, "InvalidAction", "")
			return
		}
		id, fault := authenticate(l, r, body)
		if fault != "" {
			refuse(w, http.StatusForbidden, fault, "The security token included in the request is invalid: "+id)
			return
		}
		s := session{l, w, r, id}
		if r.Form.Get("Action") == "GetCallerIdentity" {
			s.identity()
			return
		}
		admin, ok := l.AdminByID(id)
		if !ok {
			refuse(w, http.StatusForbidden, "AccessDenied", "User is not authorized to perform iam:"+r.Form.Get("Action"))
			return
		}
		if isTrail(r) {
			s.lookUpEvents(body)
			return
		}
		s.manage(admin)
	})
}

// session is one authenticated request.
type session struct {
	l  *fake.Ledger
	w  http.ResponseWriter
	r  *http.Request
	id string // the access key it was signed with
}

func (s session) manage(admin fake.Admin) {
	f, who := s.r.Form, admin.Name
	switch f.Get("Action") {
	case "AssumeRole":
		s.assume(f.Get("RoleArn"))
	case "CreateAccessKey":
		k, err := s.l.Mint(who, fake.Draft{Principal: f.Get("UserName")})
		s.done(err, node("AccessKey", key(k), leaf("SecretAccessKey", k.Secret)))
	case "UpdateAccessKey":
		s.done(s.l.SetEnabled(who, f.Get("UserName"), f.Get("AccessKeyId"), f.Get("Status") == "Active"))
	case "DeleteAccessKey":
		s.done(s.l.Revoke(who, f.Get("UserName"), f.Get("AccessKeyId")))
	case "GetAccessKeyLastUsed":
		s.lastUsed(f.Get("AccessKeyId"))
	case "GetAccessKeyInfo":
		s.keyInfo(f.Get("AccessKeyId"))
	case "ListAccessKeys":
		if !s.l.HasPrincipal(f.Get("UserName")) {
			s.done(fake.ErrNoPrincipal)
			return
		}
		list(s, "AccessKeyMetadata", s.l.Live(f.Get("UserName")), key)
	case "ListUsers":
		list(s, "Users", s.l.Principals(), user)
	default:
		refuse(s.w, http.StatusBadRequest, "InvalidAction", f.Get("Action"))
	}
}

// done answers with the result of an action, or with what went wrong.
func (s session) done(err error, result ...string) {
	switch {
	case errors.Is(err, fake.ErrFull):
		refuse(s.w, http.StatusConflict, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	case err != nil:
		refuse(s.w, http.StatusNotFound, "NoSuchEntity", "The Access Key or user cannot be found.")
	default:
		action := s.r.Form.Get("Action")
		answer(s.w, http.StatusOK, node(action+"Response", node(action+"Result", result...),
			node("ResponseMetadata", leaf("RequestId", rand.Text()))))
	}
}

func (s session) identity() {
	arn := "arn:aws:iam::" + Account + ":user/" + s.id
	s.done(nil, leaf("Arn", arn), leaf("UserId", "AIDA"+s.id[4:]), leaf("Account", Account))
}

// assume makes a session of the role, an administrator like its caller.
func (s session) assume(arn string) {
	c := fake.Admin{Name: arn, ID: "ASIA" + rand.Text()[:16], Secret: rand.Text()}
	s.l.SetAdmin(c)
	s.done(nil, node("Credentials", leaf("AccessKeyId", c.ID), leaf("SecretAccessKey", c.Secret),
		leaf("SessionToken", token(c.ID)), leaf("Expiration", stamp(s.l.Now().Add(time.Hour)))))
}

// lastUsed is forbidden for a key of another account, whoever asks.
func (s session) lastUsed(id string) {
	if s.l.Value(id) == "" {
		refuse(s.w, http.StatusForbidden, "AccessDenied", "User is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key "+id)
		return
	}
	k, ok := s.l.Find(id)
	if !ok {
		s.done(fake.ErrNoKey)
		return
	}
	used := leaf("ServiceName", "N/A") + leaf("Region", "N/A")
	if !k.LastUsed.IsZero() {
		used = leaf("ServiceName", "sts") + leaf("Region", "us-east-1") + leaf("LastUsedDate", stamp(k.LastUsed))
	}
	s.done(nil, leaf("UserName", k.Principal), node("AccessKeyLastUsed", used))
}

// keyInfo knows whose any key ever made is, as STS does: it reads it from the id.
func (s session) keyInfo(id string) {
	if !keyID.MatchString(id) {
		refuse(s.w, http.StatusBadRequest, "ValidationError", "Invalid access key id: "+id)
		return
	}
	account := "999999999999"
	if s.l.Value(id) != "" {
		account = Account
	}
	s.done(nil, leaf("Account", account))
}

// list answers with a page of all, found by Marker.
func list[T any](s session, name string, all []T, show func(T) string) {
	from, _ := strconv.Atoi(s.r.Form.Get("Marker"))
	size := pageSize
	if n, err := strconv.Atoi(s.r.Form.Get("MaxItems")); err == nil {
		size = min(size, n)
	}
	page, next, more := fake.Page(all, from, size)
	var members string
	for _, v := range page {
		members += node("member", show(v))
	}
	result := node(name, members) + leaf("IsTruncated", strconv.FormatBool(more))
	if more {
		result += leaf("Marker", strconv.Itoa(next))
	}
	s.done(nil, result)
}

func key(k fake.Key) string {
	status := map[bool]string{true: "Active", false: "Inactive"}[k.Enabled]
	return leaf("UserName", k.Principal) + leaf("AccessKeyId", k.ID) + leaf("Status", status) + leaf("CreateDate", stamp(k.Created))
}

func user(name string) string {
	return leaf("Path", "/") + leaf("UserName", name) + leaf("UserId", "AIDA"+name) +
		leaf("Arn", "arn:aws:iam::"+Account+":user/"+name) + leaf("CreateDate", "2020-01-01T00:00:00Z")
}
