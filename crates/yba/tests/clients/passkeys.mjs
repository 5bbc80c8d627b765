// Passkeys, with the browser's own stand-in for an authenticator: one is added, lets its owner in without a password, and is
// refused when what it said is said again, when it was copied, and when it was taken away.

import assert from "node:assert/strict";

const FORM = { "content-type": "application/x-www-form-urlencoded" };

async function leave(page, house) {
  await page.goto(`${house}/tai-khoan`);
  await page.locator(".account > summary").click();
  await page.locator(".account .leave button").click();
  await page.waitForURL("**/dang-nhap");
}

async function withKey(page) {
  await page.getByRole("button", { name: "Đăng nhập bằng khóa" }).click();
  await page.waitForLoadState();
}

const refusal = (page) => page.getByText("Khóa này không dùng được ở đây", { exact: false });

async function added(page, house, password, judge) {
  await page.goto(`${house}/tai-khoan`);
  await page.locator("#name").fill("Máy phòng khám");
  await page.locator("#present").fill("một mật khẩu sai");
  await page.getByRole("button", { name: "Thêm khóa" }).click();
  assert.match(await page.locator("#present-loi").innerText(), /chưa đúng/);
  assert.equal(await page.locator("#name").inputValue(), "Máy phòng khám", "what was typed is kept");
  await page.locator("#present").fill(password);
  await page.getByRole("button", { name: "Thêm khóa" }).click();
  await page.getByText("chưa dùng lần nào").waitFor();
  await judge(page, "own-passkeys");
}

// What was sent once is refused, as it was and under another ticket.
async function replayed(page, house, sent) {
  const headers = { ...FORM, origin: house };
  const post = (path, data) => page.request.post(`${house}${path}`, { data, headers, maxRedirects: 0 });
  assert.equal((await post("/dang-nhap/khoa", sent)).status(), 401, "replayed");
  const { ticket } = await (await post("/dang-nhap/khoa/hoi", "")).json();
  const under = new URLSearchParams(sent);
  under.set("ticket", ticket);
  assert.equal((await post("/dang-nhap/khoa", String(under))).status(), 401, "an answer to another challenge");
  const foreign = await page.request.post(`${house}/dang-nhap/khoa/hoi`, { data: "", headers: { ...FORM, origin: "http://b.vn" } });
  assert.notEqual(foreign.status(), 200, "asked from elsewhere");
}

// A copy of the key counts from where it was copied.
async function copied(page, cdp, authenticatorId) {
  const { credentials: [key] } = await cdp.send("WebAuthn.getCredentials", { authenticatorId });
  await cdp.send("WebAuthn.removeCredential", { authenticatorId, credentialId: key.credentialId });
  await cdp.send("WebAuthn.addCredential", { authenticatorId, credential: { ...key, signCount: 0 } });
  await withKey(page);
  await refusal(page).waitFor();
  await cdp.send("WebAuthn.removeCredential", { authenticatorId, credentialId: key.credentialId });
  await cdp.send("WebAuthn.addCredential", { authenticatorId, credential: { ...key, signCount: key.signCount + 5 } });
}

export async function passkeys(page, house, password, judge) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true,
    isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
  await added(page, house, password, judge);
  await leave(page, house);
  await judge(page, "sign-in-passkey");
  const answer = page.waitForRequest((request) => request.url().endsWith("/dang-nhap/khoa"));
  await withKey(page);
  await page.waitForURL("**/quan-tri/tai-khoan");
  await page.goto(`${house}/tai-khoan`);
  await page.getByText("dùng lần cuối").waitFor();
  await leave(page, house);
  await replayed(page, house, (await answer).postData());
  await copied(page, cdp, authenticatorId);
  await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await page.goto(`${house}/dang-nhap`);
  await page.getByRole("button", { name: "Đăng nhập bằng khóa" }).click();
  await page.locator("[data-failed]").waitFor({ state: "visible" });
  await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
  await withKey(page);
  await page.waitForURL("**/quan-tri/tai-khoan");
  await page.goto(`${house}/tai-khoan`);
  await page.getByRole("button", { name: "Bỏ khóa" }).click();
  await page.getByText("Chưa có khóa nào", { exact: false }).waitFor();
  await leave(page, house);
  await withKey(page);
  await refusal(page).waitFor();
}
