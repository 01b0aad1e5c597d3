package vault_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets/vault"
	"github.com/keyturn/keyturn/servertest"
)

func TestKubernetes(t *testing.T) {
	t.Parallel()
	server := servertest.StartVault(t)
	root := admin(t, server)
	enable(t, root, "kubernetes")
	good := serviceAccountToken("keyturn", "keyturn-worker")
	cluster := tokenReviews(t, good)
	write(t, root, "auth/kubernetes/config", map[string]any{
		"kubernetes_host": cluster.URL, "token_reviewer_jwt": serviceAccountToken("kube-system", "reviewer"),
		"disable_local_ca_jwt": true, "disable_iss_validation": true,
	})
	write(t, root, "auth/kubernetes/role/keyturn", map[string]any{
		"bound_service_account_names": "keyturn-worker", "bound_service_account_namespaces": "keyturn",
		"token_policies": "keyturn", "token_ttl": "1h",
	})
	jwt := file(t, good)
	cfg := vault.Config{Address: server.Address(), Auth: vault.Auth{Kubernetes: &vault.KubernetesAuth{Role: "keyturn", JWTFile: jwt}}}
	store := open(t, cfg)
	if err := works(store, 1); err != nil {
		t.Fatal(err)
	}
	write(t, root, "sys/leases/revoke-prefix/auth/kubernetes/login", nil)
	if err := works(store, 2); err != nil {
		t.Errorf("after the token was revoked: %v", err)
	}
	if err := os.WriteFile(jwt, []byte(serviceAccountToken("default", "keyturn-worker")), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := vault.Open(context.Background(), cfg)
	wantKind(t, err, keyturn.Denied, "role keyturn")
}

// serviceAccountToken looks like the token of a pod. Its signature is empty
// of meaning: the cluster's review is what counts.
func serviceAccountToken(namespace, name string) string {
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return part(map[string]string{"alg": "RS256", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": "https://kubernetes.default.svc", "sub": "system:serviceaccount:" + namespace + ":" + name,
		"aud": []string{"https://kubernetes.default.svc"}, "iat": time.Now().Unix(), "nbf": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		"kubernetes.io": map[string]any{"namespace": namespace, "serviceaccount": map[string]string{"name": name, "uid": "uid-" + name}},
	}) + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256))
}

// tokenReviews is the one endpoint of a cluster that Vault asks. It knows one
// good token.
func tokenReviews(t *testing.T, good string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			Spec struct {
				Token     string
				Audiences []string
			}
		}
		if r.URL.Path != "/apis/authentication.k8s.io/v1/tokenreviews" || json.NewDecoder(r.Body).Decode(&review) != nil {
			http.Error(w, "unexpected", http.StatusNotFound)
			return
		}
		status := map[string]any{"authenticated": false}
		if review.Spec.Token == good {
			status = map[string]any{"authenticated": true, "audiences": review.Spec.Audiences, "user": map[string]any{
				"username": "system:serviceaccount:keyturn:keyturn-worker", "uid": "uid-keyturn-worker",
				"groups": []string{"system:serviceaccounts", "system:authenticated"},
			}}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "status": status})
	}))
	t.Cleanup(server.Close)
	return server
}
