package scim

import "strings"

// common are the attributes of every resource, which no schema lists.
var common = []attribute{
	reference("schemas", "What the resource has.", "uri").readOnly(),
	str("id", "The resource here.").exact().readOnly(),
	str("externalId", "The resource at the identity provider.").exact(),
	complexOf("meta", "About the resource.",
		str("resourceType", "User or Group.").exact().readOnly(),
		simple("dateTime", "created", "When it was pushed first.").readOnly(),
		simple("dateTime", "lastModified", "When it was last changed.").readOnly(),
		reference("location", "Its address.", "uri").readOnly(),
		str("version", "Its entity tag.").exact().readOnly(),
	).readOnly(),
}

var user = schema{
	ID: userSchema, Name: "User", Description: "User Account",
	Attributes: []attribute{
		str("userName", "What the person signs in as; no two users have the same.").required().unique(),
		complexOf("name", "The person's name.",
			str("formatted", "The name in full."),
			str("familyName", "The family name."),
			str("givenName", "The given name."),
			str("middleName", "The middle names."),
			str("honorificPrefix", "Titles before the name."),
			str("honorificSuffix", "What follows the name."),
		),
		str("displayName", "The name to show."),
		str("nickName", "What the person is called."),
		reference("profileUrl", "A page about the person.", "external"),
		str("title", "The job's title."),
		str("userType", "The relation to the organization, such as Employee."),
		str("preferredLanguage", "Languages in the form of Accept-Language."),
		str("locale", "Where dates and numbers are written so."),
		str("timezone", "The time zone by its name."),
		flag("active", "Whether the person may sign in. Who may not is a leaver."),
		plural("emails", "Addresses. Keys are found by them.", str("value", "The address.")),
		plural("phoneNumbers", "Telephone numbers.", str("value", "The number.")),
		plural("ims", "Addresses for messages.", str("value", "The address.")),
		plural("photos", "Pictures.", reference("value", "Where the picture is.", "external")),
		plural("addresses", "Postal addresses.",
			str("formatted", "The address in full."),
			str("streetAddress", "Street and number."),
			str("locality", "The town."),
			str("region", "The state or region."),
			str("postalCode", "The postal code."),
			str("country", "The country."),
		),
		plural("entitlements", "What the person is entitled to.", str("value", "The entitlement.")),
		plural("roles", "What the person is.", str("value", "The role.")),
		plural("x509Certificates", "Certificates.", simple("binary", "value", "The certificate, DER in base64.").exact()),
	},
}

var enterprise = schema{
	ID: enterpriseSchema, Name: "EnterpriseUser", Description: "Enterprise User",
	Attributes: []attribute{
		str("employeeNumber", "The number of the person."),
		str("costCenter", "The cost center."),
		str("organization", "The organization."),
		str("division", "The division."),
		str("department", "The department."),
		complexOf("manager", "Who succeeds to the keys of a leaver where no team does.",
			str("value", "The manager's id here, or address.").exact(),
			reference("$ref", "The manager's address here.", "User"),
			str("displayName", "The manager's name.").readOnly(),
		),
	},
}

var group = schema{
	ID: groupSchema, Name: "Group", Description: "Group",
	Attributes: []attribute{
		str("displayName", "The team's name; no two groups have the same.").required().unique(),
		members(),
	},
}

func members() attribute {
	a := complexOf("members", "Who is in it.",
		str("value", "The user's id here.").exact().immutable(),
		reference("$ref", "The user's address here.", "User", "Group").immutable(),
		str("display", "The user's name."),
		str("type", "User or Group.").immutable(),
	)
	a.MultiValued = true
	return a
}

// attributes returns those a resource of the kind has at a place: the resource
// itself, or an extension by its name.
func (k kind) attributes(extension string) []attribute {
	if extension == "" {
		return append(common[:len(common):len(common)], k.schema.Attributes...)
	}
	for _, e := range k.extensions {
		if strings.EqualFold(e.ID, extension) {
			return e.Attributes
		}
	}
	return nil
}
