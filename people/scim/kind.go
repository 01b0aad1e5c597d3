package scim

import "github.com/keyturn/keyturn/registry"

// A kind is one of the two kinds of resources.
type kind struct {
	stored     registry.MemberKind
	place      string // below the prefix
	nameBy     string // the attribute that names a resource, unique and required
	schema     schema
	extensions []schema
}

var (
	userKind  = kind{registry.UserMember, "Users", "userName", user, []schema{enterprise}}
	groupKind = kind{registry.GroupMember, "Groups", "displayName", group, nil}
)

func (k kind) isUser() bool { return k.stored == registry.UserMember }
