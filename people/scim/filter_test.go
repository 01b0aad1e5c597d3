package scim_test

import (
	"net/url"
	"strings"
	"testing"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("/Users", strings.Replace(ada, `"externalId"`, `"`+enterprise+`": {"department": "Ops \"North\"", "manager": {"value": "M1"}}, "level": 3, "title": "Ingénieure", "externalId"`, 1))
	w.add("/Users", `{"userName": "bob", "active": false, "emails": [{"value": "bob@home.example", "type": "home"}, {"value": "bob@acme.example", "type": "work"}]}`)
	for filter, want := range map[string]float64{
		`userName eq "ADA@acme.example"`: 1,
		`USERNAME Eq "bob"`:              1,
		`externalId eq "00u1"`:           1,
		`externalId eq "00U1"`:           0, // case counts
		`userName ne "bob"`:              1,
		`userName eq bob`:                1,
		`meta.created gt 2015-10-10T14:38:21.8617979-07:00 and (userName sw b or active eq True)`: 2,
		`userName co "acme"`:                                           1,
		`userName sw "BO"`:                                             1,
		`userName ew ".example"`:                                       1,
		`emails eq "bob@acme.example"`:                                 1,
		`emails.value eq "BOB@home.example"`:                           1,
		`emails co "acme.example"`:                                     2,
		`emails[type eq "work" and value ew "acme.example"]`:           2,
		`emails[type eq "home" and value ew "acme.example"]`:           0,
		`emails[type eq "work"].value eq "bob@acme.example"`:           1,
		`emails[type eq "home"].value eq "bob@acme.example"`:           0,
		`emails[type eq "home"].primary pr`:                            0,
		`not (emails[type eq "home"])`:                                 1,
		`active eq true`:                                               1,
		`active eq "False"`:                                            1,
		`active ne true`:                                               1,
		`active eq false and userName eq "bob"`:                        1,
		`active eq true and userName eq "bob"`:                         0,
		`userName eq "bob" or externalId eq "00u1"`:                    2,
		`userName eq "x" or (name.givenName eq "ada" and title pr)`:    1,
		`title eq "ingénieure"`:                                        1,
		`title eq "Ing\u00e9nieure"`:                                   1,
		`title pr`:                                                     1,
		`title eq null`:                                                1,
		`nothing pr`:                                                   0,
		`nothing eq "x"`:                                               0,
		`level gt 2.5`:                                                 1,
		`level le 2.5`:                                                 0,
		`level eq "3"`:                                                 0,
		`userName gt "b"`:                                              1,
		`meta.created gt "2020-01-01T00:00:00Z"`:                       2,
		`meta.lastModified lt "2020-01-01T00:00:00+01:00"`:             0,
		`meta.resourceType eq "User"`:                                  2,
		`schemas eq "` + enterprise + `"`:                              1,
		enterprise + `:manager.value eq "M1"`:                          1,
		enterprise + `:manager eq "m1"`:                                0,
		enterprise + `:department eq "ops \"north\""`:                  1,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bob"`: 1,
		`userName eq "a] or (b"`:                                       0,
		`userName eq ""`:                                               0,
	} {
		got := w.call(200, "GET", "/Users?filter="+url.QueryEscape(filter), "")
		if got["totalResults"] != want {
			t.Errorf("%s: %v found, want %v", filter, got["totalResults"], want)
		}
	}
	for _, filter := range []string{
		`userName`, `userName eq`, `userName is "bob"`, `eq "bob"`, `(userName pr`, `userName pr)`, `userName eq "bob`,
		`emails[type eq "work"`, `emails[type eq "a" or type eq "b"].value eq "x"`, `active gt true`, `userName eq "\x"`,
		strings.Repeat("(", 33) + "a pr" + strings.Repeat(")", 33), `userName eq "` + strings.Repeat("a", 2048) + `"`,
	} {
		if got := w.call(400, "GET", "/Users?filter="+url.QueryEscape(filter), ""); got["scimType"] != "invalidFilter" {
			t.Errorf("%s: %v", filter, got)
		}
	}
}
