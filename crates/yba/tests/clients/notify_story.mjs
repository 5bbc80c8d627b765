// Infectious disease at a commune station, in a real browser (headless Chromium): the list that makes itself, a case of measles
// notified, sent twice, sent on, printed, updated; another taken back; an outbreak of three cases; a sealed diagnosis, which the nurse
// does not see and the epidemiologist does; a colleague of another station and a cashier, who see none of it.
//
// Arguments: address of a closed node with the people, its link for the first run, folder for screenshots. Prints what a case costs.

import assert from "node:assert/strict";
import { Actions, colleague, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const LIST = `${HOUSE}/dich-benh`;
const main = (page) => page.locator("main").innerText();
const cases = (page) => page.locator("table a[href^='/dich-benh/cd-']");
const post = (page, path, form) => page.request.post(`${HOUSE}${path}`, { form, maxRedirects: 0, headers: { origin: HOUSE } });
const day = (back) => {
  const at = new Date(Date.now() + 7 * 3_600_000 - back * 86_400_000);
  return `${String(at.getUTCDate()).padStart(2, "0")}/${String(at.getUTCMonth() + 1).padStart(2, "0")}/${at.getUTCFullYear()}`;
};

// From any page by keyboard: what must be notified, the nearest deadline first.
async function list(nurse) {
  await nurse.goto(`${HOUSE}/gioi-thieu`);
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("g");
  await nurse.waitForTimeout(350);
  await nurse.keyboard.press("p");
  await nurse.waitForURL(LIST);
  const text = await main(nurse);
  assert.match(text, /4 ca phải thông báo, 1 ca quá hạn/);
  assert.match(text, /quá hạn (1|2) giờ/);
  assert.match(text, /còn (2|3) giờ/);
  assert.match(text, /3 ca Sởi ở xã Than Uyên/);
  for (const hidden of ["Kín", "Viêm gan", "Thủy đậu", "Nhầm", "Khỏe"]) assert.ok(!text.includes(hidden), `${hidden} in ${text}`);
  const first = await cases(nurse).first().innerText();
  assert.equal(first, "Giàng A Tủa", "the one that is late stands first");
  await judge(nurse, "notify-list");
  await picture(nurse, "dich-benh", [1000, 700]);
  console.log("keys typed for the list of cases: 0");
}

// What the record knows stands there: the onset, two clicks and the case is notified.
async function first(nurse) {
  const actions = new Actions("the nurse notifies a case", 3);
  await nurse.goto(LIST);
  await actions.click(nurse.getByRole("link", { name: "Giàng Thị Mỷ" }));
  await nurse.waitForURL("**/dich-benh/cd-soi-1");
  const text = await main(nurse);
  for (const words of ["GIÀNG THỊ MỶ", "Bản Nà Khương, xã Than Uyên", "0912345600", "Sởi không biến chứng (B05.9)", "1 mũi, mũi cuối 15/01/2024",
    "Trạm Y tế xã Bản Bo", "Sốt, phát ban dát sẩn", "chưa gửi điện tử"]) assert.ok(text.includes(words), `${words} in ${text}`);
  assert.notEqual(await nurse.locator("#khoi-phat").inputValue(), "", "the onset is known");
  await judge(nurse, "notify-case");
  await picture(nurse, "ca-benh", [1000, 760]);
  await actions.click(nurse.getByLabel(/Lò Thị Mai \(mẹ\)/));
  const form = await nurse.locator("form[action='/dich-benh/cd-soi-1']").evaluate((one) => new URLSearchParams(new FormData(one)).toString());
  await actions.click(nurse.getByRole("button", { name: "Gửi thông báo ca bệnh" }));
  await nurse.waitForURL("**?xong=ghi");
  actions.told();
  assert.match(await main(nurse), /Đã ghi thông báo lúc .*chưa báo lên/);
  await judge(nurse, "notify-written");
  // Sent again, as by an impatient hand on a slow line, it is written once and says so.
  const headers = { "content-type": "application/x-www-form-urlencoded", origin: HOUSE };
  const again = await nurse.request.post(`${HOUSE}/dich-benh/cd-soi-1`, { data: form, maxRedirects: 0, headers });
  assert.equal(again.status(), 303, await again.text());
  // An old page with another form does not write over it.
  const stale = form.replace(/phieu=[^&]*/, "phieu=khac").replace("tinh-trang=outpatient", "tinh-trang=died");
  const refused = await nurse.request.post(`${HOUSE}/dich-benh/cd-soi-1`, { data: stale, maxRedirects: 0, headers });
  assert.ok([409, 412].includes(refused.status()), `${refused.status()}`);
  assert.match(await refused.text(), /Một người khác vừa ghi thông báo/);
}

// A neighbour is added later, then it is sent on and printed.
async function updated(nurse) {
  await nurse.goto(`${LIST}/cd-soi-1`);
  await nurse.getByText("Có kết quả mới, ra viện").click();
  await nurse.locator("#tx-ten-1").fill("Lý A Dơ");
  await nurse.locator("#tx-dt-1").fill("12");
  await nurse.getByRole("button", { name: "Thêm dòng" }).click();
  await nurse.waitForSelector("#tx-ten-5");
  assert.equal(await nurse.locator("#tx-ten-1").inputValue(), "Lý A Dơ", "what was typed stays");
  await nurse.getByRole("button", { name: "Ghi bản cập nhật" }).click();
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /Số điện thoại có 9 đến 12 chữ số/);
  await judge(nurse, "notify-refused");
  await nurse.locator("#tx-dt-1").fill("0987 654 321");
  await nurse.getByRole("button", { name: "Ghi bản cập nhật" }).click();
  await nurse.waitForURL("**?xong=ghi");
  assert.match(await main(nurse), /Lý A Dơ/);
  await nurse.getByRole("button", { name: "Đã báo lên" }).click();
  await nurse.waitForURL("**?xong=bao-len");
  assert.match(await main(nurse), /Đã báo lên lúc .* bằng Phần mềm của Bộ Y tế\. Đúng hạn\./s);
  await nurse.getByRole("link", { name: "In phiếu" }).click();
  await nurse.waitForURL("**/in");
  const sheet = await main(nurse);
  for (const words of ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "THÔNG BÁO CA BỆNH TRUYỀN NHIỄM", "Lý A Dơ", "Trạm Y tế xã Bản Bo"]) assert.ok(sheet.includes(words), `${words} in ${sheet}`);
  await judge(nurse, "notify-sheet");
}

// The late one: the onset is not known, and a question is answered by a reason.
async function late(nurse) {
  await nurse.goto(`${LIST}/cd-soi-2`);
  assert.match(await main(nurse), /Sởi: quá hạn (1|2) giờ/);
  await nurse.locator("#phan-loai").selectOption("confirmed");
  await nurse.locator("#khoi-phat").fill(day(3));
  await nurse.getByRole("button", { name: "Gửi thông báo ca bệnh" }).click();
  await nurse.waitForSelector("#ly-do");
  assert.match(await main(nurse), /Ca xác định thường cần kết quả xét nghiệm/);
  await judge(nurse, "notify-asked");
  await nurse.locator("#ly-do").fill("Anh em ruột ca đã có kết quả");
  await nurse.getByRole("button", { name: "Gửi thông báo ca bệnh" }).click();
  await nurse.waitForURL("**?xong=ghi");
}

async function mistaken(nurse) {
  await nurse.goto(`${LIST}/cd-soi-3`);
  await nurse.locator("#khoi-phat").fill(day(1));
  await nurse.getByRole("button", { name: "Gửi thông báo ca bệnh" }).click();
  await nurse.waitForURL("**?xong=ghi");
  await nurse.getByText("Ghi nhầm?").click();
  await nurse.getByRole("button", { name: "Rút thông báo này" }).click();
  await nurse.waitForURL("**?xong=rut");
  await nurse.goto(LIST);
  assert.match(await main(nurse), /2 ca phải thông báo/, "what was taken back is to be notified again");
}

async function outbreak(nurse) {
  await nurse.goto(LIST);
  const form = await nurse.locator("form[action='/dich-benh/o-dich']").evaluate((one) => Object.fromEntries(new FormData(one)));
  await nurse.getByRole("button", { name: "Lập ổ dịch" }).click();
  await nurse.waitForURL("**/o-dich/*?xong=o-dich");
  const text = await main(nurse);
  assert.match(text, /Ổ dịch Sởi, xã Than Uyên/);
  assert.match(text, /đang theo dõi, 3 ca/);
  for (const name of ["Giàng Thị Mỷ", "Giàng A Tủa", "Lò Văn Ún"]) assert.ok(text.includes(name), name);
  await judge(nurse, "outbreak");
  await picture(nurse, "o-dich", [1000, 560]);
  const path = new URL(nurse.url()).pathname;
  const again = await post(nurse, "/dich-benh/o-dich", form);
  assert.equal(again.status(), 303);
  assert.equal(again.headers().location, `${path}?xong=o-dich`);
  assert.equal((await post(nurse, "/dich-benh/o-dich", { ...form, benh: "dengue" })).status(), 422);
  await nurse.goto(LIST);
  assert.match(await main(nurse), /Mở ổ dịch/);
  await judge(nurse, "notify-list-outbreak");
  return path;
}

const browser = await launch();
try {
  const keep = await keeper(browser, LINK);
  const at = (login, name, role, facility) => colleague(browser, keep, { house: HOUSE, login, name, role, facility }, [403, 404, 422]);
  const nurse = await at("tram.ban.bo", "Lò Thị Điều Dưỡng", "station-staff", "cskcb-12090");
  await list(nurse);
  await first(nurse);
  await updated(nurse);
  await late(nurse);
  await mistaken(nurse);
  const path = await outbreak(nurse);
  // The sealed one is not there, not by its address either; nor is what is no case.
  for (const [id, status] of [["cd-kin-1", 404], ["cd-thuy-dau", 422], ["cd-nham-1", 422], ["cd-khong-co", 404]]) {
    assert.equal((await nurse.goto(`${LIST}/${id}`)).status(), status, id);
  }
  assert.equal((await post(nurse, "/dich-benh/cd-soi-3/rut", {})).status(), 404, "nothing is left to take back");

  const stranger = await at("tram.pac.ta", "Tẩn Thị Lạ", "station-staff", "cskcb-12101");
  await stranger.goto(LIST);
  assert.match(await main(stranger), /Không có ca nào phải thông báo/);
  assert.ok(!/Giàng|Sởi|Lò Văn/.test(await main(stranger)));
  await judge(stranger, "notify-empty");
  for (const address of ["/dich-benh/cd-soi-1", "/dich-benh/cd-soi-1/in", path]) {
    assert.equal((await stranger.goto(`${HOUSE}${address}`)).status(), 404, address);
  }
  assert.equal((await post(stranger, "/dich-benh/cd-soi-3", { "khoi-phat": day(1), "phan-loai": "probable", mau: "none", "tinh-trang": "outpatient", phieu: "x" })).status(), 404);
  assert.equal((await post(stranger, `${path}/ket-thuc`, {})).status(), 404);

  // A doctor, whose role opens what is sealed so, notifies it; what they write is sealed too.
  const doctor = await at("bac.si", "Bùi Văn Sĩ", "doctor", "cskcb-12090");
  await doctor.goto(LIST);
  assert.match(await main(doctor), /Tẩn Mẩy Kín/);
  await doctor.goto(`${LIST}/cd-kin-1`);
  await doctor.locator("#khoi-phat").fill(day(2));
  await doctor.getByRole("button", { name: "Gửi thông báo ca bệnh" }).click();
  await doctor.waitForURL("**?xong=ghi");
  await nurse.goto(`${LIST}?loc=cho`);
  assert.ok(!(await main(nurse)).includes("Kín"), "not among what was notified either");
  await judge(nurse, "notify-waiting");

  await nurse.goto(`${HOUSE}${path}`);
  await nurse.getByText("Kết thúc ổ dịch").first().click();
  await nurse.getByRole("button", { name: "Kết thúc ổ dịch này" }).click();
  await nurse.waitForURL("**?xong=ket-thuc");
  assert.match(await main(nurse), /đã kết thúc, 3 ca/);

  // A cashier has nothing to do with any of it.
  const cashier = await at("thu.ngan", "Vi Văn Thu", "cashier", "cskcb-12090");
  for (const address of ["/dich-benh", "/dich-benh?loc=xong", "/dich-benh/cd-soi-1", "/dich-benh/cd-soi-1/in", path]) {
    assert.equal((await cashier.goto(`${HOUSE}${address}`)).status(), 403, address);
  }
  assert.equal((await post(cashier, "/dich-benh/o-dich", {})).status(), 403);
} finally {
  await browser.close();
}
