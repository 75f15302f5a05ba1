#!/usr/bin/env bash
# Importer un fichier, attendre la fin, garder les lignes rejetées.
# Il faut curl, jq et openssl ; la clé est celle de qui écrit aussi ces lignes une par une.
set -euo pipefail
: "${BASE_URL:?}" "${API_KEY:?}" "${KIND:?}" "${FILE:?}"

ask() {
  curl --silent --show-error --fail-with-body --header "Authorization: Bearer $API_KEY" "$@"
}

import=$(ask "$BASE_URL/v1/imports" --header "Idempotency-Key: $(openssl rand -hex 16)" \
  --form "kind=$KIND" --form "file=@$FILE")
address=$BASE_URL/v1/imports/$(jq --raw-output .id <<<"$import")
until [[ $(jq --raw-output .status <<<"$import") =~ ^(done|failed)$ ]]; do
  sleep 1
  import=$(ask "$address")
done
jq '{status, read, imported, unchanged, rejected, failure}' <<<"$import"

if [[ $(jq .rejects_url <<<"$import") != null ]]; then
  ask "$address/rejects" --output "${FILE%.*}.rejects.csv"
fi
