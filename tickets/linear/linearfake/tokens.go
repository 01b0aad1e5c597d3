package linearfake

import (
	"regexp"
	"strconv"
	"strings"
)

// unexpected is the token at which a document stops making sense.
type unexpected string

func (u unexpected) Error() string {
	return "Syntax Error: Unexpected " + strconv.Quote(string(u)) + "."
}

// tokens cuts a document up. Commas are white space, as GraphQL has it.
func tokens(text string) ([]string, error) {
	token := regexp.MustCompile(`^(?:[A-Za-z_][A-Za-z0-9_]*|-?[0-9]+(?:\.[0-9]+)?|"[^"\\\n]*"|[!$():=@\[\]{}])`)
	var out []string
	for {
		text = strings.TrimLeft(text, " \t\r\n,")
		if strings.HasPrefix(text, "#") {
			_, text, _ = strings.Cut(text, "\n")
			continue
		}
		if text == "" {
			return out, nil
		}
		t := token.FindString(text)
		if t == "" {
			return nil, unexpected(text[:1])
		}
		out, text = append(out, t), text[len(t):]
	}
}

func isName(token string) bool {
	return token != "" && (token[0] == '_' || token[0]|0x20 >= 'a' && token[0]|0x20 <= 'z')
}

// plain is a value that is one token: a number, true, false, null.
func plain(token string) (any, bool) {
	switch token {
	case "true", "false":
		return token == "true", true
	case "null":
		return nil, true
	}
	n, err := strconv.ParseFloat(token, 64)
	return n, err == nil
}
