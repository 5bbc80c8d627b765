// Who may look, in a real browser (headless Chromium), at a closed node that knows one person of a hospital and a station: the
// hospital's doctor finds and reads, a stranger (a doctor of another hospital) is refused with a sentence that helps and opens
// the record in an emergency, the person bars the hospital at their station and takes it back.
//
// Arguments: address of the node, its link for the first run, folder for screenshots. Prints what each task costs.

import assert from "node:assert/strict";
import { Actions, colleague, heading, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const RECORD = `${HOUSE}/nguoi/p`;
const main = (page) => page.locator("main").innerText();

// Types a name where the focus is, waits for the answer, and opens the first.
async function find(page, actions, text) {
  await page.goto(`${HOUSE}/`);
  assert.equal(await page.evaluate(() => document.activeElement.id), "q", "the box has the focus");
  await actions.type(page, text);
  await page.waitForSelector(`.hits-head[data-q="${text}"]`, { timeout: 30_000 });
  await actions.key(page, "Enter");
}

async function reads(doctor) {
  const actions = new Actions("a doctor finds a person and reads the record", 3);
  await find(doctor, actions, "lo thi mau 1968");
  await doctor.waitForURL(RECORD);
  assert.equal(await heading(doctor), "LÒ THỊ MẪU");
  const text = await main(doctor);
  for (const words of ["Dị ứng Penicillin", "đái tháo đường", "Metformin", "HbA1c"]) assert.ok(text.includes(words), `${words} in ${text}`);
  await judge(doctor, "record-doctor");
  await doctor.locator("h1").click();
  await actions.key(doctor, "2");
  await doctor.waitForURL("**/ket-qua");
  actions.told();
}

async function isRefused(stranger) {
  const actions = new Actions("a stranger is refused", 2);
  await find(stranger, actions, "lo thi mau 1968");
  await stranger.waitForURL("**/khan-cap");
  const text = await main(stranger);
  assert.match(text, /chưa có lượt khám ở cơ sở của bạn/);
  assert.match(text, /tiếp đón trước/, "it says what helps");
  for (const hidden of ["Penicillin", "đái tháo đường", "Metformin", "HbA1c"]) assert.ok(!text.includes(hidden), hidden);
  for (const path of ["ket-qua", "tai-lieu", "gia-dinh", "quyen-xem", "luot/e1"]) {
    await stranger.goto(`${RECORD}/${path}`);
    assert.ok(!/Penicillin|Metformin|HbA1c|đái tháo/.test(await main(stranger)), path);
  }
  assert.equal((await fhir(stranger, "Observation?patient=p")).total ?? 0, 0);
  actions.told();
  await stranger.goto(`${RECORD}/khan-cap`);
  await judge(stranger, "emergency");
  await picture(stranger, "khan-cap", [1000, 400]);
}

const fhir = async (page, path) => (await page.request.get(`${HOUSE}/fhir/${path}`)).json();

async function emergency(stranger) {
  const actions = new Actions("a stranger opens the record in an emergency", 2);
  await stranger.goto(`${RECORD}/khan-cap`);
  assert.equal(await stranger.evaluate(() => document.activeElement.id), "reason");
  await actions.type(stranger, "Hôn mê tại phòng cấp cứu, cần biết dị ứng và thuốc");
  await actions.key(stranger, "Enter");
  await stranger.waitForURL(RECORD);
  const text = await main(stranger);
  assert.ok(text.includes("Dị ứng Penicillin") && text.includes("Metformin"), text);
  const until = /Đang mở khẩn cấp đến (\d\d)\/(\d\d)\/(\d{4}) (\d\d):(\d\d)/.exec(text);
  assert.ok(until, text);
  const [day, month, year, hour, minute] = until.slice(1);
  const hours = (Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00+07:00`) - Date.now()) / 3_600_000;
  assert.ok(hours > 3.9 && hours <= 4, `it ends in ${hours} hours`);
  actions.told();
  await judge(stranger, "emergency-open");
  const told = await fhir(stranger, "Communication?recipient=Patient/p");
  assert.match(told.entry?.[0]?.resource.payload[0].contentString ?? "", /khẩn cấp. Lý do: Hôn mê tại phòng cấp cứu/, "the person is told");
  await stranger.goto(`${RECORD}/ai-xem`);
  assert.match(await main(stranger), /Chẻo San Mẩy/, "the trail names who did");
}

async function refuses(station, doctor) {
  const actions = new Actions("the station writes down a refusal", 4);
  await station.goto(RECORD);
  await station.locator("h1").click();
  await actions.key(station, "5");
  await station.waitForURL("**/quyen-xem");
  await judge(station, "rights");
  await actions.choose(station.locator("#say"), "deny");
  await actions.choose(station.locator("#place"), "cskcb-12001");
  await actions.click(station.getByRole("button", { name: "Lưu lời người bệnh" }));
  await station.waitForSelector("#dang-co .rows");
  const since = Date.now();
  await doctor.goto(RECORD);
  assert.ok(doctor.url().endsWith("/khan-cap"), doctor.url());
  assert.equal((await fhir(doctor, "Observation?patient=p")).entry?.length ?? 0, 0);
  const took = Date.now() - since;
  console.log(`the doctor is refused on page and API ${took} ms after the page told that it is kept`);
  assert.ok(took < 1000, `${took} ms`);
  actions.told();
  await judge(station, "rights-barred");
  await picture(station, "quyen-xem");
  await station.getByRole("link", { name: "Phiếu để ký" }).click();
  await station.waitForURL("**/phieu");
  await judge(station, "rights-sheet");
  await station.emulateMedia({ media: "print" });
  await station.screenshot({ path: `${SHOTS}/rights-sheet-paper.png` });
  await station.emulateMedia({ media: "screen" });
}

async function takesBack(station, doctor) {
  const actions = new Actions("the station takes the refusal back", 2);
  await station.goto(`${RECORD}/quyen-xem`);
  await actions.click(station.locator("summary", { hasText: "Rút lại" }));
  await actions.click(station.getByRole("button", { name: "Người bệnh rút lại lời này" }));
  await station.waitForSelector("#truoc-day");
  const since = Date.now();
  await doctor.goto(RECORD);
  assert.equal(await heading(doctor), "LÒ THỊ MẪU");
  assert.equal((await fhir(doctor, "Observation?patient=p")).entry.length, 2);
  const took = Date.now() - since;
  console.log(`the doctor reads again ${took} ms after`);
  assert.ok(took < 1000, `${took} ms`);
  actions.told();
}

// What is wrong stands beside its field, with what was typed.
async function mistyped(station) {
  await station.goto(`${RECORD}/quyen-xem`);
  await station.locator("#say").selectOption("permit");
  await station.locator("#to").fill("31/02/2027");
  await station.getByRole("button", { name: "Lưu lời người bệnh" }).click();
  await station.waitForSelector("#part-loi");
  assert.equal(await station.locator("#to").inputValue(), "31/02/2027");
  await judge(station, "rights-wrong");
}

const browser = await launch();
try {
  const administrator = await keeper(browser, LINK);
  const come = (login, name, role, facility) =>
    colleague(browser, administrator, { house: HOUSE, login, name, role, facility }, [404, 422, 403]);
  const doctor = await come("bs.sinh", "Giàng Thị Sính", "doctor", "cskcb-12001");
  const stranger = await come("bs.may", "Chẻo San Mẩy", "doctor", "cskcb-12003");
  const station = await come("tram.banbo", "Lò Thị Mai", "station-staff", "cskcb-12090");
  await reads(doctor);
  await isRefused(stranger);
  await emergency(stranger);
  await refuses(station, doctor);
  await takesBack(station, doctor);
  await mistyped(station);
  for (const page of [doctor, stranger, station]) assert.deepEqual(page.surprises, []);
  console.log("access: every step as expected");
} finally {
  await browser.close();
}
