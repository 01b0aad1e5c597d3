package scim

import (
	"net/http"
	"strings"
)

// maxPage is the most resources that one answer lists.
const maxPage = 200

// config says what is supported.
func (q *request) config() answer {
	no := object{"supported": false}
	return answer{status: http.StatusOK, body: object{
		"schemas":          []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"documentationUri": "https://github.com/keyturn/keyturn/blob/main/people/scim/README.md",
		"patch":            object{"supported": true},
		"bulk":             object{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter":           object{"supported": true, "maxResults": maxPage},
		"changePassword":   no,
		"sort":             no,
		"etag":             object{"supported": true},
		"authenticationSchemes": []object{{
			"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
			"description": "A token that the operator of Keyturn hands out, in the header Authorization",
			"specUri":     "https://www.rfc-editor.org/info/rfc6750",
		}},
		"meta": object{"resourceType": "ServiceProviderConfig", "location": q.base + "/ServiceProviderConfig"},
	}}
}

// resourceTypes returns all, or one by its id.
func (q *request) resourceTypes(id string) (answer, error) {
	var all []object
	for _, k := range []kind{userKind, groupKind} {
		extensions := []object{}
		for _, e := range k.extensions {
			extensions = append(extensions, object{"schema": e.ID, "required": false})
		}
		all = append(all, object{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"},
			"id":      k.schema.Name, "name": k.schema.Name, "description": k.schema.Description,
			"endpoint": "/" + k.place, "schema": k.schema.ID, "schemaExtensions": extensions,
			"meta": object{"resourceType": "ResourceType", "location": q.base + "/ResourceTypes/" + k.schema.Name},
		})
	}
	return q.discover(all, id)
}

// schemas returns all, or one by its id.
func (q *request) schemas(id string) (answer, error) {
	var all []object
	for _, s := range []schema{user, group, enterprise} {
		all = append(all, object{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Schema"},
			"id":      s.ID, "name": s.Name, "description": s.Description, "attributes": s.Attributes,
			"meta": object{"resourceType": "Schema", "location": q.base + "/Schemas/" + s.ID},
		})
	}
	return q.discover(all, id)
}

func (q *request) discover(all []object, id string) (answer, error) {
	if id == "" {
		if q.r.URL.Query().Has("filter") { // RFC 7644 section 4
			return answer{}, &fault{status: http.StatusForbidden, detail: "this list cannot be filtered"}
		}
		return listed(all, len(all), 1), nil
	}
	for _, o := range all {
		if strings.EqualFold(o["id"].(string), id) {
			return answer{status: http.StatusOK, body: o}, nil
		}
	}
	return answer{}, noPlace
}
