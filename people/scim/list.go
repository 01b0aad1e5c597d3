package scim

import (
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// defaultPage is how many resources a list has where the request does not say.
const defaultPage = 100

// A query is what a list is asked for, whichever way.
type query struct {
	filter             string
	start, count       string
	attributes, except []string
}

func fromQuery(v url.Values) query {
	return query{v.Get("filter"), v.Get("startIndex"), v.Get("count"), names(v["attributes"]), names(v["excludedAttributes"])}
}

// search is a list that is asked for by POST, so that no filter stands in a log.
func (q *request) search(w http.ResponseWriter, kinds ...kind) (answer, error) {
	if q.r.Method != http.MethodPost {
		return answer{}, notAllowed("POST")
	}
	o, err := q.body(w)
	if err != nil {
		return answer{}, err
	}
	var lists [2][]string
	for i, n := range []string{"attributes", "excludedAttributes"} {
		list, _ := get(o, n).([]any)
		for _, v := range list {
			if s, ok := v.(string); ok {
				lists[i] = append(lists[i], s)
			}
		}
	}
	return q.list(query{text(o, "filter"), number(o, "startIndex"), number(o, "count"), names(lists[0]), names(lists[1])}, kinds...)
}

func number(o object, asked string) string {
	if n, ok := get(o, asked).(interface{ String() string }); ok { // a json.Number
		return n.String()
	}
	return ""
}

// list answers a page of what matches. The order is that of ids, which stays.
func (q *request) list(asked query, kinds ...kind) (answer, error) {
	f, err := parseFilter(asked.filter)
	if err != nil {
		return answer{}, err
	}
	p, err := newProjection(asked.attributes, asked.except)
	if err != nil {
		return answer{}, err
	}
	start, err := index(asked.start, 1)
	if err != nil {
		return answer{}, err
	}
	count, err := index(asked.count, defaultPage)
	if err != nil {
		return answer{}, err
	}
	start, count = max(start, 1), min(max(count, 0), maxPage)
	page, total := []object{}, 0
	for _, k := range kinds {
		for m, err := range q.candidates(k, f) {
			if err != nil {
				return answer{}, err
			}
			wanted := total+1 >= start && len(page) < count
			if f == nil && !wanted {
				total++
				continue // no document is read that nobody sees
			}
			o, err := q.show(k, m)
			if err != nil {
				return answer{}, err
			}
			if f != nil {
				ok, err := f.match(k, o)
				if err != nil {
					return answer{}, err
				}
				if !ok {
					continue
				}
			}
			total++
			if wanted {
				page = append(page, p.apply(o))
			}
		}
	}
	return listed(page, total, start), nil
}

// candidates are the members that may match, as far as the roster can tell by
// its columns.
func (q *request) candidates(k kind, f *filterOf) iter.Seq2[registry.Member, error] {
	by := registry.MemberFilter{Directory: q.Directory, Kind: k.stored}
	if id := f.equals("id"); id != "" {
		return func(yield func(registry.Member, error) bool) {
			m, err := q.Roster.Member(q.ctx, q.Directory, k.stored, id)
			if keyturn.KindOf(err) != keyturn.NotFound {
				yield(m, err)
			}
		}
	}
	by.Name = f.equals(k.nameBy)
	by.ExternalID = f.equals("externalId")
	return q.Roster.Members(q.ctx, by)
}

func listed(page []object, total, start int) answer {
	return answer{status: http.StatusOK, body: object{
		"schemas": []string{listSchema}, "totalResults": total,
		"startIndex": start, "itemsPerPage": len(page), "Resources": page,
	}}
}

func index(s string, otherwise int) (int, error) {
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, invalid("invalidValue", "startIndex and count are whole numbers")
	}
	return n, nil
}

// names splits lists of attributes.
func names(lists []string) []string {
	var out []string
	for _, l := range lists {
		for n := range strings.SplitSeq(l, ",") {
			if n = strings.TrimSpace(n); n != "" && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}
