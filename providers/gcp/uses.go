package gcp

import (
	"context"
	"iter"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers"
)

// accountKeyID is the id of a service-account key, which no two accounts share.
var accountKeyID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// usesPage is how many entries are asked for at once: a project may ask 60 times a
// minute (Cloud Logging, "Quotas and limits"), and an entry is seldom more than 4 KB.
const usesPage = 250

// entry is a line of the audit log (Cloud Logging API, "LogEntry"; Cloud Audit Logs,
// "AuditLog").
type entry struct {
	ID    string    `json:"insertId"`
	At    time.Time `json:"timestamp"`
	Audit struct {
		Service string `json:"serviceName"`
		Method  string `json:"methodName"`
		Request struct {
			From  string `json:"callerIp"`
			Agent string `json:"callerSuppliedUserAgent"`
		} `json:"requestMetadata"`
	} `json:"protoPayload"`
}

// Uses asks the project's audit logs, newest first. What the key did in another
// project is in that one's. A principal need not be named: ids are enough.
func (a accountKeys) Uses(ctx context.Context, q providers.UseQuery) iter.Seq2[providers.Use, error] {
	const op = "gcp: uses"
	return func(yield func(providers.Use, error) bool) {
		filter, err := a.usesFilter(op, q)
		if err != nil {
			yield(providers.Use{}, err)
			return
		}
		for page := ""; ; {
			var out struct {
				Entries []entry
				Next    string `json:"nextPageToken"`
			}
			in := map[string]any{
				"resourceNames": []string{"projects/" + a.project}, "filter": filter,
				"orderBy": "timestamp desc", "pageSize": usesPage,
			}
			if page != "" {
				in["pageToken"] = page
			}
			err := a.manage(ctx, request{op: op, method: http.MethodPost, host: "https://logging.googleapis.com", path: "/v2/entries:list", in: in}, &out)
			if err != nil {
				yield(providers.Use{}, err)
				return
			}
			for _, e := range out.Entries {
				if e.ID == "" || e.At.IsZero() || e.Audit.Method == "" {
					yield(providers.Use{}, undocumented(op))
					return
				}
				if !yield(e.use(), nil) {
					return
				}
			}
			if page = out.Next; page == "" { // a page may be empty and not be the last
				return
			}
		}
	}
}

// usesFilter chooses the lines about one key (Logging query language).
func (a accountKeys) usesFilter(op string, q providers.UseQuery) (string, error) {
	const field = "protoPayload.authenticationInfo.serviceAccountKeyName"
	since := ` AND timestamp>="` + q.Since.UTC().Format(time.RFC3339Nano) + `"`
	if q.Principal == "" && accountKeyID.MatchString(q.ID) {
		return field + `=~"/keys/` + q.ID + `$"` + since, nil
	}
	path, err := a.keyPath(op, q.Principal, q.ID)
	if err != nil {
		return "", err
	}
	return field + `="//iam.googleapis.com` + strings.TrimPrefix(path, "/v1") + `"` + since, nil
}

func (e entry) use() providers.Use {
	what := strings.TrimSuffix(e.Audit.Service, ".googleapis.com") + ":" + e.Audit.Method
	return providers.Use{ID: e.ID, At: e.At, From: e.Audit.Request.From, What: what, Agent: e.Audit.Request.Agent}
}
