// The household book of a commune station, in a real browser (headless Chromium): from the shares of a village to the people who lack
// something, one household and its family doctor, one person's health record and the forms that fill it; and colleagues who see none.
//
// Arguments: address of a closed node with the people, its link for the first run, folder for screenshots. Prints what a record costs.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { Actions, colleague, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const main = (page) => page.locator("main").innerText();
const shown = (page, name) => page.locator(`[name="${name}"]:visible`);
const choose = (page, legend, word) => page.getByRole("group", { name: legend }).getByText(word, { exact: true });
const row = async (page, name) => (await page.locator("tr", { hasText: name }).first().innerText()).replace(/\s+/g, " ");

// The book says itself while it does not know the last things yet.
async function fresh(nurse, address = `${HOUSE}/so-ho`) {
  await nurse.goto(address);
  while (await nurse.getByText("Sổ đang được cập nhật.").count()) await nurse.reload();
}

async function villages(nurse) {
  await nurse.goto(`${HOUSE}/gioi-thieu`);
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("g");
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("g");
  await nurse.waitForURL("**/so-ho");
  await fresh(nurse);
  assert.match(await main(nurse), /145 người, 36 hộ/);
  // 48 people of 12 households and the one who lives alone; of the households 0, 6, … the village has 0, 6, 12, 18, 24 and 30 of three.
  assert.match(await row(nurse, "Bản Nà Khương"), /Bản Nà Khương 12 49 48 % 2 % 0 % 0 %/);
  assert.match(await row(nurse, "Bản Cốc Phung"), /Bản Cốc Phung 12 48 100 % 0 % 0 % 0 %/);
  assert.match(await row(nurse, "Cả trạm"), /Cả trạm 36 145 82 % 0 % 0 % 0 %/, "never rounded up");
  await judge(nurse, "book");
  await picture(nurse, "so-ho", [1000, 560]);
  await nurse.getByRole("row", { name: /Bản Nà Khương/ }).getByRole("link", { name: "48 %" }).click();
  await nurse.waitForURL("**/so-ho/thieu?gi=muc&thon=*");
  assert.match(await main(nurse), /25 người/);
  assert.match(await row(nurse, "1941"), /Dân tộc; Nghề nghiệp; Hộ gia đình/);
  await judge(nurse, "book-wanting");
  await nurse.getByRole("link", { name: "Chưa ghi hộ" }).click();
  await nurse.waitForURL("**gi=ho&**");
  assert.match(await main(nurse), /1 người/);
}

async function household(nurse) {
  await nurse.goto(`${HOUSE}/so-ho`);
  await nurse.getByRole("link", { name: "Bản Cốc Phung" }).click();
  await nurse.waitForURL("**/so-ho/thon?ten=*");
  assert.match(await main(nurse), /12 hộ/);
  await judge(nurse, "book-village");
  await nurse.getByRole("link", { name: "Mở hộ" }).first().click();
  await nurse.waitForURL("**/so-ho/ho/BB-001?*");
  const people = await nurse.locator("tbody tr td:nth-child(2)").allInnerTexts();
  assert.deepEqual(people.map((one) => one.trim()), ["Chủ hộ", "Vợ", "Con", "Con"], "the head stands first");
  const actions = new Actions("a family doctor for a household", 2);
  await actions.choose(nurse.locator("#bac-si"), "YS. Lò Văn Ún");
  await actions.click(nurse.getByRole("button", { name: "Ghi", exact: true }));
  await nurse.waitForURL("**xong=giao**");
  actions.told();
  await fresh(nurse);
  assert.match(await row(nurse, "Bản Cốc Phung"), /8 %$/, "four of 48");
  await nurse.goto(`${HOUSE}/so-ho/ho/BB-001`);
  assert.match(await main(nurse), /Hộ này do YS\. Lò Văn Ún theo dõi/);
  await judge(nurse, "household");
  await picture(nurse, "ho-gia-dinh", [1000, 700]);
  const wrong = await nurse.request.post(`${HOUSE}/so-ho/ho/BB-001/bac-si`, { form: { "bac-si": "Practitioner/khac" }, maxRedirects: 0, headers: { origin: HOUSE } });
  assert.equal(wrong.status(), 422);
}

// Questions of section B: what is mistyped is told, what is right is written once, and can be taken back.
async function questions(nurse) {
  await nurse.getByRole("link", { name: "Tẩn Mẩy Mỷ" }).or(nurse.getByRole("link", { name: "Giàng Thị Mỷ" })).first().click();
  await nurse.waitForURL("**/so-ho/nguoi/nguoi-1-1");
  const text = await main(nurse);
  assert.match(text, /đã lập hồ sơ/);
  assert.match(text, /B6\. Sức khỏe sinh sản/, "she is of the age");
  assert.doesNotMatch(text, /B1\./, "and no small child");
  await judge(nurse, "health-record");
  await picture(nurse, "ho-so-831", [1000, 760]);
  const actions = new Actions("a health record is filled in", 14);
  await actions.click(nurse.getByRole("link", { name: "Hỏi tiền sử" }).first());
  await nurse.waitForURL("**/health-history");
  await actions.click(choose(nurse, /Thuốc, thức ăn/, "Không dị ứng gì"));
  await actions.fill(shown(nurse, "family:0"), "Mẹ, đái tháo đường");
  await actions.click(choose(nurse, /Hút thuốc/, "Chưa bao giờ"));
  await actions.click(choose(nurse, /Uống rượu/, "Không"));
  await actions.fill(shown(nurse, "pregnancies"), "1");
  await actions.fill(shown(nurse, "deliveries"), "2");
  await actions.click(nurse.getByRole("button", { name: "Ghi vào hồ sơ" }).last());
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /Số lần sinh không thể nhiều hơn số lần có thai/);
  assert.match(await main(nurse), /Hoạt động thể lực/);
  assert.equal(await shown(nurse, "family:0").inputValue(), "Mẹ, đái tháo đường", "what was typed stays");
  await judge(nurse, "health-history-refused");
  await actions.click(choose(nurse, /Hoạt động thể lực/, "Vừa phải"));
  await actions.fill(shown(nurse, "pregnancies"), "2");
  const form = await nurse.locator("form#phieu").evaluate((one) => new URLSearchParams(new FormData(one)).toString());
  const action = await nurse.locator("form#phieu").getAttribute("action");
  await actions.click(nurse.getByRole("button", { name: "Ghi vào hồ sơ" }).last());
  await nurse.waitForURL("**?xong=ghi");
  actions.told();
  assert.match(await row(nurse, "B2. Yếu tố nguy cơ"), /3 mục/);
  assert.match(await row(nurse, "B3. Dị ứng"), /2 mục/, "no allergy is something known, and the mother's disease");
  assert.match(await row(nurse, "C. Khám bệnh"), /chưa có/, "questions are no visit");
  const again = await nurse.request.post(`${HOUSE}${action}`, { data: form, maxRedirects: 0, headers: { "content-type": "application/x-www-form-urlencoded", origin: HOUSE } });
  assert.equal(again.status(), 303);
  await nurse.reload();
  assert.match(await row(nurse, "B2. Yếu tố nguy cơ"), /3 mục/, "sent twice, written once");
  // Somebody else's paper: taken back, and nothing of it stands.
  await nurse.goto(`${HOUSE}/so-ho/nguoi/nguoi-1-2/health-history`);
  await choose(nurse, /Thuốc, thức ăn/, "Có dị ứng, ghi dưới đây").click();
  await shown(nurse, "substance:0").fill("Amoxicilin");
  await choose(nurse, /Hút thuốc/, "Đang hút").click();
  await choose(nurse, /Uống rượu/, "Không").click();
  await choose(nurse, /Hoạt động thể lực/, "Vừa phải").click();
  await nurse.getByRole("button", { name: "Ghi vào hồ sơ" }).last().click();
  await nurse.waitForURL("**?xong=ghi");
  assert.match(await main(nurse), /Dị ứng[^\n]*Amoxicilin/i, "the banner knows it");
  await nurse.getByRole("button", { name: "Rút" }).click();
  await nurse.waitForURL("**?xong=rut");
  assert.match(await row(nurse, "B2. Yếu tố nguy cơ"), /chưa có/);
  assert.match(await row(nurse, "B3. Dị ứng"), /chưa có/);
  assert.match(await main(nurse), /Chưa ghi phiếu nào/);
}

// A yearly check: a visit, and what the book counts.
async function check(nurse) {
  for (const [person, takenBack] of [["nguoi-1-1", false], ["nguoi-1-0", true]]) {
    await nurse.goto(`${HOUSE}/so-ho/nguoi/${person}/periodic-check`);
    await shown(nurse, "weight").fill("48");
    await shown(nurse, "height").fill("152");
    await shown(nurse, "systolic").fill("118");
    await shown(nurse, "diastolic").fill("76");
    await shown(nurse, "waist").fill("71");
    await nurse.waitForFunction(() => /20,8/.test(document.querySelector("main").innerText));
    await choose(nurse, /Phân loại sức khỏe/, "Loại II: khỏe").click();
    if (!takenBack) await judge(nurse, "periodic-check");
    await nurse.getByRole("button", { name: "Ghi lần khám" }).last().click();
    await nurse.waitForURL("**?xong=ghi");
    assert.match(await main(nurse), /đã khám định kỳ/);
    if (takenBack) {
      await nurse.getByRole("button", { name: "Rút" }).click();
      await nurse.waitForURL("**?xong=rut");
      assert.match(await main(nurse), /chưa khám định kỳ/);
    }
  }
  await nurse.goto(`${HOUSE}/so-ho/nguoi/nguoi-1-1`);
  const href = await nurse.getByRole("link", { name: "In hồ sơ" }).getAttribute("href");
  const printed = await nurse.request.get(`${HOUSE}${href}`);
  assert.equal(printed.headers()["content-type"], "application/pdf");
  writeFileSync(`${SHOTS}/ho-so-831.pdf`, await printed.body());
  await fresh(nurse);
  assert.match(await row(nurse, "Bản Cốc Phung"), /100 % 2 % 2 % 8 %/);
}

const browser = await launch();
try {
  const keep = await keeper(browser, LINK);
  const at = (login, name, role, facility) => colleague(browser, keep, { house: HOUSE, login, name, role, facility }, [403, 404, 422]);
  const nurse = await at("tram.ban.bo", "Lò Thị Điều Dưỡng", "station-staff", "cskcb-12090");
  await villages(nurse);
  await household(nurse);
  await questions(nurse);
  await check(nurse);
  // The neighbour's book is empty, and its people are not found in it.
  const stranger = await at("tram.pac.ta", "Tẩn Thị Lạ", "station-staff", "cskcb-12101");
  await stranger.goto(`${HOUSE}/so-ho`);
  assert.match(await main(stranger), /Sổ chưa có ai/);
  await judge(stranger, "book-empty");
  for (const [path, status] of [["/so-ho?noi=cskcb-12090", 403], ["/so-ho/nguoi/nguoi-1-1", 403], ["/so-ho/nguoi/nguoi-1-1/in", 403], ["/so-ho/nguoi/khong-co/in", 404], ["/so-ho/ho/BB-001?noi=cskcb-12090", 404], ["/so-ho/ho/BB-001", 404], ["/so-ho/nguoi/nguoi-1-1/outpatient-visit", 404]]) {
    assert.equal((await stranger.goto(`${HOUSE}${path}`)).status(), status, path);
  }
  const listed = await (await stranger.goto(`${HOUSE}/so-ho/thon?ten=B%E1%BA%A3n%20C%E1%BB%91c%20Phung&noi=cskcb-12090`)).text();
  assert.doesNotMatch(listed, /BB-001|Giàng Thị/);
  const cashier = await at("thu.ngan", "Vi Văn Thu", "cashier", "cskcb-12090");
  assert.doesNotMatch(await (await cashier.goto(`${HOUSE}/so-ho/thieu?gi=muc`)).text(), /Giàng Thị|Vàng A/);
} finally {
  await browser.close();
}
