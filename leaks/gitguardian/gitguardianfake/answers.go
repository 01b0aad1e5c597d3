package gitguardianfake

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

type object map[string]any

const dashboard = "https://dashboard.gitguardian.com/workspace/1"

// show is an incident as the API shows it. whole has its occurrences.
func (h *held) show(whole bool) object {
	out := h.outline()
	maps.Copy(out, object{
		"secret_id": 1, "status": h.status, "triggered_at": stamp(h.triggered), "occurrences_count": len(h.Occurrences),
		"assignee_id": nil, "ignorer_id": nil, "ignorer_api_token_id": nil, "resolver_id": nil, "resolver_api_token_id": nil,
		"tags": append([]string{}, h.Tags...), "custom_tags": []string{}, "feedback_list": []string{}, "occurrences": nil,
	})
	if h.Public {
		out["declarative_secret_status"], out["resolve_reason"] = "active", nil
	}
	if whole {
		places := []object{}
		for n, o := range h.Occurrences {
			places = append(places, o.show(h, h.places[n]))
		}
		out["occurrences"] = places
	}
	return out
}

// outline is the part of an incident that the webhook shows as well.
func (h *held) outline() object {
	path := "/incidents/"
	if h.Public {
		path = "/public-incidents/"
	}
	out := object{
		"id": h.id, "date": stamp(h.Date), "detector": object{
			"name": h.Detector, "display_name": h.Detector, "nature": "specific", "family": "token",
			"detector_group_name": h.Detector, "detector_group_display_name": h.Detector,
		},
		"secret_hash": strings.Repeat("x", 64), "hmsl_hash": h.Hash, "secret_revoked": h.revoked, "validity": h.Validity,
		"status": strings.ToLower(h.status), "regression": false, "assignee_email": nil, "severity": "unknown",
		"ignored_at": nil, "ignore_reason": nil, "resolved_at": nil, "share_url": nil,
		"gitguardian_url": fmt.Sprint(dashboard, path, h.id),
	}
	switch h.status {
	case "RESOLVED":
		out["resolved_at"] = stamp(h.closed)
	case "IGNORED":
		out["ignored_at"], out["ignore_reason"] = stamp(h.closed), h.reason
	}
	return out
}

// show is an occurrence as GitGuardian shows it.
func (o Occurrence) show(h *held, id int) object {
	match := object{"name": "apikey", "indice_start": 1, "indice_end": 33, "pre_line_start": nil, "pre_line_end": nil, "post_line_start": o.Line, "post_line_end": o.Line}
	if o.Removed {
		match = object{"name": "apikey", "indice_start": 1, "indice_end": 33, "pre_line_start": o.Line, "pre_line_end": o.Line, "post_line_start": nil, "post_line_end": nil}
	}
	visibility := "private"
	if o.Public {
		visibility = "public"
	}
	source := object{"id": 1, "type": "github", "url": "https://github.com/" + o.Repo, "full_name": o.Repo, "health": "at_risk", "visibility": visibility, "external_id": "1"}
	if h.Public {
		source = object{"id": 1, "type": "github", "url": "https://github.com/" + o.Repo, "name": o.Repo, "external_id": "1", "metadata": object{}}
	}
	out := object{
		"id": id, "incident_id": h.id, "kind": "realtime", "date": stamp(o.Date), "presence": "present", "filepath": o.File, "url": "https://github.com/" + o.Repo,
		"matches": []object{match}, "tags": append([]string{}, o.Tags...), "author_name": "Ann", "author_info": "ann@acme.example", "sha": nil, "source": source,
	}
	if o.Commit != "" {
		out["sha"] = o.Commit
	}
	return out
}

func missing(w http.ResponseWriter, r *http.Request) { Refuse(w, r, http.StatusNotFound, 0, "") }

// Refuse is a [fake.Refusal] in GitGuardian's words.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, wait time.Duration, text string) {
	if wait > 0 {
		w.Header().Set("Retry-After", fake.Seconds(wait))
	}
	fake.JSON(w, status, object{"detail": http.StatusText(status) + "." + text})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
