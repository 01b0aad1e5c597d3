package rows

import (
	"context"
	"iter"
)

// pageSize is how many rows are read at a time: few enough to hold in memory,
// many enough that the round trips do not matter.
const pageSize = 500

// pages yields what read returns, page after page: read gets the place where a
// page begins, and returns the page and the place where the next one begins, or
// that there is none. Between two pages no connection and no transaction is
// held, so a caller may take hours over one row.
func pages[Place, Row any](ctx context.Context, first Place, read func(Place) (page []Row, next Place, more bool, err error)) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var none Row
		for place, more := first, true; more; {
			var page []Row
			var err error
			if page, place, more, err = read(place); err != nil {
				yield(none, err)
				return
			}
			for _, row := range page {
				if err := ctx.Err(); err != nil {
					yield(none, err)
					return
				}
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// limit is the size of the next page when so many rows are wanted; 0 is all.
func limit(wanted int) int {
	if wanted > 0 {
		return min(wanted, pageSize)
	}
	return pageSize
}

// less is how many rows are still wanted after a page, and whether there is a
// next one.
func less(wanted, page int) (left int, more bool) {
	return max(wanted-page, 0), page == limit(wanted) && page != wanted
}
