// A day of vaccination at a commune station, in a real browser (headless Chromium), on a phone where the children are: planned, lots taken, forty
// children screened and vaccinated, one put off, a mild and a serious reaction, the lot stopped, the watch, the end, coverage, the fridge.
//
// Arguments: address of a closed node with the children, its link for the first run, how many children have the first dose of five in one
// in time, late, missing and to come at the end, the days between which they were born, whether somebody's watch is over, folder for
// screenshots. Prints what a child costs.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { Actions, colleague, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, COUNTS, BORN_FROM, BORN_UNTIL, EARLIER, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const [IN_TIME, LATE, MISSING, WAITING] = COUNTS.split(",").map(Number);
const DAYS = `${HOUSE}/buoi-tiem`;
const PHONE = { width: 390, height: 844 };
const main = (page) => page.locator("main").innerText();
const children = (page) => page.locator("#danh-sach table a[href*='/tiem-chung/']");
const VACCINES = [["102", "DPT-VGB-Hib"], ["178", "Bại liệt uống"]];

// From the plan to the day with its two lots.
// A paper of a page, kept to be read and looked at.
async function print(who, name, file) {
  const href = await who.getByRole("link", { name }).first().getAttribute("href");
  const answer = await who.request.get(`${HOUSE}${href}`);
  assert.equal(answer.headers()["content-type"], "application/pdf", href);
  writeFileSync(`${SHOTS}/${file}.pdf`, await answer.body());
}

async function plan(nurse) {
  await nurse.goto(`${HOUSE}/tiem-chung`);
  while (await nurse.getByText("Danh sách đang được cập nhật.").count()) await nurse.reload();
  await nurse.getByRole("link", { name: "Buổi tiêm" }).click();
  await nurse.waitForURL(DAYS);
  assert.match(await main(nurse), /Bại liệt uống bOPV[^\n]*\n?[^]*40/);
  await judge(nurse, "day-plan");
  // A day without vaccines is refused, and what was typed stays.
  const vaccines = nurse.locator("input[name=vx]");
  for (const one of await vaccines.all()) await one.uncheck();
  await nurse.locator("#noi").fill("Nhà văn hóa bản Nà Khương");
  await nurse.getByRole("button", { name: "Lập buổi tiêm" }).click();
  await nurse.waitForSelector(".note.bad");
  assert.equal(await nurse.locator("#noi").inputValue(), "Nhà văn hóa bản Nà Khương");
  for (const [code] of VACCINES) await nurse.locator(`input[name=vx][value="${code}"]`).check();
  await nurse.getByRole("button", { name: "Lập buổi tiêm" }).click();
  await nurse.waitForURL("**?xong=lap");
  const day = new URL(nurse.url()).pathname;
  const text = await main(nurse);
  assert.match(text, /40 trẻ: 0 đã tiêm, 40 còn chờ/);
  assert.match(text, /40 trẻ, 2 lọ/, "twenty doses of a vial");
  return day;
}

async function takeLots(nurse, day, number) {
  for (const [code, words] of VACCINES) {
    await nurse.goto(`${HOUSE}${day}`);
    const more = nurse.locator(`details:has(#lo-${code}) summary`);
    if (await more.count()) await more.click();
    await nurse.locator(`#lo-${code}`).fill(`LO-${code}-${number}`);
    await nurse.locator(`#han-${code}`).fill("31/12/2099");
    await nurse.getByRole("button", { name: `Lấy lô ${words}` }).click();
    await nurse.waitForURL("**?xong=lo");
    assert.match(await main(nurse), new RegExp(`LO-${code}-${number}`));
  }
}

// One child is invited, another not at home; both may be taken back.
async function roster(nurse) {
  const row = nurse.locator("#danh-sach tr", { hasText: "Lò Thị Mai" });
  await row.getByText("Ghi", { exact: true }).click();
  await row.getByRole("button", { name: "Không gặp" }).click();
  await nurse.waitForURL("**?xong=danh-dau");
  assert.match(await main(nurse), /1 không gặp/);
  await row.getByText("Ghi", { exact: true }).click();
  await row.getByRole("button", { name: "Đã đến" }).click();
  await nurse.waitForURL("**?xong=danh-dau");
  assert.match(await main(nurse), /0 không gặp/);
  assert.match(await children(nurse).first().innerText(), /Lò Thị Mai/, "who came stands first");
}

// A screening of the wrong child is taken back: the next doses ask for one again.
async function screenedByMistake(nurse) {
  await nurse.goto(`${HOUSE}/tiem-chung/tre-4/sang-loc`);
  await nurse.locator("input[name=result][value=eligible]").check();
  await nurse.getByRole("button", { name: "Ghi kết luận" }).last().click();
  await nurse.waitForURL("**/tiem-chung/tre-4?xong=sang-loc*");
  assert.equal(await nurse.getByLabel("Không có chống chỉ định").count(), 0);
  await nurse.locator("#sang-loc").getByText("Ghi nhầm?").click();
  await nurse.getByRole("button", { name: "Rút lần sàng lọc này" }).click();
  await nurse.waitForURL("**?xong=rut-sang-loc");
  assert.equal(await nurse.getByLabel("Không có chống chỉ định").count(), 1);
}

// A child with a fever: the quick tick is refused, the sheet puts it off.
async function putOff(nurse, day) {
  await nurse.goto(`${HOUSE}${day}`);
  await nurse.locator("#danh-sach a[href*='/tiem-chung/tre-3?']").click();
  await nurse.waitForURL("**/tiem-chung/tre-3?*");
  await judge(nurse, "day-child");
  await nurse.locator("#temperature").fill("38,4");
  await nurse.getByLabel("Không có chống chỉ định").check();
  await nurse.getByRole("button", { name: "Tiêm và ghi" }).click();
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /chưa thể kết luận đủ điều kiện tiêm/);
  await nurse.getByRole("link", { name: "Có điểm bất thường: mở bảng kiểm" }).click();
  await nurse.waitForURL("**/sang-loc?*");
  await nurse.locator("[name=temperature]:visible").fill("38,4");
  await nurse.locator("input[name=acute][value=true]").check();
  await nurse.locator("input[name=result][value=delay]").check();
  await nurse.getByRole("button", { name: "Ghi kết luận" }).last().click();
  await nurse.waitForSelector("[name=reason]:visible");
  await nurse.locator("[name=reason]:visible").fill("Sốt 38,4 °C, viêm họng");
  await nurse.locator("[name=until]:visible").fill("31/12/2099");
  await judge(nurse, "day-screening");
  await nurse.getByRole("button", { name: "Ghi kết luận" }).last().click();
  await nurse.waitForURL("**?xong=khong-tiem*");
  assert.match(await main(nurse), /1 tạm hoãn/);
  // Who was put off is not vaccinated by a tap.
  await nurse.goto(`${HOUSE}/tiem-chung/tre-3`);
  assert.match(await main(nurse), /Tạm hoãn tiêm chủng\. Hôm nay không tiêm/);
}

const seconds = (begun) => (Date.now() - begun) / 1000;

// So many children, from the list to the dose: the child, one tick, one button.
async function give(nurse, day, count, actions) {
  await nurse.goto(`${HOUSE}${day}`);
  for (let done = 0; done < count; done += 1) {
    const next = children(nurse).first();
    const href = await next.getAttribute("href");
    assert.ok(!href.includes("tre-3?"), "whoever was put off does not stand first");
    await actions.click(next);
    await nurse.waitForURL("**/tiem-chung/tre-*");
    assert.match(await nurse.locator("#lo-dpt").inputValue(), /^LO-102-\d$/, "the lot of the day is chosen");
    await actions.click(nurse.getByLabel("Không có chống chỉ định"));
    await actions.click(nurse.getByRole("button", { name: "Tiêm và ghi" }));
    await nurse.waitForURL("**?xong=tiem*");
  }
}

// Sent again, as by an impatient hand on a slow line, it is written once.
async function twice(nurse, day) {
  await nurse.goto(`${HOUSE}${day}`);
  await children(nurse).first().click();
  await nurse.waitForURL("**/tiem-chung/tre-*");
  const child = new URL(nurse.url()).pathname;
  await nurse.getByLabel("Không có chống chỉ định").check();
  const form = await nurse.locator(`form[action="${child}"]`).evaluate((one) => new URLSearchParams(new FormData(one)).toString());
  const send = () => nurse.request.post(`${HOUSE}${child}`, {
    data: form, maxRedirects: 0, headers: { "content-type": "application/x-www-form-urlencoded", origin: HOUSE },
  });
  const answers = await Promise.all([send(), send()]);
  for (const answer of answers) assert.equal(answer.status(), 303, await answer.text());
}

async function react(nurse, patient, { kind, began, gravity, words }) {
  await nurse.goto(`${HOUSE}/theo-doi-tiem`);
  await nurse.locator(`a[href^="/phan-ung-tiem/${patient}?"]`).click();
  await nurse.waitForURL(`**/phan-ung-tiem/${patient}?*`);
  await nurse.locator("#luc").fill("vừa nãy");
  await nurse.getByRole("button", { name: "Ghi phản ứng" }).click();
  await nurse.waitForSelector(".note.bad");
  assert.equal(await nurse.locator("#luc").inputValue(), "vừa nãy");
  await nurse.locator("#loai").selectOption(kind);
  await nurse.locator("#luc").fill(began);
  await nurse.locator("#muc-do").selectOption(gravity);
  await nurse.locator("#mo-ta").fill(words);
  await judge(nurse, `day-reaction-${kind}`);
  await nurse.getByRole("button", { name: "Ghi phản ứng" }).click();
  await nurse.waitForURL("**?xong=ghi*");
}

async function patients(nurse) {
  await nurse.goto(`${HOUSE}/theo-doi-tiem`);
  const links = nurse.locator("#dang-theo-doi a[href^='/phan-ung-tiem/tre-']");
  const hrefs = await links.evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  return hrefs.map((href) => /tre-\d+/.exec(href)[0]);
}

// A serious reaction says what to do, by when, and stops the lot.
async function serious(nurse, patient, day) {
  const now = new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Ho_Chi_Minh" }).format(new Date());
  await react(nurse, patient, { kind: "anaphylaxis", began: now, gravity: "severe", words: "Tím tái, mạch nhanh sau tiêm" });
  const text = await main(nurse);
  assert.match(text, /tai biến nặng\. Phải báo Sở Y tế và CDC trước/);
  assert.match(text, /còn 23 giờ/);
  assert.match(text, /Dừng ngay buổi tiêm với lô này/);
  await judge(nurse, "day-serious");
  await print(nurse, "In báo cáo", "tai-bien");
  await nurse.goto(`${HOUSE}/hom-nay`);
  assert.match(await main(nurse), /Báo tai biến nặng sau tiêm: Phản vệ/);
  // The lot is neither offered nor taken.
  await nurse.goto(`${HOUSE}${day}`);
  await children(nurse).first().click();
  await nurse.waitForURL("**/tiem-chung/tre-*");
  assert.match(await main(nurse), /Lô LO-102-1 đang dừng dùng/);
  assert.equal(await nurse.locator("#lo-dpt").inputValue(), "");
  await nurse.locator("#lo-dpt").fill("LO-102-1");
  await nurse.locator("#han-dpt").fill("31/12/2099");
  await nurse.locator("#lo-opv").fill("LO-KHAC");
  await nurse.locator("#han-opv").fill("31/12/2099");
  await nurse.getByLabel("Không có chống chỉ định").check();
  await nurse.getByRole("button", { name: "Tiêm và ghi" }).click();
  await nurse.waitForSelector(".note.bad");
  assert.match(await main(nurse), /Lô LO-102-1 đang dừng dùng vì có phản ứng nặng/);
  await judge(nurse, "day-stopped");
  await nurse.goto(`${HOUSE}/phan-ung-tiem/${patient}`);
  await nurse.getByRole("button", { name: "Đã báo: Điện thoại" }).click();
  await nurse.waitForURL("**?xong=bao-len*");
  assert.match(await main(nurse), /nặng, đã báo/);
}

async function watch(nurse) {
  await nurse.goto(`${HOUSE}/theo-doi-tiem`);
  await judge(nurse, "day-watch");
  await picture(nurse, "theo-doi-tiem", [1000, 620]);
  const row = nurse.locator("#dang-theo-doi tr", { hasText: "Về sớm" }).first();
  const name = await row.locator("a").first().innerText();
  await row.getByRole("button", { name: "Về sớm" }).click();
  await nurse.waitForURL("**?xong=ve-som");
  const ended = nurse.locator("#da-ve tr", { hasText: name });
  assert.match(await ended.innerText(), /Về sớm, chưa đủ thời gian theo dõi/);
  await ended.getByText("Ghi nhầm?").click();
  await ended.getByRole("button", { name: "Xóa, theo dõi tiếp" }).click();
  await nurse.waitForURL("**?xong=bo");
  await nurse.locator("#dang-theo-doi tr", { hasText: name }).getByRole("button", { name: "Về sớm" }).click();
  await nurse.waitForURL("**?xong=ve-som");
  if (EARLIER) {
    await nurse.getByRole("button", { name: "Cả 1 trẻ đủ giờ: về được, bình thường" }).click();
    await nurse.waitForURL("**?xong=het");
    assert.match(await nurse.locator("#da-ve tr", { hasText: "Thào A Lớn" }).innerText(), /Về được, bình thường/);
  }
}

// The end: one vial of five in one was broken; what the vials of polio held is thrown away.
async function close(nurse, day) {
  await nurse.goto(`${HOUSE}${day}`);
  assert.match(await main(nurse), /40 trẻ: 39 đã tiêm, 0 còn chờ, 1 tạm hoãn/);
  await judge(nurse, "day-before-close");
  const broken = nurse.getByLabel("Lọ đã mở của DPT-VGB-Hib (5 trong 1) lô LO-102-1");
  assert.equal(await broken.inputValue(), "30");
  await broken.fill("29");
  await nurse.getByRole("button", { name: "Kết thúc buổi tiêm" }).click();
  await nurse.waitForSelector("main .note");
  assert.match(await main(nurse), /29 lọ có 29 liều, mà đã tiêm 30/);
  await broken.fill("31");
  await nurse.getByRole("button", { name: "Kết thúc buổi tiêm" }).click();
  await nurse.waitForURL("**?xong=ket-thuc");
  await judge(nurse, "day-closed");
  await print(nurse, "In báo cáo", "buoi-tiem");
  await nurse.goto(DAYS);
  const rows = await nurse.locator("#hao-phi tbody tr").evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));
  assert.deepEqual(rows, [
    ["DPT-VGB-Hib (5 trong 1)", "40", "39", "1", "2,5 %"],
    ["Bại liệt uống bOPV (2 giọt)", "3", "39", "21", "35,0 %"],
  ]);
  await judge(nurse, "day-month");
  await picture(nurse, "buoi-tiem", [1000, 760]);
}

async function coverage(nurse) {
  const at = (more = "") => `${HOUSE}/bao-phu?tu-ngay=${BORN_FROM}&den-ngay=${BORN_UNTIL}${more}`;
  await nurse.goto(at());
  const numbers = async (words) => {
    const row = nurse.locator("#bao-phu tbody tr", { hasText: words }).first();
    return row.evaluate((one) => [...one.cells].slice(1, 5).map((cell) => Number(cell.innerText)));
  };
  // The tables are a moment behind the last dose.
  for (let tries = 0; tries < 40 && (await numbers("3 mũi đầu là DPT-VGB-Hib) mũi 1"))[1] + (await numbers("3 mũi đầu là DPT-VGB-Hib) mũi 1"))[2] < IN_TIME + LATE; tries += 1) {
    await nurse.waitForTimeout(250);
    await nurse.reload();
  }
  const all = IN_TIME + LATE + MISSING + WAITING;
  for (const words of ["3 mũi đầu là DPT-VGB-Hib) mũi 1", "Bại liệt uống (OPV) mũi 1"]) {
    assert.deepEqual(await numbers(words), [all, IN_TIME, LATE, MISSING], words);
  }
  assert.deepEqual(await numbers("Lao (BCG)"), [40, 40, 0, 0]);
  await judge(nurse, "day-coverage");
  await picture(nurse, "bao-phu", [1000, 620]);
  await nurse.goto(at("&thon=B%E1%BA%A3n%20C%E1%BB%91c%20Phung"));
  assert.equal((await numbers("Lao (BCG)"))[0], 20);
  await nurse.goto(at("&mui=dpt-1&tt=chua-den"));
  assert.equal(await nurse.locator("#tre tbody tr").count(), WAITING);
  await nurse.goto(at("&mui=dpt-1&tt=dung-han"));
  assert.equal(await nurse.locator("#tre tbody tr").count(), IN_TIME);
  await judge(nurse, "day-coverage-people");
}

async function fridge(nurse) {
  await nurse.goto(`${HOUSE}/tu-lanh`);
  await nurse.locator("#do").fill("lạnh");
  await nurse.getByRole("button", { name: "Ghi nhiệt độ" }).click();
  await nurse.waitForSelector(".error");
  assert.equal(await nurse.locator("#do").inputValue(), "lạnh");
  const read = async (day, slot, value) => {
    await nurse.goto(`${HOUSE}/tu-lanh`);
    await nurse.locator("#do").fill(value);
    await nurse.locator("#lan").selectOption(slot);
    if (day) await nurse.locator("#ngay").fill(day);
    await nurse.getByRole("button", { name: "Ghi nhiệt độ" }).click();
    await nurse.waitForURL("**xong=ghi");
  };
  await read("", "sang", "4,5");
  assert.match(await main(nurse), /4,5\s°C/);
  await read("", "chieu", "9,2");
  assert.match(await main(nurse), /9,2\s°C, nóng quá: phải từ 2 đến 8 °C/);
  await judge(nurse, "day-fridge");
  await picture(nurse, "tu-lanh", [1000, 760]);
  await nurse.goto(`${HOUSE}/hom-nay`);
  assert.match(await main(nurse), /Tủ lạnh vắc xin: 9,2/);
  await judge(nurse, "day-today");
  // Read again, it stands beside what was read: the sheet keeps both.
  await nurse.goto(`${HOUSE}/tu-lanh`);
  assert.equal(await nurse.locator("#lan").inputValue(), "do-lai");
  await nurse.locator("#do").fill("5");
  await nurse.locator("#lan").selectOption("chieu");
  await nurse.getByRole("button", { name: "Ghi nhiệt độ" }).click();
  await nurse.waitForSelector(".error");
  assert.match(await main(nurse), /đã ghi 9,2 °C\. Đo thêm thì chọn «Đo lại»/);
  assert.equal(await nurse.locator("#do").inputValue(), "5");
  await read("", "do-lai", "05,0");
  const kept = await main(nurse);
  assert.ok(kept.includes("9,2") && /5,0\s°C/.test(kept), kept);
  assert.equal(await nurse.locator("section.note.bad").count(), 0, "the last reading is right");
  await judge(nurse, "day-fridge-again");
  await nurse.goto(`${HOUSE}/tu-lanh`);
  await print(nurse, "In bảng tháng", "tu-lanh");
  const cell = nurse.locator("#bang td", { hasText: "9,2" });
  await cell.getByText("Ghi nhầm?").click();
  await cell.getByRole("button", { name: "Rút lần đọc này" }).click();
  await nurse.waitForURL("**xong=rut");
  assert.ok(!(await main(nurse)).includes("9,2"));
}

const browser = await launch();
try {
  const keep = await keeper(browser, LINK);
  const at = (login, name, facility, role = "station-staff") => colleague(browser, keep, { house: HOUSE, login, name, role, facility }, [403, 404, 422]);
  const nurse = await at("tram.ban.bo", "Lò Thị Điều Dưỡng", "cskcb-12090");
  const stranger = await at("tram.pac.ta", "Tẩn Thị Lạ", "cskcb-12101");
  const day = await plan(nurse);
  await takeLots(nurse, day, 1);
  await roster(nurse);
  await judge(nurse, "day-list");
  await picture(nurse, "buoi-tiem-ngay", [1000, 760]);
  await screenedByMistake(nurse);
  await putOff(nurse, day);

  await nurse.setViewportSize(PHONE);
  const actions = new Actions("the nurse screens and vaccinates a child of the day", 4 * 38);
  let begun = Date.now();
  await give(nurse, day, 29, actions);
  let spent = seconds(begun);
  await twice(nurse, day);
  const watched = await patients(nurse);
  assert.equal(watched.length, 30);
  await react(nurse, watched[0], { kind: "fever", began: new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Ho_Chi_Minh" }).format(new Date()), gravity: "mild", words: "" });
  assert.match(await main(nurse), /không nặng/);
  // An older page cannot say that all was well.
  const late = await nurse.request.post(`${HOUSE}/theo-doi-tiem/${watched[0]}`, { form: { the: "well" }, maxRedirects: 0, headers: { origin: HOUSE } });
  assert.equal(late.status(), 409, await late.text());
  await serious(nurse, watched[1], day);
  await takeLots(nurse, day, 2);
  await nurse.setViewportSize(PHONE);
  begun = Date.now();
  await give(nurse, day, 9, actions);
  spent += seconds(begun);
  assert.ok(actions.count / 38 <= 4, `${actions.count / 38} actions for a child`);
  assert.ok(spent / 38 <= 30, `${spent / 38} s for a child`);
  console.log(`${actions.task}: ${actions.count / 38} actions, ${(spent / 38).toFixed(2)} s of the browser and the house`);
  await watch(nurse);
  await close(nurse, day);
  await coverage(nurse);
  await fridge(nurse);
  await nurse.goto(`${HOUSE}/phan-ung-tiem`);
  assert.match(await main(nurse), /lô LO-102-1/);
  await judge(nurse, "day-reactions");

  // Another station sees the day without anybody of it, and cannot write in it; a lot that is stopped elsewhere is told.
  await stranger.goto(`${HOUSE}${day}`);
  const seen = await main(stranger);
  assert.ok(!/tre-|Lò Thị Mai|Giàng/.test(seen), seen);
  assert.match(seen, /Buổi tiêm của trạm khác/);
  await print(stranger, "In báo cáo", "buoi-tiem-tram-khac");
  const foreign = await stranger.request.post(`${HOUSE}${day}/mo-lai`, { form: {}, maxRedirects: 0, headers: { origin: HOUSE } });
  assert.equal(foreign.status(), 403);
  await stranger.goto(`${HOUSE}/theo-doi-tiem`);
  assert.match(await main(stranger), /Không còn trẻ nào đang theo dõi/);
  await stranger.goto(`${HOUSE}/bao-phu?tu-ngay=${BORN_FROM}&den-ngay=${BORN_UNTIL}`);
  assert.match(await main(stranger), /Không có trẻ nào sinh trong khoảng này/);
  assert.equal((await stranger.goto(`${HOUSE}/phan-ung-tiem/${watched[1]}`)).status(), 403);
  assert.equal((await stranger.request.get(`${HOUSE}/phan-ung-tiem/${watched[1]}/in`)).status(), 403);
  assert.equal((await nurse.request.get(`${HOUSE}/phan-ung-tiem/${watched[1]}/in?pu=khong-co`)).status(), 404);
  const cashier = await at("thu.ngan", "Vi Văn Thu", "cskcb-12090", "cashier");
  for (const path of ["/tu-lanh/in", "/buoi-tiem", day, `${day}/in`, "/theo-doi-tiem", "/phan-ung-tiem", "/bao-phu", `/tiem-chung/tre-1/sang-loc`]) {
    assert.equal((await cashier.goto(`${HOUSE}${path}`)).status(), 403, path);
  }
} finally {
  await browser.close();
}
