#!/bin/sh
# Makes Keyturn's namespace and registers its search attributes. It is safe to
# repeat, and must be run again when a newer Keyturn has more attributes.
set -eu
. "$(dirname "$0")/retry.sh"

: "${TEMPORAL_ADDRESS:?must be host:port of the Temporal frontend}"
export TEMPORAL_ADDRESS
namespace=${KEYTURN_NAMESPACE:-keyturn}
retention=${KEYTURN_RETENTION:-720h}

# Name and type, one a line: what workflows.SearchAttributeKeys lists.
attributes="
KeyId Keyword
Provider Keyword
OwnerTeam Keyword
Phase Keyword
Reason Keyword
BatchId Keyword
DueAt Datetime
"

exists() { temporal operator namespace describe --namespace "$namespace"; }

create() {
  exists || temporal operator namespace create --namespace "$namespace" --retention "$retention" \
    --description "Keyturn: the life of API keys"
}

register() {
  set --
  while read -r name type; do
    if [ -n "$name" ]; then
      set -- "$@" --name "$name" --type "$type"
    fi
  done <<LIST
$attributes
LIST
  temporal operator search-attribute create --namespace "$namespace" "$@"
}

# A search that names every attribute works once all of them are known.
usable() {
  query=
  while read -r name _; do
    if [ -n "$name" ]; then
      query="${query:+$query AND }$name IS NULL"
    fi
  done <<LIST
$attributes
LIST
  temporal workflow count --namespace "$namespace" --query "$query"
}

retry "Temporal at $TEMPORAL_ADDRESS" temporal operator cluster health
retry "namespace $namespace" create
retry "namespace $namespace is known everywhere" exists
retry "register search attributes" register
retry "search attributes can be used" usable
