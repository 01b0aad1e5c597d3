package gcpfake

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn/providers/fake"
)

var keyID = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// showAPI is an API key as Google shows it, without its value.
func showAPI(k fake.Key) object {
	out := object{
		"name": "projects/" + number + "/locations/global/keys/" + k.ID, "uid": "00000000-0000-4000-8000-000000000000",
		"displayName": k.Label, "createTime": stamp(k.Created), "updateTime": stamp(k.Created), "etag": `W/"x=="`,
		"annotations": map[string]string{"keyturn-label": k.Label},
	}
	if len(k.Permissions) > 0 {
		var targets []object
		for _, p := range k.Permissions {
			targets = append(targets, object{"service": p})
		}
		out["restrictions"] = object{"apiTargets": targets}
	}
	return out
}

// find returns an API key, or says that there is none.
func (a *api) find(c call) (fake.Key, bool) {
	k, ok := a.l.Find(c.ids[2])
	if !ok || k.Principal != APIKeys {
		problem(c.w, http.StatusNotFound, "NOT_FOUND", "Requested entity was not found.")
		return fake.Key{}, false
	}
	return k, true
}

// start answers with an operation that is not done yet.
func (a *api) start(w http.ResponseWriter, response object) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := "akmf.p7-" + number + "-" + rand.Text()
	a.running[id] = response
	fake.JSON(w, http.StatusOK, object{"name": "operations/" + id})
}

func (a *api) operation(c call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	response, ok := a.running[c.ids[0]]
	if !ok {
		problem(c.w, http.StatusNotFound, "NOT_FOUND", "Requested entity was not found.")
		return
	}
	fake.JSON(c.w, http.StatusOK, object{"name": "operations/" + c.ids[0], "done": true, "response": response})
}

func (a *api) createAPIKey(c call) {
	var in struct {
		DisplayName  string
		Annotations  map[string]string
		Restrictions struct {
			APITargets []struct{ Service string }
		}
	}
	id := c.r.FormValue("keyId")
	if !body(c, &in) {
		return
	}
	if !keyID.MatchString(id) || len([]rune(in.DisplayName)) > 63 {
		problem(c.w, http.StatusBadRequest, "INVALID_ARGUMENT", "Invalid key id or display name.")
		return
	}
	if a.l.Value(id) != "" { // deleted keys keep their ids for 30 days
		problem(c.w, http.StatusConflict, "ALREADY_EXISTS", "Requested entity already exists")
		return
	}
	var services []string
	for _, t := range in.Restrictions.APITargets {
		services = append(services, t.Service)
	}
	k, err := a.l.Mint(c.who, fake.Draft{ID: id, Principal: APIKeys, Label: in.Annotations["keyturn-label"], Permissions: services})
	if refusedMint(c.w, err) {
		return
	}
	response := showAPI(k)
	response["@type"] = "type.googleapis.com/google.api.apikeys.v2.Key"
	a.start(c.w, response)
}

func (a *api) listAPIKeys(c call) {
	from, _ := strconv.Atoi(c.r.FormValue("pageToken"))
	size, _ := strconv.Atoi(c.r.FormValue("pageSize"))
	if size == 0 {
		size = 50
	}
	page, next, more := fake.Page(a.l.Live(APIKeys), from, min(size, 100)) // it may return fewer
	out := object{}
	if len(page) > 0 {
		var keys []object
		for _, k := range page {
			keys = append(keys, showAPI(k))
		}
		out["keys"] = keys
	}
	if more {
		out["nextPageToken"] = strconv.Itoa(next)
	}
	fake.JSON(c.w, http.StatusOK, out)
}

func (a *api) getAPIKey(c call) {
	if k, ok := a.find(c); ok {
		fake.JSON(c.w, http.StatusOK, showAPI(k))
	}
}

func (a *api) keyString(c call) {
	if k, ok := a.find(c); ok {
		fake.JSON(c.w, http.StatusOK, object{"keyString": k.Secret})
	}
}

func (a *api) deleteAPIKey(c call) {
	k, ok := a.find(c)
	if !ok {
		return
	}
	if err := a.l.Revoke(c.who, APIKeys, k.ID); err != nil {
		problem(c.w, http.StatusNotFound, "NOT_FOUND", "Requested entity was not found.")
		return
	}
	response := showAPI(k)
	response["@type"], response["deleteTime"] = "type.googleapis.com/google.api.apikeys.v2.Key", stamp(a.l.Now())
	a.start(c.w, response)
}

// lookup finds deleted keys too, and says of a stranger's that it is forbidden.
func (a *api) lookup(c call) {
	k, ok := a.l.FindSecret(c.r.FormValue("keyString"))
	if !ok || k.Principal != APIKeys {
		problem(c.w, http.StatusForbidden, "PERMISSION_DENIED", "Permission 'apikeys.keys.lookup' denied on resource (or it may not exist).")
		return
	}
	fake.JSON(c.w, http.StatusOK, object{"parent": "projects/" + number, "name": showAPI(k)["name"]})
}

// probe is an API that takes API keys.
func (a *api) probe(w http.ResponseWriter, r *http.Request) {
	value := r.Header.Get("X-Goog-Api-Key")
	k, ok := a.l.Authenticate(value)
	switch {
	case value == "":
		problem(w, http.StatusForbidden, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.")
	case !ok || k.Principal != APIKeys:
		problem(w, http.StatusBadRequest, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", reason("API_KEY_INVALID"))
	case len(k.Permissions) > 0 && !strings.HasPrefix(k.Permissions[0], "translat"):
		problem(w, http.StatusForbidden, "PERMISSION_DENIED", "Requests to this API are blocked.", reason("API_KEY_SERVICE_BLOCKED"))
	default:
		fake.JSON(w, http.StatusOK, object{"data": object{"languages": []object{{"language": "en"}}}})
	}
}
