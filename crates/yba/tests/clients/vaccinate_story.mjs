// A vaccination day at a commune station, in a real browser (headless Chromium): the list of whom to call, forty children, one of
// them put off, a dose written by mistake, vials that must not be used; and a colleague of another station, who sees none of it.
//
// Arguments: address of a closed node with the children, its link for the first run, folder for screenshots. Prints what a child
// costs.

import assert from "node:assert/strict";
import { Actions, colleague, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const LIST = `${HOUSE}/tiem-chung`;
const main = (page) => page.locator("main").innerText();
const children = (page) => page.locator("table a[href^='/tiem-chung/']");
const SERIES = ["dpt", "opv", "rota", "pcv"];

// The nurse types what stands on the vials once, for the first child of the day.
async function firstChild(nurse) {
  await children(nurse).first().click();
  await nurse.waitForURL("**/tiem-chung/tre-*");
  const text = await main(nurse);
  for (const words of ["DPT 1", "OPV 1", "Rota 1", "Phế cầu 1", "Chưa hỏi dị ứng"]) assert.ok(text.includes(words), `${words} in ${text}`);
  await judge(nurse, "vaccinate-child");
  for (const series of SERIES) {
    await nurse.locator(`#lo-${series}`).fill(`LO-${series.toUpperCase()}`);
    await nurse.locator(`#han-${series}`).fill("31/12/2099");
  }
  // Nobody is vaccinated without screening.
  await nurse.getByRole("button", { name: "Tiêm và ghi" }).click();
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /Chưa khám sàng lọc/);
  await nurse.getByLabel("Không có chống chỉ định").check();
  // A vial whose last day is over is refused, and what was typed stays.
  await nurse.locator("#han-dpt").fill("1/1/2020");
  await nurse.getByRole("button", { name: "Tiêm và ghi" }).click();
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /Lô này đã hết hạn/);
  assert.equal(await nurse.locator("#lo-opv").inputValue(), "LO-OPV");
  assert.equal(nurse.surprises.length, 0, nurse.surprises.join("\n"));
  await judge(nurse, "vaccinate-refused");
  await nurse.locator("#han-dpt").fill("31/12/2099");
  await nurse.getByRole("button", { name: "Tiêm và ghi" }).click();
  await nurse.waitForURL("**?xong=tiem");
  const after = await main(nurse);
  assert.match(after, /Theo dõi tại trạm đến \d\d:\d\d/);
  assert.match(after, /Hôm nay không có mũi nào/);
  await judge(nurse, "vaccinate-given");
  await picture(nurse, "tiem-xong", [1000, 700]);
}

// The list says itself while it does not know the last dose yet.
async function fresh(nurse) {
  await nurse.waitForURL(LIST);
  while (await nurse.getByText("Danh sách đang được cập nhật.").count()) await nurse.reload();
}

// The others: from the list to the child, one button, back to the list.
async function others(nurse) {
  const actions = new Actions("the nurse vaccinates a child", 4 * 37);
  const begun = Date.now();
  let done = 0;
  while (done < 37) {
    await actions.click(nurse.getByRole("link", { name: "Danh sách cần tiêm" }));
    await fresh(nurse);
    await actions.click(children(nurse).first());
    await nurse.waitForURL("**/tiem-chung/tre-*");
    assert.equal(await nurse.locator("#lo-dpt").inputValue(), "LO-DPT", "the vial of before is offered");
    await actions.click(nurse.getByLabel("Không có chống chỉ định"));
    await actions.click(nurse.getByRole("button", { name: "Tiêm và ghi" }));
    await nurse.waitForURL("**?xong=tiem");
    done += 1;
  }
  const seconds = (Date.now() - begun) / 1000 / done;
  assert.ok(actions.count / done <= 4, `${actions.count / done} actions for a child`);
  assert.ok(seconds <= 30, `${seconds} s for a child`);
  console.log(`${actions.task}: ${actions.count / done} actions, ${seconds.toFixed(2)} s of the browser and the house`);
}

// One child has a fever.
async function putOff(nurse) {
  await nurse.goto(LIST);
  await fresh(nurse);
  await children(nurse).first().click();
  await nurse.waitForURL("**/tiem-chung/tre-*");
  await nurse.getByText("Tạm hoãn hoặc chống chỉ định").click();
  await nurse.locator("#hoan-ly-do").fill("Sốt 38,5 °C, hẹn lại sau một tuần");
  await nurse.getByRole("button", { name: "Ghi tạm hoãn" }).click();
  await nurse.waitForURL("**?xong=hoan");
  assert.match(await main(nurse), /không tiêm: Sốt 38,5 °C/);
  return new URL(nurse.url()).pathname;
}

// The last child, of whom one dose is written down by mistake.
async function mistaken(nurse, late) {
  await nurse.goto(LIST);
  await fresh(nurse);
  const rest = children(nurse);
  const hrefs = await rest.evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  const other = hrefs.find((href) => href !== late);
  await nurse.goto(`${HOUSE}${other}`);
  await nurse.getByLabel("Không có chống chỉ định").check();
  const form = await nurse.locator(`form[action="${other}"]`).evaluate((one) => new URLSearchParams(new FormData(one)).toString());
  await nurse.getByRole("button", { name: "Tiêm và ghi" }).click();
  await nurse.waitForURL("**?xong=tiem");
  // Sent again, as by an impatient hand on a slow line, it is written once and says so.
  const again = await nurse.request.post(`${HOUSE}${other}`, {
    data: form, maxRedirects: 0, headers: { "content-type": "application/x-www-form-urlencoded", origin: HOUSE },
  });
  assert.equal(again.status(), 303, await again.text());
  // What is not this child's is not taken back from this child's page.
  const foreign = other.endsWith("/tre-0") ? "tre-1-08" : "tre-0-08";
  const strange = await nurse.request.post(`${HOUSE}${other}/rut`, { form: { mui: foreign }, maxRedirects: 0, headers: { origin: HOUSE } });
  assert.equal(strange.status(), 404);
  const empty = await nurse.request.post(`${HOUSE}${other}/hoan`, { form: { phieu: "x", "hoan-ly-do": "sốt" }, maxRedirects: 0, headers: { origin: HOUSE } });
  assert.equal(empty.status(), 422, "nothing is due that could be put off");
  const row = nurse.locator(".rows li", { hasText: "Rota – mũi 1" });
  await row.getByText("Ghi nhầm?").click();
  await row.getByRole("button", { name: "Rút mũi" }).click();
  await nurse.waitForURL("**?xong=rut");
  const text = await main(nurse);
  assert.match(text, /đã rút vì ghi nhầm/);
  assert.match(text, /Rota 1/, "the dose is due again");
}

const browser = await launch();
try {
  const keep = await keeper(browser, LINK);
  const at = (login, name, facility) => colleague(browser, keep, { house: HOUSE, login, name, role: "station-staff", facility }, [403, 422]);
  const nurse = await at("tram.ban.bo", "Lò Thị Điều Dưỡng", "cskcb-12090");
  const stranger = await at("tram.pac.ta", "Tẩn Thị Lạ", "cskcb-12101");
  await nurse.goto(`${HOUSE}/gioi-thieu`);
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("g");
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("v");
  await nurse.waitForURL(LIST);
  assert.match(await main(nurse), /40 trẻ đến lịch/);
  await judge(nurse, "vaccinate-list");
  await picture(nurse, "tiem-chung", [1000, 620]);
  console.log("keys typed for the list of whom to call: 0");
  await nurse.getByRole("link", { name: /Bản Cốc Phung/ }).click();
  assert.match(await main(nurse), /13 trẻ đến lịch/);
  await nurse.goto(LIST);
  await firstChild(nurse);
  await others(nurse);
  await mistaken(nurse, await putOff(nurse));

  await stranger.goto(LIST);
  assert.match(await main(stranger), /Không có trẻ nào đến lịch/);
  await judge(stranger, "vaccinate-empty");
  await stranger.goto(`${HOUSE}/tiem-chung/tre-1`);
  const seen = await main(stranger);
  assert.ok(!/LO-|DPT/.test(seen), seen);
  assert.match(seen, /Hãy tiếp đón trẻ ở trạm của bạn trước/);

  // The month's reports, by keyboard.
  await nurse.goto(`${HOUSE}/gioi-thieu`);
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("g");
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("b");
  await nurse.waitForURL("**/bao-cao");
  assert.match(await main(nurse), /6\/BCX/);
  await judge(nurse, "reports");
  await nurse.getByRole("link", { name: "Tiêm chủng trẻ em", exact: true }).click();
  await nurse.getByRole("link", { name: /→/ }).click();
  const month = await main(nurse);
  assert.match(month, /DPT-VGB-Hib mũi 1\s+39/, "what was given today counts, and nobody typed it");
  assert.match(month, /Kỳ này chưa hết nên chưa khóa được/);
  await judge(nurse, "report");
  await picture(nurse, "bao-cao", [1000, 760]);
  await nurse.locator("table a").first().click();
  await nurse.waitForURL("**/o/*");
  assert.match(await main(nurse), /Các dòng sổ/);
  await judge(nurse, "report-rows");
  // A cashier has nothing to do with any of it, not even with how many.
  const cashier = await colleague(browser, keep, { house: HOUSE, login: "thu.ngan", name: "Vi Văn Thu", role: "cashier", facility: "cskcb-12090" }, [403]);
  for (const path of ["/tiem-chung", "/tiem-chung?noi=cskcb-12090", "/tiem-chung/tre-1", "/bao-cao/monthly-immunisations"]) {
    assert.equal((await cashier.goto(`${HOUSE}${path}`)).status(), 403, path);
  }
} finally {
  await browser.close();
}
