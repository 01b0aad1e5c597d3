package scim

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/scim2/filter-parser/v2"
)

// maxFilter and maxNesting bound what a filter may cost.
const (
	maxFilter  = 2048
	maxNesting = 32
)

// A filterOf is a filter. nil matches everything.
type filterOf struct {
	root     filter.Expression
	literals []string // the strings in it, which root has by their numbers
}

// parseFilter reads a filter; an empty one is nil.
func parseFilter(s string) (*filterOf, error) {
	if s = strings.TrimSpace(s); s == "" {
		return nil, nil
	}
	bare, literals, err := strip(s)
	if err != nil {
		return nil, err
	}
	if bare, err = inside(bare); err != nil {
		return nil, err
	}
	root, err := filter.ParseFilterNumber([]byte(bare))
	if err != nil || root == nil {
		return nil, invalid("invalidFilter", "the filter cannot be understood")
	}
	return &filterOf{root, literals}, nil
}

// strip puts numbers into the place of a filter's strings: the grammar of RFC
// 7644 has JSON strings, and the parser knows neither their escapes nor that
// what looks like grammar inside of one is none.
func strip(s string) (bare string, literals []string, err error) {
	if len(s) > maxFilter || strings.Count(s, "(")+strings.Count(s, "[") > maxNesting {
		return "", nil, invalid("invalidFilter", "the filter is too long")
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		end := i + 1
		for end < len(s) && s[end] != '"' {
			if s[end] == '\\' {
				end++
			}
			end++
		}
		var literal string
		if end >= len(s) || json.Unmarshal([]byte(s[i:end+1]), &literal) != nil {
			return "", nil, invalid("invalidFilter", "a string in the filter is no JSON string")
		}
		b.WriteString(`"` + strconv.Itoa(len(literals)) + `"`)
		literals = append(literals, literal)
		s = s[end+1:]
	}
	bare = word.ReplaceAllStringFunc(b.String(), func(s string) string {
		i := strings.LastIndexByte(s, ' ') + 1
		if json.Valid([]byte(s[i:])) {
			return s
		}
		literals = append(literals, s[i:])
		return s[:i] + `"` + strconv.Itoa(len(literals)-1) + `"`
	})
	return bare, literals, nil
}

// word is a comparison with what is no JSON value. Microsoft's examples leave the
// quotes out.
var word = regexp.MustCompile(`(?i) (?:eq|ne|co|sw|ew|gt|ge|lt|le) +[^ "()\[\]]+`)

// after is a comparison that follows a condition in brackets. RFC 7644 has no
// such filters, and Entra asks with them: emails[type eq "work"].value eq "x".
var after = regexp.MustCompile(`\[([^\[\]]*)\]\.([A-Za-z$][\w$-]*)[ ]+(?i:(pr)\b|(eq|ne|co|sw|ew|gt|ge|lt|le)[ ]+("[^"]*"|[^ "()\[\]]+))`)

// inside moves such a comparison into the brackets, where it means the same.
func inside(bare string) (string, error) {
	for _, found := range after.FindAllStringSubmatch(bare, -1) {
		if strings.Contains(" "+strings.ToLower(found[1])+" ", " or ") {
			return "", invalid("invalidFilter", "what follows brackets with an or cannot be understood")
		}
	}
	return after.ReplaceAllStringFunc(bare, func(s string) string {
		close := strings.LastIndexByte(s, ']')
		return s[:close] + " and " + s[close+2:] + "]"
	}), nil
}

// literal is the value that a comparison has.
func (f *filterOf) literal(v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < len(f.literals) {
		return f.literals[n]
	}
	return s
}

// equals returns the string that an attribute must equal for the filter to match;
// "" if there is none.
func (f *filterOf) equals(attribute string) string {
	if f == nil {
		return ""
	}
	return f.equal(f.root, attribute)
}

func (f *filterOf) equal(e filter.Expression, attribute string) string {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		at := placeAt(e.AttributePath)
		if e.Operator == filter.EQ && at.extension == "" && at.sub == "" && strings.EqualFold(at.attribute, attribute) {
			s, _ := f.literal(e.CompareValue).(string)
			return s
		}
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			return cmp.Or(f.equal(e.Left, attribute), f.equal(e.Right, attribute))
		}
	}
	return ""
}
