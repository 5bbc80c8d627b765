// Sending somebody on, in a real browser (headless Chromium): a visit, the referral with what the visit already said, the hospital that
// receives and reaches the record by it, a referral taken back, and one that names a sealed diagnosis.
//
// Arguments: address of a closed node with the people, its link for the first run, folder for screenshots. Prints what a referral costs.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { Actions, colleague, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const main = (page) => page.locator("main").innerText();
const shown = (page, name) => page.locator(`[name="${name}"]:visible`);
const choose = (page, legend, word) => page.getByRole("group", { name: legend }).getByText(word, { exact: true });
const status = async (page, path) => (await page.goto(`${HOUSE}${path}`)).status();

async function visit(nurse) {
  await nurse.goto(`${HOUSE}/kham/nguoi-1`);
  await shown(nurse, "complaint").fill("Méo miệng, yếu nửa người");
  await shown(nurse, "systolic").fill("190");
  await shown(nurse, "diastolic").fill("110");
  await shown(nurse, "main").fill("I64");
  await shown(nurse, "treatment").fill("Nằm đầu cao, thở oxy");
  await choose(nurse, "Sau khám", "Chuyển tuyến trên").click();
  await nurse.getByRole("button", { name: "Ghi lần khám" }).last().click();
  // Where a rule stops it, the reason is written.
  const reason = nurse.locator("[name^='~vi-sao.']:visible");
  await Promise.race([nurse.waitForURL("**?xong=kham"), reason.first().waitFor()]);
  if (await reason.count()) {
    for (const one of await reason.all()) await one.fill("Chuyển cấp cứu ngay");
    await nurse.getByRole("button", { name: "Ghi lần khám" }).last().click();
    await nurse.waitForURL("**?xong=kham");
  }
}

async function referral(nurse) {
  const actions = new Actions("a referral after a visit", 8);
  await actions.click(nurse.getByRole("link", { name: "Viết phiếu chuyển tuyến" }));
  await nurse.waitForURL("**/chuyen-tuyen/nguoi-1");
  assert.doesNotMatch(await nurse.locator("#den").innerText(), /Trạm Y tế/, "nobody is sent to a station");
  await judge(nurse, "refer-where");
  await actions.choose(nurse.locator("#den"), "Bệnh viện đa khoa tỉnh Lai Châu");
  await actions.click(nurse.getByRole("button", { name: "Viết phiếu chuyển" }));
  await nurse.waitForURL("**/chuyen-tuyen/nguoi-1/cskcb-12001");
  const text = await main(nurse);
  assert.match(text, /Bệnh viện đa khoa tỉnh Lai Châu/);
  assert.match(await shown(nurse, "findings").inputValue(), /Huyết áp 190\/110 mmHg/, "what was measured is not asked again");
  assert.match(await shown(nurse, "treated").inputValue(), /thở oxy/);
  assert.match(await shown(nurse, "main").inputValue(), /I64|Đột qu/);
  await judge(nurse, "refer-form");
  await picture(nurse, "chuyen-tuyen", [1000, 760]);
  await nurse.getByRole("button", { name: "Chuyển tuyến" }).last().click();
  await nurse.waitForSelector(".note.bad, .error");
  assert.match(await main(nurse), /lý do chuyển/i);
  await actions.click(choose(nurse, "Lý do chuyển", "Cấp cứu"));
  await actions.click(choose(nurse, "Đi bằng", "Xe cấp cứu"));
  await actions.fill(shown(nurse, "companion"), "Con trai, 0912345678");
  const form = await nurse.locator("form#phieu").evaluate((one) => new URLSearchParams(new FormData(one)).toString());
  await actions.click(nurse.getByRole("button", { name: "Chuyển tuyến" }).last());
  await nurse.waitForURL("**?xong=ghi");
  actions.told();
  const again = await nurse.request.post(`${HOUSE}/chuyen-tuyen/nguoi-1/cskcb-12001`, { data: form, maxRedirects: 0, headers: { "content-type": "application/x-www-form-urlencoded", origin: HOUSE } });
  assert.equal(again.status(), 303);
  await nurse.goto(`${HOUSE}/chuyen-tuyen`);
  assert.match(await main(nurse), /Đã chuyển đi\s+1 chờ tiếp nhận/, "sent twice, written once");
  await judge(nurse, "refer-lists");
}

const browser = await launch();
try {
  const keep = await keeper(browser, LINK);
  const at = (login, name, role, facility) => colleague(browser, keep, { house: HOUSE, login, name, role, facility }, [403, 404, 422]);
  const nurse = await at("tram.ban.bo", "Lò Thị Điều Dưỡng", "station-staff", "cskcb-12090");
  const doctor = await at("bac.si", "BS. Đỗ Văn Viện", "doctor", "cskcb-12001");
  assert.equal(await status(doctor, "/chuyen-tuyen/nguoi-1"), 403, "nobody sent her yet");
  await visit(nurse);
  await referral(nurse);

  // The hospital: expected, with the record.
  await doctor.goto(`${HOUSE}/chuyen-tuyen`);
  assert.match(await main(doctor), /Tẩn Mý Lai[\s\S]*Trạm Y tế xã Bản Bo → Bệnh viện đa khoa tỉnh Lai Châu[\s\S]*Cấp cứu, chờ tiếp nhận/);
  await doctor.goto(`${HOUSE}/nguoi/nguoi-1`);
  assert.match(await main(doctor), /190\/110/, "what the station measured is there");
  await doctor.goto(`${HOUSE}/chuyen-tuyen/nguoi-1`);
  assert.match(await main(doctor), /Đã xử trí, thuốc đã dùng\s+Nằm đầu cao, thở oxy/, "what the station did is read at once");
  await judge(doctor, "refer-received");
  assert.equal(await doctor.getByRole("button", { name: "Rút phiếu chuyển" }).count(), 0, "who did not write it does not take it back");
  const printed = await doctor.request.get(`${HOUSE}${await doctor.getByRole("link", { name: "In phiếu chuyển" }).getAttribute("href")}`);
  assert.equal(printed.headers()["content-type"], "application/pdf");
  writeFileSync(`${SHOTS}/chuyen-tuyen.pdf`, await printed.body());
  await doctor.getByRole("button", { name: "Đã tiếp nhận" }).click();
  await doctor.waitForURL("**?xong=nhan");
  const id = (await doctor.locator("section[id^='phieu-lk-']").first().getAttribute("id")).slice("phieu-".length);
  const press = (who, act) => who.request.post(`${HOUSE}/chuyen-tuyen/nguoi-1/${act}`, { form: { phieu: id }, maxRedirects: 0, headers: { origin: HOUSE } });
  assert.equal((await press(doctor, "nhan")).status(), 303, "received twice is received once");
  assert.equal((await press(nurse, "nhan")).status(), 403, "another facility's");
  assert.equal((await press(nurse, "rut")).status(), 409, "who was received is not called back");
  await nurse.goto(`${HOUSE}/chuyen-tuyen`);
  assert.match(await main(nurse), /Đã tiếp nhận/);
  const late = await nurse.request.post(`${HOUSE}/chuyen-tuyen/nguoi-1/rut`, { form: { phieu: "lk-0000" }, maxRedirects: 0, headers: { origin: HOUSE } });
  assert.equal(late.status(), 404);

  // A wrong one is taken back, and with it the reach.
  const write = async (place, code) => {
    await nurse.goto(`${HOUSE}/chuyen-tuyen/nguoi-2/${place}`);
    await choose(nurse, "Lý do chuyển", "Theo yêu cầu của người bệnh").click();
    await choose(nurse, "Đi bằng", "Tự đi").click();
    await shown(nurse, "main").fill(code);
    await shown(nurse, "findings").fill("Đau lưng");
    await nurse.getByRole("button", { name: "Chuyển tuyến" }).last().click();
    await nurse.waitForURL("**?xong=ghi");
  };
  assert.equal(await status(doctor, "/chuyen-tuyen/nguoi-2"), 403);
  await write("cskcb-12001", "M54.5");
  assert.equal(await status(doctor, "/chuyen-tuyen/nguoi-2"), 200);
  await nurse.getByText("Ghi nhầm, không chuyển nữa?").click();
  await nurse.getByRole("button", { name: "Rút phiếu chuyển" }).click();
  await nurse.waitForURL("**?xong=rut");
  assert.equal(await status(doctor, "/chuyen-tuyen/nguoi-2"), 403, "the reach ended with it");
  assert.equal(await status(nurse, "/chuyen-tuyen/nguoi-2/khong-co"), 404);

  // Of a disease that is sealed in the record the referral is sealed too.
  const psychiatrist = await at("bac.si.2", "BS. Vàng Thị Tâm", "doctor", "cskcb-12090");
  await psychiatrist.goto(`${HOUSE}/chuyen-tuyen/nguoi-2/cskcb-12002`);
  await choose(psychiatrist, "Lý do chuyển", "Vượt khả năng chuyên môn").click();
  await choose(psychiatrist, "Đi bằng", "Tự đi").click();
  await shown(psychiatrist, "main").fill("F20.0");
  await shown(psychiatrist, "findings").fill("Kích động");
  await psychiatrist.getByRole("button", { name: "Chuyển tuyến" }).last().click();
  await psychiatrist.waitForURL("**?xong=ghi");
  const sealed = await psychiatrist.getByRole("link", { name: "In phiếu chuyển" }).first().getAttribute("href");
  assert.equal((await psychiatrist.request.get(`${HOUSE}${sealed}`)).status(), 200);
  assert.equal((await nurse.request.get(`${HOUSE}${sealed}`)).status(), 404, "nor gets the letter");
  await nurse.goto(`${HOUSE}/chuyen-tuyen`);
  assert.doesNotMatch(await main(nurse), /F20|Tam Đường/, "who may not see the category does not see the referral");
  const cashier = await at("thu.ngan", "Vi Văn Thu", "cashier", "cskcb-12090");
  assert.equal(await status(cashier, "/chuyen-tuyen/nguoi-1"), 403);
} finally {
  await browser.close();
}
