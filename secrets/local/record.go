package local

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
)

// A record is what one file holds. It is wire format.
type record struct {
	Format   int                   `json:"format"` // 1
	Path     string                `json:"path"`   // so that a file moved elsewhere is recognised
	Current  keyturn.SecretVersion `json:"current,omitempty"`
	Versions []version             `json:"versions,omitempty"`
	Puts     int                   `json:"puts,omitempty"` // versions ever placed by hand
}

// A version holds the value as bytes, which JSON keeps as they are.
type version struct {
	Name     keyturn.SecretVersion `json:"name"`
	RemoteID string                `json:"remote_id,omitempty"`
	Created  time.Time             `json:"created,omitzero"`
	Value    []byte                `json:"value"`
}

func (v *version) describe() secrets.Version {
	return secrets.Version{Name: v.Name, RemoteID: v.RemoteID, Created: v.Created}
}

func (r *record) find(name keyturn.SecretVersion) *version {
	for i := range r.Versions {
		if r.Versions[i].Name == name {
			return &r.Versions[i]
		}
	}
	return nil
}

// putName is the name of a version placed by hand.
func putName(n int) keyturn.SecretVersion {
	return keyturn.SecretVersion(fmt.Sprintf("put:%d", n))
}

func isPutName(v keyturn.SecretVersion) bool {
	digits, ok := strings.CutPrefix(string(v), "put:")
	_, err := strconv.Atoi(digits)
	return ok && err == nil
}
