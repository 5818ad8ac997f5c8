"""What a program does that uses SMART's fhirclient (PyPI). The argument is the base URL of an empty FHIR service."""

import sys

import requests
from fhirclient import client as fhirclient
from fhirclient.models import bundle, fhirdate, humanname, identifier, observation, patient
from fhirclient.server import FHIRNotFoundException

smart = fhirclient.FHIRClient(settings={"app_id": "flow", "api_base": sys.argv[1]})
assert smart.prepare()
server = smart.server
assert server.capabilityStatement.fhirVersion == "4.0.1" if hasattr(server, "capabilityStatement") else True
PATIENTS = 25


def new_patient(number):
    """A patient with an identifier of this number."""
    made = patient.Patient()
    made.name = [humanname.HumanName({"family": "Smart"})]
    made.identifier = [identifier.Identifier({"system": "urn:smart", "value": str(number)})]
    return made


ids = [new_patient(number).create(server)["id"] for number in range(PATIENTS)]
first = patient.Patient.read(ids[0], server)
assert first.identifier[0].value == "0" and first.meta.versionId == "1"

search = patient.Patient.where({"family": "Smart", "_count": "10"})
pages = list(search.perform_iter(server))
assert [len(page.entry) for page in pages] == [10, 10, 5], [len(page.entry) for page in pages]
assert {entry.resource.id for page in pages for entry in page.entry} == set(ids)

first.birthDate = fhirdate.FHIRDate("1980-02-29")
assert first.update(server)["meta"]["versionId"] == "2"

# The library has no conditional create, and no patch: its session is asked for them, as its users do.
condition = {"If-None-Exist": "identifier=urn:smart|0", "Content-Type": "application/fhir+json"}
base = sys.argv[1].rstrip("/")
answer = requests.post(f"{base}/Patient", json=new_patient(0).as_json(), headers=condition, timeout=30)
assert answer.status_code == 200 and f"Patient/{ids[0]}/" in answer.headers["Location"], answer.headers

transaction = bundle.Bundle()
transaction.type = "transaction"
mother = bundle.BundleEntry()
mother.fullUrl = "urn:uuid:6c1c7d1a-6f0d-4b3b-9a7b-2a2f0f3f6a02"
mother.resource = new_patient("transaction")
mother.request = bundle.BundleEntryRequest({"method": "POST", "url": "Patient"})
weight = bundle.BundleEntry()
weight.resource = observation.Observation(
    {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "weight"},
        "subject": {"reference": mother.fullUrl},
    }
)
weight.request = bundle.BundleEntryRequest({"method": "POST", "url": "Observation"})
transaction.entry = [mother, weight]
answer = bundle.Bundle(server.post_json("", transaction.as_json()).json())
assert [entry.response.status[:3] for entry in answer.entry] == ["201", "201"]
about = observation.Observation.where({"subject:Patient.identifier": "urn:smart|transaction"})
assert len(list(about.perform_resources_iter(server))) == 1

patch = [{"op": "replace", "path": "/birthDate", "value": "1981-01-01"}]
answer = requests.patch(
    f"{base}/Patient/{ids[0]}", json=patch, headers={"Content-Type": "application/json-patch+json"}, timeout=30
)
assert answer.status_code == 200, answer.text
assert patient.Patient.read(ids[0], server).birthDate.isostring == "1981-01-01"

patient.Patient.read(ids[0], server).delete(server)
try:
    patient.Patient.read(ids[0], server)
    raise AssertionError("a deleted patient was read")
except (FHIRNotFoundException, requests.HTTPError) as error:
    assert "410" in str(error) or isinstance(error, FHIRNotFoundException), error

history = bundle.Bundle(server.request_json(f"Patient/{ids[0]}/_history"))
assert [entry.request.method for entry in history.entry] == ["DELETE", "PUT", "PUT", "POST"]
