"""fhirpy, a FHIR client that nobody here wrote, works with a running node: argument 1 is the address of its FHIR API.

Everything is asserted; the first surprise ends the program with a traceback and an exit code other than 0.
"""

import sys

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

MRN = "https://yba.vn/fhir/sid/mrn/12001"
URL = sys.argv[1]
client = SyncFHIRClient(URL)


def refused(kind, act):
    """The error that an act ends in; it must be of this kind."""
    try:
        done = act()
    except kind as error:
        return error
    raise AssertionError(f"a refusal was expected, the answer was {done}")


def patient(number, family, birth):
    return client.resource(
        "Patient",
        identifier=[{"system": MRN, "value": f"26{number:06}"}],
        name=[{"text": f"{family} {number}", "family": family}],
        gender="female",
        birthDate=birth,
    )


def writes_and_reads():
    one = patient(1, "Lò Thị Mẫu", "1990-03-15").create()
    assert one.id and one["meta"]["versionId"] and one["meta"]["lastUpdated"]
    again = client.reference("Patient", one.id).to_resource()
    assert again["name"][0]["text"] == "Lò Thị Mẫu 1", again
    again["telecom"] = [{"system": "phone", "value": "0912000123"}]
    first = again["meta"]["versionId"]
    again.update()
    assert again["meta"]["versionId"] != first
    assert client.get("Patient", one.id)["telecom"][0]["value"] == "0912000123"
    old = client.execute(f"Patient/{one.id}/_history/{first}", method="get")
    assert "telecom" not in old, old
    history = client.execute(f"Patient/{one.id}/_history", method="get")
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]][-1] == first
    unchanged = client.get("Patient", one.id)
    again.update()
    assert again["meta"]["versionId"] == unchanged["meta"]["versionId"], "the same content makes no version"
    again.refresh()
    return again


def searches(one):
    found = client.resources("Patient").search(identifier=f"{MRN}|26000001").get()
    assert found.id == one.id
    assert client.resources("Patient").search(name="lo thi mau").first().id == one.id, "marks are not needed"
    assert client.resources("Patient").search(birthdate="1990-03-15", gender="female").get().id == one.id
    assert client.resources("Patient").search(birthdate__gt="1990-03-15").fetch() == []
    refused(ResourceNotFound, lambda: client.resources("Patient").search(identifier="x|y").get())
    observation = client.resource(
        "Observation",
        status="final",
        code={"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        subject=one.to_reference(),
        effectiveDateTime="2026-02-16T08:00:00+07:00",
        valueQuantity={"value": 128, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
    ).create()
    by_subject = client.resources("Observation").search(subject=f"Patient/{one.id}").include("Observation", "subject")
    raw = by_subject.fetch_raw()
    kinds = sorted((entry["search"]["mode"], entry["resource"].resource_type) for entry in raw["entry"])
    assert kinds == [("include", "Patient"), ("match", "Observation")], kinds
    assert raw["entry"][0]["resource"].id == observation.id
    assert observation["subject"].to_resource().id == one.id


def pages():
    for number in range(100, 130):
        patient(number, "Trang", f"19{number - 50:02}-01-01").create()
    everybody = client.resources("Patient").search(family="Trang")
    names = [one["identifier"][0]["value"] for one in everybody.sort("birthdate").limit(7).fetch_all()]
    assert names == [f"26{number:06}" for number in range(100, 130)], names
    backwards = everybody.sort("-birthdate").limit(5).fetch()
    assert [one["birthDate"][:4] for one in backwards] == ["1979", "1978", "1977", "1976", "1975"]
    assert len(everybody.limit(4).fetch()) == 4
    assert everybody.clone(_total="accurate", _count=1).fetch_raw()["total"] == 30
    assert everybody.count() == 30
    # What a server does not know it refuses by name, unless the caller asks to pass over it.
    asked = {"family": "Trang", "shoe-size": "40"}
    outcome = refused(OperationOutcome, client.resources("Patient").search(**asked).fetch)
    assert "shoe-size" in str(outcome), outcome
    lenient = SyncFHIRClient(URL, extra_headers={"Prefer": "handling=lenient"})
    assert lenient.resources("Patient").search(**asked).count() == 30


def conditional_creates():
    asked = SyncFHIRClient(URL, extra_headers={"If-None-Exist": f"identifier={MRN}|26000200"})
    first = asked.resource("Patient", **patient(200, "Một", "2000-01-01").serialize()).create()
    second = asked.resource("Patient", **patient(200, "Hai", "2000-01-01").serialize()).create()
    assert second.id == first.id and second["name"][0]["family"] == "Một"
    patient(201, "Đôi", "2001-01-01").create(), patient(201, "Đôi", "2001-01-01").create()
    many = SyncFHIRClient(URL, extra_headers={"If-None-Exist": f"identifier={MRN}|26000201"})
    twin = many.resource("Patient", **patient(201, "Đôi", "2001-01-01").serialize())
    refused(MultipleResourcesFound, twin.create)


def transactions():
    entry = [
        {
            "fullUrl": "urn:uuid:0190a7c2-0000-7000-8000-000000000001",
            "resource": patient(300, "Giao", "1970-07-07").serialize(),
            "request": {"method": "POST", "url": "Patient"},
        },
        {
            "resource": {
                "resourceType": "Condition",
                "subject": {"reference": "urn:uuid:0190a7c2-0000-7000-8000-000000000001"},
                "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11.9"}]},
            },
            "request": {"method": "POST", "url": "Condition"},
        },
    ]
    client.resource("Bundle", type="transaction", entry=entry).create()
    giao = client.resources("Patient").search(identifier=f"{MRN}|26000300").get()
    condition = client.resources("Condition").search(subject=giao.to_reference()).get()
    assert condition["code"]["coding"][0]["code"] == "E11.9"
    broken = [dict(entry[0]), {**entry[1], "resource": {"resourceType": "NoSuchType"}}]
    broken[0]["resource"] = patient(301, "Hỏng", "1970-07-07").serialize()
    refused(OperationOutcome, client.resource("Bundle", type="transaction", entry=broken).create)
    assert client.resources("Patient").search(identifier=f"{MRN}|26000301").fetch() == [], "all or nothing"


def errors(one):
    for act, words in [
        (client.resources("Patient").search(shoe_size="40").fetch, "shoe"),
        (client.resources("Patient").search(birthdate="hôm qua").fetch, "birthdate"),
        (client.resources("Patient").sort("no-such-parameter").fetch, "no-such-parameter"),
    ]:
        outcome = refused(OperationOutcome, act)
        issue = outcome.resource["issue"][0]
        assert outcome.resource["resourceType"] == "OperationOutcome" and issue["severity"] == "error", outcome
        assert issue["details"]["text"] and words in str(outcome), outcome
    refused(ResourceNotFound, lambda: client.get("Patient", "khong-co"))
    assert "NoSuchType" in str(refused(ResourceNotFound, client.resource("NoSuchType").create))
    stale = SyncFHIRClient(URL, extra_headers={"If-Match": 'W/"aaaaaaaa-1"'})
    outcome = refused((MultipleResourcesFound, OperationOutcome), stale.resource("Patient", **one.serialize()).update)
    assert "OperationOutcome" in str(outcome)
    gone = patient(400, "Xoá", "1999-01-01").create()
    gone.delete()
    refused(ResourceNotFound, lambda: client.get("Patient", gone.id))
    assert client.resources("Patient").search(identifier=f"{MRN}|26000400").fetch() == []


one = writes_and_reads()
searches(one)
pages()
conditional_creates()
transactions()
errors(one)
print("fhirpy: every step as expected")
