// A real browser (headless Chromium) whose pages are judged: no error in the console, nothing that scrolls sideways, nothing
// serious by axe-core, at three widths, with pictures.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.YBA_TEST_NODE_MODULES}/`);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
export const WIDE = { width: 1440, height: 900 };
const WIDTHS = [[1440, 900], [390, 844], [320, 700]];

export const launch = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });

// A page that remembers every surprise of its console but refusals with these statuses, which are pages of their own.
export async function open(context, expected = []) {
  const page = await context.newPage();
  page.surprises = [];
  page.on("console", (message) => {
    const known = expected.some((status) => message.text().includes(`status of ${status}`));
    if (message.type() === "error" && !known) page.surprises.push(message.text());
  });
  page.on("pageerror", (error) => page.surprises.push(String(error)));
  return page;
}

export async function judge(page, name, shots) {
  for (const [width, height] of WIDTHS) {
    await page.setViewportSize({ width, height });
    await page.evaluate(() => document.fonts.ready);
    const wide = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide[0] <= wide[1], `${name} scrolls sideways at ${width} px: ${wide}`);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    const grave = violations.filter((one) => ["serious", "critical"].includes(one.impact));
    const told = grave.map((one) => `${one.id} ${one.nodes[0].html}`).join("\n");
    assert.equal(grave.length, 0, `axe-core about ${name} at ${width} px:\n${told}`);
    if (width !== 320) await page.screenshot({ path: `${shots}/${name}-${width}.png` });
  }
  await page.setViewportSize(WIDE);
  assert.deepEqual(page.surprises, [], name);
}
