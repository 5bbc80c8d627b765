"""An electronic record of somebody else (Python, requests) that asks our rules by CDS Hooks: an administrator registers it with its key, it
comes with a token, asks with what it fetched and about our own records, says what became of a card; and without a token gets nothing.

Arguments: address of a node that serves a demonstration, the password of its it-officer.
"""

import base64
import hashlib
import hmac
import json
import re
import struct
import sys
import time
import uuid

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec

HOUSE, PASSWORD = sys.argv[1:3]
SORT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
OWN = {"Sec-Fetch-Site": "same-origin"}
ATC = "http://www.whocc.no/atc"


def app_code(secret):
    """What an authenticator app shows, by RFC 6238."""
    key = base64.b32decode(re.sub(r"\s", "", secret) + "=" * (-len(re.sub(r"\s", "", secret)) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    return "%06d" % ((struct.unpack(">I", mac[mac[19] & 15:][:4])[0] & 0x7FFFFFFF) % 10**6)


admin = requests.Session()
came = admin.post(f"{HOUSE}/dang-nhap", {"login": "it-officer", "password": PASSWORD}, headers=OWN)
if came.url.endswith("/tai-khoan/ung-dung"):
    secret = re.search(r'id="khoa">([^<]+)', came.text).group(1)
    sealed = re.search(r'name="sealed" value="([^"]+)"', came.text).group(1)
    came = admin.post(came.url, {"sealed": sealed, "code": app_code(secret)}, headers=OWN)
assert came.status_code == 200, (came.status_code, came.url)
key = ec.generate_private_key(ec.SECP384R1())
one = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
one.pop("key_ops", None)
form = {"name": "Bệnh án điện tử", "sort": "backend", "scopes": "system/*.rs", "role": "doctor",
        "jwks": json.dumps({"keys": [{**one, "kid": "k", "use": "sig"}]})}
registered = admin.post(f"{HOUSE}/quan-tri/ung-dung", form, headers=OWN)
assert registered.status_code == 200 and "/quan-tri/ung-dung/" in registered.url, registered.text[-2000:]
client = registered.url.rsplit("/", 1)[1]
TOKEN = requests.get(f"{HOUSE}/fhir/.well-known/smart-configuration").json()["token_endpoint"]


def token(scope):
    claims = {"iss": client, "sub": client, "aud": TOKEN, "exp": int(time.time()) + 240, "jti": str(uuid.uuid4())}
    signed = jwt.encode(claims, key, algorithm="ES384", headers={"kid": "k"})
    given = requests.post(TOKEN, {"grant_type": "client_credentials", "scope": scope, "client_assertion_type": SORT, "client_assertion": signed})
    assert given.status_code == 200, given.text
    return {"Authorization": f"Bearer {given.json()['access_token']}"}


whole = token("system/*.rs")


def drug(name, atc, words, **more):
    return {"resourceType": "MedicationRequest", "id": name, "status": "draft", "intent": "order", "subject": {"reference": "Patient/x"},
            "medicationCodeableConcept": {"coding": [{"system": ATC, "code": atc}], "text": words}, **more}


def question(hook, patient, orders, **more):
    drafts = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in orders]}
    return {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": {"userId": "Practitioner/1", "patientId": patient, "draftOrders": drafts}, **more}


def ask(service, body, headers):
    return requests.post(f"{HOUSE}/cds-services/{service}", json=body, headers=headers)


# Without a token, or with one that is none: nothing, not even what there is.
right = question("order-sign", "x", [drug("d1", "J01CA04", "Amoxicilin 500 mg")])
for headers in [{}, {"Authorization": "Bearer x.y.z"}]:
    assert requests.get(f"{HOUSE}/cds-services", headers=headers).status_code == 401
    refused = ask("yba-order-sign", right, headers)
    assert refused.status_code == 401 and refused.headers["www-authenticate"].startswith("Bearer"), refused.text

services = requests.get(f"{HOUSE}/cds-services", headers=whole)
assert services.status_code == 200 and services.headers["content-type"].startswith("application/json"), services.text
by_hook = {one["hook"]: one for one in services.json()["services"]}
assert set(by_hook) == {"patient-view", "order-select", "order-sign"}
# A page of another origin may ask as far as the node lets it.
let = requests.options(f"{HOUSE}/cds-services", headers={"Origin": "https://emr.test", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"})
assert let.headers["access-control-allow-origin"] == "https://emr.test", let.headers

# A patient of its own, with all that the service wants fetched.
sign = by_hook["order-sign"]
allergy = {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/x"}, "code": {"text": "Penicilin"}}
prefetch = {name: {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": allergy}] if query.startswith("AllergyIntolerance") else []}
            for name, query in sign["prefetch"].items()}
prefetch["patient"] = {"resourceType": "Patient", "id": "x", "gender": "male", "birthDate": "2024-01-01"}
dose = {"dosageInstruction": [{"timing": {"repeat": {"frequency": 4, "period": 1, "periodUnit": "d"}}, "doseAndRate": [{"doseQuantity": {"value": 250, "unit": "mg"}}]}]}
weight = {"resourceType": "Observation", "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}, "valueQuantity": {"value": 10.0, "unit": "kg"}}
prefetch["weights"]["entry"] = [{"resource": weight}]
orders = [drug("d1", "J01CA04", "Amoxicilin 250 mg"), drug("d2", "N02BE01", "Paracetamol 250 mg", **dose)]
lacking = ask(sign["id"], question("order-sign", "x", orders, fhirServer="https://emr.test/fhir"), whole)
assert lacking.status_code == 412 and "prefetch" in lacking.text, lacking.text
given = ask(sign["id"], question("order-sign", "x", orders, fhirServer="https://emr.test/fhir", prefetch=prefetch), whole)
assert given.status_code == 200, given.text
cards = given.json()["cards"]
rules = [one["source"]["topic"]["code"] for one in cards]
assert rules[:2] == ["dose-over-limit", "order-allergy"], json.dumps(cards, ensure_ascii=False, indent=1)
for one in cards:
    assert one["indicator"] in ("info", "warning", "critical") and len(one["summary"]) <= 140 and one["source"]["label"], one
print("\n".join(f"{one['indicator']}: {one['summary']}" for one in cards))

# About our own records nothing need be fetched: the door is asked, for whoever holds the token.
found = requests.get(f"{HOUSE}/fhir/AllergyIntolerance?code={ATC}|J01CA04,{ATC}|J01CA01,{ATC}|J01C&_count=1", headers=whole).json()
if not found.get("entry"):
    found = requests.get(f"{HOUSE}/fhir/AllergyIntolerance?_count=1", headers=whole).json()
entry = found["entry"][0]["resource"]
patient, code = entry["patient"]["reference"].split("/")[1], entry["code"]["coding"][0]["code"]
ours = question("order-sign", patient, [drug("d1", code, entry["code"]["text"])], fhirServer=f"{HOUSE}/fhir")
begun = time.time()
given = ask(sign["id"], ours, whole)
took = time.time() - begun
assert given.status_code == 200 and any(one["source"].get("topic", {}).get("code") == "order-allergy" for one in given.json()["cards"]), given.text
# An app that may not see allergies is told that it was not looked at, and not what stands there.
narrow = token("system/Patient.rs system/MedicationRequest.rs system/Condition.rs system/Observation.rs")
given = ask(sign["id"], ours, narrow)
assert given.status_code == 200, given.text
text = json.dumps(given.json(), ensure_ascii=False)
assert "không được xem AllergyIntolerance" in text and "dị ứng" not in text, text
# One that may not see people asks nothing about them.
assert ask(sign["id"], ours, token("system/Observation.rs")).status_code == 403

# What became of a card is counted.
card = cards[1]["uuid"]
said = requests.post(f"{HOUSE}/cds-services/{sign['id']}/feedback", headers=whole, json={"feedback": [
    {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-23T08:00:00+07:00", "overrideReason": {"reason": cards[1]["overrideReasons"][0]}}]})
assert said.status_code == 200, said.text
counted = requests.get(f"{HOUSE}/metrics").text
assert 'yba_cds_feedback{service="yba-order-sign",rule="order-allergy",outcome="overridden"} 1' in counted, counted
print(f"a question about our own records: {took * 1000:.0f} ms with the network of this machine")
