// Package servertest starts the real servers that tests need: small, on a
// loopback port, from binaries that are installed. A server never outlives
// the test process. Where a binary is missing the test is skipped, except in
// CI (CI=true or KEYTURN_REQUIRE_SERVERS=1), where a skip would hide that
// nothing was tested.
package servertest
