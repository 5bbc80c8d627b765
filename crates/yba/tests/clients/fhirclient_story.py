"""fhirclient, SMART's FHIR client that nobody here wrote, works with a running node: argument 1 is the address of its FHIR API.

Its models refuse what is no R4: every answer that it takes is also judged by it. Everything is asserted; the first surprise
ends the program with a traceback and an exit code other than 0.
"""

import sys

import requests
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.condition import Condition
from fhirclient.models.observation import Observation
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException

MRN = "https://yba.vn/fhir/sid/mrn/12001"
smart = FHIRClient(settings={"app_id": "yba-tests", "api_base": sys.argv[1]})
server = smart.server


def refused(status, act):
    """The OperationOutcome of an act that must be refused with this status."""
    try:
        done = act()
    except FHIRNotFoundException as error:
        answer = error.response
    except requests.HTTPError as error:
        answer = error.response
    else:
        raise AssertionError(f"a refusal was expected, the answer was {done}")
    assert answer.status_code == status, (answer.status_code, answer.text)
    outcome = OperationOutcome(answer.json())
    assert outcome.issue[0].severity == "error" and outcome.issue[0].details.text, outcome.as_json()
    return outcome


def patient(number, family, birth):
    return Patient(
        {
            "identifier": [{"system": MRN, "value": f"27{number:06}"}],
            "name": [{"text": f"{family} {number}", "family": family}],
            "gender": "female",
            "birthDate": birth,
        }
    )


def created(resource):
    return type(resource)(resource.create(server))


def statement():
    assert smart.prepare(), "a node in test mode asks for no authorization"
    capability = server.capabilityStatement
    assert capability.fhirVersion == "4.0.1" and "application/fhir+json" in capability.format
    declared = {one.type: one for one in capability.rest[0].resource}
    codes = {one.code for one in declared["Patient"].interaction}
    assert {"read", "vread", "update", "delete", "create", "search-type", "history-instance"} <= codes, codes
    assert "identifier" in {one.name for one in declared["Patient"].searchParam}
    assert {"transaction", "batch"} <= {one.code for one in capability.rest[0].interaction}


def writes_and_reads():
    one = created(patient(1, "Lò Thị Mẫu", "1990-03-15"))
    assert one.id and one.meta.versionId and one.meta.lastUpdated
    again = Patient.read(one.id, server)
    assert again.name[0].text == "Lò Thị Mẫu 1" and again.birthDate.isostring == "1990-03-15"
    first = again.meta.versionId
    again.gender = "other"
    changed = Patient(again.update(server))
    assert changed.meta.versionId != first and changed.gender == "other"
    old = Patient.read_from(f"Patient/{one.id}/_history/{first}", server)
    assert old.gender == "female" and old.meta.versionId == first
    history = Bundle.read_from(f"Patient/{one.id}/_history", server)
    assert history.type == "history"
    assert [entry.resource.gender for entry in history.entry] == ["other", "female"]
    assert [entry.request.method for entry in history.entry] == ["PUT", "PUT"]
    return Patient.read(one.id, server)


def searches(one):
    found = list(Patient.where({"identifier": f"{MRN}|27000001"}).perform_resources_iter(server))
    assert [hit.id for hit in found] == [one.id]
    found = list(Patient.where({"name": "lo thi mau", "identifier": MRN + "|27000001"}).perform_resources_iter(server))
    assert [hit.id for hit in found] == [one.id], "marks are not needed"
    assert list(Patient.where({"birthdate": "gt2990"}).perform_resources_iter(server)) == []
    seen = created(
        Observation(
            {
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
                "subject": {"reference": f"Patient/{one.id}"},
                "effectiveDateTime": "2026-02-16T08:00:00+07:00",
                "valueQuantity": {
                    "value": 128.5, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L",
                },
            }
        )
    )
    search = Observation.where({"patient": one.id, "value-quantity": "gt128"}).include("subject")
    bundle = next(iter(search.perform_iter(server)))
    modes = sorted((entry.search.mode, entry.resource.resource_type) for entry in bundle.entry)
    assert modes == [("include", "Patient"), ("match", "Observation")], modes
    assert bundle.total == 1 and bundle.entry[0].fullUrl.endswith(f"/fhir/Observation/{seen.id}")
    back = Patient.where({"_id": one.id}).include("subject", Observation, reverse=True)
    assert {hit.id for hit in back.perform_resources_iter(server)} == {one.id, seen.id}


def pages():
    for number in range(100, 125):
        patient(number, "Trang", f"19{number - 50:02}-01-01").create(server)
    search = Patient.where({"family": "Trang", "identifier": f"{MRN}|", "_sort": "birthdate", "_count": "7"})
    sizes = [len(bundle.entry or []) for bundle in search.perform_iter(server)]
    assert sizes == [7, 7, 7, 4], sizes
    numbers = [hit.identifier[0].value for hit in search.perform_resources_iter(server)]
    assert numbers == [f"27{number:06}" for number in range(100, 125)], numbers


def transactions():
    name = "urn:uuid:0190a7c2-0000-7000-8000-000000000027"
    giao = {**patient(300, "Giao", "1970-07-07").as_json(), "resourceType": "Patient"}
    ill = {
        "resourceType": "Condition",
        "subject": {"reference": name},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11.9"}]},
    }
    bundle = Bundle(
        {
            "type": "transaction",
            "entry": [
                {
                    "fullUrl": name, "resource": giao,
                    "request": {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={MRN}|27000300"},
                },
                {"resource": ill, "request": {"method": "POST", "url": "Condition"}},
            ],
        }
    )
    answer = Bundle(bundle.create(server))
    assert answer.type == "transaction-response"
    assert [entry.response.status[:3] for entry in answer.entry] == ["201", "201"]
    assert answer.entry[0].response.etag.startswith("W/") and answer.entry[0].response.lastModified
    # Sent again, the patient is there already: the condition of a create.
    answer = Bundle(bundle.create(server))
    assert [entry.response.status[:3] for entry in answer.entry] == ["200", "201"]
    found = list(Patient.where({"identifier": f"{MRN}|27000300"}).perform_resources_iter(server))
    assert len(found) == 1
    ills = list(Condition.where({"patient": found[0].id}).perform_resources_iter(server))
    assert [one.code.coding[0].code for one in ills] == ["E11.9", "E11.9"]
    bundle.entry[1].resource.subject.reference = "urn:uuid:0190a7c2-0000-7000-8000-0000000000ff"
    refused(400, lambda: bundle.create(server))
    assert len(list(Condition.where({"patient": found[0].id}).perform_resources_iter(server))) == 2, "all or nothing"


def errors():
    refused(404, lambda: Patient.read("khong-co", server))
    outcome = refused(400, lambda: list(Patient.where({"shoe-size": "40"}).perform_resources_iter(server)))
    assert "shoe-size" in str(outcome.as_json()), outcome.as_json()
    refused(400, lambda: server.post_json("Patient", {"resourceType": "Patient", "gender": "nữ"}))
    gone = created(patient(400, "Xoá", "1999-01-01"))
    gone.delete(server)
    refused(410, lambda: Patient.read(gone.id, server))
    assert list(Patient.where({"identifier": f"{MRN}|27000400"}).perform_resources_iter(server)) == []


statement()
one = writes_and_reads()
searches(one)
pages()
transactions()
errors()
print("fhirclient: every step as expected")
