"""What a program does that uses fhirpy (PyPI). The argument is the base URL of an empty FHIR service."""

import sys

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import ResourceNotFound

client = SyncFHIRClient(sys.argv[1])
PATIENTS = 25

assert client.execute("metadata", "get")["fhirVersion"] == "4.0.1"

patient = client.resource(
    "Patient", name=[{"family": "Fhirpy", "given": ["Ann"]}], identifier=[{"system": "urn:fhirpy", "value": "0"}]
)
patient.save()
assert patient.id and patient["meta"]["versionId"] == "1", patient
assert client.reference("Patient", patient.id).to_resource()["name"] == patient["name"]

for number in range(1, PATIENTS):
    client.resource(
        "Patient", name=[{"family": "Fhirpy"}], identifier=[{"system": "urn:fhirpy", "value": str(number)}]
    ).save()
found = client.resources("Patient").search(family="Fhirpy").limit(10).fetch_all()
assert sorted(int(one.get_by_path("identifier.0.value")) for one in found) == list(range(PATIENTS))
assert client.resources("Patient").search(family="Fhirpy").count() == PATIENTS

patient["birthDate"] = "1980-02-29"
patient.save()
assert patient["meta"]["versionId"] == "2", patient

# fhirpy's own get_or_create() puts the criteria into the URL of a POST, which R4 has no meaning for.
conditional = SyncFHIRClient(sys.argv[1], extra_headers={"If-None-Exist": "identifier=urn:fhirpy|0"})
again = conditional.resource("Patient", identifier=[{"system": "urn:fhirpy", "value": "0"}])
again.save()
assert again.id == patient.id, again

transaction = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "fullUrl": "urn:uuid:6c1c7d1a-6f0d-4b3b-9a7b-2a2f0f3f6a01",
            "resource": {"resourceType": "Patient", "name": [{"family": "Fhirpy-Transaction"}]},
            "request": {"method": "POST", "url": "Patient"},
        },
        {
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": "weight"},
                "subject": {"reference": "urn:uuid:6c1c7d1a-6f0d-4b3b-9a7b-2a2f0f3f6a01"},
            },
            "request": {"method": "POST", "url": "Observation"},
        },
    ],
}
answer = client.execute("", "post", data=transaction)
assert [entry["response"]["status"][:3] for entry in answer["entry"]] == ["201", "201"], answer
observation = client.resources("Observation").search(**{"subject:Patient.family": "Fhirpy-Transaction"}).first()
assert observation["subject"].to_resource().get_by_path("name.0.family") == "Fhirpy-Transaction"

# fhirpy's own patch() sends a part of a resource, which FHIR has no name for; a JSON Patch goes by execute().
patching = SyncFHIRClient(sys.argv[1], extra_headers={"Content-Type": "application/json-patch+json"})
patched = patching.execute(
    f"Patient/{patient.id}", "patch", data=[{"op": "replace", "path": "/birthDate", "value": "1981-01-01"}]
)
assert (patched["birthDate"], patched["meta"]["versionId"]) == ("1981-01-01", "3"), patched

patient.delete()
try:
    client.reference("Patient", patient.id).to_resource()
    raise AssertionError("a deleted patient was read")
except ResourceNotFound:
    pass

history = client.execute(f"Patient/{patient.id}/_history", "get")
assert [entry["request"]["method"] for entry in history["entry"]] == ["DELETE", "PUT", "PUT", "POST"], history
