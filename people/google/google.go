// Package google knows the people of a Google Workspace account, by the Directory
// API of the Admin SDK.
//
// It acts as one administrator of the account: a service account that was given
// domain-wide delegation signs in as them. It speaks REST through Env.HTTP, because
// Google's client libraries retry on their own and make a client of theirs.
package google

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// Factory registers this directory.
var Factory = people.Factory{Name: "google", New: open}

type settings struct {
	// Credentials is where the service account's key is kept: the whole JSON file.
	Credentials keyturn.SecretRef `json:"credentials"`
	// Admin is the address of the administrator that the service account acts as.
	Admin string `json:"admin"`
}

type directory struct {
	env people.Env
	settings
	tokens tokens
	opened opened
}

var (
	_ people.Directory    = (*directory)(nil)
	_ people.SessionEnder = (*directory)(nil)
	_ people.Hearer       = (*directory)(nil)
	_ people.Subscriber   = (*directory)(nil)
)

func open(env people.Env) (people.Directory, error) {
	d := &directory{env: env}
	if err := env.Decode(&d.settings); err != nil {
		return nil, fmt.Errorf("google: settings: %w", err)
	}
	d.Admin = people.Address(d.Admin)
	switch {
	case d.Credentials.Path == "":
		return nil, fmt.Errorf("google: settings: credentials must say where the service account's key is kept")
	case !isAddress(d.Admin):
		return nil, fmt.Errorf("google: settings: admin must be the address of the administrator that the service account acts as")
	}
	d.env.BaseURL = strings.TrimRight(env.BaseURL, "/")
	return d, nil
}

// addressPattern is what an address must look like to be asked about (RFC 5322,
// 3.2.3, without quoted ones, which Google does not give out).
var addressPattern = regexp.MustCompile("^[\\p{L}\\p{N}.!#$%&'*+/=?^_`{|}~-]{1,128}@[\\p{L}\\p{N}]([\\p{L}\\p{N}.-]{0,250}[\\p{L}\\p{N}])?$")

func isAddress(s string) bool { return addressPattern.MatchString(s) }

// idPattern is what an id must look like to be put into a path. Google's are
// decimal numbers.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func isID(s string) bool { return idPattern.MatchString(s) }
