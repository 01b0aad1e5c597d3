package gcpfake

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// usesFilter is a filter for what one key did: by the key's whole name, or by its end.
var usesFilter = regexp.MustCompile(`^protoPayload\.authenticationInfo\.serviceAccountKeyName(=|=~)"([^"]+)" AND timestamp>="([^"]+)"$`)

// entries are the lines of the project's audit logs about one key. An empty list is
// left out, and a page may be shorter than was asked for.
func (a *api) entries(c call) {
	var in struct {
		ResourceNames              []string
		Filter, OrderBy, PageToken string
		PageSize                   int
	}
	if !body(c, &in) {
		return
	}
	m := usesFilter.FindStringSubmatch(in.Filter)
	if m == nil || len(in.ResourceNames) != 1 || in.PageSize < 0 || in.OrderBy != "timestamp desc" {
		problem(c.w, http.StatusBadRequest, "INVALID_ARGUMENT", "Unparseable filter: "+in.Filter)
		return
	}
	if in.ResourceNames[0] != "projects/"+Project {
		problem(c.w, http.StatusForbidden, "PERMISSION_DENIED", "Permission denied for all log views")
		return
	}
	since, err := time.Parse(time.RFC3339Nano, m[3])
	is := func(name string) bool { return name == m[2] }
	if m[1] == "=~" {
		end, bad := regexp.Compile(m[2])
		if bad != nil {
			err = bad
		} else {
			is = end.MatchString
		}
	}
	if err != nil {
		problem(c.w, http.StatusBadRequest, "INVALID_ARGUMENT", "Unparseable filter: "+in.Filter)
		return
	}
	var lines []object
	of := map[string]fake.Key{} // revoked ones too
	for _, k := range a.l.Keys() {
		of[k.ID] = k
	}
	for _, u := range a.l.Uses("") {
		email := of[u.Key].Principal
		name := "//iam.googleapis.com/projects/" + Project + "/serviceAccounts/" + email + "/keys/" + u.Key
		if is(name) && !u.At.Before(since) {
			lines = append(lines, line(u, email, name))
		}
	}
	slices.Reverse(lines)
	from, _ := strconv.Atoi(in.PageToken)
	page, next, more := fake.Page(lines, from, min(in.PageSize, 100))
	out := object{}
	if len(page) > 0 {
		out["entries"] = page
	}
	if more {
		out["nextPageToken"] = strconv.Itoa(next)
	}
	fake.JSON(c.w, http.StatusOK, out)
}

// line is a use as the audit logs tell of it.
func line(u fake.Use, email, key string) object {
	service, method, _ := strings.Cut(u.What, ":")
	service += ".googleapis.com"
	return object{
		"insertId": u.ID, "timestamp": u.At.UTC().Format(time.RFC3339Nano), "severity": "INFO",
		"logName":  "projects/" + Project + "/logs/cloudaudit.googleapis.com%2Fdata_access",
		"resource": object{"type": "audited_resource", "labels": object{"project_id": Project, "service": service, "method": method}},
		"protoPayload": object{
			"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": service, "methodName": method,
			"authenticationInfo": object{"principalEmail": email, "serviceAccountKeyName": key},
			"requestMetadata":    object{"callerIp": u.From, "callerSuppliedUserAgent": u.Agent},
		},
	}
}
