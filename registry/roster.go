package registry

import (
	"context"
	"encoding/json"
	"iter"
	"time"
)

// A Roster keeps the people and groups that were pushed to Keyturn, by SCIM or
// from a list of staff, each under the name of the directory they are of.
type Roster interface {
	// AddMember adds a user or a group. A Name that another of the same directory
	// and kind has, in whatever case, is a Conflict, and so is its ID. One that
	// lacks Directory, Kind, ID, Name, Document or Changed is Invalid. It is
	// returned as stored, with its first version.
	AddMember(ctx context.Context, m Member) (Member, error)
	// SaveMember replaces one, by the rules of AddMember, if m.Version is still
	// the stored one; otherwise it is a Conflict, and one that is not there is
	// NotFound. Created stays. It is returned with its next version.
	SaveMember(ctx context.Context, m Member) (Member, error)
	// Member returns one, or a NotFound error.
	Member(ctx context.Context, directory string, kind MemberKind, id string) (Member, error)
	// RemoveMember removes one, or is a NotFound error. With a version above 0 it
	// is a Conflict unless that is the stored one.
	RemoveMember(ctx context.Context, directory string, kind MemberKind, id string, version int64) error
	// Members yields those that match f in ID order, reading pages as Find does.
	Members(ctx context.Context, f MemberFilter) iter.Seq2[Member, error]
}

// A MemberKind says whether a member is a person. Kinds are stored.
type MemberKind string

// The kinds.
const (
	UserMember  MemberKind = "user"
	GroupMember MemberKind = "group"
)

// A Member is a user or a group of a directory. What is beside Document is for
// looking it up.
type Member struct {
	Directory  string // by its name in the configuration
	Kind       MemberKind
	ID         string // ours: opaque, never given again
	Name       string // the user name, or the group's name
	ExternalID string // the directory's own id; empty where it did not say
	Email      string // as people.Address writes it; empty for groups
	Active     bool   // whether a user may sign in; true for groups
	Document   json.RawMessage
	Version    int64
	Created    time.Time // when it was added; its first Changed
	Changed    time.Time // to the microsecond, in UTC
}

// A MemberFilter narrows Members. Directory and Kind are required; other zero
// fields match everything. Name is compared in whatever case.
type MemberFilter struct {
	Directory  string
	Kind       MemberKind
	After      string // only ids greater than this one
	Limit      int    // 0 is no limit
	Name       string
	ExternalID string
	Email      string
}
