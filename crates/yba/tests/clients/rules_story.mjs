// What rules of content say at the moment of entry, in a real browser (headless Chromium): blood pressure that is very high, a fever of a
// newborn, a living vaccine for a child who must not get it; and visits of which nothing is said.
//
// Arguments: address of a closed node with the people, its link for the first run, folder for screenshots.

import assert from "node:assert/strict";
import { Actions, colleague, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const LIST = `${HOUSE}/man-tinh/hypertension`;
const main = (page) => page.locator("main").innerText();
const shown = (page, name) => page.locator(`[name="${name}"]:visible`);
const choose = (page, legend, word) => page.getByRole("group", { name: legend }).getByText(word, { exact: true });
const save = (page) => page.getByRole("button", { name: "Ghi lần khám" }).last();
const cards = (page) => page.locator("#nhac-viec .alert");
const reason = (page, rule) => page.locator(`[name^="~vi-sao.${rule}."]`);

async function habits(actions, nurse) {
  await actions.fill(shown(nurse, "pulse"), "76");
  await actions.fill(shown(nurse, "weight"), "56,5");
  await actions.click(choose(nurse, "Hút thuốc lá, thuốc lào", "Chưa bao giờ"));
  await actions.click(choose(nurse, /Uống rượu, bia/, "Không"));
  await actions.click(choose(nurse, /Uống thuốc trong 7 ngày/, "Đủ các ngày"));
  await actions.click(choose(nurse, /Tác dụng phụ/, "Không có"));
}

// 190/120: the card comes while one types, and nobody loses their place; the reason is asked for once, and kept.
async function veryHigh(nurse) {
  await nurse.goto(`${LIST}/nguoi-1`);
  assert.equal(await cards(nurse).count(), 0);
  await shown(nurse, "systolic-1").pressSequentially("190");
  await shown(nurse, "diastolic-1").pressSequentially("120");
  await cards(nurse).first().waitFor();
  assert.match(await cards(nurse).innerText(), /Huyết áp 190\/120 mmHg[^]*Cho nằm nghỉ/);
  assert.equal(await cards(nurse).count(), 1);
  assert.ok(await shown(nurse, "diastolic-1").evaluate((one) => one === document.activeElement), "nobody loses their place");
  await judge(nurse, "rules-typing");
  await picture(nurse, "nhac-viec", [1400, 820]);
  // A slip of the finger, mended: the card goes with it.
  await shown(nurse, "systolic-1").fill("130");
  await shown(nurse, "diastolic-1").fill("80");
  await cards(nurse).first().waitFor({ state: "detached" });
  await shown(nurse, "systolic-1").fill("190");
  await shown(nurse, "diastolic-1").fill("120");
  await cards(nurse).first().waitFor();
  await habits(new Actions("very high", 99), nurse);
  const answered = nurse.waitForResponse((one) => one.request().method() === "POST" && !one.url().includes("/nhap"));
  await save(nurse).click();
  assert.equal((await answered).status(), 422);
  await nurse.waitForSelector("#nhac-viec .error");
  assert.match(await main(nurse), /Huyết áp rất cao: ghi lý do rồi bấm ghi lại/);
  assert.equal(await shown(nurse, "systolic-1").inputValue(), "190", "what was typed stays");
  await judge(nurse, "rules-asked");
  // What is typed here is not overtaken by what is kept meanwhile.
  await shown(nurse, "pulse").fill("80");
  await reason(nurse, "pressure-very-high").pressSequentially("Không đau ngực, ");
  await nurse.waitForTimeout(1500);
  await reason(nurse, "pressure-very-high").pressSequentially("đã nằm nghỉ đo lại");
  assert.equal(await reason(nurse, "pressure-very-high").inputValue(), "Không đau ngực, đã nằm nghỉ đo lại");
  const form = await nurse.locator("form#phieu").evaluate((one) => new URLSearchParams(new FormData(one)).toString());
  const action = await nurse.locator("form#phieu").getAttribute("action");
  await save(nurse).click();
  await nurse.waitForURL("**?xong=kham");
  assert.match(await main(nurse), /Huyết áp 190\/120 mmHg[^]*Lý do vẫn ghi: Không đau ngực, đã nằm nghỉ đo lại/);
  await judge(nurse, "rules-kept");
  const again = await nurse.request.post(`${HOUSE}${action}`, {
    data: form, maxRedirects: 0, headers: { "content-type": "application/x-www-form-urlencoded", origin: HOUSE },
  });
  assert.equal(again.status(), 303, "sent again it is written once");
}

// The many others: nothing is said, nothing more is done.
async function normal(nurse) {
  const actions = new Actions("a normal visit", 9);
  await nurse.goto(`${LIST}/nguoi-2`);
  await actions.fill(shown(nurse, "systolic-1"), "124");
  await actions.fill(shown(nurse, "diastolic-1"), "80");
  await habits(actions, nurse);
  await nurse.getByText("Đã lưu nháp").waitFor();
  const reminders = await cards(nurse).count();
  await actions.click(save(nurse));
  await nurse.waitForURL("**?xong=kham");
  assert.equal(await nurse.locator("main .alert").count(), 0);
  assert.equal(actions.count, 9, "the fields, the choices and the button: as before there were rules");
  console.log(`a normal visit: ${reminders} reminders, ${actions.count - 9} actions more`);
}

// A newborn with a fever; a warning that whoever types fast sees after the visit; and a visit that is taken back with its reason.
async function newborn(nurse) {
  await nurse.goto(`${HOUSE}/kham/be-2`);
  await shown(nurse, "complaint").fill("Sốt, nổi ban đỏ");
  await shown(nurse, "temperature").fill("38,4");
  await cards(nurse).nth(1).waitFor();
  const text = await cards(nurse).allInnerTexts();
  assert.match(text[0], /Trẻ 30 ngày tuổi sốt 38,4 °C/, "the gravest first");
  assert.match(text[1], /nghĩ đến sởi. Ca nghi ngờ phải thông báo trong 24 giờ/);
  await shown(nurse, "main").pressSequentially("viem phe quan");
  await nurse.locator(`datalist option[value*="J20.9"]`).first().waitFor({ state: "attached" });
  await shown(nurse, "main").fill(await nurse.locator(`datalist option[value*="J20.9"]`).first().getAttribute("value"));
  await reason(nurse, "fever-young-infant").fill("Gia đình từ chối chuyển tuyến, đã giải thích");
  await judge(nurse, "rules-two");
  await save(nurse).click();
  await nurse.waitForURL("**?xong=kham");
  const after = await main(nurse);
  assert.match(after, /Lý do vẫn ghi: Gia đình từ chối chuyển tuyến/);
  assert.match(after, /nghĩ đến sởi/, "whoever typed fast sees it now");
  await judge(nurse, "rules-after");
  await nurse.getByText("Ghi nhầm?").click();
  await nurse.getByRole("button", { name: "Rút lần khám này" }).click();
  await nurse.waitForURL("**?xong=rut");
}

// A child with an immunodeficiency: the card stands before anything is drawn from a vial.
async function vaccination(nurse) {
  await nurse.goto(`${HOUSE}/tiem-chung/be-1`);
  const texts = (await cards(nurse).allInnerTexts()).join("\n");
  assert.match(texts, /Suy giảm miễn dịch phối hợp; .*Sởi – Rubella \(MR\).* là vắc xin sống/);
  assert.equal(await cards(nurse).count(), 1, "one reminder for all living vaccines");
  assert.doesNotMatch(texts, /DPT/, "only living vaccines");
  await judge(nurse, "rules-vaccination");
  const chosen = nurse.locator("input[name=mui]:checked");
  for (const value of await chosen.evaluateAll((all) => all.map((one) => one.value))) {
    if (value !== "measles") await nurse.locator(`#mui-${value}`).uncheck();
  }
  await nurse.locator("#lo-measles").fill("LO-MR");
  await nurse.locator("#han-measles").fill("31/12/2099");
  await nurse.getByLabel("Không có chống chỉ định").check();
  await nurse.getByRole("button", { name: "Tiêm và ghi" }).click();
  await nurse.waitForSelector("#nhac-viec .error");
  assert.equal(await cards(nurse).count(), 1);
  assert.equal(await nurse.locator("#lo-measles").inputValue(), "LO-MR");
  await judge(nurse, "rules-vaccination-asked");
  await reason(nurse, "live-vaccine-immunodeficiency").fill("Bệnh viện đã khám sàng lọc và cho tiêm");
  await nurse.getByRole("button", { name: "Tiêm và ghi" }).click();
  await nurse.waitForURL("**?xong=tiem");
  assert.match(await main(nurse), /Lý do vẫn ghi: Bệnh viện đã khám sàng lọc và cho tiêm/);
  await judge(nurse, "rules-vaccination-given");
}

const browser = await launch();
try {
  const keep = await keeper(browser, LINK);
  const nurse = await colleague(browser, keep, { house: HOUSE, login: "tram.ban.bo", name: "Lò Thị Điều Dưỡng", role: "station-staff", facility: "cskcb-12090" }, [422]);
  await veryHigh(nurse);
  await normal(nurse);
  await newborn(nurse);
  await vaccination(nurse);
  assert.deepEqual(nurse.surprises, []);
} finally {
  await browser.close();
}
