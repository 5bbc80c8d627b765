// A birth and a death at a commune station, in a real browser (headless Chromium): the child stands on the vaccination list, the dead on no
// list, registers and reports have both; forms sent twice; what was written by mistake; a cause that not everybody may see; strangers.
//
// Arguments: address of a closed node, its link for the first run, folder for screenshots. Prints what a birth and a death cost.

import assert from "node:assert/strict";
import { Actions, colleague, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const main = (page) => page.locator("main").innerText();
const field = (page, name) => page.locator(`[name="${name}"]:visible`);
const option = (page, name, key) => page.locator(`input[name="${name}"][value="${key}"]`);
const NOW = new Date(Date.now() + 7 * 3600000).toISOString();
const MONTH = NOW.slice(0, 7);
const TODAY = `${NOW.slice(8, 10)}/${NOW.slice(5, 7)}/${NOW.slice(0, 4)}`;

// Reloads until the page says so: what follows the records is a moment behind.
async function until(page, address, words) {
  await page.goto(`${HOUSE}${address}`);
  for (let tries = 0; !words.test(await main(page)); tries += 1) {
    assert.ok(tries < 200, `${words} in ${await main(page)}`);
    await page.waitForTimeout(50);
    await page.reload();
  }
}

// What a form would send, and sending it again.
const filled = (page) => page.locator("form[action^='/sinh-tu/']").first().evaluate((form) => new URLSearchParams(new FormData(form)).toString());
const again = (page, address, data) => page.request.post(`${HOUSE}${address}`, {
  data, maxRedirects: 0, headers: { "content-type": "application/x-www-form-urlencoded", origin: HOUSE },
});

async function fromRecord(actions, nurse, id, verb) {
  await nurse.goto(`${HOUSE}/nguoi/${id}`);
  await actions.click(nurse.getByRole("navigation", { name: "Làm với người này" }).getByRole("link", { name: "Sinh và tử" }));
  await nurse.waitForURL(`**/sinh-tu/nguoi/${id}`);
  await actions.click(nurse.getByRole("link", { name: verb }));
}

async function birth(nurse) {
  const actions = new Actions("the nurse writes down a birth", 9);
  await fromRecord(actions, nurse, "me-un", "Ghi sinh con");
  await nurse.waitForURL("**/sinh-tu/sinh/me-un");
  await judge(nurse, "birth");
  await actions.fill(field(nurse, "born"), `${TODAY} 0h01`);
  await actions.click(option(nurse, "attendant", "midwife"));
  await actions.fill(field(nurse, "weeks"), "39");
  await actions.fill(field(nurse, "parity"), "1");
  await actions.click(option(nurse, "sex", "female"));
  await actions.fill(field(nurse, "weight"), "3100");
  const data = await filled(nurse);
  await actions.click(nurse.getByRole("button", { name: "Ghi sinh" }).last());
  await nurse.waitForURL("**?xong=sinh");
  actions.told();
  const text = await main(nurse);
  assert.match(text, /Con bà Lò Thị Un/);
  assert.match(text, /SS-12090-\d{8}-0001/);
  assert.match(text, /3\.100/);
  await judge(nurse, "birth-written");
  // Sent again, as by an impatient hand on a slow line.
  const twice = await again(nurse, "/sinh-tu/sinh/me-un", data);
  assert.equal(twice.status(), 303, await twice.text());
  const child = await nurse.getByRole("link", { name: "Con bà Lò Thị Un" }).getAttribute("href");
  await nurse.goto(`${HOUSE}${child}`);
  assert.match(await main(nurse), /CON BÀ LÒ THỊ UN/);
  await until(nurse, "/tiem-chung", /Con bà Lò Thị Un/);
  const row = nurse.locator("tr", { hasText: "Con bà Lò Thị Un" });
  assert.match(await row.innerText(), /VGB/, "hepatitis B is due at birth");
  await row.getByRole("link").first().click();
  await nurse.waitForURL("**/tiem-chung/*");
  assert.match(await main(nurse), /VGB/);
}

// A second child of the same delivery, which turns out to be a mistake; its number of a certificate is mistyped first.
async function twin(nurse) {
  await nurse.goto(`${HOUSE}/sinh-tu/nguoi/me-un`);
  await nurse.getByRole("link", { name: "Ghi trẻ tiếp theo (sinh đôi)" }).click();
  await nurse.waitForURL("**/sinh-tu/sinh/me-un");
  assert.equal(await field(nurse, "order").inputValue(), "2");
  await field(nurse, "born").fill(`${TODAY} 0h06`);
  await option(nurse, "attendant", "midwife").click();
  await field(nurse, "weeks").fill("39");
  await field(nurse, "parity").fill("1");
  await option(nurse, "sex", "female").click();
  await field(nurse, "weight").fill("2700");
  await field(nurse, "certificate").fill("17/2026");
  await nurse.getByRole("button", { name: "Ghi sinh" }).last().click();
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /12090\.GCS\.00001\.26/);
  assert.equal(await field(nurse, "weight").inputValue(), "2700", "what was typed stays");
  await judge(nurse, "birth-refused");
  await field(nurse, "certificate").fill("12090.GCS.00018.26");
  await nurse.getByRole("button", { name: "Ghi sinh" }).last().click();
  await nurse.waitForURL("**?xong=sinh");
  assert.match(await main(nurse), /Con 2 bà Lò Thị Un/);
  assert.match(await main(nurse), /SS-12090-\d{8}-0002/);
  // Two children, two people: each has a page of their own with their own code.
  const second = await nurse.getByRole("link", { name: "Con 2 bà Lò Thị Un" }).getAttribute("href");
  await nurse.goto(`${HOUSE}${second}`);
  assert.doesNotMatch(await main(nurse), /-0001/, "the other one's code is not hers");
  await until(nurse, `/sinh-tu?ky=${MONTH}`, /2 trẻ/);
  await nurse.goto(`${HOUSE}/sinh-tu/nguoi/me-un`);
  const card = nurse.locator("section.card", { hasText: "Con 2 bà Lò Thị Un" });
  await card.getByText("Ghi nhầm?").click();
  await card.getByRole("button", { name: "Rút lần sinh này" }).click();
  await nurse.waitForURL("**?xong=rut-sinh");
  assert.doesNotMatch(await main(nurse), /Con 2 bà/);
  await until(nurse, `/sinh-tu?ky=${MONTH}`, /1 trẻ/);
}

// A few letters without marks, and the list has the disease.
async function cause(actions, nurse, name, words, code) {
  await field(nurse, name).pressSequentially(words);
  const offered = nurse.locator(`datalist option[value*="${code}"]`).first();
  await offered.waitFor({ state: "attached" });
  await actions.fill(field(nurse, name), await offered.getAttribute("value"));
}

async function death(nurse) {
  await until(nurse, "/man-tinh/hypertension?xem=tat-ca", /Vàng A Già/);
  const actions = new Actions("the nurse writes down a death", 14);
  await fromRecord(actions, nurse, "ong-gia", "Ghi tử vong");
  await nurse.waitForURL("**/sinh-tu/tu/ong-gia");
  await judge(nurse, "death");
  await actions.fill(field(nurse, "day"), TODAY);
  await actions.fill(field(nurse, "time"), "0h05");
  await actions.click(option(nurse, "place", "home"));
  await actions.click(option(nurse, "cared", "true"));
  await actions.click(option(nurse, "determined", "doctor"));
  await cause(actions, nurse, "ia", "phu nao", "G93.6");
  await cause(actions, nurse, "ib", "xuat huyet noi so", "I61.9");
  await cause(actions, nurse, "ic", "i10", "I10");
  await actions.fill(field(nurse, "ia-interval"), "6");
  await actions.choose(field(nurse, "ia-interval~unit"), "h");
  await nurse.getByText(/I10 · /).first().waitFor();
  await picture(nurse, "ghi-tu-vong", [1000, 1500]);
  const data = await filled(nurse);
  await actions.click(nurse.getByRole("button", { name: "Ghi tử vong" }).last());
  await nurse.waitForURL("**?xong=tu");
  actions.told();
  const text = await main(nurse);
  for (const words of [/Ia\s+Phù não \(G93\.6\)\s+6.giờ/, /Ib\s+.*\(I61\.9\)/, /Ic\s+.*\(I10\)/, /Nguyên nhân chính: .*\(I10\)/, /Đã mất/]) {
    assert.match(text, words);
  }
  await judge(nurse, "death-written");
  const twice = await again(nurse, "/sinh-tu/tu/ong-gia", data);
  assert.equal(twice.status(), 303, await twice.text());
  const other = await again(nurse, "/sinh-tu/tu/ong-gia", data.replace(/%7Ephieu=[^&]*/, "%7Ephieu=phieu-khac"));
  assert.equal(other.status(), 409);
  assert.match(await other.text(), /Người này đã ghi tử vong ngày/);
  await nurse.goto(`${HOUSE}/sinh-tu/tu/ong-gia`);
  await nurse.waitForURL("**/sinh-tu/nguoi/ong-gia");
  // Nobody calls him any more.
  await nurse.goto(`${HOUSE}/man-tinh/hypertension?xem=tat-ca`);
  for (let tries = 0; /Vàng A Già/.test(await main(nurse)); tries += 1) {
    assert.ok(tries < 200, "the dead are on no list");
    await nurse.reload();
  }
  await nurse.goto(`${HOUSE}/kham/ong-gia`);
  assert.match(await main(nurse), /Đã mất/, "a visit of somebody dead says so");
}

// What nobody typed.
async function follows(nurse) {
  await until(nurse, `/bao-cao/monthly-births?ky=${MONTH}`, /Trẻ đẻ ra sống\s+1/);
  await until(nurse, `/bao-cao/monthly-deaths?ky=${MONTH}`, /Tổng số tử vong\s+1/);
  assert.match(await main(nurse), /Do bệnh tim mạch\s+1/);
  await nurse.goto(`${HOUSE}/gioi-thieu`);
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("g");
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("u");
  await nurse.waitForURL("**/sinh-tu");
  const text = await main(nurse);
  assert.match(text, /Lò Thị Un/);
  assert.match(text, /Vàng A Già/);
  await judge(nurse, "life");
  await picture(nurse, "sinh-tu", [1000, 620]);
  console.log("keys typed for registers and reports: 0");
}

async function mistaken(nurse) {
  await nurse.goto(`${HOUSE}/sinh-tu/nguoi/ong-gia`);
  await nurse.getByText("Ghi nhầm?").click();
  await nurse.getByRole("button", { name: "Rút lần ghi tử vong" }).click();
  await nurse.waitForURL("**?xong=rut-tu");
  assert.doesNotMatch(await main(nurse), /Đã mất/);
  await until(nurse, "/man-tinh/hypertension?xem=tat-ca", /Vàng A Già/);
  await until(nurse, `/sinh-tu?ky=${MONTH}`, /0 người/);
}

// A cause that is sealed: the death stands on the list, the cause does not, but for who may see it.
async function sealed(nurse, doctor) {
  await nurse.goto(`${HOUSE}/sinh-tu/tu/anh-thu`);
  await field(nurse, "day").fill(TODAY);
  await option(nurse, "place", "hospital").click();
  await option(nurse, "cared", "true").click();
  await option(nurse, "determined", "hospital").click();
  await cause(new Actions("sealed", 99), nurse, "ia", "b20.0", "B20.0");
  await nurse.getByRole("button", { name: "Ghi tử vong" }).last().click();
  await nurse.waitForURL("**?xong=tu");
  await until(nurse, `/sinh-tu?ky=${MONTH}`, /Tẩn A Thử/);
  assert.doesNotMatch(await main(nurse), /HIV|B20/);
  await nurse.goto(`${HOUSE}/sinh-tu/nguoi/anh-thu`);
  assert.doesNotMatch(await main(nurse), /HIV|B20/);
  await judge(nurse, "death-sealed");
  await until(doctor, `/sinh-tu?ky=${MONTH}`, /B20\.0/);
}

const browser = await launch();
try {
  const keep = await keeper(browser, LINK);
  const at = (login, name, facility, role = "station-staff") => colleague(browser, keep, { house: HOUSE, login, name, role, facility }, [403, 409, 422]);
  const nurse = await at("tram.ban.bo", "Lò Thị Điều Dưỡng", "cskcb-12090");
  const stranger = await at("tram.pac.ta", "Tẩn Thị Lạ", "cskcb-12101");
  const doctor = await at("bac.si", "Hà Văn Bác", "cskcb-12090", "doctor");
  await birth(nurse);
  await twin(nurse);
  await death(nurse);
  await follows(nurse);
  await mistaken(nurse);
  await sealed(nurse, doctor);

  await stranger.goto(`${HOUSE}/sinh-tu?ky=${MONTH}`);
  assert.match(await main(stranger), /Tháng này chưa ghi trẻ nào sinh/);
  await judge(stranger, "life-empty");
  for (const path of ["/sinh-tu/nguoi/me-un", "/sinh-tu/sinh/me-un", "/sinh-tu/tu/ong-gia"]) {
    assert.equal((await stranger.goto(`${HOUSE}${path}`)).status(), 403, path);
  }
  const posted = await again(stranger, "/sinh-tu/tu/ong-gia", "day=1");
  assert.equal(posted.status(), 403);
  const cashier = await colleague(browser, keep, { house: HOUSE, login: "thu.ngan", name: "Vi Văn Thu", role: "cashier", facility: "cskcb-12090" }, [403]);
  for (const path of ["/sinh-tu", "/sinh-tu/nguoi/me-un", "/sinh-tu/sinh/me-un"]) {
    assert.equal((await cashier.goto(`${HOUSE}${path}`)).status(), 403, path);
  }
} finally {
  await browser.close();
}
