// The end of a month at a commune station, in a real browser (headless Chromium): one action closes what is ready and puts the
// papers of the month into one file; each paper is fetched from its page; a colleague of another station gets none of its
// people, a cashier and a stranger get nothing.
//
// Arguments: address of a closed node with a month of work, its link for the first run, the month (2026-02), a folder for the
// files that come, folder for screenshots. Prints what the end of a month costs.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { Actions, colleague, desk, judge as judged, keeper, launch, open, picture } from "./judged.mjs";

const [HOUSE, LINK, MONTH, FILES, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const REPORTS = ["monthly-visits", "monthly-immunisations", "monthly-deaths"];
const REGISTERS = ["outpatient-visits", "child-immunisations", "deaths"];
const main = (page) => page.locator("main").innerText();
const keep = (name, body) => writeFileSync(`${FILES}/${name}`, body);

async function fetched(page, path, type) {
  const answer = await page.request.get(`${HOUSE}${path}`);
  assert.equal(answer.status(), 200, `${path}: ${await answer.text()}`);
  assert.ok(answer.headers()["content-type"].startsWith(type), answer.headers()["content-type"]);
  assert.equal(answer.headers()["cache-control"], "no-store", path);
  return answer.body();
}

// What stands in the table of a page, row by row.
const table = (page) => page.locator("table").first().evaluate((one) =>
  [...one.tBodies[0].rows].map((row) => [...row.cells].map((cell) => {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll(".sub").forEach((sub) => sub.remove());
    return copy.textContent.trim().replace(/\s+/g, " ");
  })));

const TYPES = { in: "application/pdf", xlsx: "application/vnd.openxmlformats", xml: "application/xml" };

// Everything that the page of a paper offers, and what the page itself says.
async function along(page, path, name) {
  await page.goto(`${HOUSE}${path}?ky=${MONTH}`);
  for (const [part, ending] of [["in", "pdf"], ["xlsx", "xlsx"], ["xml", "xml"]]) {
    const link = page.locator(`a[href^="${path}/${part}?"]`);
    assert.equal(await link.count(), 1, `${path} offers ${part}`);
    if (part === "in") assert.equal(await link.getAttribute("target"), "_blank");
    keep(`${name}.${ending}`, await fetched(page, await link.getAttribute("href"), TYPES[part]));
  }
  keep(`${name}.json`, JSON.stringify(await table(page)));
}

// One click for the month; the file comes by itself.
async function month(nurse) {
  const actions = new Actions("the nurse ends the month", 3);
  let keys = 0;
  await nurse.exposeFunction("typed", () => (keys += 1));
  await nurse.goto(`${HOUSE}/bao-cao`);
  await nurse.evaluate(() => addEventListener("keydown", () => globalThis.typed()));
  await judge(nurse, "papers-reports");
  await actions.click(nurse.getByRole("link", { name: "Kết thúc tháng" }));
  await nurse.waitForURL("**/ket-thuc-thang?ky=*");
  const before = await main(nurse);
  for (const words of ["Hoạt động khám chữa bệnh", "4/BCX", "Sẵn sàng khóa", "1 dòng chưa rõ ngày"]) assert.ok(before.includes(words), `${words} in ${before}`);
  await judge(nurse, "papers-month");
  await picture(nurse, "ket-thuc-thang", [1000, 640]);
  await actions.click(nurse.getByRole("button", { name: /^Kết thúc tháng/ }));
  await nurse.waitForURL("**&viec=*");
  await nurse.waitForSelector("a[download]", { timeout: 120_000 });
  const after = await main(nurse);
  assert.match(after, /Đã khóa \d\d\/\d\d\/\d{4} \d\d:\d\d/);
  assert.match(after, /Không còn biểu nào chờ khóa/);
  assert.ok(!after.includes("Bộ tệp thiếu"), after);
  await judge(nurse, "papers-month-ended");
  const coming = nurse.waitForEvent("download");
  await actions.click(nurse.locator("a[download]"));
  await (await coming).saveAs(`${FILES}/thang.zip`);
  actions.told();
  console.log(`keys typed for the numbers, the papers and the file: ${keys}`);
  assert.equal(keys, 0);
  // Asked again, nothing is closed a second time.
  await nurse.getByRole("button", { name: "Tạo bộ tệp" }).click();
  await nurse.waitForSelector("a[download]", { timeout: 120_000 });
  return nurse.locator("a[download]").getAttribute("href");
}

// A visit's sheet, from where it was written.
async function sheet(nurse) {
  await nurse.goto(`${HOUSE}/kham/nguoi-1`);
  const field = (name) => nurse.locator(`[name="${name}"]:visible`);
  await field("complaint").fill("Ho, sốt ba ngày");
  await field("main").pressSequentially("viem phe quan");
  const offer = nurse.locator('datalist option[value*="J20.9"]').first();
  await offer.waitFor({ state: "attached" });
  await field("main").fill(await offer.getAttribute("value"));
  await nurse.getByRole("button", { name: "Ghi lần khám" }).last().click();
  await nurse.waitForURL("**?xong=kham");
  const link = nurse.getByRole("link", { name: "In phiếu khám" });
  await judge(nurse, "papers-visit");
  keep("phieu.pdf", await fetched(nurse, await link.getAttribute("href"), TYPES.in));
  return link.getAttribute("href");
}

async function refused(browser, chief, file, paper) {
  const neighbour = await colleague(browser, chief, { house: HOUSE, login: "y.si.pacta", name: "Tẩn Mẩy Lan", role: "station-staff", facility: "cskcb-12101" }, [403, 404, 410]);
  // Whoever names another station in the address gets their own.
  keep("neighbour.xlsx", await fetched(neighbour, `/so/outpatient-visits/xlsx?ky=${MONTH}&noi=cskcb-12090`, TYPES.xlsx));
  keep("neighbour.xml", await fetched(neighbour, `/bao-cao/monthly-visits/xml?ky=${MONTH}&noi=cskcb-12090`, TYPES.xml));
  for (const [path, status] of [[file, 410], [paper, 404], [`/bao-cao/monthly-visits/fhir?ky=${MONTH}`, 404]]) {
    const answer = await neighbour.request.get(`${HOUSE}${path}`);
    assert.ok([status, 403].includes(answer.status()), `${path}: ${answer.status()}`);
  }
  const cashier = await colleague(browser, chief, { house: HOUSE, login: "thu.ngan", name: "Lý A Dơ", role: "cashier", facility: "cskcb-12090" }, [403]);
  const stranger = await open(await desk(browser), [401]);
  for (const path of [`/so/outpatient-visits?ky=${MONTH}`, `/so/outpatient-visits/in?ky=${MONTH}`, `/so/deaths/xlsx?ky=${MONTH}`, `/so/deaths/xml?ky=${MONTH}`,
    `/bao-cao/monthly-visits/in?ky=${MONTH}`, `/bao-cao/monthly-visits/xlsx?ky=${MONTH}`, `/ket-thuc-thang?ky=${MONTH}`, paper]) {
    const [by, nobody] = [await cashier.request.get(`${HOUSE}${path}`), await stranger.request.get(`${HOUSE}${path}`)];
    assert.deepEqual([by.status(), nobody.status()], [403, 401], path);
    assert.ok(!(await by.body()).includes("%PDF"), path);
  }
}

const browser = await launch();
try {
  const chief = await keeper(browser, LINK);
  const nurse = await colleague(browser, chief, { house: HOUSE, login: "y.si.banbo", name: "Giàng Thị Dế", role: "station-staff", facility: "cskcb-12090" });
  const file = await month(nurse);
  for (const slug of REPORTS) await along(nurse, `/bao-cao/${slug}`, slug);
  for (const slug of REGISTERS) await along(nurse, `/so/${slug}`, slug);
  keep("closed.json", await fetched(nurse, `/bao-cao/monthly-visits/fhir?ky=${MONTH}`, "application/fhir+json"));
  await nurse.goto(`${HOUSE}/so/outpatient-visits?ky=${MONTH}`);
  await judge(nurse, "papers-register");
  await refused(browser, chief, file, await sheet(nurse));
} finally {
  await browser.close();
}
