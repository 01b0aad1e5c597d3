package aws

import (
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	pace = 5 * time.Millisecond
	os.Exit(m.Run())
}
