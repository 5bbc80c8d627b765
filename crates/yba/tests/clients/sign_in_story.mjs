// A new node in a real browser (headless Chromium), by keyboard: first run, second factor, a second account by a link,
// signing out, a wrong password, the right one with its code, the page one wanted, and passkeys. Every page is judged by axe-core, and
// the same way in is gone once more without script.
//
// Arguments: address of a closed node without accounts, its link for the first run, folder for screenshots.

import assert from "node:assert/strict";
import { Actions, PASSWORD, WIDE, appCode, desk, focused, heading, judge as judged, launch, open, picture } from "./judged.mjs";
import { passkeys } from "./passkeys.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);

// Types into the field that has the focus, and goes on to the next; Enter at the end sends.
async function counted(actions, page, ...texts) {
  for (const [at, text] of texts.entries()) {
    await actions.type(page, text);
    await actions.key(page, at + 1 < texts.length ? "Tab" : "Enter");
  }
  await page.waitForLoadState();
}

const type = (page, ...texts) => counted(new Actions("typing", Infinity), page, ...texts);

async function firstRun(page) {
  await page.goto(LINK);
  assert.equal(await focused(page), "login");
  await judge(page, "first-run");
  await picture(page, "lan-dau", [1000, 480]);
  await type(page, "quan.tri", "Vàng A Páo", "ngắn quá", "ngắn quá");
  assert.match(await page.locator("#password-loi").innerText(), /14 ký tự/);
  assert.equal(await page.locator("#name").inputValue(), "Vàng A Páo", "what was typed is kept");
  await judge(page, "first-run-wrong");
  const actions = new Actions("first run to the first account, with its second factor", 10);
  await page.goto(LINK);
  await counted(actions, page, "quan.tri", "Vàng A Páo", PASSWORD, PASSWORD);
  await page.waitForURL("**/tai-khoan/ung-dung");
  await judge(page, "second-factor");
  const secret = await page.locator("#khoa").innerText();
  await page.locator("#code").focus();
  await counted(actions, page, appCode(secret));
  await page.waitForSelector(".codes");
  actions.told();
  assert.equal(await heading(page), "Mã dự phòng");
  assert.equal(await page.locator(".codes span").count(), 10);
  await judge(page, "recovery-codes");
  return secret;
}

async function another(page) {
  await page.goto(`${HOUSE}/quan-tri/tai-khoan`);
  await judge(page, "accounts");
  await picture(page, "tai-khoan", [1000, 560]);
  const actions = new Actions("an administrator makes an account", 6);
  await actions.click(page.locator("#login"));
  await actions.type(page, "mai.lo");
  await actions.key(page, "Tab");
  await actions.type(page, "Lò Thị Mai");
  await actions.choose(page.locator("#role"), "nurse");
  await actions.click(page.getByRole("button", { name: "Lập tài khoản" }));
  actions.told();
  const link = await page.locator("#lien-ket-moi").innerText();
  await judge(page, "account-link");
  await page.goto(`${HOUSE}/quan-tri/tai-khoan`);
  await page.getByRole("link", { name: "Lò Thị Mai" }).click();
  await judge(page, "account");
  return link;
}

// What somebody may open stands in the rail; nothing else does.
async function offered(page) {
  return page.locator(".rail > div li a .word").allInnerTexts();
}

async function out(page) {
  await page.goto(`${HOUSE}/`);
  await page.waitForURL("**/quan-tri/tai-khoan");
  const own = ["Tài khoản", "Rà soát tài khoản", "Nhật ký truy cập", "Sức khỏe máy chủ", "Biểu mẫu", "Ứng dụng", "FHIR API"];
  assert.deepEqual(await offered(page), own, "who keeps the node looks for nobody");
  await page.goto(`${HOUSE}/tai-khoan`);
  assert.equal(await page.locator("button", { hasText: "Đăng xuất" }).count(), 1);
  await judge(page, "own");
  await page.locator(".account > summary").click();
  await page.screenshot({ path: `${SHOTS}/account-menu-1440.png` });
  await page.locator(".account .leave button").click();
  await page.waitForURL("**/dang-nhap");
  assert.equal(await heading(page), "Đăng nhập");
  assert.equal(await page.locator(".rail, .account, #q").count(), 0, "strangers are offered nothing");
}

async function back(page, secret) {
  await page.goto(`${HOUSE}/quan-tri/tai-khoan`);
  assert.equal(await focused(page), "login");
  await judge(page, "sign-in");
  await type(page, "quan.tri", "một mật khẩu sai");
  assert.match(await page.locator("#password-loi").innerText(), /chưa đúng/);
  assert.deepEqual([await page.locator("#login").inputValue(), await focused(page)], ["quan.tri", "password"]);
  await judge(page, "sign-in-wrong");
  await type(page, PASSWORD);
  await page.waitForURL("**/dang-nhap/ma**");
  assert.equal(await focused(page), "code");
  await judge(page, "code");
  // The code of this half minute may have been used at the first run; the next one is taken already.
  await type(page, appCode(secret, 1));
  await page.waitForURL("**/quan-tri/tai-khoan");
  assert.equal(await page.locator(".who").innerText(), "Vàng A Páo");
}

// The new colleague, without script, at another machine.
async function colleague(browser, link) {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: WIDE });
  const page = await open(context);
  await page.goto(link);
  await page.locator("#password").fill(PASSWORD);
  await page.locator("#repeat").fill(PASSWORD);
  await page.locator("#repeat").press("Enter");
  await page.waitForURL(`${HOUSE}/`);
  assert.equal(await heading(page), "Tìm người");
  assert.ok(!(await offered(page)).includes("Tài khoản"));
  const cookies = await context.cookies();
  assert.ok(cookies.length === 2 && cookies.every((one) => one.httpOnly && one.sameSite === "Lax"), JSON.stringify(cookies));
  const [refused, used] = [await page.goto(`${HOUSE}/quan-tri/tai-khoan`), await page.goto(link)];
  assert.deepEqual([refused.status(), used.status()], [403, 410]);
  return { context, page };
}

async function blocked(page, other) {
  await page.goto(`${HOUSE}/quan-tri/tai-khoan`);
  await page.getByRole("link", { name: "Lò Thị Mai" }).click();
  await page.getByRole("button", { name: "Khóa tài khoản" }).click();
  await page.getByRole("button", { name: "Mở khóa" }).waitFor();
  assert.equal((await other.page.goto(`${HOUSE}/`)).status(), 401, "out with the next request");
  await other.context.close();
}

// What everybody did here, as the trail tells it: searched, reported, and of one person.
async function trail(page) {
  await page.goto(`${HOUSE}/quan-tri/nhat-ky`);
  await judge(page, "trail");
  await picture(page, "nhat-ky", [1000, 560]);
  await page.locator("#viec").selectOption("sign-in");
  await page.locator("#ket-cuc").selectOption("tu-choi");
  await page.getByRole("button", { name: "Tìm" }).last().click();
  await page.waitForURL("**/quan-tri/nhat-ky?**");
  assert.match(await page.locator("#cac-dong tbody").innerText(), /Người tự nhận là Vàng A Páo/, "the wrong password");
  const file = await page.request.get(`${HOUSE}/quan-tri/nhat-ky/tep?viec=sign-in`);
  assert.match(await file.text(), /Đăng nhập/);
  await page.goto(`${HOUSE}/quan-tri/ro-ri`);
  await judge(page, "breach-form");
  const today = new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10);
  await page.goto(`${HOUSE}/quan-tri/ro-ri?tu=${today}&den=${today}`);
  await judge(page, "breach");
  await page.goto(`${HOUSE}/quan-tri/ra-soat`);
  await judge(page, "review");
  await page.goto(`${HOUSE}/quan-tri/suc-khoe`);
  await judge(page, "health");
  await picture(page, "suc-khoe", [1000, 480]);
  await page.goto(`${HOUSE}/nguoi/khong-co/ai-xem`);
  await judge(page, "who-looked-nobody");
}

const browser = await launch();
try {
  const page = await open(await desk(browser), [401, 422]);
  const secret = await firstRun(page);
  const link = await another(page);
  const other = await colleague(browser, link);
  await out(page);
  await back(page, secret);
  await blocked(page, other);
  await trail(page);
  await passkeys(page, HOUSE, PASSWORD, judge);
  assert.deepEqual(page.surprises, []);
  console.log("sign in: every step as expected");
} finally {
  await browser.close();
}
