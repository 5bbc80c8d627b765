// Coming in through an outside OpenID provider: a real one (npm's oidc-provider) on loopback, a real browser. Nobody is let in
// whom no account is tied to; a nurse ties herself and comes in without a password; what was sent once, another state, another
// nonce and a blocked account are refused; who keeps accounts ties and unties.
//
// Arguments: address of a demonstration, the provider's port, passwords of nurse and it-officer, folder for screenshots.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { appCode } from "./judged.mjs";

const { chromium } = createRequire(`${process.env.YBA_TEST_NODE_MODULES}/`)("playwright-core");
// A package of ES modules alone: it is found by its address.
const { default: Provider } = await import(pathToFileURL(`${process.env.YBA_TEST_NPM_CLIENTS}/oidc-provider/lib/index.js`));
const [HOUSE, PORT, NURSE, KEEPER, SHOTS] = process.argv.slice(2);
const ISSUER = `http://127.0.0.1:${PORT}`;
const RETURN = `${HOUSE}/dang-nhap/ngoai/ve`;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

function provide() {
  const provider = new Provider(ISSUER, {
    clients: [{ client_id: "yba", client_secret: "of-this-test-alone", redirect_uris: [RETURN],
      response_types: ["code"], grant_types: ["authorization_code"] }],
    cookies: { keys: ["of this test"] },
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: "mai.lo@tinh.vn", name: "nurse" }) }),
  });
  return new Promise((done) => { const server = provider.listen(Number(PORT), "127.0.0.1", () => done(server)); });
}

const refused = async (page, words) => {
  assert.match(await page.locator("main").innerText(), words);
  assert.equal(await page.locator("#login").count(), 1, "the sign-in page");
};

// At the provider: who one is, and that one permits it.
async function atProvider(page, subject) {
  await page.locator("input[name=login]").fill(subject);
  await page.locator("input[name=password]").fill("tùy ý");
  await page.locator("button[type=submit]").click();
  await page.locator("button[type=submit]", { hasText: "Continue" }).click();
  await page.waitForURL(`${HOUSE}/**`);
}

async function fresh(browser) {
  const context = await browser.newContext({ locale: "vi-VN", viewport: { width: 1440, height: 900 } });
  return context.newPage();
}

async function through(browser, subject) {
  const page = await fresh(browser);
  await page.goto(`${HOUSE}/dang-nhap?ve=/tai-khoan`);
  await page.getByRole("link", { name: "Đăng nhập bằng Cổng tỉnh" }).click();
  await atProvider(page, subject);
  return page;
}

// The way out with something else in it than the node wrote.
async function bent(browser, parameter) {
  const page = await fresh(browser);
  const sent = await page.context().request.get(`${HOUSE}/dang-nhap/ngoai`, { maxRedirects: 0 });
  const way = new URL(sent.headers().location);
  assert.ok(way.searchParams.get(parameter), parameter);
  way.searchParams.set(parameter, "another-one-that-is-long-enough");
  await page.goto(String(way));
  await atProvider(page, "mai-0912");
  return page;
}

async function signIn(page, login, password) {
  await page.goto(`${HOUSE}/dang-nhap`);
  await page.locator("#login").fill(login);
  await page.locator("#password").fill(password);
  await page.locator("#password").press("Enter");
  await page.waitForLoadState();
}

async function tiesHerself(browser) {
  const page = await fresh(browser);
  await signIn(page, "nurse", NURSE);
  await page.goto(`${HOUSE}/tai-khoan`);
  await page.locator("#present-ngoai").fill("sai mật khẩu");
  await page.getByRole("button", { name: "Gắn với Cổng tỉnh" }).click();
  assert.match(await page.locator("#present-ngoai-loi").innerText(), /chưa đúng/);
  await page.locator("#present-ngoai").fill(NURSE);
  await page.getByRole("button", { name: "Gắn với Cổng tỉnh" }).click();
  await page.screenshot({ path: `${SHOTS}/tie-outside-1440.png` });
  await page.getByRole("link", { name: "Sang Cổng tỉnh" }).click();
  await atProvider(page, "mai-0912");
  assert.match(await page.locator("#ngoai").innerText(), /mai-0912/);
}

async function keeper(browser) {
  const page = await fresh(browser);
  await signIn(page, "it-officer", KEEPER);
  const secret = await page.locator("#khoa").innerText();
  await page.locator("#code").fill(appCode(secret));
  await page.locator("#code").press("Enter");
  await page.waitForSelector(".codes");
  return page;
}

const account = async (page, login) => {
  await page.goto(`${HOUSE}/quan-tri/tai-khoan`);
  await page.locator("li", { has: page.locator(`span.muted:text-is("${login}")`) }).locator("a").first().click();
  await page.waitForLoadState();
};

const server = await provide();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
try {
  await refused(await through(browser, "mai-0912"), /chưa gắn với ai/);
  await refused(await through(browser, "nurse"), /chưa gắn với ai/);
  await tiesHerself(browser);

  const inside = await fresh(browser);
  await inside.goto(`${HOUSE}/dang-nhap?ve=/tai-khoan`);
  await inside.screenshot({ path: `${SHOTS}/sign-in-outside-1440.png` });
  const back = inside.waitForRequest((request) => request.url().startsWith(RETURN));
  await inside.getByRole("link", { name: "Đăng nhập bằng Cổng tỉnh" }).click();
  await atProvider(inside, "mai-0912");
  await inside.waitForLoadState();
  assert.equal(inside.url(), `${HOUSE}/tai-khoan`, await inside.locator("main").innerText());
  const again = await fresh(browser);
  await again.goto((await back).url());
  await refused(again, /bấm lại từ đầu/);

  await refused(await bent(browser, "state"), /không hợp lệ/);
  await refused(await bent(browser, "nonce"), /không hợp lệ/);

  const admin = await keeper(browser);
  await account(admin, "doctor");
  await admin.locator("#subject").fill("mai-0912");
  await admin.getByRole("button", { name: "Gắn", exact: true }).click();
  assert.match(await admin.locator("#subject-loi").innerText(), /đã gắn với người khác/);
  await admin.locator("#subject").fill("an-77");
  await admin.getByRole("button", { name: "Gắn", exact: true }).click();
  await admin.getByRole("button", { name: "Bỏ gắn" }).waitFor();
  const doctor = await through(browser, "an-77");
  await doctor.goto(`${HOUSE}/tai-khoan`);
  assert.match(await doctor.locator("main").innerText(), /doctor/);
  await account(admin, "nurse");
  await admin.getByRole("button", { name: "Khóa tài khoản" }).click();
  await admin.getByRole("button", { name: "Mở khóa" }).waitFor();
  assert.equal((await inside.goto(`${HOUSE}/`)).status(), 401, "out with the next request");
  await refused(await through(browser, "mai-0912"), /đã bị khóa/);
  console.log("outside provider: every step as expected");
} finally {
  await browser.close();
  server.close();
}
