// A real browser (headless Chromium) whose pages are judged and whose actions are counted: no error in the console, nothing
// that scrolls sideways, nothing serious by axe-core, at three widths, with pictures. All stories share it.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.YBA_TEST_NODE_MODULES}/`);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
export const WIDE = { width: 1440, height: 900 };
const WIDTHS = [[1440, 900], [1024, 768], [390, 844], [320, 700]];

export const launch = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });

// Somebody's browser at a desk.
export const desk = (browser, more = {}) =>
  browser.newContext({ viewport: WIDE, locale: "vi-VN", reducedMotion: "reduce", ...more });

// A page that remembers every surprise of its console and every load that failed, but refusals with these statuses, which
// are pages of their own.
export async function open(context, expected = []) {
  const page = await context.newPage();
  page.surprises = [];
  page.on("console", (message) => {
    const text = message.text();
    // htmx tells of a search that it calls off itself, because the next letter overtook it.
    if (/^htmx:(sendAbort|afterRequest)/.test(text)) return;
    const known = expected.some((status) => text.includes(`status of ${status}`));
    if (message.type() === "error" && !known) page.surprises.push(text);
  });
  page.on("pageerror", (error) => page.surprises.push(String(error)));
  page.on("requestfailed", (request) => {
    // A search that was overtaken by the next letter is called off by the page itself.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") page.surprises.push(`${request.url()} ${request.failure()?.errorText}`);
  });
  return page;
}

async function fits(page, name) {
  const wide = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide[0] <= wide[1], `${name} scrolls sideways: ${wide[0]} px in ${wide[1]} px`);
}

async function axe(page, name) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const grave = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  const told = grave.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => `  ${node.html}`).slice(0, 5).join("\n")}`);
  assert.equal(grave.length, 0, `axe-core about ${name}:\n${told.join("\n")}`);
  const minor = violations.filter((one) => !grave.includes(one)).map((one) => `${one.id} (${one.impact})`);
  if (minor.length) console.log(`axe-core, minor, about ${name}: ${minor.join(", ")}`);
}

// Judges a page at every width and takes its pictures.
export async function judge(page, name, shots) {
  for (const [width, height] of WIDTHS) {
    await page.setViewportSize({ width, height });
    await page.evaluate(() => document.fonts.ready);
    await fits(page, `${name} at ${width} px`);
    await axe(page, `${name} at ${width} px`);
    await page.screenshot({ path: `${shots}/${name}-${width}.png` });
  }
  await page.setViewportSize(WIDE);
  assert.deepEqual(page.surprises, [], name);
}

// A picture for a guide, when a folder for them is named (docs/pictures): small, of a page without the bar of the test mode.
export async function picture(page, name, [width, height] = [1000, 620]) {
  const folder = process.env.YBA_TEST_PICTURES;
  if (!folder) return;
  await page.setViewportSize({ width, height });
  await page.evaluate(() => {
    document.querySelectorAll(".openbar").forEach((bar) => bar.remove());
    delete document.body.dataset.open;
    scrollTo(0, 0);
  });
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.setViewportSize(WIDE);
}

export const heading = (page) => page.locator("h1").innerText();
// Which field has the focus, once any has: a busy browser gives it a moment after the page is loaded.
export const focused = async (page) => {
  await page.waitForFunction(() => document.activeElement !== document.body, null, { timeout: 5000 }).catch(() => {});
  return page.evaluate(() => document.activeElement.id);
};

// What a task costs: each click, key, choice, scan, and each text typed in one go is one action.
export class Actions {
  constructor(task, most) {
    Object.assign(this, { task, most, count: 0, kinds: {} });
  }

  async one(kind, act) {
    this.count += 1;
    this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
    return act();
  }

  click = (locator) => this.one("clicks", () => locator.click());
  key = (page, key) => this.one("keys", () => page.keyboard.press(key));
  scan = (page, line) => this.one("scans", () => scan(page, line));
  choose = (locator, value) => this.one("choices", () => locator.selectOption(value));
  // Goes to the next field with Tab and types: one action for the field.
  fill = (locator, text) => this.one("fields", () => locator.fill(text));
  // Types where the focus is.
  type = (page, text) => this.one("texts", () => page.keyboard.insertText(text));

  // Prints the count, and fails when it is more than it may be.
  told() {
    const kinds = Object.entries(this.kinds).map(([kind, count]) => `${count} ${kind}`).join(", ");
    console.log(`${this.task}: ${this.count} actions (${kinds}), at most ${this.most}`);
    assert.ok(this.count <= this.most, `${this.task}: ${this.count} actions`);
  }
}

// A desk scanner is a fast keyboard: a key every 5 ms by the keys' own clock, however busy this machine is.
export async function scan(page, line) {
  const keys = await page.context().newCDPSession(page);
  let timestamp = Date.now() / 1000;
  const press = (key, text) => {
    timestamp += 0.005;
    const code = key === "Enter" ? 13 : 0;
    const down = keys.send("Input.dispatchKeyEvent", { type: "keyDown", key, text, timestamp, windowsVirtualKeyCode: code });
    return [down, keys.send("Input.dispatchKeyEvent", { type: "keyUp", key, timestamp, windowsVirtualKeyCode: code })];
  };
  await Promise.all([...line].flatMap((letter) => press(letter, letter)).concat(press("Enter", "\r")));
}

// --- coming in

export const PASSWORD = "bốn bức tường trắng";

// What an authenticator app shows at the moment, or `later` half minutes after it, by RFC 6238.
export function appCode(secret, later = 0) {
  let bits = "";
  for (const letter of secret.replace(/\s/g, "")) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac("sha1", key).update(count).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}

// The first account of a node, by its link for the first run; answers the page of whoever keeps accounts now.
export async function keeper(browser, link) {
  const page = await open(await desk(browser));
  await page.goto(link);
  for (const [id, text] of [["login", "quan.tri"], ["name", "Vàng A Páo"], ["password", PASSWORD], ["repeat", PASSWORD]]) {
    await page.locator(`#${id}`).fill(text);
  }
  await page.locator("#repeat").press("Enter");
  await page.waitForURL("**/tai-khoan/ung-dung");
  await page.locator("#code").fill(appCode(await page.locator("#khoa").innerText()));
  await page.locator("#code").press("Enter");
  await page.waitForSelector(".codes");
  return page;
}

// A colleague with a role at a facility, signed in at a desk of their own.
export async function colleague(browser, keeper, { house, login, name, role, facility }, expected = []) {
  await keeper.goto(`${house}/quan-tri/tai-khoan`);
  await keeper.locator("#login").fill(login);
  await keeper.locator("#name").fill(name);
  await keeper.locator("#role").selectOption(role);
  await keeper.locator("#organization").fill(facility);
  await keeper.getByRole("button", { name: "Lập tài khoản" }).click();
  const link = await keeper.locator("#lien-ket-moi").innerText();
  const page = await open(await desk(browser), expected);
  await page.goto(link);
  await page.locator("#password").fill(PASSWORD);
  await page.locator("#repeat").fill(PASSWORD);
  await page.locator("#repeat").press("Enter");
  await page.waitForURL(`${house}/`);
  return page;
}
