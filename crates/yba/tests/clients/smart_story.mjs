// A SMART app in a real browser (headless Chromium), with the library that such apps are made with (npm's fhirclient) and
// pages of our own on another port: registered by an administrator, opened by itself and from a record, let in, reading what
// it may, refused the rest, renewed, and out when its doctor signs out.
//
// Arguments: address of a node that serves a demonstration, its passwords of it-officer and doctor, port for the app, folder
// for screenshots.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { WIDE, appCode, judge, launch, open } from "./judged.mjs";

const [HOUSE, KEEPER, DOCTOR, PORT, SHOTS] = process.argv.slice(2);
const APP = `http://127.0.0.1:${PORT}`;
const LIBRARY = readFileSync(`${process.env.YBA_TEST_NPM_CLIENTS}/fhirclient/build/fhir-client.js`);
const SCOPE = "launch/patient patient/Patient.rs patient/Observation.rs openid fhirUser online_access";

// The app: a page that asks, one that is opened from a record, and one to which people come back.
const page = (script) =>
  `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>App</title><p id="said"></p><script src="/fhir-client.js"></script><script>
  const said = (value) => { document.getElementById("said").textContent = JSON.stringify(value); };
  ${script}</script>`;
let client = "";
const asks = (more) => `FHIR.oauth2.authorize({ clientId: ${JSON.stringify(client)}, redirectUri: "/ve", pkceMode: "required", ${more} })
  .catch((error) => said({ error: String(error) }));`;
const pages = {
  "/": () => page(asks(`iss: "${HOUSE}/fhir", scope: "${SCOPE}"`)),
  "/sai": () => page(asks(`iss: "${HOUSE}/fhir", scope: "system/*.rs"`)),
  "/mo": () => page(asks(`scope: "launch patient/Patient.rs patient/Observation.rs"`)),
  "/ve": () => page(`FHIR.oauth2.ready().then((one) => { window.client = one; said({ patient: one.patient.id, token: one.state.tokenResponse }); },
    (error) => said({ error: String(error.message || error) }));`),
};
const server = createServer((request, response) => {
  const path = new URL(request.url, APP).pathname;
  if (path === "/fhir-client.js") return response.setHeader("content-type", "text/javascript").end(LIBRARY);
  const made = pages[path];
  response.statusCode = made ? 200 : 404;
  response.setHeader("content-type", "text/html; charset=utf-8").end(made ? made() : "");
});
await new Promise((done) => server.listen(Number(PORT), "127.0.0.1", done));

async function signIn(tab, login, password) {
  await tab.locator("#login").fill(login);
  await tab.locator("#password").fill(password);
  await tab.locator("#password").press("Enter");
  await tab.waitForLoadState();
}

// An administrator registers the app.
async function register(browser) {
  const context = await browser.newContext({ viewport: WIDE, locale: "vi-VN", reducedMotion: "reduce" });
  const tab = await open(context, [401, 422]);
  await tab.goto(`${HOUSE}/dang-nhap`);
  await signIn(tab, "it-officer", KEEPER);
  if (tab.url().endsWith("/tai-khoan/ung-dung")) {
    await tab.locator("#code").fill(appCode(await tab.locator("#khoa").innerText()));
    await tab.locator("#code").press("Enter");
    await tab.waitForSelector(".codes");
  }
  await tab.goto(`${HOUSE}/quan-tri/ung-dung`);
  await judge(tab, "apps", SHOTS);
  await tab.locator("#name").fill("Biểu đồ huyết áp");
  await tab.locator("#redirects").fill("http://khong-an-toan.vn/ve");
  await tab.locator("#scopes").fill(`${SCOPE} launch`);
  await tab.getByRole("button", { name: "Đăng ký", exact: true }).click();
  assert.match(await tab.locator("#redirects-loi").innerText(), /https đầy đủ/);
  await judge(tab, "apps-wrong", SHOTS);
  await tab.locator("#redirects").fill(`${APP}/ve`);
  await tab.locator("#launch").fill(`${APP}/mo`);
  await tab.getByRole("button", { name: "Đăng ký", exact: true }).click();
  await tab.waitForURL("**/quan-tri/ung-dung/*");
  await judge(tab, "app", SHOTS);
  client = tab.url().split("/").pop();
  return { context, tab };
}

const told = async (tab) => {
  await tab.waitForFunction(() => document.getElementById("said")?.textContent);
  return JSON.parse(await tab.locator("#said").textContent());
};
const asked = (tab, what) => tab.evaluate(async (path) => {
  try { return { got: await window.client.request(path) }; } catch (error) { return { status: error.statusCode || error.status, text: String(error) }; }
}, what);

// The app is opened by itself: a doctor signs in, looks for somebody, lets it in.
async function alone(tab) {
  await tab.goto(`${APP}/`);
  await tab.waitForURL(`${HOUSE}/oauth/authorize**`);
  await signIn(tab, "doctor", DOCTOR);
  await tab.waitForURL(`${HOUSE}/oauth/authorize**`);
  assert.match(await tab.locator("h1").innerText(), /Cho «Biểu đồ huyết áp» vào/);
  await judge(tab, "app-asks", SHOTS);
  // Somebody who was at the doctor's hospital: others this doctor does not reach.
  const { name, birthDate } = await tab.evaluate(async () => {
    const read = async (path) => (await fetch(`/fhir/${path}`)).json();
    const visits = await read("Encounter?_count=1");
    return read(visits.entry[0].resource.subject.reference);
  });
  await tab.locator("#tim").fill(`${name[0].text} ${birthDate.slice(0, 4)}`);
  await tab.locator("#tim").press("Enter");
  await tab.waitForLoadState();
  const person = tab.locator("input[name=nguoi]").first();
  const chosen = await person.getAttribute("value");
  await judge(tab, "app-asks-for-somebody", SHOTS);
  await person.check();
  await tab.getByRole("button", { name: "Cho phép" }).click();
  await tab.waitForURL(`${APP}/ve**`);
  const { patient, token, error } = await told(tab);
  assert.equal(error, undefined);
  assert.deepEqual([patient, token.token_type, token.need_patient_banner], [chosen, "Bearer", true]);
  assert.ok(token.refresh_token && token.id_token && !token.scope.includes("system"), token.scope);
  return chosen;
}

// What it sees, what it is refused, and that it goes on after it was renewed.
async function reads(tab, patient) {
  const own = await asked(tab, `Patient/${patient}`);
  assert.equal(own.got?.id, patient, JSON.stringify(own));
  const all = await asked(tab, "Patient?_count=50");
  assert.deepEqual(all.got.entry.map((entry) => entry.resource.id), [patient], "one patient of all");
  const observations = await asked(tab, "Observation?_count=50");
  assert.ok((observations.got.entry || []).every((entry) => entry.resource.subject.reference === `Patient/${patient}`));
  for (const [path, status] of [["Condition", 403], ["Claim", 403], ["Encounter", 403]]) {
    const refused = await asked(tab, path);
    assert.match(JSON.stringify(refused), new RegExp(`${status}|Forbidden`), path);
  }
  const [before, after] = await tab.evaluate(async () => {
    const before = window.client.state.tokenResponse.access_token;
    await window.client.refresh();
    return [before, window.client.state.tokenResponse.access_token];
  });
  assert.ok(before && after && before !== after, "a new token");
  assert.equal((await asked(tab, `Patient/${patient}`)).got?.id, patient, "after it was renewed");
}

// The app asks for what nobody lets it do.
async function refused(tab) {
  await tab.goto(`${APP}/sai`);
  await tab.waitForURL(`${APP}/ve**`);
  const { error } = await told(tab);
  assert.match(error, /granted|invalid_scope/);
}

// The same app from a person's record.
async function fromARecord(tab, patient) {
  await tab.goto(`${HOUSE}/nguoi/${patient}`);
  await tab.getByRole("link", { name: "Mở ứng dụng" }).click();
  await tab.waitForURL("**/ung-dung/mo/*");
  await judge(tab, "apps-to-open", SHOTS);
  await tab.getByRole("button", { name: "Mở", exact: true }).click();
  await tab.waitForURL(`${HOUSE}/oauth/authorize**`);
  assert.equal(await tab.locator("#tim").count(), 0, "whose record it is, is known");
  await tab.getByRole("button", { name: "Cho phép" }).click();
  await tab.waitForURL(`${APP}/ve**`);
  const { patient: given, token } = await told(tab);
  const id = new URL(tab.url(), APP).pathname;
  assert.equal(id, "/ve");
  assert.ok(given && !token.refresh_token, "no more than was asked");
  assert.equal((await asked(tab, `Patient/${given}`)).got?.id, given);
  return given;
}

// Their own page says which apps they let in, and takes back the older of both; the app it came with goes on.
async function takeBack(tab) {
  const own = await open(tab.context());
  await own.goto(`${HOUSE}/tai-khoan`);
  await own.getByRole("link", { name: "Xem và rút quyền đã cho" }).click();
  await own.waitForURL("**/tai-khoan/ung-dung-cho-phep");
  const allowed = own.getByRole("button", { name: "Rút quyền" });
  assert.equal(await allowed.count(), 2);
  await judge(own, "apps-let-in", SHOTS);
  await allowed.last().click();
  await own.waitForLoadState();
  assert.equal(await allowed.count(), 1);
  await own.close();
}

// Signed out, and the app is out as well.
async function out(tab, given) {
  const other = await tab.context().newPage();
  await other.goto(`${HOUSE}/tai-khoan`);
  await other.locator(".account > summary").click();
  await other.locator(".account .leave button").click();
  await other.waitForURL("**/dang-nhap");
  const after = await asked(tab, `Patient/${given}`);
  assert.equal(after.got, undefined);
  assert.match(JSON.stringify(after), /401|Unauthorized|expired/);
}

const browser = await launch();
try {
  const keeper = await register(browser);
  const context = await browser.newContext({ viewport: WIDE, locale: "vi-VN", reducedMotion: "reduce" });
  const tab = await open(context, [400, 401, 403]);
  const patient = await alone(tab);
  await reads(tab, patient);
  await refused(tab);
  const given = await fromARecord(tab, patient);
  await takeBack(tab);
  await out(tab, given);
  await keeper.tab.getByRole("button", { name: "Tắt ứng dụng" }).click();
  await keeper.tab.getByRole("button", { name: "Bật lại" }).waitFor();
  const late = await tab.goto(`${HOUSE}/oauth/authorize?client_id=${client}&redirect_uri=${encodeURIComponent(`${APP}/ve`)}`);
  assert.ok([400, 401].includes(late.status()), "switched off");
  assert.deepEqual(keeper.tab.surprises, []);
  console.log("smart: every step as expected");
} finally {
  await browser.close();
  server.close();
}
