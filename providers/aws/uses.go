package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"regexp"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// remembered is how far back LookupEvents goes (CloudTrail API Reference).
const remembered = 90 * 24 * time.Hour

// trails is where to look for uses: the regions named in the settings, or else the one
// where the partition keeps the events of IAM and STS.
func (s settings) trails() ([]string, error) {
	seen := map[string]bool{}
	for _, r := range s.CloudTrailRegions {
		if seen[r] || !regionPattern.MatchString(r) {
			return nil, fmt.Errorf("aws: settings: cloudtrail_regions: %q is no region, or is there twice", r)
		}
		seen[r] = true
	}
	switch {
	case len(s.CloudTrailRegions) > 0:
		return s.CloudTrailRegions, nil
	case strings.HasPrefix(s.Region, "cn-"):
		return []string{"cn-north-1"}, nil
	case strings.HasPrefix(s.Region, "us-gov-"):
		return []string{"us-gov-west-1"}, nil
	}
	return []string{"us-east-1"}, nil
}

var regionPattern = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

// cloudtrail returns a client of its own for each call, as iam does.
func (p *provider) cloudtrail(region string) *cloudtrail.Client {
	return cloudtrail.NewFromConfig(p.cfg, func(o *cloudtrail.Options) { o.Region = region })
}

// pace is how long to wait between two pages: CloudTrail takes two requests a second
// for each account and region (CloudTrail API Reference, LookupEvents). Tests hurry.
var pace = time.Second / 2

// Uses asks CloudTrail's event history, one region after the other, newest first. The
// history is always on. It holds management events only, those of 90 days, and not
// what was done with a session that was had for the key: that has an id of its own.
func (p *provider) Uses(ctx context.Context, q providers.UseQuery) iter.Seq2[providers.Use, error] {
	return func(yield func(providers.Use, error) bool) {
		if q.ID == "" {
			yield(providers.Use{}, keyturn.Errorf(keyturn.Invalid, "aws: uses", "the access key id is missing"))
			return
		}
		for _, region := range p.trails {
			if !p.usesIn(ctx, region, q, yield) {
				return
			}
		}
	}
}

// usesIn yields the uses in one region and reports whether to go on.
func (p *provider) usesIn(ctx context.Context, region string, q providers.UseQuery, yield func(providers.Use, error) bool) bool {
	const op = "aws: uses"
	fail := func(err error) bool {
		yield(providers.Use{}, failure(ctx, op, err))
		return false
	}
	in := &cloudtrail.LookupEventsInput{MaxResults: sdk.Int32(50), LookupAttributes: []types.LookupAttribute{
		{AttributeKey: types.LookupAttributeKeyAccessKeyId, AttributeValue: &q.ID},
	}}
	if p.now().Sub(q.Since) < remembered {
		in.StartTime = &q.Since
	}
	for pages := cloudtrail.NewLookupEventsPaginator(p.cloudtrail(region), in); ; {
		turn := time.After(pace)
		page, err := pages.NextPage(ctx)
		if err == nil && page.Events == nil {
			err = undocumented(op)
		}
		if err != nil {
			return fail(err)
		}
		for _, e := range page.Events {
			u, err := use(op, e)
			if err != nil {
				return fail(err)
			}
			if !yield(u, nil) {
				return false
			}
		}
		if !pages.HasMorePages() {
			return true
		}
		select {
		case <-ctx.Done():
			return fail(ctx.Err())
		case <-turn:
		}
	}
}

// use reads an event. Address and client are only in the record it carries (CloudTrail
// User Guide, "CloudTrail record contents"); the address is a service's name where AWS
// itself made the call.
func use(op string, e types.Event) (providers.Use, error) {
	var record struct {
		From  string `json:"sourceIPAddress"`
		Agent string `json:"userAgent"`
	}
	id, at, source, name := sdk.ToString(e.EventId), sdk.ToTime(e.EventTime), sdk.ToString(e.EventSource), sdk.ToString(e.EventName)
	if id == "" || at.IsZero() || name == "" || json.Unmarshal([]byte(sdk.ToString(e.CloudTrailEvent)), &record) != nil {
		return providers.Use{}, undocumented(op)
	}
	what := strings.TrimSuffix(source, ".amazonaws.com") + ":" + name
	return providers.Use{ID: id, At: at, From: record.From, What: what, Agent: record.Agent}, nil
}
