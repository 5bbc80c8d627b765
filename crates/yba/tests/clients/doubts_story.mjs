// A clerk settles ten doubts by keyboard alone, takes one back, and does the same with the mouse where no script runs.
//
// Arguments: address of an open node without people, folder for screenshots. Prints how many actions it took.

import assert from "node:assert/strict";
import { Actions, WIDE, judge, launch, open, picture } from "./judged.mjs";

const [HOUSE, SHOTS] = process.argv.slice(2);
const NAMES = ["Lò Thị Mai", "Giàng Thị Sính", "Vàng A Páo", "Tẩn Mý Sử", "Lý A Chu", "Sùng Thị Dở", "Quàng Văn Hặc",
  "Hảng A Tủa", "Phàn Thị Lai", "Chẻo San Mẩy", "Lường Thị Ban", "Mùa A Sếnh", "Điêu Thị Xiêng"];

// --- pairs that may be one person: the same name and date, one without any number, written as another clerk would

async function arrive() {
  const put = async (id, patient) => {
    const said = await fetch(`${HOUSE}/fhir/Patient/${id}`, {
      method: "PUT", headers: { "content-type": "application/fhir+json" },
      body: JSON.stringify({ resourceType: "Patient", id, ...patient }),
    });
    assert.equal(said.status, 201, await said.text());
  };
  for (const [at, name] of NAMES.entries()) {
    const [gender, digit] = /Thị|Mý|Mẩy/.test(name) ? ["female", 1] : ["male", 0];
    const year = 1950 + 3 * at;
    const birthDate = `${year}-0${1 + at % 9}-1${at % 10}`;
    const cccd = `012${digit}${String(year).slice(2)}${String(100101 + 7919 * at).slice(0, 6)}`;
    const sid = (slug, value) => ({ system: `https://yba.vn/fhir/sid/${slug}`, value });
    const address = [{ text: "Bản Pắc Ta, xã Pắc Ta, tỉnh Lai Châu" }];
    await put(`d${at}-a`, { name: [{ text: name }], gender, birthDate, address,
      identifier: [sid("cccd", cccd), sid("mrn/12001", `2600${at}`)], telecom: [{ system: "phone", value: `09123400${10 + at}` }] });
    await put(`d${at}-b`, { name: [{ text: at % 3 ? name : name.toUpperCase() }], gender, birthDate,
      address: [{ text: "Xã Than Uyên, tỉnh Lai Châu" }], identifier: [sid("mrn/12002", `2611${at}`)] });
  }
}

async function waitForDoubts() {
  for (const begun = Date.now(); ;) {
    const bundle = await (await fetch(`${HOUSE}/fhir/Linkage?_tag=https://yba.vn/fhir/CodeSystem/linkage-verdict|doubt&_count=100`)).json();
    if ((bundle.entry ?? []).length >= 12) return bundle.entry.length;
    assert.ok(Date.now() - begun < 60_000, `doubts do not come: ${bundle.entry?.length}`);
    await new Promise((wait) => setTimeout(wait, 100));
  }
}

// --- the story

const actions = new Actions("a clerk settles ten doubts by keyboard alone", 13);

// One key, after the first moment of a page, in which keys are not taken.
async function press(page, key, arrives) {
  await page.waitForTimeout(350);
  await Promise.all([page.waitForURL(arrives), actions.key(page, key)]);
}

const isPair = (url) => /^\/nghi-trung\/lk-/.test(url.pathname);
const another = (page) => {
  const here = page.url();
  return (url) => isPair(url) && url.href !== here;
};

async function tenByKeyboard(page) {
  await page.goto(`${HOUSE}/gioi-thieu`);
  await page.waitForTimeout(350);
  await actions.key(page, "g");
  await press(page, "r", "**/nghi-trung");
  await press(page, "1", isPair);
  for (let settled = 0; settled < 10; settled += 1) {
    await press(page, settled % 4 === 3 ? "2" : "1", another(page));
    assert.ok(await page.locator(".note.done").isVisible(), "what was done is said");
  }
  actions.told();
}

async function takenBack(page) {
  const was = await page.locator(".note.done input[name=truoc]").inputValue();
  await press(page, "u", `**/nghi-trung/${was}`);
  await press(page, "3", another(page));
  await page.goto(`${HOUSE}/nghi-trung/${was}`);
  await press(page, "1", another(page));
}

// A key held down decides once, and a key in the first moment of a page not at all.
async function noSecondDecision(page) {
  const waiting = () => fetch(`${HOUSE}/nghi-trung`).then((said) => said.text()).then((text) => text.match(/href="\/nghi-trung\/lk-/g)?.length ?? 0);
  const before = await waiting();
  await page.goto(`${HOUSE}/nghi-trung`);
  await page.locator(".rows a[href^='/nghi-trung/lk-']").first().click();
  await page.waitForTimeout(350);
  await page.keyboard.down("1");
  for (let held = 0; held < 5; held += 1) await page.keyboard.down("1");
  await page.keyboard.up("1");
  await page.waitForSelector(".note.done");
  assert.equal(before - await waiting(), 1);
}

async function withoutScript(browser) {
  const context = await browser.newContext({ viewport: WIDE, locale: "vi-VN", javaScriptEnabled: false });
  const page = await open(context);
  await page.goto(`${HOUSE}/nghi-trung`);
  await page.locator("a.btn.main").click();
  const first = page.url();
  await page.getByRole("button", { name: "Hai người khác nhau" }).click();
  await page.getByRole("button", { name: "Hoàn tác" }).click();
  assert.equal(page.url(), first, "back to the pair");
  await page.getByRole("button", { name: "Cùng một người" }).click();
  const text = await page.content();
  assert.ok(text.includes("Đã ghi: cùng một người."), text);
  await context.close();
}

// A record that was joined is parted and put back, with the thumb.
async function parted(page) {
  await page.goto(`${HOUSE}/nguoi/d0-a/ho-so`);
  await judge(page, "ho-so-da-gop", SHOTS);
  const count = () => page.getByRole("button", { name: "Tách hồ sơ này" }).count();
  if (await count() < 2) return;
  await page.getByRole("button", { name: "Tách hồ sơ này" }).first().click();
  await page.getByRole("button", { name: "Hoàn tác" }).first().click();
  await page.waitForLoadState();
  assert.equal(await count(), 2);
}

const browser = await launch();
try {
  await arrive();
  console.log(`${await waitForDoubts()} doubts wait`);
  const context = await browser.newContext({ viewport: WIDE, locale: "vi-VN", reducedMotion: "reduce" });
  const page = await open(context, [404]);
  await page.goto(`${HOUSE}/nghi-trung`);
  await judge(page, "nghi-trung", SHOTS);
  await page.locator("a.btn.main").click();
  await judge(page, "nghi-trung-cap", SHOTS);
  await picture(page, "nghi-trung", [1000, 560]);
  await tenByKeyboard(page);
  await takenBack(page);
  await judge(page, "nghi-trung-sau-quyet", SHOTS);
  await noSecondDecision(page);
  await withoutScript(browser);
  await parted(page);
  await page.goto(`${HOUSE}/nghi-trung/lk-khong-co`);
  await judge(page, "nghi-trung-da-quyet", SHOTS);
  // Empty: whatever is left is answered.
  for (await page.goto(`${HOUSE}/nghi-trung`); await page.locator("a.btn.main").count();) {
    await page.locator("a.btn.main").click();
    await page.getByRole("button", { name: "Hai người khác nhau" }).click();
    await page.goto(`${HOUSE}/nghi-trung`);
  }
  await judge(page, "nghi-trung-het", SHOTS);
  assert.deepEqual(page.surprises, []);
  console.log("doubts: every step as expected");
} finally {
  await browser.close();
}
