// A clinic for high blood pressure at a commune station, in a real browser (headless Chromium): the list of who should come, repeat
// visits, what was mistyped, a visit written by mistake, somebody new, somebody who leaves; and colleagues who see none of it.
//
// Arguments: address of a closed node with the people, its link for the first run, folder for screenshots. Prints what a visit costs.

import assert from "node:assert/strict";
import { Actions, colleague, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const LIST = `${HOUSE}/man-tinh/hypertension`;
const main = (page) => page.locator("main").innerText();
const people = (page) => page.locator("table a[href^='/man-tinh/hypertension/']");
const save = (page) => page.getByRole("button", { name: "Ghi lần khám" }).last();
const shown = (page, name) => page.locator(`[name="${name}"]:visible`);

// The list says itself while it does not know the last visit yet.
async function fresh(nurse, address = LIST) {
  await nurse.goto(address);
  while (await nurse.getByText("Danh sách đang được cập nhật.").count()) await nurse.reload();
}

const choose = (page, legend, word) => page.getByRole("group", { name: legend }).getByText(word, { exact: true });

// What somebody types at a repeat visit; habits of before stand there already.
async function fill(actions, nurse, [high, low], smokes) {
  await actions.fill(shown(nurse, "systolic-1"), high);
  await actions.fill(shown(nurse, "diastolic-1"), low);
  await actions.fill(shown(nurse, "pulse"), "76");
  await actions.fill(shown(nurse, "weight"), "56,5");
  if (smokes) await actions.click(choose(nurse, "Hút thuốc lá, thuốc lào", smokes));
  await actions.click(choose(nurse, /Uống rượu, bia/, "Không"));
  await actions.click(choose(nurse, /Uống thuốc trong 7 ngày/, "Đủ các ngày"));
  await actions.click(choose(nurse, /Tác dụng phụ/, "Không có"));
}

// The first: everything that can be mistyped, then right.
async function firstVisit(nurse) {
  await people(nurse).first().click();
  await nurse.waitForURL("**/nguoi-*");
  const text = await main(nurse);
  assert.match(text, /Bệnh lý tăng huyết áp \(I10\)/);
  assert.match(text, /Cân nặng lần trước\s*5\d/, "what was weighed before stands beside");
  assert.ok(await shown(nurse, "systolic-1").evaluate((one) => one === document.activeElement), "typing begins at the first field");
  await judge(nurse, "chronic-visit");
  await picture(nurse, "kham-tang-huyet-ap", [1000, 900]);
  const loose = new Actions("mistyped", 99);
  await fill(loose, nurse, ["900", "82"], "Chưa bao giờ");
  await shown(nurse, "next-date").fill("1/1/2020");
  await save(nurse).click();
  await nurse.waitForSelector(".note.bad");
  const wrong = await main(nurse);
  assert.match(wrong, /300/, "the limit of the field is said");
  assert.match(wrong, /Ngày hẹn phải sau hôm nay/);
  assert.equal(await shown(nurse, "systolic-1").inputValue(), "900", "what was typed stays");
  assert.equal(await shown(nurse, "weight").inputValue(), "56,5");
  await judge(nurse, "chronic-refused");
  await shown(nurse, "systolic-1").fill("186");
  await shown(nurse, "diastolic-1").fill("112");
  await shown(nurse, "next-date").fill(await later(nurse, 7));
  await save(nurse).click();
  await nurse.waitForSelector("#nhac-viec .error");
  assert.match(await main(nurse), /chuyển tuyến ngay/);
  await nurse.locator("[name^='~vi-sao.pressure-very-high.']").fill("Không có dấu hiệu nguy hiểm, người nhà đưa đi viện sáng mai");
  const form = await nurse.locator("form#phieu").evaluate((one) => new URLSearchParams(new FormData(one)).toString());
  const action = await nurse.locator("form#phieu").getAttribute("action");
  await save(nurse).click();
  await nurse.waitForURL("**?xong=kham");
  const after = await main(nurse);
  assert.match(after, /Đã ghi lần khám hôm nay\. Hẹn khám lại ngày/);
  assert.match(after, /186\/112\smmHg/);
  await judge(nurse, "chronic-seen");
  // Sent again, as by an impatient hand on a slow line, it is written once.
  const again = await nurse.request.post(`${HOUSE}${action}`, {
    data: form, maxRedirects: 0, headers: { "content-type": "application/x-www-form-urlencoded", origin: HOUSE },
  });
  assert.equal(again.status(), 303, await again.text());
}

// A day from today as people write it.
async function later(nurse, days) {
  const day = new Date(Date.now() + days * 86400000 + 7 * 3600000);
  return `${day.getUTCDate()}/${day.getUTCMonth() + 1}/${day.getUTCFullYear()}`;
}

// Repeat visits: the second of each pair knows the habits already, as at the next visit of a real person.
async function visits(nurse) {
  const actions = new Actions("repeat visits for blood pressure", 12 * 7);
  const begun = Date.now();
  let waited = 0;
  for (let done = 0; done < 7; done += 1) {
    await fresh(nurse);
    const start = Date.now();
    await actions.click(people(nurse).first());
    await nurse.waitForURL("**/nguoi-*");
    await shown(nurse, "systolic-1").waitFor();
    waited += Date.now() - start;
    await fill(actions, nurse, ["13" + done, "82"], "Chưa bao giờ");
    const sent = Date.now();
    await actions.click(save(nurse));
    await nurse.waitForURL("**?xong=kham");
    waited += Date.now() - sent;
  }
  const [count, seconds] = [actions.count / 7, waited / 7000];
  assert.ok(count <= 12, `${count} actions`);
  assert.ok(seconds < 2, `${seconds} s`);
  console.log(`a repeat visit for blood pressure: ${count} actions, ${seconds.toFixed(2)} s of the house and the browser (${((Date.now() - begun) / 7000).toFixed(1)} s with the story's own waiting)`);
  // The last of them comes once more the same day: now the smoking stands chosen.
  await nurse.getByRole("link", { name: "Ghi thêm một lần khám" }).click();
  await nurse.waitForURL("**?them=1");
  const smoking = nurse.getByRole("group", { name: "Hút thuốc lá, thuốc lào" }).getByRole("radio", { checked: true });
  assert.equal(await smoking.count(), 1, "the habit of before is not asked again");
}

// A visit written by mistake: taken back, and who was expected is expected again.
async function mistaken(nurse) {
  await fresh(nurse);
  const link = people(nurse).first();
  const href = await link.getAttribute("href");
  await link.click();
  await nurse.waitForURL("**/nguoi-*");
  await fill(new Actions("mistaken", 99), nurse, ["128", "80"], "Đã bỏ");
  await save(nurse).click();
  await nurse.waitForURL("**?xong=kham");
  const strange = await nurse.request.post(`${HOUSE}${href}/rut`, { form: { kham: "lk-0000" }, maxRedirects: 0, headers: { origin: HOUSE } });
  assert.equal(strange.status(), 404);
  await nurse.getByText("Ghi nhầm?").click();
  await nurse.getByRole("button", { name: "Rút lần khám hôm nay" }).click();
  await nurse.waitForURL("**?xong=rut");
  assert.match(await main(nurse), /hẹn khám \d/, "the appointment is open again");
  await shown(nurse, "systolic-1").waitFor();
  await fresh(nurse);
  assert.equal(await people(nurse).first().getAttribute("href"), href, "and who was late is late again");
}

// A form half typed when the light goes out: it is there again, for whoever typed it alone.
async function halfTyped(nurse, colleague) {
  await fresh(nurse);
  const href = await people(nurse).first().getAttribute("href");
  await nurse.goto(`${HOUSE}${href}`);
  await shown(nurse, "systolic-1").pressSequentially("152");
  await shown(nurse, "diastolic-1").pressSequentially("96");
  await nurse.getByText("Tăng huyết áp độ 1").waitFor();
  assert.match(await main(nurse), /152\/96 mmHg/, "what follows is worked out while one types");
  await nurse.getByText("Đã lưu nháp").waitFor();
  assert.ok(await shown(nurse, "diastolic-1").evaluate((one) => one === document.activeElement), "and nobody loses their place");
  await nurse.goto(LIST);
  await nurse.goto(`${HOUSE}${href}`);
  assert.match(await main(nurse), /Phiếu đang ghi dở/);
  assert.equal(await shown(nurse, "systolic-1").inputValue(), "152");
  await judge(nurse, "chronic-resumed");
  await colleague.goto(`${HOUSE}${href}`);
  assert.doesNotMatch(await main(colleague), /Phiếu đang ghi dở/);
  assert.equal(await shown(colleague, "systolic-1").inputValue(), "");
  await nurse.getByRole("button", { name: "Bỏ, ghi phiếu mới" }).click();
  await nurse.waitForURL("**?them=1");
  assert.equal(await shown(nurse, "systolic-1").inputValue(), "");
}

// Somebody new, and somebody who leaves.
async function newcomers(nurse) {
  await nurse.goto(`${LIST}/nguoi-24`);
  await judge(nurse, "chronic-join");
  const foreign = await nurse.request.post(`${LIST}/nguoi-24/vao`, { form: { ma: "J20" }, maxRedirects: 0, headers: { origin: HOUSE } });
  assert.equal(foreign.status(), 422, "only the programme's own diagnoses");
  await nurse.locator("#ma").selectOption("I10");
  await nurse.getByRole("button", { name: "Đưa vào quản lý" }).click();
  await nurse.waitForURL("**?xong=vao");
  await fill(new Actions("new", 99), nurse, ["150", "95"], "Đang hút");
  // Who smokes is asked how much: the question comes up by itself, nothing typed is lost.
  await shown(nurse, "cigarettes").waitFor();
  assert.equal(await shown(nurse, "systolic-1").inputValue(), "150");
  await shown(nurse, "cigarettes").fill("10");
  await save(nurse).click();
  await nurse.waitForURL("**?xong=kham");

  // From a person's record to what is done with them here.
  await nurse.goto(`${HOUSE}/nguoi/nguoi-20`);
  await judge(nurse, "record-of-station");
  await nurse.getByRole("navigation", { name: "Làm với người này" }).getByRole("link", { name: "Bệnh mạn tính" }).click();
  await nurse.waitForURL("**/man-tinh/hypertension/nguoi-20");
  await nurse.getByText("Thôi quản lý người này").click();
  await nurse.locator("#ly-do").fill("   ");
  await nurse.getByRole("button", { name: "Thôi quản lý" }).click();
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /Ghi lý do thôi quản lý/);
  await nurse.locator("#ly-do").fill("Chuyển về Hà Giang");
  await nurse.getByRole("button", { name: "Thôi quản lý" }).click();
  await nurse.waitForURL("**?xong=thoi");
  assert.match(await main(nurse), /Hồ sơ chưa có chẩn đoán thuộc chương trình này/);
  await fresh(nurse, `${LIST}?xem=tat-ca`);
  assert.match(await main(nurse), /24 người đang quản lý/, "one came, one left");
}

// What the day asks: lists, deadlines, and whom to see in which village.
async function day(nurse) {
  await nurse.goto(`${HOUSE}/gioi-thieu`);
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("g");
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("y");
  await nurse.waitForURL("**/hom-nay");
  const text = await main(nurse);
  assert.match(text, /Trạm Y tế xã Bản Bo/);
  assert.match(text, /Tăng huyết áp\s+16 người, 8 trễ/);
  assert.match(text, /Báo cáo Tiêm chủng trẻ em/);
  await judge(nurse, "today");
  await picture(nurse, "hom-nay", [1000, 700]);
  await nurse.getByRole("link", { name: "Bản Cốc Phung" }).click();
  await nurse.waitForURL("**/hom-nay/thon?*");
  const round = await main(nurse);
  assert.match(round, /5 người cần gặp/);
  assert.match(round, /Tăng huyết áp \(trễ\)/);
  await judge(nurse, "round");
  // On a phone what does not fit into the bar is behind «Thêm».
  await nurse.setViewportSize({ width: 390, height: 844 });
  await nurse.locator("nav .more summary").click();
  await nurse.screenshot({ path: `${SHOTS}/more-390.png` });
  await nurse.locator("nav .more").getByRole("link", { name: "Báo cáo" }).click();
  await nurse.waitForURL("**/bao-cao");
  await nurse.setViewportSize({ width: 1440, height: 900 });
}

// What became of everybody who was ever taken in: each number leads to its people, and those who missed are those of the list.
async function outcomes(nurse) {
  await nurse.goto(`${LIST}?xem=tre`);
  while (await nurse.getByText(/đang được cập nhật/).count()) await nurse.reload();
  const late = await people(nurse).count();
  const actions = new Actions("from the list to the names behind a number of outcomes", 2);
  await actions.click(nurse.getByRole("link", { name: "Kết quả điều trị" }));
  await nurse.waitForURL("**/ket-qua");
  assert.match(await main(nurse), /25 người từng được quản lý/);
  const of = async (head) => {
    const cells = await nurse.locator(`#theo-thon td[data-head="${head}"]`).allInnerTexts();
    return cells.map(Number).reduce((sum, one) => sum + one, 0);
  };
  assert.equal(await of("Số người"), 25);
  assert.equal(await of("Bỏ hẹn"), late);
  assert.equal((await of("Thôi quản lý")) + (await of("Chuyển đi")), 1);
  assert.ok((await of("Đạt mục tiêu")) > 0 && (await of("Tử vong")) === 0);
  await judge(nurse, "chronic-outcomes");
  await picture(nurse, "ket-qua-dieu-tri", [1100, 620]);
  const unmeasured = await of("Chưa đo");
  assert.ok(unmeasured > 0, "some have not come yet");
  // The last line is everybody, whatever the quarter.
  await actions.click(nurse.locator('#theo-quy td[data-head="Chưa đo"] a').last());
  await nurse.waitForURL("**tt=chua-do*");
  assert.equal(await people(nurse).count(), unmeasured);
  await judge(nurse, "chronic-outcomes-people");
  actions.told();
}

const browser = await launch();
try {
  const keep = await keeper(browser, LINK);
  const at = (login, name, facility) => colleague(browser, keep, { house: HOUSE, login, name, role: "station-staff", facility }, [403, 404, 422]);
  const nurse = await at("tram.ban.bo", "Lò Thị Điều Dưỡng", "cskcb-12090");
  const stranger = await at("tram.pac.ta", "Tẩn Thị Lạ", "cskcb-12101");
  await day(nurse);
  await nurse.goto(`${HOUSE}/gioi-thieu`);
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("g");
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("m");
  await nurse.waitForURL(LIST);
  assert.match(await main(nurse), /24 người đang quản lý/);
  assert.equal(await people(nurse).count(), 16, "the late ones and those of today");
  await judge(nurse, "chronic-list");
  await picture(nurse, "man-tinh", [1000, 620]);
  await nurse.getByRole("link", { name: /Quá hẹn/ }).click();
  await nurse.waitForURL("**xem=tre**");
  assert.equal(await people(nurse).count(), 8);
  await nurse.getByRole("link", { name: /Bản Cốc Phung/ }).click();
  assert.ok((await people(nurse).count()) < 8);
  await nurse.goto(LIST);
  await firstVisit(nurse);
  await visits(nurse);
  await halfTyped(nurse, await at("tram.ban.bo.2", "Vi Thị Đồng Nghiệp", "cskcb-12090"));
  await mistaken(nurse);
  await newcomers(nurse);
  await outcomes(nurse);

  // The month's report has the visits, and nobody typed a number.
  const today = new Date(Date.now() + 7 * 3600000).toISOString().slice(0, 7);
  await nurse.goto(`${HOUSE}/bao-cao/monthly-visits?ky=${today}`);
  while (await nurse.getByText(/đang được cập nhật/).count()) await nurse.reload();
  assert.match(await main(nurse), /Tổng số lượt khám\s+9/);

  await stranger.goto(LIST);
  assert.match(await main(stranger), /0 người đang quản lý/);
  await judge(stranger, "chronic-empty");
  assert.equal((await stranger.goto(`${LIST}/nguoi-1`)).status(), 403);
  const cashier = await colleague(browser, keep, { house: HOUSE, login: "thu.ngan", name: "Vi Văn Thu", role: "cashier", facility: "cskcb-12090" }, [403]);
  assert.doesNotMatch(await (await cashier.goto(`${HOUSE}/hom-nay`)).text(), /Lò Thị|Vàng A|trễ/);
  for (const path of ["/man-tinh/hypertension", "/man-tinh/hypertension?noi=cskcb-12090", "/man-tinh/hypertension/nguoi-1", "/man-tinh/hypertension/ket-qua"]) {
    assert.equal((await cashier.goto(`${HOUSE}${path}`)).status(), 403, path);
  }
} finally {
  await browser.close();
}
