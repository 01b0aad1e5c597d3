package detectsecrets

// privateKey is the type whose hash is that of the line a key begins with, the same
// for all keys (plugins/private_key.py).
const privateKey = "Private Key"

// providers are the types that are about a vendor whose keys Keyturn knows (plugins).
var providers = map[string]string{
	"AWS Access Key":    "aws",
	"GitHub Token":      "github",
	"GitLab Token":      "gitlab",
	"OpenAI Token":      "openai",
	"Stripe Access Key": "stripe",
	"Twilio API Key":    "twilio",
}
