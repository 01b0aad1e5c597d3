# shellcheck shell=sh
# Sourced by the scripts beside it.

# retry WHAT COMMAND... runs a command until it succeeds, but not for ever:
# ATTEMPTS times (60), PAUSE seconds apart (2). Its output is shown when the
# last attempt fails.
retry() {
  what=$1
  shift
  attempt=1
  until output=$("$@" 2>&1); do
    if [ "$attempt" -ge "${ATTEMPTS:-60}" ]; then
      echo "$what: gave up after $attempt attempts: $output" >&2
      return 1
    fi
    echo "$what: waiting ($attempt)"
    attempt=$((attempt + 1))
    sleep "${PAUSE:-2}"
  done
  echo "$what: ok"
}
