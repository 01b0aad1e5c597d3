package gcpfake

import (
	"net/http"
	"regexp"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

var keyName = regexp.MustCompile(`^activities\.full_resource_name="//iam\.googleapis\.com/projects/` + Project + `/serviceAccounts/([^/"]+)/keys/([^/"]+)"$`)

// activities knows the day of a key's last use, and begins it at 07:00.
func (a *api) activities(c call) {
	m := keyName.FindStringSubmatch(c.r.FormValue("filter"))
	if m == nil || c.ids[2] != "serviceAccountKeyLastAuthentication" {
		problem(c.w, http.StatusBadRequest, "INVALID_ARGUMENT", "Invalid filter")
		return
	}
	k, ok := a.l.Find(m[2])
	if !ok || k.LastUsed.IsZero() {
		fake.JSON(c.w, http.StatusOK, object{})
		return
	}
	const seven = 7 * time.Hour
	day := k.LastUsed.Add(-seven).Truncate(24 * time.Hour).Add(seven)
	name := "//iam.googleapis.com/projects/" + Project + "/serviceAccounts/" + k.Principal + "/keys/" + k.ID
	fake.JSON(c.w, http.StatusOK, object{"activities": []object{{
		"fullResourceName": name, "activityType": "serviceAccountKeyLastAuthentication",
		"observationPeriod": object{"startTime": stamp(day.Add(-24 * time.Hour)), "endTime": stamp(day)},
		"activity": object{
			"lastAuthenticatedTime": stamp(day),
			"serviceAccountKey":     object{"projectNumber": number, "serviceAccountId": "104" + number, "fullResourceName": name},
		},
	}}})
}
