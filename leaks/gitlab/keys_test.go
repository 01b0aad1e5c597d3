package gitlab_test

import "encoding/json"

// openssl is a delivery that was signed with OpenSSL's dgst -sha256 -sign.
var openssl = struct{ key, signature, body string }{
	key: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKNADLd9l0+RxiEJOpTECWoPd3ryJ
yKM2HNvFzlXJPN5RbgrtqDSg6gbVZJH3UkhxBB2L+G4OdAn4O6oLRZGz7w==
-----END PUBLIC KEY-----
`,
	signature: "MEUCIAEcgyoWgdY074eDlryuuS3wL/oCqEjTgema19p0bLYFAiEA8LVJugZwuBsxyi2hJP2klxcCq0kewAC9Z6f0o8o5pTY=",
	body:      `[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]`,
}

// p384 is a key on a curve that no partner programme signs with.
const p384 = `-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEcMaAFqxn+jl7+fYT/5p576FVpKuITsW3
D6yp/waqLQ0Aed1a8iI/SS/AkSaOiLZHbK71sOTcQhFIZunWnXUNt4pGp1fqUEgw
whW6Hrm1uS7kJROw8KIHqOZwMnmhsbD5
-----END PUBLIC KEY-----
`

// keysOf is the list that publishes one key.
func keysOf(id, key string) string {
	out, _ := json.Marshal(map[string]any{"public_keys": []map[string]any{{"key_identifier": id, "key": key, "is_current": true}}})
	return string(out)
}
