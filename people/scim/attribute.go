package scim

import "strings"

// The names of the schemas and messages.
const (
	userSchema       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupSchema      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

	errorSchema  = "urn:ietf:params:scim:api:messages:2.0:Error"
	listSchema   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	patchSchema  = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	searchSchema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
)

// A schema says what a resource or an extension of it has, as /Schemas tells it.
type schema struct {
	ID, Name, Description string
	Attributes            []attribute
}

// An attribute is one attribute in the form RFC 7643 section 7 has for it.
type attribute struct {
	Name           string      `json:"name"`
	Type           string      `json:"type"`
	MultiValued    bool        `json:"multiValued"`
	Description    string      `json:"description"`
	Required       bool        `json:"required"`
	CaseExact      bool        `json:"caseExact"`
	Mutability     string      `json:"mutability"`
	Returned       string      `json:"returned"`
	Uniqueness     string      `json:"uniqueness"`
	Canonical      []string    `json:"canonicalValues,omitempty"`
	ReferenceTypes []string    `json:"referenceTypes,omitempty"`
	Sub            []attribute `json:"subAttributes,omitempty"`
}

func simple(kind, name, description string) attribute {
	return attribute{Name: name, Type: kind, Description: description, Mutability: "readWrite", Returned: "default", Uniqueness: "none"}
}

func str(name, description string) attribute  { return simple("string", name, description) }
func flag(name, description string) attribute { return simple("boolean", name, description) }

func reference(name, description string, types ...string) attribute {
	a := simple("reference", name, description)
	a.CaseExact, a.ReferenceTypes = true, types
	return a
}

func complexOf(name, description string, sub ...attribute) attribute {
	a := simple("complex", name, description)
	a.Sub = sub
	return a
}

// plural is an attribute with many values, each with a type and one of them
// primary.
func plural(name, description string, value ...attribute) attribute {
	a := complexOf(name, description, append(value,
		str("display", "A name of the value for people."),
		str("type", "What the value is for, such as work or home."),
		flag("primary", "Whether it is the one to use; at most one is."))...)
	a.MultiValued = true
	return a
}

func (a attribute) required() attribute { a.Required = true; return a }
func (a attribute) unique() attribute   { a.Uniqueness = "server"; return a }
func (a attribute) exact() attribute    { a.CaseExact = true; return a }
func (a attribute) readOnly() attribute { a.Mutability = "readOnly"; return a }
func (a attribute) immutable() attribute {
	a.Mutability = "immutable"
	return a
}

// lookup returns an attribute by its name in whatever case; the zero attribute
// is unknown.
func lookup(list []attribute, name string) attribute {
	for _, a := range list {
		if strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return attribute{}
}
