"""L’assiduité d’une session, pour toutes les personnes inscrites. Il faut `pip install httpx`."""

import os

import httpx

with httpx.Client(base_url=os.environ["BASE_URL"], headers={"Authorization": f"Bearer {os.environ['API_KEY']}"}) as api:
    found = api.get("/v1/sessions", params={"reference": os.environ["REFERENCE"]}).raise_for_status().json()["data"]
    here = f"/v1/sessions/{found[0]['id']}"
    people = api.get(f"{here}/roster").raise_for_status().json()["data"]
    lines = [{"registration_id": line["registration_id"], "outcome": "completed"} for line in people]
    answer = api.post(f"{here}/attendance", json={"data": lines}).raise_for_status()

# Chaque ligne est entière ou pas du tout : une qui est refusée dit pourquoi, et n’empêche pas les autres.
names = {line["registration_id"]: f"{line['first_name']} {line['last_name']}" for line in people}
for outcome in answer.json()["data"]:
    problem = outcome["problem"]
    print(names[outcome["registration_id"]], ":", outcome["status"] if problem is None else problem["detail"])
