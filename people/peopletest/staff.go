package peopletest

import "strconv"

// domain is where everybody is.
const domain = "@" + canary + ".example"

// Addresses of the staff, as people.Address writes them.
const (
	adaEmail   = "ada.byron" + domain
	adaAlias   = "countess" + domain
	graceEmail = "grace" + domain
	joanEmail  = "joan" + domain
)

// staff adds Ada, who has an alias, and is led by Grace.
func (r *rig) staff() (ada, grace string) {
	grace = r.fake.Add(Human{Email: graceEmail, Name: "Grace Hopper"})
	h := Human{Email: "Ada.Byron" + domain, Name: "Ada Byron"}
	if !r.w.NoAliases {
		h.Aliases = []string{adaAlias}
	}
	if !r.w.NoManagers {
		h.Manager = grace
	}
	return r.fake.Add(h), grace
}

// crowd adds n persons, the last of whom may not sign in, and returns their
// addresses.
func (r *rig) crowd(n int) []string {
	var out []string
	for i := range n {
		email := "crowd" + strconv.Itoa(i) + domain
		id := r.fake.Add(Human{Email: email, Name: "Somebody " + strconv.Itoa(i)})
		if i == n-1 {
			r.fake.Deactivate(id)
		}
		out = append(out, email)
	}
	return out
}

// orders is a team's name. quoted is one that must be escaped nearly everywhere.
const (
	orders = "orders"
	quoted = `O'Brien's "A&B" team`
)

func (w World) teamName(name string) string {
	if w.TeamName != nil {
		return w.TeamName(name)
	}
	return name
}
