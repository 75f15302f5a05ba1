#!/usr/bin/env bash
# Une inscription, de la demande à la décision. Il faut curl, jq et openssl.
set -euo pipefail
: "${BASE_URL:?}" "${API_KEY:?}" "${ADVISER_ID:?}"

demand=$(jq --null-input --arg adviser "$ADVISER_ID" '{
  adviser_id: $adviser,
  module_code: "parentalite-numerique",
  training_organisation_id: "a02e0122-c66e-5634-aa81-ec4e6499f818",
  session: {starts_on: "2028-02-08", ends_on: "2028-02-08", format: "remote"},
  requested_on: "2026-06-01"
}')
answer=$(mktemp)

# Une clé par demande, la même à chaque essai : --retry ne crée jamais deux inscriptions.
status=$(curl --silent --retry 4 --retry-all-errors \
  --output "$answer" --write-out '%{http_code}' \
  --header "Authorization: Bearer $API_KEY" --header "Content-Type: application/json" \
  --header "Idempotency-Key: $(openssl rand -hex 16)" \
  --data "$demand" "$BASE_URL/v1/registrations")

case $status in
  201) # Décidée. Un refus est une réponse : tous ses motifs, ce qu’il faut faire, qui doit agir.
    jq --raw-output '"\(.status) : \(.decision.summary)",
      (.decision.reasons[] | "- \(.label) \(.how_to_fix // "") (\(.who_acts))")' "$answer" ;;
  *) # Une erreur : `code` pour le programme, `detail` pour la personne, `type` pour en savoir plus.
    jq --raw-output '"\(.code) : \(.detail) Voir \(.type)"' "$answer" >&2
    exit 1 ;;
esac
