// What `cargo xtask docs --verify` runs: the AsyncAPI document by its parser, the site in Chromium.
//
// Told as JSON: `site` (a folder), `document` (a file), `browser` (a program), `screenshots` (a
// folder), `search` (the name of an event). Ends with 0, with 100 where something is wrong with the
// site or the document, and with 1 where it could not look.

import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const told = JSON.parse(process.argv[2]);
const wrong = [];
const say = (what) => wrong.push(what);

const { Parser } = await import("@asyncapi/parser");
const { chromium } = await import("playwright-core");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// The document.

const { document, diagnostics } = await new Parser().parse(readFileSync(told.document, "utf8"));
// 0 is an error; that a newer version of AsyncAPI exists, or a licence is missing, is none.
for (const { severity, message, path } of diagnostics) {
  if (severity === 0) say(`asyncapi.json: ${message} at ${path.join("/")}`);
}
if (!document) say("asyncapi.json: the parser makes no document of it");
const operations = document ? document.operations().all().length : 0;
const channels = document ? document.channels().all().length : 0;
if (document && channels === 0) say("asyncapi.json: it has no channel");
console.log(`asyncapi.json: ${channels} channels, ${operations} operations`);

// The site.

const pages = readdirSync(told.site, { recursive: true })
  .filter((path) => path.endsWith(".html"))
  .sort();
const address = (page) => pathToFileURL(join(told.site, page)).href;
const browser = await chromium.launch({
  executablePath: told.browser,
  headless: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

/** A fresh browser profile whose every complaint is one of ours. */
const visit = async (options) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const at = () => relative(told.site, fileURLToPath(page.url().split("#")[0]));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) say(`${at()}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => say(`${at()}: ${error.message}`));
  page.on("requestfailed", (request) => say(`${at()}: cannot load ${request.url()}`));
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) say(`${at()}: asks the network: ${request.url()}`);
  });
  return page;
};

/** Says what is wrong unless it is as expected. */
const expect = (what, is, expected) => {
  if (is !== expected) say(`${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(expected)}`);
};

// Every page, in both themes: no complaint, no broken link, accessible, no wider than a telephone.
let links = 0;
const ids = new Map();
const targets = [];
for (const colorScheme of ["light", "dark"]) {
  const page = await visit({ colorScheme });
  for (const path of pages) {
    await page.goto(address(path));
    await page.evaluate(axe);
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
    const { violations } = await page.evaluate((tags) => axe.run({ runOnly: tags, preload: false }), tags);
    for (const { id, help, nodes } of violations) {
      say(`${path} (${colorScheme}): ${id}: ${help}: ${nodes[0].html.slice(0, 160)}`);
    }
    if (colorScheme === "dark") continue;
    const seen = await page.evaluate(() => ({
      ids: [...document.querySelectorAll("[id]")].map((element) => element.id),
      links: [...document.querySelectorAll("a[href]")].map(
        (link) => new URL(link.getAttribute("href"), document.baseURI).href,
      ),
    }));
    if (new Set(seen.ids).size !== seen.ids.length) say(`${path}: an id stands twice`);
    ids.set(address(path), new Set(seen.ids));
    targets.push(...seen.links.map((link) => [path, link]));
    await page.setViewportSize({ width: 400, height: 800 });
    const width = await page.evaluate(() => document.scrollingElement.scrollWidth);
    if (width > 400) say(`${path}: ${width} pixels wide on a screen of 400`);
    // Facts fill their box: a hole would show what is behind it.
    for (const width of [400, 640, 800, 1000, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      const holes = await page.evaluate(() =>
        [...document.querySelectorAll(".facts")].filter((box) => {
          const area = (element) => element.clientWidth * element.clientHeight;
          const inside = [...box.children].map(area).reduce((sum, part) => sum + part, 0);
          return inside < 0.97 * area(box);
        }).length);
      if (holes > 0) say(`${path}: a hole among the facts, ${width} pixels wide`);
    }
    // A4 between its margins, in pixels of CSS: tables are tables there, and fit.
    await page.setViewportSize({ width: 688, height: 1000 });
    await page.emulateMedia({ media: "print" });
    const printed = await page.evaluate(() => ({
      cards: [...document.querySelectorAll("td")].filter((cell) => getComputedStyle(cell).display !== "table-cell").length,
      width: document.scrollingElement.scrollWidth,
    }));
    if (printed.cards > 0) say(`${path}: ${printed.cards} cells are no table on paper`);
    if (printed.width > 688) say(`${path}: ${printed.width} pixels wide on paper of 688`);
    await page.emulateMedia({ media: "screen" });
    await page.setViewportSize({ width: 1280, height: 900 });
  }
  await page.context().close();
}
for (const [path, link] of targets) {
  const [file, id] = link.split("#");
  links += 1;
  if (!file.startsWith("file:")) say(`${path}: leads out of the site: ${link}`);
  else if (!existsSync(fileURLToPath(file))) say(`${path}: leads to no file: ${link}`);
  else if (id && !ids.get(file)?.has(decodeURIComponent(id))) say(`${path}: leads nowhere: ${link}`);
}
console.log(`${pages.length} pages in two themes, ${links} links`);

// The search: the keyboard alone finds an event.
if (told.search) {
  const page = await visit({});
  await page.goto(address("index.html"));
  await page.keyboard.press("/");
  expect("`/` focuses", await page.evaluate(() => document.activeElement.id), "search");
  await page.keyboard.type(told.search);
  expect("the first result", await page.locator(".result .title").first().textContent(), told.search);
  expect("its option is chosen", await page.locator("#result-0").getAttribute("aria-selected"), "true");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await Promise.all([page.waitForURL(/events/), page.keyboard.press("Enter")]);
  const heading = await page.locator("h1").textContent();
  expect("Enter leads to the event", heading.trim().split(/\s/)[0], told.search);
  await page.keyboard.press("/");
  await page.keyboard.type("no such thing as this");
  expect("nothing found is said", await page.locator("#found").textContent(), "0 results");
  await page.keyboard.press("Escape");
  expect("Escape closes", await page.locator("#results").isHidden(), true);
  await page.context().close();
}

// Two versions: the words of the pair that is chosen, and of no other.
let compared = 0;
{
  const page = await visit({});
  for (const path of pages) {
    await page.goto(address(path));
    const versions = await page.locator("[data-from] option").allTextContents();
    for (const [at, fresh] of versions.entries()) {
      for (const old of versions.slice(at + 1)) {
        await page.locator("[data-from]").selectOption(old);
        await page.locator("[data-to]").selectOption(fresh);
        const shown = page.locator("section.pair:visible");
        expect(`${path}: pairs shown`, await shown.count(), 1);
        expect(`${path}: its heading`, await shown.locator("h3").textContent(), `${old} to ${fresh}`);
        if (!(await shown.locator(".verdict").textContent()).trim()) say(`${path}: no verdict`);
        if (!(await shown.locator(".changes, p:not(.verdict)").first().textContent()).trim()) {
          say(`${path}: ${old} to ${fresh} says nothing`);
        }
        compared += 1;
      }
    }
  }
  await page.context().close();
}
// The folders of the schemas say whether there is one: each file of a folder is a version.
const schemas = join(dirname(told.document), "..");
const versions = (folder) => readdirSync(folder).filter((name) => /^\d+\.\d+\.json$/.test(name)).length;
const folders = readdirSync(schemas, { withFileTypes: true }).filter((entry) => entry.isDirectory());
if (compared === 0 && folders.some(({ name }) => versions(join(schemas, name)) > 1)) {
  say("no page compares two versions, though there are some");
}
console.log(`${compared} pairs of versions`);

// The themes: the system's, until the switch says otherwise, on every page from then on.
{
  const page = await visit({ colorScheme: "light" });
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.goto(address("index.html"));
  const light = await background();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await background();
  if (light === dark) say("the dark theme looks as the light one");
  await page.emulateMedia({ colorScheme: "light" });
  await page.locator("#theme").click();
  expect("the switch makes it dark", await background(), dark);
  expect("and says so", await page.locator("#theme").getAttribute("aria-pressed"), "true");
  await page.goto(address("topology.html"));
  expect("the choice holds on the next page", await background(), dark);
  await page.locator("#theme").click();
  await page.reload();
  expect("and so does the way back", await background(), light);
  await page.context().close();
}

// Without scripts, everything can be read: every pair is there.
{
  const page = await visit({ javaScriptEnabled: false });
  for (const path of pages) {
    await page.goto(address(path));
    const all = await page.locator("section.pair").count();
    expect(`${path}: pairs without scripts`, await page.locator("section.pair:visible").count(), all);
  }
  await page.context().close();
}

// What a person looks at.
mkdirSync(told.screenshots, { recursive: true });
const choice = pages.find((path) =>
  readFileSync(join(told.site, path), "utf8").includes("data-choose"));
const looked = ["index.html", "topology.html", "dead-letters.html", "alerts.html", "compatibility.html"];
if (choice) looked.push(choice);
for (const path of looked) {
  const name = path.replace(/.*\//, "").replace(".html", "");
  for (const colorScheme of ["light", "dark"]) {
    const page = await visit({ colorScheme });
    await page.goto(address(path));
    await page.screenshot({ path: join(told.screenshots, `${name}-${colorScheme}.png`), fullPage: true });
    await page.context().close();
  }
  const narrow = await visit({ viewport: { width: 400, height: 800 } });
  await narrow.goto(address(path));
  await narrow.screenshot({ path: join(told.screenshots, `${name}-narrow.png`), fullPage: true });
  await narrow.setViewportSize({ width: 688, height: 1000 });
  await narrow.emulateMedia({ media: "print" });
  await narrow.screenshot({ path: join(told.screenshots, `${name}-print.png`), fullPage: true });
  await narrow.context().close();
}
await browser.close();

if (wrong.length > 0) {
  const once = [...new Set(wrong)];
  for (const what of once.slice(0, 40)) console.log(`wrong: ${what}`);
  if (once.length > 40) console.log(`... and ${once.length - 40} more`);
  process.exit(100);
}
console.log(`nothing is wrong; screenshots are in ${told.screenshots}`);
