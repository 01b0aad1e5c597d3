package awsfake

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// Region is where all that the ledger's uses tell of happened.
const Region = "us-east-1"

// trailPage is the most events CloudTrail puts on a page.
const trailPage = 50

var keyID = regexp.MustCompile(`^\w{16,128}$`)

// isTrail reports whether a request is for CloudTrail, which speaks JSON.
func isTrail(r *http.Request) bool {
	return r.Header.Get("X-Amz-Target") == "CloudTrail_20131101.LookupEvents"
}

type object map[string]any

// lookUpEvents answers with a page of the uses of one key in the region asked, newest
// first. Times are numbers, to the second.
func (s session) lookUpEvents(body []byte) {
	var in struct {
		LookupAttributes []struct{ AttributeKey, AttributeValue string }
		StartTime        float64
		MaxResults       int
		NextToken        string
	}
	if json.Unmarshal(body, &in) != nil || len(in.LookupAttributes) > 1 || in.MaxResults < 0 || in.MaxResults > trailPage {
		refuseJSON(s.w, http.StatusBadRequest, "ValidationException", string(body))
		return
	}
	var id string
	for _, a := range in.LookupAttributes {
		if id = a.AttributeValue; a.AttributeKey != "AccessKeyId" || id == "" {
			refuseJSON(s.w, http.StatusBadRequest, "InvalidLookupAttributesException", a.AttributeKey)
			return
		}
	}
	uses := slices.DeleteFunc(s.l.Uses(id), func(u fake.Use) bool {
		return float64(u.At.Unix()) < in.StartTime || s.region() != Region || s.l.Now().Sub(u.At) > 90*24*time.Hour
	})
	slices.Reverse(uses)
	size := trailPage
	if in.MaxResults > 0 {
		size = in.MaxResults
	}
	from, _ := strconv.Atoi(in.NextToken)
	page, next, more := fake.Page(uses, from, size)
	events := []object{}
	for _, u := range page {
		events = append(events, event(u))
	}
	out := object{"Events": events}
	if more {
		out["NextToken"] = strconv.Itoa(next)
	}
	writeJSON(s.w, http.StatusOK, out)
}

// region is the one the request was signed for.
func (s session) region() string {
	return strings.Split(between(s.r.Header.Get("Authorization"), "Credential=", ","), "/")[2]
}

// event is a use as CloudTrail tells of it: the essence, and the record as a text.
func event(u fake.Use) object {
	service, name, _ := strings.Cut(u.What, ":")
	source := service + ".amazonaws.com"
	record, _ := json.Marshal(object{
		"eventVersion": "1.11", "userIdentity": object{"type": "IAMUser", "accountId": Account, "accessKeyId": u.Key},
		"eventTime": stamp(u.At), "eventSource": source, "eventName": name, "awsRegion": Region,
		"sourceIPAddress": u.From, "userAgent": u.Agent, "eventID": u.ID, "readOnly": true,
		"eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": Account, "eventCategory": "Management",
	})
	return object{
		"EventId": u.ID, "EventName": name, "EventSource": source, "EventTime": u.At.Unix(), "AccessKeyId": u.Key,
		"ReadOnly": "true", "Resources": []object{}, "CloudTrailEvent": string(record),
	}
}

func refuseJSON(w http.ResponseWriter, status int, code, message string) {
	writeJSON(w, status, object{"__type": code, "message": message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
