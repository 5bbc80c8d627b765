// Whoever writes content looks at a form and a report that were added by copying folders, in a real browser (headless Chromium).
//
// Arguments: address of a closed node served with the folder of the guide, its link for the first run, folder for screenshots.

import assert from "node:assert/strict";
import { colleague, judge as judged, keeper, launch, picture } from "./judged.mjs";

const [HOUSE, LINK, SHOTS] = process.argv.slice(2);
const judge = (page, name) => judged(page, name, SHOTS);
const main = (page) => page.locator("main").innerText();

const browser = await launch();
const author = await keeper(browser, LINK);
await author.goto(`${HOUSE}/quan-tri/bieu-mau`);
assert.match(await main(author), /Đo đường huyết/);
await judge(author, "authoring-list");
await picture(author, "soan-danh-sach", [1000, 620]);
await author.getByRole("link", { name: "Đo đường huyết" }).click();
await author.waitForURL("**/do-duong-huyet");
const shown = await main(author);
for (const part of [/qd-5904-2019-byt/, /đo lại vào một ngày khác/, /"1558-6"/, /Hẹn đo lại/]) {
  assert.match(shown + (await author.locator("main").innerHTML()), part);
}
await judge(author, "authoring-form");
await picture(author, "soan-bieu-mau", [1000, 1300]);
// Something else is tried: too much to be true.
await author.locator("[name=glucose]:visible").fill("99");
await author.getByRole("button", { name: "Chạy thử" }).last().click();
await author.waitForSelector(".note.bad");
assert.match(await main(author), /40/, "the limit is said");
assert.equal(await author.locator("[name=glucose]:visible").inputValue(), "99");
const nurse = await colleague(browser, author, {
  house: HOUSE, login: "mai.lo", name: "Lò Thị Mai", role: "station-staff", facility: "Trạm Y tế xã Bản Bo",
});
await nurse.goto(`${HOUSE}/bao-cao`);
await nurse.getByRole("link", { name: /Đo đường huyết/ }).first().click();
while (!/Số lần đo\s+3/.test(await main(nurse))) await nurse.reload();
assert.match(await main(nurse), /Từ 7,0 mmol\/L\s+1\s+1/);
await judge(nurse, "authoring-report");
await picture(nurse, "soan-bao-cao", [1000, 640]);
await browser.close();
