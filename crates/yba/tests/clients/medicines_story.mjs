// Medicines at a commune station, in a real browser (headless Chromium): lots come in, a prescription from a visit with one reminder, what
// expires first goes out, two hands at one prescription and at the last box, the stocktake, and what was a mistake is taken back.
//
// Arguments: address of a closed node with the people, its link for the first run, folder for screenshots.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { Actions, colleague, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const main = (page) => page.locator("main").innerText();
const field = (page, name) => page.locator(`[name="${name}"]:visible`);
const button = (page, name) => page.getByRole("button", { name, exact: true });
const today = new Date(Date.now() + 7 * 3600000);
const day = (months) => {
  const at = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + months, 15));
  return at.toISOString().slice(0, 10).split("-").reverse().join("/");
};

async function receive(actions, nurse, drug, lot, expiry, units, source) {
  await actions.fill(field(nurse, "thuoc"), drug);
  await actions.fill(field(nurse, "lo"), lot);
  await actions.fill(field(nurse, "han"), expiry);
  await actions.fill(field(nurse, "so-luong"), units);
  if (source) await actions.fill(field(nurse, "nguon"), source);
  await actions.click(button(nurse, "Nhập kho, ghi tiếp lô khác"));
}

async function comesIn(nurse) {
  await nurse.goto(`${HOUSE}/thuoc`);
  assert.match(await main(nurse), /Kho chưa có thuốc nào/);
  await judge(nurse, "medicines-empty");
  await nurse.getByRole("link", { name: "Nhập thuốc" }).first().click();
  const actions = new Actions("two lots come in", 11);
  await receive(actions, nurse, "amlo", "AM1", day(2), "48", "Trung tâm y tế, phiếu 125");
  await nurse.waitForURL("**xong=nhap**");
  await receive(actions, nurse, "Amlodipin 5 mg", "AM2", "12/2099", "1oo");
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /Hạn dùng xa quá mười năm[^]*Số lượng phải là số nguyên/);
  assert.equal(await field(nurse, "lo").inputValue(), "AM2", "what was typed stays");
  await judge(nurse, "medicines-receipt-refused");
  await nurse.goto(`${HOUSE}/thuoc/nhap?nguon=TTYT`);
  actions.count = 6; actions.kinds = { fields: 5, clicks: 1 };
  await receive(actions, nurse, "Amlodipin 5 mg", "AM2", day(24), "100");
  await nurse.waitForURL("**xong=nhap**");
  actions.told();
  await receive(new Actions("more", 99), nurse, "amoxicilin 500", "AX1", day(20), "21");
  await nurse.waitForURL("**xong=nhap**");
  await receive(new Actions("other expiry", 99), nurse, "amoxicilin 500", "ax1", day(21), "5");
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /Lô AX1 đã nhập với hạn dùng/);
  await nurse.goto(`${HOUSE}/thuoc/nhap`);
  await judge(nurse, "medicines-receipt");
  await nurse.goto(`${HOUSE}/thuoc`);
  assert.match(await main(nurse), /Amlodipin 5 mg[^]*Lô AM1[^]*Sắp hết hạn[^]*Lô AM2/);
}

// A visit with a diagnosis, then the prescription.
async function visit(nurse, patient, words, code) {
  await nurse.goto(`${HOUSE}/kham/${patient}`);
  await field(nurse, "complaint").fill("Khám định kỳ");
  await field(nurse, "main").pressSequentially(words);
  await nurse.locator(`datalist option[value*="${code}"]`).first().waitFor({ state: "attached" });
  await field(nurse, "main").fill(await nurse.locator(`datalist option[value*="${code}"]`).first().getAttribute("value"));
  await button(nurse, "Ghi lần khám").last().click();
  await nurse.waitForURL("**?xong=kham");
}

async function add(actions, nurse, words, drug) {
  await actions.fill(field(nurse, "tim"), words);
  await actions.key(nurse, "Enter");
  await nurse.locator("#don td", { hasText: drug }).first().waitFor();
}

async function prescribes(nurse) {
  await visit(nurse, "ba-mai", "tang huyet ap", "I10");
  const actions = new Actions("a prescription from a visit", 8);
  await actions.click(nurse.getByRole("link", { name: "Kê đơn thuốc" }));
  await nurse.waitForURL("**/don-thuoc/ba-mai");
  await add(actions, nurse, "amlo", "Amlodipin 5 mg");
  assert.equal(await nurse.locator("#nhac-viec .alert").count(), 0, "nothing is said of it");
  await add(actions, nurse, "amoxicilin 500", "Amoxicilin 500 mg");
  const cards = nurse.locator("#nhac-viec .alert");
  await cards.first().waitFor();
  assert.equal(await cards.count(), 1, (await cards.allInnerTexts()).join("\n"));
  assert.match(await cards.innerText(), /dị ứng Penicilin; đang kê Amoxicilin 500 mg/);
  await judge(nurse, "prescribe");
  await picture(nurse, "ke-don", [1400, 860]);
  await button(nurse, "Ghi đơn").click();
  await nurse.waitForSelector("#nhac-viec .error");
  await judge(nurse, "prescribe-asked");
  await actions.fill(nurse.locator('[name^="~vi-sao.order-allergy."]'), "Đã dùng amoxicilin nhiều lần, không phản ứng");
  const form = await nurse.locator("form#don-moi").evaluate((one) => new URLSearchParams([...new FormData(one), ["viec", "ghi"]]).toString());
  await actions.click(button(nurse, "Ghi đơn"));
  await nurse.waitForURL("**?xong=ke");
  actions.told();
  const again = await nurse.request.post(`${HOUSE}/don-thuoc/ba-mai`, {
    data: form, maxRedirects: 0, headers: { "content-type": "application/x-www-form-urlencoded", origin: HOUSE },
  });
  assert.equal(again.status(), 303, "sent again it is written once");
  await nurse.reload();
  assert.equal(await nurse.getByRole("heading", { name: /^Đơn 12090[0-9a-z]{7}-C$/ }).count(), 1);
  assert.match(await main(nurse), /Lý do vẫn ghi: Đã dùng amoxicilin/);
  await judge(nurse, "prescribed");
  const slip = await nurse.request.get(await nurse.getByRole("link", { name: "In đơn" }).getAttribute("href").then((href) => HOUSE + href));
  assert.equal(slip.headers()["content-type"], "application/pdf");
  writeFileSync(`${SHOTS}/prescription.pdf`, await slip.body());
}

async function handsOut(nurse) {
  const actions = new Actions("a prescription is handed out", 2);
  await nurse.goto(`${HOUSE}/`);
  await actions.click(nurse.getByRole("navigation").getByRole("link", { name: "Thuốc", exact: true }).first());
  await nurse.waitForURL("**/thuoc");
  assert.match(await main(nurse), /Lò Thị Mai[^]*Lấy lô AM1[^]*30 viên/, "what expires first stands ready");
  await judge(nurse, "medicines");
  await picture(nurse, "kho-thuoc", [1400, 900]);
  await actions.click(button(nurse, "Phát thuốc"));
  await nurse.waitForURL("**?xong=phat");
  actions.told();
  assert.match(await main(nurse), /Không có đơn nào chờ/);
  // A mistake: it comes back, and so does the prescription.
  await nurse.goto(`${HOUSE}/don-thuoc/ba-mai`);
  assert.match(await main(nurse), /Đã phát 30 viên[^]*lô AM1/);
  await nurse.getByText("Phát nhầm?").click();
  await nurse.getByRole("button", { name: "Rút lần phát" }).click();
  await nurse.waitForURL("**?xong=rut-phat");
  await nurse.getByText("Ghi nhầm?").click();
  await nurse.getByRole("button", { name: /^Rút đơn/ }).click();
  await nurse.waitForURL("**?xong=rut");
  await nurse.goto(`${HOUSE}/thuoc`);
  assert.match(await main(nurse), /148 viên[^]*21 viên/);
}

async function prescribe(nurse, patient, drugs, query = "") {
  await nurse.goto(`${HOUSE}/don-thuoc/${patient}${query}`);
  for (const [words, drug] of drugs) await add(new Actions("some", 99), nurse, words, drug);
  await button(nurse, "Ghi đơn").click();
  await nurse.waitForURL("**?xong=ke");
}

// Both look, then both press.
async function race(nurse, pharmacist) {
  await prescribe(nurse, "ba-mai", [["amlo", "Amlodipin 5 mg"]]);
  for (const page of [nurse, pharmacist]) await page.goto(`${HOUSE}/thuoc`);
  const press = async (page, at) => {
    const answered = page.waitForResponse((one) => one.request().method() === "POST");
    await page.getByRole("button", { name: "Phát thuốc" }).nth(at).click();
    return (await answered).status();
  };
  const one = (await Promise.all([press(nurse, 0), press(pharmacist, 0)])).sort();
  assert.equal(one[0], 303);
  assert.ok(one[1] >= 409, `one prescription, two hands: ${one}`);

  await visit(nurse, "ong-pao", "viem phe quan", "J20.9");
  await prescribe(nurse, "ong-pao", [["amoxicilin 500", "Amoxicilin 500 mg"]], "?them=1");
  await prescribe(nurse, "ong-pao", [["amoxicilin 500", "Amoxicilin 500 mg"]], "?them=1");
  for (const page of [nurse, pharmacist]) await page.goto(`${HOUSE}/thuoc`);
  const two = (await Promise.all([press(nurse, 0), press(pharmacist, 1)])).sort();
  assert.equal(two[0], 303);
  assert.ok(two[1] >= 409, `the last box, two hands: ${two}`);
  const loser = /chỉ còn 0 viên|kho không còn/i;
  assert.match((await main(nurse)) + (await main(pharmacist)), loser, "who was second is told");
  await judge(/xong=phat/.test(nurse.url()) ? pharmacist : nurse, "medicines-race");
  console.log("two hands at one prescription and at the last box: one of them each time");
  await nurse.goto(`${HOUSE}/don-thuoc/ong-pao`);
  await nurse.getByText("Phát nhầm?").click();
  await nurse.getByRole("button", { name: "Rút lần phát" }).click();
  await nurse.waitForURL("**?xong=rut-phat");
}

// Some now, the rest later: the page of one person stands at each step.
async function inParts(nurse) {
  await nurse.goto(`${HOUSE}/thuoc`);
  const units = nurse.getByLabel(/^Phát \(viên\), Amoxicilin/);
  assert.equal(await units.first().inputValue(), "21");
  await units.first().fill("ba");
  await nurse.getByRole("button", { name: "Phát thuốc" }).first().click();
  await nurse.waitForSelector(".note.bad, .error");
  assert.match(await main(nurse), /số lượng phát là số nguyên/);
  assert.equal(await units.first().inputValue(), "ba", "what was typed stays");
  await judge(nurse, "medicines-handing-refused");
  for (const some of ["6", "15"]) {
    await nurse.goto(`${HOUSE}/thuoc`);
    await units.first().fill(some);
    await nurse.getByRole("button", { name: "Phát thuốc" }).first().click();
    await nurse.waitForURL("**?xong=phat");
  }
  for (const many of [2, 1]) {
    await nurse.goto(`${HOUSE}/don-thuoc/ong-pao`);
    await nurse.getByText("Phát nhầm?").click();
    const back = nurse.getByRole("button", { name: "Rút lần phát" });
    assert.equal(await back.count(), many, "each handing by itself");
    await judge(nurse, "prescribed-in-parts");
    await back.first().click();
    await nurse.waitForURL("**?xong=rut-phat");
  }
  console.log("handed out in two parts, each taken back by itself");
}

async function repeated(nurse) {
  const actions = new Actions("last month's again", 2);
  await nurse.goto(`${HOUSE}/don-thuoc/ong-pao`);
  assert.match(await main(nurse), /Đơn trước[^]*Losartan 50 mg/);
  await actions.click(nurse.getByRole("link", { name: "Kê lại đơn này" }));
  await nurse.waitForURL("**?lai=*");
  assert.equal(await nurse.locator("#nhac-viec .alert").count(), 0, "the same drug after its days is no duplicate");
  await judge(nurse, "prescribe-again");
  await actions.click(button(nurse, "Ghi đơn"));
  await nurse.waitForURL("**?xong=ke");
  actions.told();
}

async function counted(nurse) {
  await nurse.goto(`${HOUSE}/thuoc/kiem-ke`);
  const actions = new Actions("the shelf is counted", 3);
  const row = nurse.locator("tr", { hasText: "AM2" });
  await actions.fill(row.locator('[name^="dem-"]'), "98");
  await button(nurse, "Ghi kiểm kê").click();
  await nurse.waitForSelector(".error");
  assert.match(await main(nurse), /AM2[^]*ghi vì sao lệch/);
  assert.equal(await row.locator('[name^="dem-"]').inputValue(), "98");
  await judge(nurse, "medicines-count");
  await actions.fill(row.locator('[name^="ly-do-"]'), "Vỡ hai viên");
  await actions.click(button(nurse, "Ghi kiểm kê"));
  await nurse.waitForURL("**xong=kiem-ke");
  actions.told();
  await nurse.getByRole("link", { name: "Lô AM2" }).first().click();
  await nurse.waitForURL("**/thuoc/lo/*");
  assert.match(await main(nurse), /Kiểm kê thiếu · −2 viên[^]*Vỡ hai viên/);
  await judge(nurse, "medicines-lot");
  await nurse.locator("li", { hasText: "Kiểm kê thiếu" }).getByText("Ghi nhầm?").click();
  await nurse.getByRole("button", { name: "Rút mục này" }).first().click();
  await nurse.waitForURL("**/thuoc?xong=rut");

  await nurse.goto(`${HOUSE}/thuoc/du-tru`);
  const wanted = nurse.locator('[name="can-amlodipine-5"]');
  await wanted.fill("200");
  await judge(nurse, "medicines-request");
  await button(nurse, "Ghi dự trù").click();
  await nurse.waitForURL("**xong=du-tru");
  assert.match(await main(nurse), /Đã dự trù[^]*Amlodipin 5 mg · 200 viên/);
  await nurse.goto(`${HOUSE}/thuoc/xuat-nhap-ton`);
  assert.match(await main(nurse), /AM1[^]*48\s+30\s+0\s+0\s+18/);
  await judge(nurse, "medicines-month");
  for (const [name, kind] of [["in", "pdf"], ["xlsx", "spreadsheetml"], ["xml", "xml"]]) {
    const file = await nurse.request.get(`${HOUSE}/thuoc/xuat-nhap-ton/${name}`);
    assert.ok(file.ok() && file.headers()["content-type"].includes(kind), `${name}: ${file.status()}`);
    if (name === "in") writeFileSync(`${SHOTS}/stock-month.pdf`, await file.body());
  }
}

// What the station reports of its store is what the store says, drug by drug, and each number leads to its movements.
async function reported(nurse) {
  const rows = (page) => page.locator("main tbody tr").evaluateAll((all) => all.map((tr) =>
    [...tr.querySelectorAll("td")].map((td) => td.innerText.replace(/\s+/g, " ").trim())));
  const whole = (text) => Number(text.replace(/[.\s]/g, "").replace("−", "-"));
  await nurse.goto(`${HOUSE}/thuoc/xuat-nhap-ton`);
  const store = {};
  for (const [drug, , ...numbers] of await rows(nurse)) {
    const name = drug.replace(/ \S+$/, "");
    numbers.map(whole).forEach((one, at) => ((store[name] ??= [0, 0, 0, 0, 0, 0])[at] += one));
  }
  const actions = new Actions("from the store to the report of the month", 2);
  await actions.click(nurse.getByRole("link", { name: "Báo cáo tháng" }));
  await nurse.waitForURL("**/bao-cao/monthly-drugs?*");
  const told = Object.fromEntries((await rows(nurse)).map(([drug, ...numbers]) => [drug.split(" (")[0], numbers.map(whole)]));
  delete told["Thuốc khác, ngoài danh mục Các đơn vị khác nhau cộng chung."];
  assert.deepEqual(told, store, "the report says what the store says");
  await judge(nurse, "medicines-report");
  await actions.click(nurse.locator("tr", { hasText: "Amlodipin 5 mg" }).locator('td[data-head="Phát"] a'));
  await nurse.waitForURL("**/o/*");
  assert.match(await main(nurse), /AM1[^]*Phát/);
  await judge(nurse, "medicines-report-rows");
  actions.told();
}

// A small child: weight and who comes are asked for, and nothing is lost meanwhile.
async function child(nurse) {
  await visit(nurse, "be-chu", "viem phe quan", "J20.9");
  await nurse.goto(`${HOUSE}/don-thuoc/be-chu`);
  await field(nurse, "tim").fill("para");
  await nurse.keyboard.press("Enter");
  await button(nurse, /^Paracetamol 150 mg gói/).click().catch(() => nurse.getByRole("button", { name: /^Paracetamol 150 mg gói/ }).click());
  await nurse.locator("#don td", { hasText: "Paracetamol 150 mg" }).first().waitFor();
  await button(nurse, "Ghi đơn").click();
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /Mỗi lần mấy gói[^]*Trẻ dưới 72 tháng phải ghi cân nặng[^]*người đưa trẻ đến/, "a grown-up's dose does not stand ready");
  await field(nurse, "lan-1").fill("1");
  await field(nurse, "can-nang").fill("5");
  await field(nurse, "nguoi-dua").fill("Mẹ: Sùng Thị Dợ");
  await nurse.locator("#nhap-luc", { hasText: "Đã lưu nháp" }).waitFor();
  await nurse.goto(`${HOUSE}/don-thuoc/be-chu`);
  assert.match(await main(nurse), /Phiếu đang ghi dở/);
  assert.equal(await field(nurse, "nguoi-dua").inputValue(), "Mẹ: Sùng Thị Dợ", "half typed it is kept");
  await button(nurse, "Ghi đơn").click();
  await nurse.waitForSelector("#nhac-viec .error");
  assert.match(await main(nurse), /Paracetamol mỗi lần 150 mg[^]*cho 5 kg/, "the weight that is typed is reckoned with");
  await judge(nurse, "prescribe-child");
  await field(nurse, "can-nang").fill("12,5");
  await button(nurse, "Ghi đơn").click();
  await nurse.waitForURL("**?xong=ke");
}

const browser = await launch();
try {
  const keep = await keeper(browser, LINK);
  const at = (login, name, role, facility, expected) => colleague(browser, keep, { house: HOUSE, login, name, role, facility }, expected);
  const nurse = await at("tram.ban.bo", "Lò Thị Điều Dưỡng", "station-staff", "cskcb-12090", [403, 409, 422]);
  const pharmacist = await at("duoc.ban.bo", "Vi Văn Dược", "pharmacist", "cskcb-12090", [403, 404, 409, 422]);
  const stranger = await at("tram.pac.ta", "Tẩn Thị Lạ", "station-staff", "cskcb-12101", [403, 404]);
  await comesIn(nurse);
  await prescribes(nurse);
  await handsOut(nurse);
  await race(nurse, pharmacist);
  await inParts(nurse);
  await repeated(nurse);
  await counted(nurse);
  await reported(nurse);
  await child(nurse);

  await stranger.goto(`${HOUSE}/thuoc`);
  assert.match(await main(stranger), /Không có đơn nào chờ[^]*Kho chưa có thuốc nào/);
  assert.equal((await stranger.goto(`${HOUSE}/don-thuoc/ba-mai`)).status(), 403);
  const cashier = await at("thu.ngan", "Vi Văn Thu", "cashier", "cskcb-12090", [403]);
  assert.equal((await cashier.goto(`${HOUSE}/thuoc`)).status(), 403);
  assert.deepEqual(nurse.surprises, []);
} finally {
  await browser.close();
}
