package gitlab

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

const (
	// mostTokens bounds a delivery: fingerprints of each are made, which takes
	// milliseconds.
	mostTokens = 1000
	// longestToken is the longest token taken for a value. A service account's key, the
	// longest there is, has 3,000 characters.
	longestToken = 16 << 10
)

// found is one token of a delivery. GitLab instances say location, and partner
// programmes url.
type found struct {
	Type     string `json:"type"`
	Token    string `json:"token"`
	Location string `json:"location"`
	URL      string `json:"url"` // may be empty
}

// news reads the body of a delivery that proved where it is from.
func (s *source) news(op string, body []byte) (leaks.News, error) {
	var list []found
	if json.Unmarshal(body, &list) != nil || list == nil {
		return leaks.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery is from the source, but is no list of tokens")
	}
	if len(list) > mostTokens {
		return leaks.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery has %d tokens; at most %d are taken at once", len(list), mostTokens)
	}
	var news leaks.News
	told := map[string]bool{}
	for _, one := range list {
		if one.Token == "" {
			return leaks.News{}, keyturn.Errorf(keyturn.Invalid, op, "the delivery is from the source, but lists something without a token")
		}
		f := s.finding(one)
		if !told[f.Event] {
			told[f.Event] = true
			news.Findings = append(news.Findings, f)
		}
	}
	if len(news.Findings) > 0 {
		news.Event = s.name("delivery", string(body))
	}
	return news, nil
}

// finding says what was found. A token that is too long to be one is left out, and
// where it is told: whoever wrote it must not keep the rest from being heard.
func (s *source) finding(one found) leaks.Finding {
	at := cmp.Or(one.Location, one.URL)
	f := leaks.Finding{
		Source: s.env.Name, Event: s.name("finding", one.Token, at), Rule: one.Type, URL: at,
		Public: s.Public == nil || *s.Public,
	}
	if len(one.Token) <= longestToken {
		f.Value = keyturn.NewSecret(one.Token)
	}
	place(&f)
	return f
}

// name is a name for what was told, the same whenever it is told again. Names are
// stored: one that anybody could make of a guessed value would tell whether the
// guess is right. So it takes the webhook secret to make one.
func (s *source) name(parts ...string) string {
	mac := hmac.New(sha256.New, []byte(s.env.WebhookSecret.Expose()))
	for _, p := range parts {
		_, _ = fmt.Fprintf(mac, "%d:%s", len(p), p) // with lengths, or "a", "bc" would read like "ab", "c"
	}
	return hex.EncodeToString(mac.Sum(nil))
}
