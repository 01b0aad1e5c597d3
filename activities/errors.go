package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
)

// maxRetryAfter bounds how long one answer of a vendor may put us off. Vendors
// have been seen to ask for ten hours.
const maxRetryAfter = 15 * time.Minute

// Errors translates what activities return into what workflows may see. It is
// the one place that does: activities return ordinary Go errors, and no error
// reaches a history without passing here.
type Errors struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (*Errors) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	e := &errorsInbound{}
	e.Next = next
	return e
}

type errorsInbound struct {
	interceptor.ActivityInboundInterceptorBase
}

func (e *errorsInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (out any, err error) {
	defer func() {
		if p := recover(); p != nil { // its message and stack would be recorded too
			out, err = nil, translate(ctx, &panicked{})
		}
	}()
	out, err = e.Next.ExecuteActivity(ctx, in)
	return out, translate(ctx, err)
}

// panicked stands for a panic. What it said is not kept: it may quote a value.
type panicked struct{}

func (*panicked) Error() string { return "panic" }

func translate(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, activity.ErrResultPending):
		return err
	}
	var e *keyturn.Error
	if !errors.As(err, &e) {
		// Whatever this says was not written by us and may quote anything.
		activity.GetLogger(ctx).Error("unclassified failure", "type", fmt.Sprintf("%T", err))
		e = keyturn.Errorf(keyturn.Unavailable, activity.GetInfo(ctx).ActivityType.Name, "unclassified failure; see the worker's log")
	}
	return temporal.NewApplicationErrorWithOptions(e.Error(), string(e.Kind), temporal.ApplicationErrorOptions{
		NonRetryable:   !e.Kind.Retryable(),
		NextRetryDelay: nextRetry(e),
		Category:       category(e.Kind),
	})
}

// nextRetry honours what the vendor asked for, within bounds. NotYet is our
// own clock and is kept as it is.
func nextRetry(e *keyturn.Error) time.Duration {
	if e.Kind == keyturn.NotYet {
		return e.RetryAfter
	}
	return min(e.RetryAfter, maxRetryAfter)
}

// category keeps waiting and being throttled out of the error metrics and logs.
func category(k keyturn.Kind) temporal.ApplicationErrorCategory {
	if k == keyturn.NotYet || k == keyturn.RateLimited {
		return temporal.ApplicationErrorCategoryBenign
	}
	return temporal.ApplicationErrorCategoryUnspecified
}
