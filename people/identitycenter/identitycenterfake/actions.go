package identitycenterfake

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/keyturn/keyturn/providers/fake"
)

// input is what any of the requests may say.
type input struct {
	IdentityStoreID     string `json:"IdentityStoreId"`
	UserID              string `json:"UserId"`
	GroupID             string `json:"GroupId"`
	AlternateIdentifier struct {
		UniqueAttribute struct {
			AttributePath  string `json:"AttributePath"`
			AttributeValue string `json:"AttributeValue"`
		} `json:"UniqueAttribute"`
	} `json:"AlternateIdentifier"`
	MaxResults int    `json:"MaxResults"`
	NextToken  string `json:"NextToken"`
}

func (s *Store) act(w http.ResponseWriter, action string, in input) {
	path, value := in.AlternateIdentifier.UniqueAttribute.AttributePath, in.AlternateIdentifier.UniqueAttribute.AttributeValue
	switch action {
	case "ListUsers":
		s.list(w, in, "Users", len(s.users), func(i int) object { return s.show(s.users[i]) })
	case "DescribeUser":
		s.describe(w, s.user(in.UserID))
	case "GetUserId":
		i := slices.IndexFunc(s.users, func(u User) bool {
			byEmail := func(e Email) bool { return e.Value == value }
			return path == "userName" && u.UserName == value || path == "emails.value" && slices.ContainsFunc(u.Emails, byEmail)
		})
		if i < 0 {
			missing(w, "USER")
			return
		}
		answer(w, http.StatusOK, object{"IdentityStoreId": ID, "UserId": s.users[i].id})
	case "GetGroupId":
		i := slices.IndexFunc(s.groups, func(g group) bool { return path == "displayName" && g.name == value })
		if i < 0 {
			missing(w, "GROUP")
			return
		}
		answer(w, http.StatusOK, object{"IdentityStoreId": ID, "GroupId": s.groups[i].id})
	case "ListGroupMemberships":
		i := slices.IndexFunc(s.groups, func(g group) bool { return g.id == in.GroupID })
		if i < 0 {
			missing(w, "GROUP")
			return
		}
		members := s.groups[i].members
		s.list(w, in, "GroupMemberships", len(members), func(i int) object {
			return object{"IdentityStoreId": ID, "GroupId": in.GroupID, "MembershipId": "m-" + members[i], "MemberId": object{"UserId": members[i]}}
		})
	default:
		refuse(w, http.StatusBadRequest, "UnknownOperationException", nil)
	}
}

func missing(w http.ResponseWriter, what string) {
	refuse(w, http.StatusBadRequest, "ResourceNotFoundException", object{"ResourceType": what})
}

func (s *Store) describe(w http.ResponseWriter, i int) {
	if i < 0 {
		missing(w, "USER")
		return
	}
	answer(w, http.StatusOK, s.show(s.users[i]))
}

func (s *Store) show(u User) object {
	o := object{
		"IdentityStoreId": ID, "UserId": u.id, "UserName": u.UserName, "Revision": "1",
		"UserArn": "arn:aws:identitystore:::user/" + u.id, "Emails": u.Emails,
	}
	if u.DisplayName != "" {
		o["DisplayName"] = u.DisplayName
	}
	if u.Name != nil {
		o["Name"] = u.Name
	}
	if !s.opts.NoStatus {
		o["UserStatus"] = u.status
	}
	return o
}

// list answers with a page of n things. A token is where the page begins.
func (s *Store) list(w http.ResponseWriter, in input, name string, n int, show func(int) object) {
	all := make([]object, n)
	for i := range all {
		all[i] = show(i)
	}
	from, _ := strconv.Atoi(in.NextToken)
	size := s.opts.PageSize
	if in.MaxResults > 0 {
		size = min(size, in.MaxResults)
	}
	page, next, more := fake.Page(all, from, size)
	out := object{name: page}
	if more {
		out["NextToken"] = strconv.Itoa(next)
	}
	answer(w, http.StatusOK, out)
}
