// A new node in a real browser (headless Chromium), by keyboard: first run, second factor, a second account by a link,
// signing out, a wrong password, the right one with its code, the page one wanted, and passkeys. Every page is judged by axe-core, and
// the same way in is gone once more without script.
//
// Arguments: address of a closed node without accounts, its link for the first run, folder for screenshots.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { appCode, now } from "./app_code.mjs";
import { passkeys } from "./passkeys.mjs";

const require = createRequire(`${process.env.YBA_TEST_NODE_MODULES}/`);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const PASSWORD = "bốn bức tường trắng";
const WIDE = { width: 1440, height: 900 };
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

async function open(context) {
  const page = await context.newPage();
  page.surprises = [];
  page.on("console", (message) => {
    // A refusal is a page with its status, which the browser tells of.
    if (message.type() === "error" && !/status of (401|422)/.test(message.text())) page.surprises.push(message.text());
  });
  page.on("pageerror", (error) => page.surprises.push(String(error)));
  return page;
}

async function judge(page, name) {
  for (const [width, height] of [[1440, 900], [390, 844], [320, 700]]) {
    await page.setViewportSize({ width, height });
    await page.evaluate(() => document.fonts.ready);
    const wide = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide[0] <= wide[1], `${name} scrolls sideways at ${width} px: ${wide}`);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    const grave = violations.filter((one) => ["serious", "critical"].includes(one.impact));
    assert.equal(grave.length, 0, `axe-core about ${name}:\n${grave.map((one) => `${one.id} ${one.nodes[0].html}`).join("\n")}`);
    if (width !== 320) await page.screenshot({ path: `${SHOTS}/${name}-${width}.png` });
  }
  await page.setViewportSize(WIDE);
  assert.deepEqual(page.surprises, [], name);
}

const heading = (page) => page.locator("h1").innerText();

// Types into the field that has the focus, and goes on to the next; Enter at the end sends.
async function type(page, ...texts) {
  for (const [at, text] of texts.entries()) {
    await page.keyboard.insertText(text);
    await page.keyboard.press(at + 1 < texts.length ? "Tab" : "Enter");
  }
  await page.waitForLoadState();
}

const focused = (page) => page.evaluate(() => document.activeElement.id);

async function firstRun(page) {
  await page.goto(LINK);
  assert.equal(await focused(page), "login");
  await judge(page, "first-run");
  await type(page, "quan.tri", "Vàng A Páo", "ngắn quá", "ngắn quá");
  assert.match(await page.locator("#password-loi").innerText(), /14 ký tự/);
  assert.equal(await page.locator("#name").inputValue(), "Vàng A Páo", "what was typed is kept");
  await judge(page, "first-run-wrong");
  await page.locator("#password").focus();
  await type(page, PASSWORD, PASSWORD);
  await page.waitForURL("**/tai-khoan/ung-dung");
  await judge(page, "second-factor");
  const secret = await page.locator("#khoa").innerText();
  await page.locator("#code").focus();
  await type(page, appCode(secret, now()));
  await page.waitForSelector(".codes");
  assert.equal(await heading(page), "Mã dự phòng");
  assert.equal(await page.locator(".codes span").count(), 10);
  await judge(page, "recovery-codes");
  return secret;
}

async function another(page) {
  await page.goto(`${HOUSE}/quan-tri/tai-khoan`);
  await judge(page, "accounts");
  await page.locator("#login").fill("mai.lo");
  await page.locator("#name").fill("Lò Thị Mai");
  await page.locator("#role").selectOption("nurse");
  await page.getByRole("button", { name: "Lập tài khoản" }).click();
  const link = await page.locator("#lien-ket-moi").innerText();
  await judge(page, "account-link");
  await page.goto(`${HOUSE}/quan-tri/tai-khoan`);
  await page.getByRole("link", { name: "Lò Thị Mai" }).click();
  await judge(page, "account");
  return link;
}

// What somebody may open stands in the rail; nothing else does.
async function offered(page) {
  return page.locator(".rail li a .word").allInnerTexts();
}

async function out(page) {
  await page.goto(`${HOUSE}/`);
  await page.waitForURL("**/quan-tri/tai-khoan");
  const own = ["Tài khoản", "Rà soát tài khoản", "Nhật ký truy cập", "Sức khỏe máy chủ", "Ứng dụng", "FHIR API"];
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
  await type(page, appCode(secret, now() + 1));
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
  await page.goto(`${HOUSE}/nguoi/khong-co/ai-xem`);
  await judge(page, "who-looked-nobody");
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
try {
  const context = await browser.newContext({ viewport: WIDE, locale: "vi-VN", reducedMotion: "reduce" });
  const page = await open(context);
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
