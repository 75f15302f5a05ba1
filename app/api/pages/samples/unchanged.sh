#!/usr/bin/env bash
# Relire une inscription sans la recevoir deux fois : 200 la première fois, 304 tant que rien ne change.
set -euo pipefail
: "${BASE_URL:?}" "${API_KEY:?}" "${REGISTRATION_ID:?}"

curl --silent --fail --etag-compare etag.txt --etag-save etag.txt --output registration.json \
  --write-out '%{http_code}\n' --header "Authorization: Bearer $API_KEY" \
  "$BASE_URL/v1/registrations/$REGISTRATION_ID"
