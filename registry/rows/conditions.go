package rows

import (
	"fmt"
	"strings"
)

// conditions are what a row must fulfil, all of it.
type conditions struct {
	list []string
	args []any
}

// add adds a condition, with %s for the placeholder of text, unless text is
// empty.
func (c *conditions) add(condition, text string) {
	if text != "" {
		c.value(condition, text)
	}
}

func (c *conditions) value(condition string, value any) {
	c.args = append(c.args, value)
	c.list = append(c.list, fmt.Sprintf(condition, fmt.Sprintf("$%d", len(c.args))))
}

func (c *conditions) all() string { return strings.Join(c.list, " AND ") }
