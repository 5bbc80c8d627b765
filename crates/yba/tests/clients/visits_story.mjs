// A visit at a commune station, in a real browser (headless Chromium): from a person's record to the diagnosis, found while one types;
// what must be notified says so; a visit written by mistake; and colleagues who see none of it.
//
// Arguments: address of a closed node, its link for the first run, folder for screenshots. Prints what a visit costs.

import assert from "node:assert/strict";
import { Actions, colleague, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const main = (page) => page.locator("main").innerText();
const field = (page, name) => page.locator(`[name="${name}"]:visible`);
const save = (page) => page.getByRole("button", { name: "Ghi lần khám" }).last();

// A few letters without marks, and the list has the disease.
async function diagnose(actions, nurse, name, words, code) {
  await field(nurse, name).pressSequentially(words);
  await nurse.locator(`datalist option[value*="${code}"]`).first().waitFor({ state: "attached" });
  const label = await nurse.locator(`datalist option[value*="${code}"]`).first().getAttribute("value");
  await actions.fill(field(nurse, name), label);
}

async function measles(nurse) {
  const actions = new Actions("the nurse writes down a visit", 10);
  await nurse.goto(`${HOUSE}/nguoi/be-pao`);
  await actions.click(nurse.getByRole("navigation", { name: "Làm với người này" }).getByRole("link", { name: "Khám bệnh" }));
  await nurse.waitForURL("**/kham/be-pao");
  await judge(nurse, "visit");
  await picture(nurse, "kham-benh", [1000, 900]);
  await actions.fill(field(nurse, "complaint"), "Sốt, phát ban, ho");
  await actions.fill(field(nurse, "onset"), "1/11/2026");
  await actions.fill(field(nurse, "temperature"), "38,6");
  await actions.fill(field(nurse, "weight"), "11,2");
  await diagnose(actions, nurse, "main", "soi", "B05.9");
  await diagnose(actions, nurse, "other:0", "a09", "A09");
  await actions.click(save(nurse));
  await nurse.waitForURL("**?xong=kham");
  actions.told();
  const text = await main(nurse);
  assert.match(text, /\(B05\.9\)/);
  assert.match(text, /Sởi là bệnh phải thông báo/);
  await judge(nurse, "visit-seen");
  await nurse.getByRole("link", { name: "Thông báo ca bệnh" }).click();
  await nurse.waitForURL("**/dich-benh/*");
  assert.match(await main(nurse), /để thông báo|quá hạn/);
  await nurse.goto(`${HOUSE}/kham`);
  assert.match(await main(nurse), /Vàng A Páo/);
  await judge(nurse, "visits");
}

async function mistaken(nurse) {
  await nurse.goto(`${HOUSE}/kham/ba-mai`);
  await field(nurse, "complaint").fill("Ho");
  await field(nurse, "systolic").fill("120");
  await diagnose(new Actions("mistaken", 99), nurse, "main", "viem phe quan", "J20.9");
  await save(nurse).click();
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /đủ cả tâm thu và tâm trương/);
  assert.match(await field(nurse, "main").inputValue(), /J20\.9/, "what was chosen stays");
  await judge(nurse, "visit-refused");
  await field(nurse, "diastolic").fill("80");
  await save(nurse).click();
  await nurse.waitForURL("**?xong=kham");
  await nurse.getByText("Ghi nhầm?").click();
  await nurse.getByRole("button", { name: "Rút lần khám này" }).click();
  await nurse.waitForURL("**?xong=rut");
  await field(nurse, "complaint").waitFor();
}

// What was done at the visit of today: three actions, in the register at once, and back.
async function procedures(nurse) {
  await nurse.goto(`${HOUSE}/kham/be-pao`);
  const actions = new Actions("a procedure at a visit", 4);
  await actions.click(nurse.getByText("Ghi thủ thuật", { exact: true }));
  await nurse.locator('select[name^="ma-"]').selectOption("khac");
  await nurse.getByRole("button", { name: "Ghi vào lần khám" }).click();
  await nurse.waitForSelector(".error");
  assert.match(await main(nurse), /Ghi rõ thủ thuật gì/);
  assert.equal(await nurse.locator('select[name^="ma-"]').inputValue(), "khac", "what was chosen stays");
  await actions.choose(nurse.locator('select[name^="ma-"]'), "rua-vet-thuong");
  await actions.fill(nurse.locator('[name^="ghi-chu-"]'), "gối phải");
  await actions.click(nurse.getByRole("button", { name: "Ghi vào lần khám" }));
  await nurse.waitForURL("**?xong=thu-thuat");
  actions.told();
  assert.match(await main(nurse), /Thủ thuật: Rửa vết thương, băng bó: gối phải · Lò Thị Điều Dưỡng/);
  await judge(nurse, "visit-procedure");
  const month = new Date(Date.now() + 7 * 3600000).toISOString().slice(0, 7);
  const register = async () => {
    await nurse.goto(`${HOUSE}/so/procedures?ky=${month}`);
    return main(nurse);
  };
  while (!/Rửa vết thương/.test(await register()));
  assert.match(await register(), /Sổ thủ thuật[^]*Vàng A Páo[^]*B05\.9[^]*Rửa vết thương, băng bó[^]*Lò Thị Điều Dưỡng[^]*gối phải/);
  await judge(nurse, "procedures-register");
  await nurse.goto(`${HOUSE}/nguoi/be-pao`);
  await nurse.locator('a[href*="/luot/"]').first().click();
  await nurse.waitForURL("**/luot/*");
  assert.match(await main(nurse), /Dịch vụ, thủ thuật[^]*Rửa vết thương, băng bó/, "the record shows it");
  await nurse.goto(`${HOUSE}/kham/be-pao`);
  await nurse.getByText("Ghi nhầm thủ thuật này?").click();
  await nurse.getByRole("button", { name: "Rút thủ thuật" }).click();
  await nurse.waitForURL("**?xong=rut-thu-thuat");
  assert.doesNotMatch(await main(nurse), /gối phải/);
}

const browser = await launch();
try {
  const keep = await keeper(browser, LINK);
  const at = (login, name, facility) => colleague(browser, keep, { house: HOUSE, login, name, role: "station-staff", facility }, [403, 422]);
  const nurse = await at("tram.ban.bo", "Lò Thị Điều Dưỡng", "cskcb-12090");
  const stranger = await at("tram.pac.ta", "Tẩn Thị Lạ", "cskcb-12101");
  await measles(nurse);
  await procedures(nurse);
  await mistaken(nurse);
  const month = new Date(Date.now() + 7 * 3600000).toISOString().slice(0, 7);
  await nurse.goto(`${HOUSE}/bao-cao/monthly-visits?ky=${month}`);
  while (!/Tổng số lượt khám\s+1/.test(await main(nurse))) await nurse.reload();

  await stranger.goto(`${HOUSE}/kham`);
  assert.match(await main(stranger), /Hôm nay chưa khám ai/);
  assert.equal((await stranger.goto(`${HOUSE}/kham/be-pao`)).status(), 403);
  const cashier = await colleague(browser, keep, { house: HOUSE, login: "thu.ngan", name: "Vi Văn Thu", role: "cashier", facility: "cskcb-12090" }, [403]);
  assert.equal((await cashier.goto(`${HOUSE}/kham/be-pao`)).status(), 403);
} finally {
  await browser.close();
}
