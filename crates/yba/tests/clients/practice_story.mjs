// Practising in an invented village, in a real browser (headless Chromium): lessons whose steps the house ticks by what was done in the real rooms, the bar
// that says the next step, a lesson begun again, and a colleague whose lessons are her own.
//
// Arguments: address of a village, passwords of its two learners, folder for screenshots. Prints what was learned.

import assert from "node:assert/strict";
import { desk, judge as judged, launch, open, picture } from "./judged.mjs";

const [HOUSE, FIRST, SECOND, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const main = async (page) => (await page.locator("main").innerText()).replace(/\s+/g, " ");
const field = (page, name) => page.locator(`[name="${name}"]:visible`);
const bar = (page) => page.locator("#tap .lessonbar");

async function learner(browser, login, password) {
  const page = await open(await desk(browser), [401, 403, 404, 422]);
  await page.goto(`${HOUSE}/tap`);
  await page.locator("#login").fill(login);
  await page.locator("#password").fill(password);
  await page.locator("#password").press("Enter");
  await page.waitForSelector(".account");
  await page.goto(`${HOUSE}/tap`);
  return page;
}

const save = (page, name) => page.getByRole("button", { name }).last().click();
const choose = (page, legend, word) => page.getByRole("group", { name: legend }).getByText(word, { exact: true }).click();
const day = (days) => {
  const at = new Date(Date.now() + days * 86400000 + 7 * 3600000);
  return `${at.getUTCDate()}/${at.getUTCMonth() + 1}/${at.getUTCFullYear()}`;
};

// Opens a lesson and begins it; answers the id of the person whom it is about.
async function begin(page, slug) {
  await page.goto(`${HOUSE}/tap/${slug}`);
  await save(page, /Bắt đầu bài này|Làm lại từ đầu/);
  await page.getByText("Bắt đầu lúc").waitFor();
  const links = await page.getByRole("link", { name: "Đi tới trang làm bước này" }).evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  return { id: links.map((href) => href.split("/").at(-1)).find((id) => /\d/.test(id)) };
}

// What a lesson says of its steps: a word each.
async function steps(page, slug) {
  await page.goto(`${HOUSE}/tap/${slug}`);
  const all = await page.locator("#cac-buoc .status").allInnerTexts();
  return all.map((one) => one.trim().split(" ")[0]).join(" ");
}

// A step that leaves nothing is ticked by hand.
async function tick(page, slug) {
  await page.goto(`${HOUSE}/tap/${slug}`);
  await page.getByRole("button", { name: "Tôi đã làm" }).first().click();
  await page.waitForURL(`**/tap/${slug}`);
}

async function done(page, slug) {
  assert.match(await steps(page, slug), /^xong( xong)*$/, slug);
  assert.match(await main(page), /Xong bài\./);
  console.log(`learned: ${slug}`);
}

// A few letters without marks, and the list has the disease.
async function diagnose(page, words, code, name = "main") {
  const option = page.locator(`datalist option[value*="${code}"]`).first();
  // On a busy machine a list that was asked for may be overtaken by the answer to what was typed before: whoever sees none types again.
  for (let tries = 0; tries < 4 && !(await option.count()); tries += 1) {
    await field(page, name).fill("");
    await field(page, name).pressSequentially(words, { delay: 20 });
    await option.waitFor({ state: "attached", timeout: 15000 }).catch(() => console.log(`no list for «${words}» yet`));
  }
  await field(page, name).fill(await option.getAttribute("value"));
}

// Opens a form of somebody, who may have been seen today already: whom a lesson is about is drawn by lot.
async function form(page, path) {
  await page.goto(`${HOUSE}${path}`);
  const more = page.getByRole("link", { name: /^(Ghi thêm một lần khám|Kê thêm một đơn)$/ });
  if (!(await more.count())) return;
  await more.click();
  await page.waitForURL("**?them=1");
}

async function visit(page, id, words, code) {
  await form(page, `/kham/${id}`);
  await field(page, "complaint").fill("Ho, sốt 3 ngày");
  await field(page, "temperature").fill("38,2");
  await diagnose(page, words, code);
  await save(page, "Ghi lần khám");
  await page.waitForURL("**?xong=kham");
}

async function prescribe(page, id, words) {
  await form(page, `/don-thuoc/${id}`);
  await field(page, "tim").fill(words);
  await page.keyboard.press("Enter");
  await page.locator("#don td").first().waitFor();
  await save(page, "Ghi đơn");
  await page.waitForURL("**?xong=ke");
}

// The first lesson: found is not opened, opened is; the bar says the next step wherever one is.
async function finding(nurse) {
  await judge(nurse, "practice");
  await picture(nurse, "tap-lam", [1000, 780]);
  assert.match(await main(nurse), /0\/10 bài xong · còn khoảng 60 phút/);
  assert.equal(await bar(nurse).count(), 0, "nothing is under way yet");
  const { id } = await begin(nurse, "find-and-register");
  const name = /Gõ tên (.+?) \(sinh/.exec(await main(nurse))[1];
  assert.equal(await steps(nurse, "find-and-register"), "làm chưa chưa");
  await judge(nurse, "practice-lesson");
  await nurse.goto(`${HOUSE}/`);
  await bar(nurse).waitFor();
  assert.match(await bar(nurse).innerText(), /Bước 1\/3: Gõ tên/);
  await judge(nurse, "practice-bar");
  await nurse.locator("#q").fill(name);
  await nurse.locator("#ket-qua a").first().waitFor();
  assert.equal(await steps(nurse, "find-and-register"), "làm chưa chưa", "found is not opened");
  await nurse.goto(`${HOUSE}/nguoi/${id}`);
  await bar(nurse).waitFor();
  assert.match(await bar(nurse).innerText(), /Bước 2\/3: Đăng ký/);
  await picture(nurse, "tap-thanh", [1000, 720]);
  await bar(nurse).getByRole("link", { name: "Đi tới" }).click();
  await nurse.waitForURL("**/dang-ky");
  for (const [at, text] of [["name", "Lò Thị Tập"], ["birth", "12/3/1985"], ["phone", "0912345678"], ["line", "Bản Tập"]]) await nurse.locator(`#${at}`).fill(text);
  await nurse.locator("#sex").selectOption("female");
  await nurse.locator("#number").fill("012185000077");
  await nurse.locator("#commune").pressSequentially("tan uyen", { delay: 20 });
  await nurse.locator("datalist#commune-ds option").first().waitFor({ state: "attached" });
  await nurse.locator("#commune").fill(await nurse.locator("datalist#commune-ds option").first().getAttribute("value"));
  await nurse.locator("#name").press("Enter");
  await nurse.waitForURL("**/nguoi/*");
  assert.equal(await steps(nurse, "find-and-register"), "xong xong làm");
  await nurse.goto(`${HOUSE}/nguoi/${id}/sua`);
  await nurse.locator("#phone").fill("0987654321");
  await nurse.locator("#phone").press("Enter");
  await nurse.waitForURL((url) => !url.pathname.endsWith("/sua"));
  await done(nurse, "find-and-register");
  await judge(nurse, "practice-done");
}

async function seeing(nurse) {
  const { id } = await begin(nurse, "visit");
  await visit(nurse, id, "viem phe quan", "J20.9");
  assert.equal(await steps(nurse, "visit"), "xong làm chưa");
  await prescribe(nurse, id, "amlo");
  assert.equal(await steps(nurse, "visit"), "xong xong làm");
  await picture(nurse, "tap-bai", [1000, 560]);
  await nurse.goto(`${HOUSE}/nguoi/${id}`);
  await done(nurse, "visit");
}

async function takingBack(nurse) {
  const { id } = await begin(nurse, "take-back");
  await visit(nurse, id, "viem hong", "J02.9");
  assert.equal(await steps(nurse, "take-back"), "xong làm");
  await nurse.goto(`${HOUSE}/kham/${id}`);
  await nurse.locator("main").getByText("Ghi nhầm?").first().click();
  await nurse.getByRole("button", { name: "Rút lần khám này" }).first().click();
  await nurse.waitForURL("**?xong=rut");
  await done(nurse, "take-back");
}

// Begun again, the same lesson is about what comes from now on; what was written stays.
async function again(nurse) {
  await begin(nurse, "take-back");
  assert.equal(await steps(nurse, "take-back"), "làm chưa", "what was done before does not count again");
  await nurse.getByRole("button", { name: "Bỏ bài này" }).click();
  await nurse.waitForURL("**/tap");
  assert.match(await main(nurse), /1\/10 bài xong/);
  assert.equal(await bar(nurse).count(), 0);
}

// Two learn the same lesson at once: each has her own person, and what one does ticks nothing of the other's.
async function two(nurse, other) {
  const mine = await begin(nurse, "visit");
  const hers = await begin(other, "visit");
  await visit(nurse, hers.id, "viem phe quan", "J20.9");
  assert.equal(await steps(other, "visit"), "làm chưa chưa", "a colleague's visit of the very person is not hers");
  assert.equal(await steps(nurse, "visit"), mine.id === hers.id ? "xong làm chưa" : "làm chưa chưa");
  await other.goto(`${HOUSE}/tap`);
  assert.match(await main(other), /0\/10 bài xong/);
  const refused = await other.request.post(`${HOUSE}/tap/visit/danh-dau`, { form: { buoc: "visit" }, headers: { origin: HOUSE }, maxRedirects: 0 });
  assert.equal(refused.status(), 404, "what the house sees is not ticked by hand");
  assert.equal((await other.goto(`${HOUSE}/tap/khong-co`)).status(), 404);
}

// The rest of the hour, each lesson in its own rooms.
async function pressure(nurse) {
  const { id } = await begin(nurse, "hypertension");
  await tick(nurse, "hypertension");
  await form(nurse, `/man-tinh/hypertension/${id}`);
  for (const [at, text] of [["systolic-1", "150"], ["diastolic-1", "95"], ["pulse", "78"], ["weight", "56"], ["next-date", day(28)]]) await field(nurse, at).fill(text);
  await choose(nurse, "Hút thuốc lá, thuốc lào", "Chưa bao giờ");
  await choose(nurse, /Uống rượu, bia/, "Không");
  await choose(nurse, /Uống thuốc trong 7 ngày/, "Đủ các ngày");
  await choose(nurse, /Tác dụng phụ/, "Không có");
  await save(nurse, /^Ghi/);
  await nurse.waitForURL("**?xong=kham");
  assert.equal(await steps(nurse, "hypertension"), "xong xong làm");
  await judge(nurse, "practice-ticked");
  await tick(nurse, "hypertension");
  await done(nurse, "hypertension");
}

async function vaccinating(nurse) {
  await begin(nurse, "vaccination-day");
  await nurse.goto(`${HOUSE}/buoi-tiem`);
  await nurse.locator("#noi").fill("Trạm y tế");
  await save(nurse, "Lập buổi tiêm");
  await nurse.waitForURL("**?xong=lap");
  assert.equal(await steps(nurse, "vaccination-day"), "xong làm chưa chưa");
  await nurse.goBack();
  const session = new URL(nurse.url()).pathname;
  for (;;) {
    await nurse.goto(`${HOUSE}${session}`);
    const lot = nurse.locator("input[id^='lo-']:visible").first();
    if (!(await lot.count())) break;
    const code = (await lot.getAttribute("id")).slice(3);
    await lot.fill(`TAP-${code}`);
    await nurse.locator(`#han-${code}`).fill("31/12/2099");
    await nurse.locator(`form:has(#lo-${code}) button`).click();
    await nurse.waitForURL("**?xong=lo");
  }
  assert.equal(await steps(nurse, "vaccination-day"), "xong xong làm chưa");
  await nurse.goto(`${HOUSE}${session}`);
  await nurse.locator("#danh-sach table a[href*='/tiem-chung/']").first().click();
  await nurse.waitForURL("**/tiem-chung/**");
  await nurse.getByLabel("Không có chống chỉ định").check();
  await save(nurse, "Tiêm và ghi");
  await nurse.waitForURL("**xong=**");
  assert.equal(await steps(nurse, "vaccination-day"), "xong xong xong làm");
  await nurse.goto(`${HOUSE}/theo-doi-tiem`);
  await nurse.getByRole("button", { name: "Về sớm" }).first().click();
  await nurse.waitForURL("**xong=**");
  await done(nurse, "vaccination-day");
}

async function notifying(nurse) {
  const { id } = await begin(nurse, "notifiable");
  await form(nurse, `/kham/${id}`);
  await field(nurse, "complaint").fill("Sốt, phát ban, ho");
  await field(nurse, "onset").fill(day(-3));
  await field(nurse, "temperature").fill("38,6");
  if (await field(nurse, "weight").count()) await field(nurse, "weight").fill("14");
  await diagnose(nurse, "soi", "B05.9");
  await save(nurse, "Ghi lần khám");
  await nurse.waitForURL("**?xong=kham");
  assert.equal(await steps(nurse, "notifiable"), "xong làm chưa");
  await nurse.goto(`${HOUSE}/kham/${id}`);
  await nurse.getByRole("link", { name: "Thông báo ca bệnh" }).first().click();
  await nurse.waitForURL("**/dich-benh/*");
  await save(nurse, "Gửi thông báo ca bệnh");
  await nurse.waitForURL("**?xong=ghi");
  assert.equal(await steps(nurse, "notifiable"), "xong xong làm");
  await nurse.goBack();
  await save(nurse, "Đã báo lên");
  await nurse.waitForURL("**?xong=bao-len");
  await done(nurse, "notifiable");
}

async function bornAndDied(nurse) {
  const { id } = await begin(nurse, "birth-and-death");
  await nurse.goto(`${HOUSE}/sinh-tu/sinh/${id}`);
  await field(nurse, "born").fill(`${day(0)} 0h01`);
  await nurse.locator("input[name=attendant][value*=midwife]").first().check();
  for (const [at, text] of [["weeks", "39"], ["parity", "1"], ["weight", "3100"]]) await field(nurse, at).fill(text);
  await nurse.locator("input[name=sex][value*=female]").first().check();
  await save(nurse, "Ghi sinh");
  await nurse.waitForURL("**?xong=sinh");
  assert.equal(await steps(nurse, "birth-and-death"), "xong làm chưa");
  await tick(nurse, "birth-and-death");
  assert.equal(await steps(nurse, "birth-and-death"), "xong xong làm");
  const asked = async (path) => (await nurse.request.get(`${HOUSE}/fhir/${path}`)).json();
  const station = (await asked(`Patient/${id}`)).managingOrganization.reference;
  const found = await asked(`Patient?organization=${station}&birthdate=lt1966-01-01&deceased=false&_count=100`);
  // Whoever is written down as dead is not offered to be written down again.
  for (const { resource } of found.entry.filter((one) => /^p\d+$/.test(one.resource.id) && one.resource.id !== id)) {
    await nurse.goto(`${HOUSE}/sinh-tu/tu/${resource.id}`);
    if (await field(nurse, "day").count()) break;
  }
  await field(nurse, "day").fill(day(-1));
  for (const [name, value] of [["place", "home"], ["cared", "true"], ["determined", "doctor"]]) await nurse.locator(`input[name="${name}"][value*="${value}"]`).first().check();
  await diagnose(nurse, "i10", "I10", "ia");
  await save(nurse, "Ghi tử vong");
  await nurse.waitForURL("**?xong=tu");
  await done(nurse, "birth-and-death");
}

// The book, a person's history and their check.
async function household(nurse) {
  const { id } = await begin(nurse, "household");
  await tick(nurse, "household");
  await nurse.goto(`${HOUSE}/so-ho/nguoi/${id}/health-history`);
  // Whoever has allergies in the record is offered them as they are.
  const allergic = nurse.getByRole("group", { name: /Thuốc, thức ăn/ });
  if (!(await allergic.locator("input:checked").count())) await choose(nurse, /Thuốc, thức ăn/, "Không dị ứng gì");
  await choose(nurse, /Hút thuốc/, "Chưa bao giờ");
  await choose(nurse, /Uống rượu/, "Không");
  await choose(nurse, /Hoạt động thể lực/, "Vừa phải");
  for (const name of ["pregnancies", "deliveries"]) if (await field(nurse, name).count()) await field(nurse, name).fill("1");
  await save(nurse, "Ghi vào hồ sơ");
  await nurse.waitForURL("**?xong=ghi");
  assert.equal(await steps(nurse, "household"), "xong xong làm");
  await nurse.goto(`${HOUSE}/so-ho/nguoi/${id}/periodic-check`);
  for (const [name, text] of [["weight", "52"], ["height", "156"], ["systolic", "118"], ["diastolic", "76"], ["waist", "71"]]) await field(nurse, name).fill(text);
  await choose(nurse, /Phân loại sức khỏe/, "Loại II: khỏe");
  await save(nurse, "Ghi lần khám");
  await nurse.waitForURL("**?xong=ghi");
  await done(nurse, "household");
}

async function medicines(nurse) {
  const { id } = await begin(nurse, "medicines");
  await visit(nurse, id, "tang huyet ap", "I10");
  await prescribe(nurse, id, "amlo");
  assert.equal(await steps(nurse, "medicines"), "xong làm chưa");
  await nurse.goto(`${HOUSE}/thuoc`);
  // Others wait too: hers is handed out, however many come before.
  for (let tries = 0; tries < 5 && !(await steps(nurse, "medicines")).startsWith("xong xong"); tries += 1) {
    await nurse.goto(`${HOUSE}/thuoc`);
    await nurse.getByRole("button", { name: "Phát thuốc" }).first().click();
    await nurse.waitForURL("**?xong=phat");
  }
  assert.equal(await steps(nurse, "medicines"), "xong xong làm");
  await nurse.goto(`${HOUSE}/thuoc/nhap`);
  for (const [name, text] of [["thuoc", "Amlodipin 5 mg"], ["lo", "TAP-01"], ["han", "31/12/2027"], ["so-luong", "100"]]) await field(nurse, name).fill(text);
  await save(nurse, /^Nhập kho/);
  await nurse.waitForURL("**xong=nhap**");
  await done(nurse, "medicines");
}

async function monthEnd(nurse) {
  await begin(nurse, "month-end");
  await nurse.goto(`${HOUSE}/bao-cao`);
  await nurse.locator("main a[href^='/bao-cao/monthly-visits']").first().click();
  await nurse.waitForURL("**/bao-cao/monthly-visits?*");
  await nurse.locator("main a[href*='/o/']").first().click();
  await nurse.waitForURL("**/o/**");
  assert.equal(await steps(nurse, "month-end"), "xong làm chưa");
  await nurse.goto(`${HOUSE}/bao-cao`);
  await nurse.locator("main a[href^='/bao-cao/monthly-visits']").first().click();
  await save(nurse, /^Khóa /);
  await nurse.getByText(/Đã khóa/).first().waitFor();
  assert.equal(await steps(nurse, "month-end"), "xong xong làm");
  await nurse.goto(`${HOUSE}/bao-cao`);
  await nurse.locator("main a[href^='/so/outpatient-visits']").first().click();
  const paper = await nurse.getByRole("link", { name: "In", exact: true }).first().getAttribute("href");
  assert.equal((await nurse.request.get(`${HOUSE}${paper}`)).status(), 200);
  await done(nurse, "month-end");
}

const browser = await launch();
try {
  const nurse = await learner(browser, "y-ta", FIRST);
  const other = await learner(browser, "y-ta-2", SECOND);
  await finding(nurse);
  await takingBack(nurse);
  await again(nurse);
  await two(nurse, other);
  await seeing(nurse);
  for (const lesson of [bornAndDied, household, medicines, monthEnd, vaccinating, pressure, notifying]) await lesson(nurse);
  await nurse.goto(`${HOUSE}/tap`);
  assert.match(await main(nurse), /9\/10 bài xong.*còn khoảng 3 phút/, "one was put aside");
  await takingBack(nurse);
  await nurse.goto(`${HOUSE}/tap`);
  assert.match(await main(nurse), /Bạn đã làm xong mọi bài/);
  await judge(nurse, "practice-all");
} finally {
  await browser.close();
}
