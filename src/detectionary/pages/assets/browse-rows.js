// The browse page's rules: rows as the server makes them (pages/browse/listing_html.py), those picked to compare, and pages.
(function () {
  "use strict";
  const own = globalThis.detectionary.page = globalThis.detectionary.page || {};
  const MOST_PICKED = 4;
  const KEY = "detectionary-compare";
  const TITLE = 200, NAME = 80;  // longer ones are cut, as in listing_html.py
  const KINDS = { CustomDetection: "Custom detection", Query: "Community query", Hunting: "Hunting query" };  // pages/words.py

  // What orders or hides characters is left out, as on every page (texts/code.py).
  const shown = (text) => text.replace(/\r\n?/g, "\n").replace(/[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffc]/g, "")
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]/gu, "\ufffd");

  function make(name, given, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(given || {})) {
      if (key === "text") element.textContent = shown(String(value));
      else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value === true) element.setAttribute(key, "");
      else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, key === "title" || key === "aria-label" ? shown(value) : value);
    }
    element.append(...children.filter((child) => child !== null).map((child) => typeof child === "string" ? shown(child) : child));
    return element;
  }
  const grouped = (number) => number.toLocaleString("en");

  // Rows

  const short = (repository) => repository.replace(/^https:\/\//, "").replace(/^github\.com\//, "");
  const address = (page) => globalThis.detectionary.root + page.split("/").map(encodeURIComponent).join("/");

  function cut(text, most) {
    if (!/\S/.test(shown(text))) return most === TITLE ? "(no title)" : "";
    const letters = text.length > most ? [...text] : [];  // one of two halves is one
    return letters.length > most ? letters.slice(0, most - 1).join("") + "…" : text;
  }
  const name = (text) => cut(text || "", NAME);

  function codes(names, most, parting) {
    const parts = [];
    names.slice(0, most).forEach((each, at) => {
      if (at) parts.push(" ", parting === "line" ? make("br") : "");
      parts.push(make("code", { text: name(each) }));
    });
    if (names.length > most) parts.push(" +" + (names.length - most));
    return parts;
  }

  function row(rule, titles, words) {
    const severity = make("td", {}, pick(rule.slug, rule.title), rule.severity ? make("span", { class: "severity " + rule.severity, text: name(rule.severity) }) : "");
    const title = make("bdi", { text: cut(rule.title, TITLE) });
    const head = make("th", { scope: "row" }, make("a", { href: address(rule.page) }, title));
    if (rule.third_party_feed) head.append(make("span", { class: "tag", text: "vendor alert" }));
    if (!rule.accepted) head.append(make("span", { class: "tag not", text: "not parsed" }));
    const language = name(titles("language", rule.language)), kind = name(Object.hasOwn(KINDS, rule.kind) ? KINDS[rule.kind] : rule.kind);
    const line = make("tr", {}, severity, head, make("td", { text: name(rule.platform) }),
      make("td", {}, ...(rule.techniques.length ? codes(rule.techniques, 3, " ") : [rule.tactics.slice(0, 3).map(name).join(", ")])),
      make("td", {}, ...codes(rule.tables, 2, "line")),
      make("td", {}, language === kind ? language : language + " · " + kind, " ", make("br"), name(short(rule.repository))));
    if (words) mark(rule, title, line, words);
    return line;
  }

  const pieces = (parts) => parts.map(([text, hit]) => hit ? make("mark", { text: text }) : shown(text));

  let reading = 0;
  const waiting = [];
  function mark(rule, title, line, words) {
    if (/\S/.test(shown(rule.title))) globalThis.detectionary.marked(cut(rule.title, TITLE), words).then((parts) => title.replaceChildren(...pieces(parts)));
    waiting.push(async () => {
      const parts = await globalThis.detectionary.snippet(rule, words).catch(() => []);
      if (parts.length) line.after(make("tr", { class: "snippet" }, make("td"), make("td", { colspan: 5 }, ...pieces(parts))));
    });
  }

  function read() {  // the texts of the rules shown, a few at a time
    while (reading < 6 && waiting.length) {
      reading++;
      waiting.shift()().finally(() => { reading--; read(); });
    }
  }

  own.rows = function (table, answer, titles) {
    waiting.length = 0;
    const body = make("tbody");
    for (const rule of answer.rules) body.append(row(rule, titles, answer.text.trim() ? answer.text : null));
    table.replaceChild(body, table.tBodies[0]);
    read();
  };

  // Rows that the server made
  own.adopt = function (table) {
    for (const line of table.tBodies[0].rows) {  // of the first page: none has a snippet
      const link = line.querySelector("th a");
      line.cells[0].prepend(pick(decodeURIComponent(link.getAttribute("href").split("/").at(-2)), link.textContent));
    }
  };

  // Rules to compare

  let picked = [];
  try { picked = JSON.parse(sessionStorage.getItem(KEY)) || []; } catch (error) { /* no storage: for this page alone */ }

  function pick(slug, title) {
    const box = make("input", { type: "checkbox", "data-slug": slug, onchange: () => toggle(slug, title) });
    box.checked = picked.some((each) => each[0] === slug);
    return make("label", { class: "pick" }, box, make("span", { class: "sr", text: "Compare " + title }));
  }

  function toggle(slug, title) {
    if (picked.some((each) => each[0] === slug)) picked = picked.filter((each) => each[0] !== slug);
    else if (picked.length < MOST_PICKED) picked = picked.concat([[slug, title]]);
    showPicked();
  }

  function showPicked() {
    try { sessionStorage.setItem(KEY, JSON.stringify(picked)); } catch (error) { /* as above */ }
    const full = picked.length >= MOST_PICKED;
    for (const box of document.querySelectorAll(".pick input")) {
      box.checked = picked.some((each) => each[0] === box.dataset.slug);
      box.disabled = full && !box.checked;
    }
    const bar = document.getElementById("picked");
    bar.hidden = picked.length === 0;
    bar.replaceChildren(
      make("p", { role: "status", text: picked.length === 1 ? "1 rule picked: pick up to three more" : picked.length + " rules picked" + (full ? ", as many as can be compared" : "") }),
      make("ul", {}, ...picked.map(([slug, title]) => make("li", {}, make("bdi", { text: title }),
        make("button", { type: "button", class: "drop", "aria-label": "Do not compare " + title, text: "×", onclick: () => toggle(slug, title) })))),
      picked.length > 1 ? make("a", { class: "button", href: globalThis.detectionary.root + "compare/index.html?rules=" + picked.map((each) => encodeURIComponent(each[0])).join(","), text: "Compare" }) : "",
      make("button", { type: "button", class: "button quiet", text: "Clear", onclick: () => { picked = []; showPicked(); } }));
  }
  own.showPicked = showPicked;

  // Pages of an answer
  own.pager = function (answer, go) {
    const pager = make("nav", { class: "pager", "aria-label": "Pages of rules" });
    const pages = Math.ceil(answer.total / answer.limit), here = Math.floor(answer.offset / answer.limit) + 1;
    if (pages < 2) return pager;
    let before = 0;
    for (let page = 1; page <= pages; page++) {
      if (page !== 1 && page !== pages && Math.abs(page - here) > 3) continue;
      if (page > before + 1) pager.append(make("span", { text: "…" }));
      before = page;
      if (page === here) pager.append(make("b", { "aria-current": "page", text: grouped(page) }));
      else pager.append(go((page - 1) * answer.limit, grouped(page)));
    }
    return pager;
  };

  own.make = make;
  own.grouped = grouped;
})();
