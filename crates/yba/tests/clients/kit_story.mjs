// fhir-kit-client, a FHIR client of npm that nobody here wrote, works with a running node: argument 1 is the address of its
// FHIR API. Everything is asserted; the first surprise ends the program with a stack trace and an exit code other than 0.

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const entry = pathToFileURL(`${process.env.YBA_TEST_NPM_CLIENTS}/fhir-kit-client/dist/index.js`);
const { CapabilityTool, Client } = await import(entry);
const MRN = "https://yba.vn/fhir/sid/mrn/12001";
const client = new Client({ baseUrl: process.argv[2] });

const patient = (number, family, birthDate) => ({
  resourceType: "Patient",
  identifier: [{ system: MRN, value: `28${String(number).padStart(6, "0")}` }],
  name: [{ text: `${family} ${number}`, family }],
  gender: "female",
  birthDate,
});
const create = (body, headers = {}) => client.create({ resourceType: body.resourceType, body, options: { headers } });
const status = (answer) => Client.httpFor(answer).response.status;
const header = (answer, name) => Client.httpFor(answer).response.headers.get(name);
const resources = (bundle) => (bundle.entry ?? []).map((one) => one.resource);

// The OperationOutcome of an act that must be refused with this status.
async function refused(wanted, act) {
  const error = await act().then((done) => assert.fail(`not refused: ${JSON.stringify(done)}`), (error) => error);
  assert.equal(error.response?.status, wanted, String(error.stack));
  const outcome = error.response.data;
  assert.equal(outcome.resourceType, "OperationOutcome");
  assert.ok(outcome.issue[0].details.text);
  return JSON.stringify(outcome);
}

async function statement() {
  const capability = await client.capabilityStatement();
  assert.equal(capability.fhirVersion, "4.0.1");
  const tool = new CapabilityTool(capability);
  for (const code of ["read", "vread", "update", "patch", "delete", "create", "search-type", "history-instance"]) {
    assert.ok(tool.resourceCan("Patient", code), code);
  }
  assert.ok(tool.serverCan("transaction") && tool.serverCan("batch"));
  assert.ok(tool.resourceSearch("Patient", "identifier") && tool.resourceSearch("Observation", "code-value-quantity"));
}

async function writesAndReads() {
  const made = await create(patient(1, "Lò Thị Mẫu", "1990-03-15"));
  assert.equal(status(made), 201);
  assert.match(header(made, "location"), new RegExp(`/fhir/Patient/${made.id}/_history/${made.meta.versionId}$`));
  const again = await client.read({ resourceType: "Patient", id: made.id });
  assert.deepEqual(again, made);
  assert.equal(header(again, "etag"), `W/"${made.meta.versionId}"`);
  const changed = await client.update({ resourceType: "Patient", id: made.id, body: { ...again, gender: "other" } });
  assert.equal(changed.gender, "other");
  assert.notEqual(changed.meta.versionId, made.meta.versionId);
  const old = await client.vread({ resourceType: "Patient", id: made.id, version: made.meta.versionId });
  assert.equal(old.gender, "female");
  const stale = { headers: { "if-match": header(again, "etag") } };
  await refused(412, () => client.update({ resourceType: "Patient", id: made.id, body: again, options: stale }));
  const patched = await client.patch({
    resourceType: "Patient", id: made.id,
    jsonPatch: [{ op: "test", path: "/gender", value: "other" }, { op: "replace", path: "/gender", value: "male" }],
  });
  assert.equal(patched.gender, "male");
  const history = await client.history({ resourceType: "Patient", id: made.id });
  assert.deepEqual(resources(history).map((one) => one.gender), ["male", "other", "female"]);
  return patched;
}

async function searches(one) {
  const number = one.identifier[0].value;
  const by = (searchParams, options) => client.search({ resourceType: "Patient", searchParams, options });
  assert.deepEqual(resources(await by({ identifier: `${MRN}|${number}` })).map((hit) => hit.id), [one.id]);
  const posted = await by({ identifier: `${MRN}|${number}` }, { postSearch: true });
  assert.deepEqual(resources(posted).map((hit) => hit.id), [one.id], "by a form");
  const named = await by({ name: "lo thi mau", identifier: `${MRN}|${number}` });
  assert.equal(named.total, 1, "marks are not needed");
  const seen = await create({
    resourceType: "Observation", status: "final", subject: { reference: `Patient/${one.id}` },
    code: { coding: [{ system: "http://loinc.org", code: "718-7" }] },
    valueQuantity: { value: 128, unit: "g/L", system: "http://unitsofmeasure.org", code: "g/L" },
  });
  const bundle = await client.search({
    resourceType: "Observation", searchParams: { patient: one.id, _include: "Observation:subject" },
  });
  assert.deepEqual(bundle.entry.map((hit) => hit.search.mode), ["match", "include"]);
  assert.deepEqual(resources(bundle).map((hit) => hit.id), [seen.id, one.id]);
  const subject = await client.resolve({ reference: seen.subject.reference });
  assert.equal(subject.id, one.id);
}

async function pages() {
  for (let number = 100; number < 125; number += 1) {
    await create(patient(number, "Tràng Kít", `19${number - 50}-01-01`));
  }
  const searchParams = { family: "trang kit", identifier: `${MRN}|`, _sort: "-birthdate", _count: 10 };
  const found = [];
  let bundle = await client.search({ resourceType: "Patient", searchParams });
  for (const size of [10, 10, 5]) {
    assert.equal(bundle.entry.length, size);
    found.push(...resources(bundle).map((one) => one.birthDate));
    bundle = await client.nextPage({ bundle });
  }
  assert.equal(bundle, undefined, "the last page has no next");
  assert.deepEqual(found, [...new Set(found)].sort().reverse());
}

async function conditions() {
  const once = { "if-none-exist": `identifier=${MRN}|28000200` };
  const first = await create(patient(200, "Một", "2000-01-01"), once);
  const second = await create(patient(200, "Hai", "2000-01-01"), once);
  assert.deepEqual([status(first), status(second), second.id], [201, 200, first.id]);
  const found = await client.update({
    resourceType: "Patient", searchParams: { identifier: `${MRN}|28000200` }, body: patient(200, "Ba", "2000-01-01"),
  });
  assert.deepEqual([found.id, found.name[0].family], [first.id, "Ba"]);
  await create(patient(200, "Bốn", "2000-01-01"));
  assert.match(await refused(412, () => create(patient(200, "Năm", "2000-01-01"), once)), /multiple|several|nhiều/i);
}

async function transactions() {
  const name = "urn:uuid:0190a7c2-0000-7000-8000-000000000028";
  const ill = {
    resourceType: "Condition", subject: { reference: name },
    code: { coding: [{ system: "http://hl7.org/fhir/sid/icd-10", code: "E11.9" }] },
  };
  const bundle = (type, last) => ({
    resourceType: "Bundle", type,
    entry: [
      { fullUrl: name, resource: patient(300, "Giao", "1970-07-07"), request: { method: "POST", url: "Patient" } },
      { resource: last, request: { method: "POST", url: last.resourceType } },
    ],
  });
  const answer = await client.transaction({ body: bundle("transaction", ill) });
  assert.equal(answer.type, "transaction-response");
  assert.deepEqual(answer.entry.map((one) => one.response.status.slice(0, 3)), ["201", "201"]);
  const found = await client.search({ resourceType: "Condition", searchParams: { "patient.identifier": `${MRN}|28000300` } });
  assert.equal(found.total, 1);
  const broken = { ...ill, clinicalStatus: "active" };
  await refused(400, () => client.transaction({ body: bundle("transaction", broken) }));
  const after = await client.search({ resourceType: "Patient", searchParams: { identifier: `${MRN}|28000300` } });
  assert.equal(after.total, 1, "all or nothing");
  const read = { request: { method: "GET", url: "Patient/khong-co" } };
  const batch = await client.batch({ body: { resourceType: "Bundle", type: "batch", entry: [read] } });
  assert.equal(batch.entry[0].response.status.slice(0, 3), "404");
}

async function operations() {
  const set = "http://hl7.org/fhir/ValueSet/administrative-gender";
  const expanded = await client.operation({ name: "expand", resourceType: "ValueSet", method: "GET", input: { url: set } });
  assert.deepEqual(expanded.expansion.contains.map((one) => one.code), ["male", "female", "other", "unknown"]);
  const judged = await client.operation({ name: "validate", resourceType: "Patient", input: patient(1, "Lò", "1990") });
  assert.equal(judged.resourceType, "OperationOutcome");
}

async function errors() {
  await refused(404, () => client.read({ resourceType: "Patient", id: "khong-co" }));
  const asked = () => client.search({ resourceType: "Patient", searchParams: { "shoe-size": 40 } });
  assert.match(await refused(400, asked), /shoe-size/);
  assert.match(await refused(400, () => create({ resourceType: "Patient", gender: "nữ" })), /Patient\.gender/);
  const gone = await create(patient(400, "Xoá", "1999-01-01"));
  await client.delete({ resourceType: "Patient", id: gone.id });
  await refused(410, () => client.read({ resourceType: "Patient", id: gone.id }));
}

await statement();
const one = await writesAndReads();
await searches(one);
await pages();
await conditions();
await transactions();
await operations();
await errors();
console.log("fhir-kit-client: every step as expected");
