package twilio

import (
	"strings"

	"github.com/keyturn/keyturn"
)

// AuthToken is the principal of entries that track the account's Auth Token.
// A generation of it is called the same, with "/" and anything after it to
// tell it from others: "auth-token/g7".
const AuthToken = "auth-token"

func isAuthToken(id string) bool {
	return id == AuthToken || strings.HasPrefix(id, AuthToken+"/")
}

// unsupported is the answer to changing the Auth Token.
//
// Twilio has a call that makes a secondary token and one that promotes it,
// which ends the primary in the same moment ("Auth Token"). Both work on
// positions: neither says, nor can be told, which token it is about, and there
// is no harmless way to ask. So after a lost answer nobody can tell a token of
// ours from a stranger's, nor whether the promotion took place; repeating it
// could end the token that everybody uses.
func unsupported(op string) error {
	return keyturn.Errorf(keyturn.Unsupported, op, "the Auth Token cannot be changed safely by API; rotate it in the Console, by hand")
}
