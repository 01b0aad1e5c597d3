package entry

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// Marshal writes an entry as a file has it: fields always in the same order,
// no line for what was left out. [Parse] reads back the same entry.
func Marshal(e Entry) ([]byte, error) {
	return yaml.MarshalWithOptions(e,
		yaml.IndentSequence(true),
		yaml.CustomMarshaler(func(t time.Time) ([]byte, error) { return timeText(t), nil }),
		yaml.CustomMarshaler(func(s string) ([]byte, error) { return scalar(s), nil }))
}

// timeText writes a midnight in UTC as a day, and everything else to the second.
func timeText(t time.Time) []byte {
	if t = t.UTC(); t.Equal(t.Truncate(day)) {
		return []byte(t.Format(time.DateOnly))
	}
	return []byte(t.Format(time.RFC3339))
}

// plainText is text that needs no quotes in any YAML reader, unless it reads
// as a value of another type.
var plainText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9/_.](?:[A-Za-z0-9/_.@+,=()-]|:[A-Za-z0-9/_*.]| [A-Za-z0-9/_.@+=(])*$`)
})

// scalar writes text plainly where that is safe, and in double quotes with
// escapes elsewhere. The library's own quoting loses some leading spaces.
func scalar(s string) []byte {
	if plainText().MatchString(s) && !token.IsNeedQuoted(s) && token.ToNumber(s) == nil {
		return []byte(s)
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return []byte(b.String())
}
