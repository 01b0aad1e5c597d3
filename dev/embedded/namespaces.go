package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

// ready returns once every namespace answers and every search attribute can
// be used in it. A namespace that was made by an earlier start may lack
// attributes that are asked for now; they are added.
func ready(ctx context.Context, o Options, address string, log slog.Handler) error {
	c, err := client.DialContext(ctx, client.Options{
		HostPort: address,
		Logger:   sdklog.NewStructuredLogger(slog.New(log)),
	})
	if err != nil {
		return fmt.Errorf("reach the server: %w", err)
	}
	defer c.Close()
	added := false
	for _, namespace := range o.Namespaces {
		more, err := addMissing(ctx, c, namespace, o.SearchAttributes)
		if err != nil {
			return fmt.Errorf("namespace %s: register search attributes: %w", namespace, err)
		}
		added = added || more
	}
	for _, namespace := range o.Namespaces {
		if err := queryable(ctx, c, namespace, o.SearchAttributes); err != nil {
			return fmt.Errorf("namespace %s: %w", namespace, err)
		}
	}
	if !added {
		return nil
	}
	// What the frontend knows, the other services know a refresh later.
	return pause(ctx, 2*cacheRefresh)
}

// addMissing registers those attributes the namespace does not have.
func addMissing(ctx context.Context, c client.Client, namespace string, want map[string]enumspb.IndexedValueType) (bool, error) {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return false, err
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range want {
		switch is, ok := have.GetCustomAttributes()[name]; {
		case !ok:
			missing[name] = kind
		case is != kind:
			return false, fmt.Errorf("%s is registered as %s and wanted as %s: remove it, or start with new data", name, is, kind)
		}
	}
	if len(missing) == 0 {
		return false, nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace:        namespace,
		SearchAttributes: missing,
	})
	return true, err
}

// queryable waits until a query that names every attribute is understood.
func queryable(ctx context.Context, c client.Client, namespace string, attributes map[string]enumspb.IndexedValueType) error {
	var clauses []string
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		clauses = append(clauses, name+" IS NULL")
	}
	for {
		_, err := c.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: namespace,
			Query:     strings.Join(clauses, " AND "),
		})
		if err == nil {
			return nil
		}
		if stop := pause(ctx, 20*time.Millisecond); stop != nil {
			return errors.Join(stop, err)
		}
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
