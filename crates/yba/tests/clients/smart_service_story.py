"""A backend service in Python (requests, PyJWT): an administrator registers it with its public keys, it proves itself by
assertions that it signs (ES384 and RS384), reads with system/ scopes, and is refused what is not its own.

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
from cryptography.hazmat.primitives.asymmetric import ec, rsa

HOUSE, PASSWORD = sys.argv[1:3]
SORT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
OWN = {"Sec-Fetch-Site": "same-origin"}


def app_code(secret):
    """What an authenticator app shows, by RFC 6238."""
    key = base64.b32decode(re.sub(r"\s", "", secret) + "=" * (-len(re.sub(r"\s", "", secret)) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    return "%06d" % ((struct.unpack(">I", mac[mac[19] & 15:][:4])[0] & 0x7FFFFFFF) % 10**6)


def keeper():
    """An administrator at work, with the second factor that the role asks for."""
    session = requests.Session()
    came = session.post(f"{HOUSE}/dang-nhap", {"login": "it-officer", "password": PASSWORD}, headers=OWN)
    if came.url.endswith("/tai-khoan/ung-dung"):
        secret = re.search(r'id="khoa">([^<]+)', came.text).group(1)
        sealed = re.search(r'name="sealed" value="([^"]+)"', came.text).group(1)
        came = session.post(came.url, {"sealed": sealed, "code": app_code(secret)}, headers=OWN)
    assert came.status_code == 200, (came.status_code, came.url)
    return session


def public(key, name):
    algorithm = jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    one = json.loads(algorithm.to_jwk(key.public_key()))
    one.pop("key_ops", None)
    return {**one, "kid": name, "use": "sig"}


curve, large = ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)
jwks = {"keys": [public(curve, "duong-cong"), public(large, "rsa")]}
admin = keeper()
form = {"name": "Máy xét nghiệm", "sort": "backend", "scopes": "system/Observation.rs system/Patient.r",
        "jwks": json.dumps(jwks), "role": "doctor"}
registered = admin.post(f"{HOUSE}/quan-tri/ung-dung", form, headers=OWN)
assert registered.status_code == 200 and "/quan-tri/ung-dung/" in registered.url, (registered.status_code, registered.text[-3000:])
client = registered.url.rsplit("/", 1)[1]

found = requests.get(f"{HOUSE}/fhir/.well-known/smart-configuration").json()
assert "private_key_jwt" in found["token_endpoint_auth_methods_supported"] and "ES384" in found["token_endpoint_auth_signing_alg_values_supported"]
TOKEN = found["token_endpoint"]


def assertion(key=curve, name="duong-cong", algorithm="ES384", **more):
    claims = {"iss": client, "sub": client, "aud": TOKEN, "exp": int(time.time()) + 240, "jti": str(uuid.uuid4()), **more}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm=algorithm, headers={"kid": name})


def come(signed, scope="system/Observation.rs"):
    return requests.post(TOKEN, {"grant_type": "client_credentials", "scope": scope, "client_assertion_type": SORT, "client_assertion": signed})


def read(token, path):
    return requests.get(f"{HOUSE}/fhir/{path}", headers={"Authorization": f"Bearer {token}"})


for key, name, algorithm in [(curve, "duong-cong", "ES384"), (large, "rsa", "RS384")]:
    given = come(assertion(key, name, algorithm), "system/*.rs")
    assert given.status_code == 200, given.text
    token = given.json()
    assert token["token_type"] == "bearer" or token["token_type"] == "Bearer"
    assert token["scope"].split() == ["system/Observation.rs", "system/Patient.r"], token
    bundle = read(token["access_token"], "Observation?_count=5")
    assert bundle.status_code == 200 and bundle.json()["entry"], bundle.text[:500]
    subject = bundle.json()["entry"][0]["resource"]["subject"]["reference"]
    assert read(token["access_token"], subject).json()["resourceType"] == "Patient"
    for path in ["Patient", "Condition", "Claim", "Encounter", "_history"]:
        assert read(token["access_token"], path).status_code == 403, path
    write = requests.post(f"{HOUSE}/fhir/Observation", data="{}", headers={"Authorization": f"Bearer {token['access_token']}", "Content-Type": "application/fhir+json"})
    assert write.status_code in (400, 403), write.text

once = assertion()
stranger = ec.generate_private_key(ec.SECP384R1())
small = ec.generate_private_key(ec.SECP256R1())
assert come(once).status_code == 200
refused = {
    "came before": once,
    "another's key": assertion(stranger),
    "another curve": assertion(small, algorithm="ES256"),
    "another algorithm": assertion(large, "rsa", "RS256"),
    "wrong name of the key": assertion(large, "duong-cong", "RS384"),
    "unknown key": assertion(curve, "khac"),
    "audience": assertion(aud=f"{HOUSE}/fhir"),
    "over": assertion(exp=int(time.time()) - 60),
    "too long": assertion(exp=int(time.time()) + 3600),
    "no id": assertion(jti=None),
    "no end": assertion(exp=None),
    "about another": assertion(sub="khac"),
    "no signature": once.rsplit(".", 1)[0] + ".",
}
for what, signed in refused.items():
    said = come(signed)
    assert said.status_code == 401 and said.json()["error"] == "invalid_client", (what, said.status_code, said.text)
    assert come(assertion()).status_code == 200, what
assert come(assertion(), "user/*.rs").json()["error"] == "invalid_scope"
assert come(assertion(), "system/Condition.rs").json()["error"] == "invalid_scope"

token = come(assertion()).json()["access_token"]
assert read(token, "Observation?_count=1").status_code == 200
off = admin.post(f"{HOUSE}/quan-tri/ung-dung/{client}/tat", {"off": "true"}, headers=OWN)
assert off.status_code == 200, off.status_code
assert read(token, "Observation?_count=1").status_code == 401, "switched off"
assert come(assertion()).status_code == 401
print("smart service: every step as expected")
