// A real browser (headless Chromium) at a desk: find a person by name, number and scanned card, by keyboard alone,
// with and without script, on a wide and a narrow screen; every page judged by axe-core.
//
// Arguments: address of an open node with invented people, address of a closed node, folder for screenshots.
// The first surprise ends the program with a stack trace and an exit code other than 0.

import assert from "node:assert/strict";
import { Actions, WIDE, focused, heading, judge as judged, launch, open, picture, scan } from "./judged.mjs";

const [OPEN, CLOSED, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);

// --- whom to look for, asked from the node's own API

async function all(path) {
  const found = [];
  for (let url = `${OPEN}/fhir/${path}`; url;) {
    const bundle = await (await fetch(url)).json();
    assert.equal(bundle.resourceType, "Bundle", JSON.stringify(bundle));
    found.push(...(bundle.entry ?? []).map((entry) => entry.resource));
    url = bundle.link?.find((link) => link.relation === "next")?.url;
  }
  return found;
}

const number = (patient, slug) =>
  patient.identifier?.find((one) => one.system === `https://yba.vn/fhir/sid/${slug}`)?.value;

// The person with most visits and reports among those whom several facilities know and who was asked about allergies.
async function someone() {
  const parent = new Map();
  const root = (id) => { while (parent.has(id)) id = parent.get(id); return id; };
  for (const link of await all("Linkage?_count=500")) {
    if (!link.active) continue;
    const [first, second] = link.item.map((item) => root(item.resource.reference));
    if (first !== second) parent.set(second, first);
  }
  const people = new Map();
  const person = (reference) => {
    const id = root(reference);
    if (!people.has(id)) people.set(id, { patients: [], visits: 0, reports: 0, places: new Set(), allergies: 0 });
    return people.get(id);
  };
  for (const patient of await all("Patient?_count=500")) person(`Patient/${patient.id}`).patients.push(patient);
  for (const visit of await all("Encounter?_count=500")) {
    const one = person(visit.subject.reference);
    one.visits += 1;
    one.places.add(visit.serviceProvider?.reference);
  }
  for (const allergy of await all("AllergyIntolerance?_count=500")) person(allergy.patient.reference).allergies += 1;
  for (const report of await all("DiagnosticReport?_count=500")) person(report.subject.reference).reports += 1;
  const score = (one) => Math.min(one.places.size, 3) * 100 + (one.allergies > 0 ? 100 : 0) + one.visits + 2 * Math.min(one.reports, 50);
  const known = [...people.values()].filter((one) => one.patients.some((patient) => number(patient, "cccd")));
  const best = known.sort((left, right) => score(right) - score(left))[0];
  assert.ok(best.visits > 3 && best.places.size >= 2, "the invented people hold someone with a history at two places");
  const named = best.patients.find((patient) => number(patient, "cccd") && /[^\x00-\x7f]/.test(patient.name[0].text));
  const patient = named ?? best.patients.find((one) => number(one, "cccd"));
  return { patient, name: patient.name[0].text, cccd: number(patient, "cccd"), birth: patient.birthDate };
}

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/g, "d").replace(/Đ/g, "D");

// --- pages

const hits = (page) => page.locator("#ket-qua-ds [role=option]");
const same = (left, right) => plain(left).toLowerCase() === plain(right).toLowerCase();

// Types into the box that has the focus and waits until the list answers what stands there.
async function ask(page, text) {
  await page.keyboard.type(text, { delay: 60 });
  await page.waitForSelector(`.hits-head[data-q="${text.trim()}"]`, { timeout: 30_000 });
}

async function arrivedAt(page, who) {
  await page.waitForURL("**/nguoi/*");
  assert.ok(same(await heading(page), who.name), `${await heading(page)} is not ${who.name}`);
}

// --- the story

async function byName(page, who) {
  await page.goto(`${OPEN}/`);
  await judge(page, "home");
  await page.locator("#q").click();
  await ask(page, `${plain(who.name).toLowerCase()} ${who.birth.slice(0, 4)}`);
  assert.ok((await hits(page).count()) >= 1);
  assert.ok(same(await hits(page).first().locator(".name").innerText(), who.name));
  await judge(page, "results");
  await picture(page, "tim-nguoi", [1000, 420]);
  await hits(page).first().click();
  await arrivedAt(page, who);
  await judge(page, "person");
  await page.screenshot({ path: `${SHOTS}/person-whole-1440.png`, fullPage: true });
}

async function byNumber(page, who) {
  await page.goto(`${OPEN}/`);
  await page.locator("#q").fill(who.cccd);
  await page.waitForSelector(`.hits-head[data-q="${who.cccd}"]`);
  assert.equal(await hits(page).count(), 1);
  await page.keyboard.press("Enter");
  await arrivedAt(page, who);
}

// A card is scanned wherever the focus is.
async function byCard(page, who) {
  const [year, month, day] = who.birth.split("-");
  const sex = who.patient.gender === "male" ? "Nam" : "Nữ";
  const line = `${who.cccd}||${who.name}|${day}${month}${year}|${sex}|Lai Châu|01072025`;
  await page.goto(`${OPEN}/gioi-thieu`);
  await page.locator("h1").click();
  await scan(page, line);
  await arrivedAt(page, who);
}

async function byKeyboardAlone(page, who) {
  await page.goto(`${OPEN}/gioi-thieu`);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip", "the first stop skips to the content");
  await page.evaluate(() => document.activeElement.blur());
  await page.waitForTimeout(100);
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await ask(page, "thi");
  assert.ok((await hits(page).count()) > 1, "many are called so");
  const chosen = () => page.locator("[role=option][aria-selected=true]").getAttribute("id");
  const first = await chosen();
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await chosen(), first, "the arrow moves the choice");
  await page.keyboard.press("ArrowUp");
  assert.equal(await chosen(), first);
  await page.keyboard.press("Escape");
  assert.equal(await hits(page).count(), 0, "Esc closes the list");
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Control+a");
  await ask(page, who.cccd);
  await page.keyboard.press("Enter");
  await arrivedAt(page, who);
  const stops = new Set();
  let visit;
  for (let step = 0; step < 200 && !visit; step += 1) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const node = document.activeElement;
      return { href: node.getAttribute("href") ?? "", text: node.outerHTML.slice(0, 80), ring: getComputedStyle(node).outlineStyle };
    });
    assert.notEqual(here.ring, "none", `the focus is seen on ${here.text}`);
    stops.add(here.text);
    if (here.href.includes("/luot/")) visit = here.href;
  }
  assert.ok(visit, `a visit is reached by Tab; the stops were ${[...stops].join("\n")}`);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/luot/*");
  await judge(page, "visit");
  await page.screenshot({ path: `${SHOTS}/visit-whole-1440.png`, fullPage: true });
}

// The palette: commands and codes in the same box, and the keys.
async function byPalette(page) {
  await page.goto(`${OPEN}/gioi-thieu`);
  await page.locator("h1").click();
  await page.keyboard.press("Control+k");
  await ask(page, "#dai thao");
  assert.match(await hits(page).first().innerText(), /đái tháo/i);
  await page.screenshot({ path: `${SHOTS}/palette-codes-1440.png` });
  await page.keyboard.press("Control+a");
  await ask(page, "#E11");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/ma/icd-10/E11");
  assert.match(await heading(page), /^E11 /);
  await judge(page, "code");
  await page.keyboard.press("Control+k");
  await ask(page, ">tim ng");
  await page.screenshot({ path: `${SHOTS}/palette-commands-1440.png` });
  await page.keyboard.press("Enter");
  await page.waitForURL(`${OPEN}/`);
  await page.locator("h1").click();
  await page.keyboard.press("?");
  await page.waitForSelector("#phim[open]");
  await judge(page, "keys");
  await page.keyboard.press("Escape");
  // A letter typed into a field, or composed there, is no key of ours.
  await page.locator("#q").focus();
  await page.keyboard.type("g?t");
  assert.equal(await page.locator("#q").inputValue(), "g?t");
  assert.equal(await page.locator("#phim[open]").count(), 0);
  await page.goto(`${OPEN}/gioi-thieu`);
  await page.keyboard.press("g");
  await page.waitForTimeout(120); // a person; what comes faster is a scanner
  await page.keyboard.press("t");
  await page.waitForURL(`${OPEN}/`);
}

// Dark and roomy are kept by the server, so that the page comes as it is wanted; single letters can be turned off.
async function looks(page) {
  const root = (name) => page.evaluate((name) => document.documentElement.dataset[name], name);
  const choose = async (word) => {
    await page.locator(".account > summary").click();
    await page.locator(".account").getByRole("button", { name: word }).click();
    await page.waitForLoadState();
  };
  await page.goto(`${OPEN}/gioi-thieu`);
  await choose("Tối");
  await choose("Thoáng");
  assert.ok(page.url().endsWith("/gioi-thieu"));
  assert.deepEqual([await root("theme"), await root("roomy")], ["dark", ""]);
  await page.goto(`${OPEN}/_ui`);
  await judge(page, "gallery-dark");
  await page.goto(`${OPEN}/gioi-thieu`);
  await choose("Sáng");
  await choose("Gọn");
  assert.equal(await root("theme"), undefined);
  await page.keyboard.press("?");
  await page.getByRole("button", { name: /Tắt phím/ }).click();
  await page.waitForLoadState();
  await page.keyboard.press("?");
  assert.equal(await page.locator("#phim[open]").count(), 0, "letters are off");
  await page.locator(".account > summary").click();
  await page.getByRole("button", { name: "Phím tắt" }).click();
  await page.getByRole("button", { name: /Bật phím/ }).click();
  await page.waitForLoadState();
}

// The further pages of a record, by their keys; and what the first view of a record weighs and moves.
async function wholeRecord(page, who) {
  await page.goto(`${OPEN}/`);
  await page.locator("#q").fill(who.cccd);
  await page.waitForSelector(`.hits-head[data-q="${who.cccd}"]`);
  await page.keyboard.press("Enter");
  await arrivedAt(page, who);
  const first = page.url();
  for (const [key, tail, name] of [["2", "/ket-qua", "person-results"], ["3", "/tai-lieu", "person-documents"], ["4", "/gia-dinh", "person-family"]]) {
    await page.locator("h1").click();
    await page.keyboard.press(key);
    await page.waitForURL(`**${tail}`);
    await judge(page, name);
    if (name === "person-results") await picture(page, "ket-qua", [1000, 560]);
  }
  const fresh = await page.context().browser().newContext({ viewport: WIDE });
  const light = await open(fresh);
  await light.goto(first);
  await light.waitForLoadState("networkidle");
  const [bytes, shift] = await light.evaluate(() => {
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const weigh = entries.filter((one) => !one.name.endsWith(".woff2")).map((one) => one.transferSize);
    return new Promise((told) => new PerformanceObserver((list) => {
      told([weigh.reduce((sum, one) => sum + one, 0), list.getEntries().reduce((sum, one) => sum + one.value, 0)]);
    }).observe({ type: "layout-shift", buffered: true }) ?? setTimeout(() => told([weigh.reduce((sum, one) => sum + one, 0), 0]), 1000));
  });
  console.log(`the first view of a record: ${Math.round(bytes / 1024)} KB without fonts, layout shift ${shift.toFixed(3)}`);
  assert.ok(bytes <= 90 * 1024, `${bytes} bytes`);
  assert.ok(shift < 0.1, `the page moves by ${shift}`);
  // On paper: the list without menu and search box.
  await light.emulateMedia({ media: "print" });
  assert.equal(await light.locator(".rail").isVisible() || await light.locator(".topbar").isVisible(), false);
  await light.screenshot({ path: `${SHOTS}/person-print.png` });
  await fresh.close();
}

// The counter: a card is scanned, the person is there; somebody new is registered. One action is a key chord, a click, a
// scan, or one field's worth of typing.
async function atTheCounter(page, who) {
  const [year, month, day] = who.birth.split("-");
  const known = `${who.cccd}||${who.name}|${day}${month}${year}|${who.patient.gender === "male" ? "Nam" : "Nữ"}|Lai Châu|01072025`;
  await page.goto(`${OPEN}/dang-ky`);
  assert.equal(await focused(page), "quet");
  await judge(page, "register");
  const again = new Actions("a clerk opens a known person by card", 3);
  await again.scan(page, known);
  await arrivedAt(page, who);
  again.told();

  // Wherever one is: scan, Enter on what is offered, the phone, Enter.
  const anew = new Actions("a clerk registers a new person by card", 5);
  const fresh = "012186004321|091234567|Giàng Thị Mẫu|12041986|Nữ|Bản Nà Khương, Bản Bo, Lai Châu|15052022";
  await page.goto(`${OPEN}/gioi-thieu`);
  await page.locator("h1").click();
  await anew.scan(page, fresh);
  await page.getByRole("button", { name: "Đăng ký người này" }).waitFor();
  await page.screenshot({ path: `${SHOTS}/register-nobody-1440.png` });
  await anew.key(page, "Enter");
  await page.waitForFunction(() => document.activeElement?.id === "phone");
  assert.equal(await page.locator("#name").inputValue(), "Giàng Thị Mẫu");
  assert.equal(await page.locator("#commune").inputValue(), "Xã Bản Bo, Tỉnh Lai Châu");
  await judge(page, "register-scanned");
  await picture(page, "dang-ky");
  await page.locator("#phone").focus();
  await anew.type(page, "0912345678");
  await anew.key(page, "Enter");
  await page.waitForURL("**/nguoi/*");
  assert.equal(await heading(page), "GIÀNG THỊ MẪU");
  anew.told();

  // The same by typing: who is known is offered beside the form, and what is wrong is said beside its field.
  await page.goto(`${OPEN}/dang-ky`);
  await page.locator("#name").pressSequentially("giang thi mau", { delay: 20 });
  await page.locator("#birth").pressSequentially("1986", { delay: 20 });
  await page.locator("#trung .hit").first().waitFor();
  await page.locator("#commune").pressSequentially("tan lap", { delay: 20 });
  await page.waitForFunction(() => document.querySelectorAll("#commune-ds option").length > 1);
  await page.locator("#card").fill("GD412");
  await page.locator("#name").press("Enter");
  await page.waitForSelector("#card-loi");
  assert.ok((await page.locator("[role=alert] a").count()) >= 3, "each fault leads to its field");
  assert.equal(await page.locator("#name").inputValue(), "giang thi mau");
  page.surprises = page.surprises.filter((one) => !one.includes("422"));
  await judge(page, "register-wrong");

  // Edited by a key, and the past tells it.
  await page.goto(`${OPEN}/`);
  await page.locator("#q").fill("012186004321");
  await page.waitForSelector(`.hits-head[data-q="012186004321"]`);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/nguoi/*");
  await page.locator("h1").click();
  await page.keyboard.press("e");
  await page.waitForURL("**/sua**");
  await judge(page, "edit");
  await page.locator("#phone").fill("0987654321");
  await page.locator("#phone").press("Enter");
  await page.waitForURL((url) => !url.pathname.endsWith("/sua"));
  await page.getByRole("link", { name: "Lịch sử sửa" }).first().click();
  await page.waitForURL("**/lich-su**");
  assert.match(await page.locator("main").innerText(), /0912345678 → 0987654321/);
  await judge(page, "past");
}

async function withoutScript(browser, who) {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: WIDE });
  const page = await open(context);
  await page.goto(`${OPEN}/`);
  await page.locator("#q").fill(`${plain(who.name).toLowerCase()} ${who.birth.slice(0, 4)}`);
  await page.locator("#q").press("Enter");
  await page.waitForLoadState();
  assert.ok(!page.url().includes("="), `no name stands in the address: ${page.url()}`);
  await hits(page).first().click();
  await arrivedAt(page, who);
  const more = page.locator("#dien-tien a[href*='loai=']");
  if (await more.count()) {
    await more.last().click();
    await arrivedAt(page, who);
    await page.goBack();
  }
  await page.locator("a[href*='/luot/']").first().click();
  await page.waitForURL("**/luot/*");
  assert.ok((await heading(page)).length > 0);
  assert.deepEqual(page.surprises, []);
  await page.screenshot({ path: `${SHOTS}/visit-without-script-1440.png` });
  // A card scanned into a plain form opens the person as well.
  await page.goto(`${OPEN}/`);
  const [year, month, day] = who.birth.split("-");
  await page.locator("#q").fill(`${who.cccd}||${who.name}|${day}${month}${year}|Nữ|Lai Châu|01072025`);
  await page.locator("#q").press("Enter");
  await arrivedAt(page, who);
  await context.close();
}

async function otherPages(context) {
  for (const [address, name, status] of [
    [`${OPEN}/gioi-thieu`, "about", 200],
    [`${OPEN}/_ui`, "gallery", 200],
    [`${OPEN}/khong-co-trang-nay`, "404", 404],
    [`${OPEN}/nguoi/khong-co-nguoi-nay`, "404-person", 404],
    [`${CLOSED}/`, "401", 401],
    [`${CLOSED}/gioi-thieu`, "about-closed", 200],
  ]) {
    const page = await open(context, status === 200 ? [] : [status]);
    const answer = await page.goto(address);
    assert.equal(answer.status(), status, address);
    await judge(page, name);
    await page.close();
  }
}

const browser = await launch();
try {
  const who = await someone();
  const context = await browser.newContext({ viewport: WIDE, locale: "vi-VN", reducedMotion: "reduce" });
  const page = await open(context);
  for (const step of [byName, byNumber, byCard, byKeyboardAlone, byPalette, looks, wholeRecord, atTheCounter]) {
    console.log(step.name);
    await step(page, who);
    assert.deepEqual(page.surprises, [], step.name);
  }
  await page.close();
  await otherPages(context);
  await withoutScript(browser, who);
  console.log("browser: every step as expected");
} finally {
  await browser.close();
}
