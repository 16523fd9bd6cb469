// The page that compares rules. On a static site it reads the JSON of the rules that the address names and shows what
// `templates/compare.html.j2` shows on a live one; on both it finds rules to add.
(function () {
  "use strict";
  const model = globalThis.detectionaryCompare;
  const place = document.getElementById("compared");
  const root = place.dataset.root;
  const live = place.dataset.live === "yes";
  const languages = JSON.parse(place.dataset.languages);
  const MOST = 4, PLACES = 128;
  const ROWS = 12, GROUPS = 24, FOLDED = 4000, TEXT = 600, CONTEXT = 3, LINES = 400;

  const TITLES = {
    about: "About the rules", time: "Time and thresholds", sources: "Log sources", actions: "Actions",
    attack: "ATT&CK coverage", indicators: "Indicators", exclusions: "Exclusions", output: "Output fields", alert: "Alert",
  };
  const notes = JSON.parse(place.dataset.notes);

  // Elements: data becomes text and attributes only, never markup.

  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat(Infinity)) {
      if (child !== null && child !== "" && child !== undefined) element.append(child instanceof Node ? child : shown(String(child)));
    }
    return element;
  }

  // What orders or hides characters is left out, as on every page.
  function shown(text) {
    return text.replace(/[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, "")
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufff0-\uffff]/g, "\ufffd");
  }

  function cut(text, most) {
    const characters = [...text];
    return characters.length <= most ? text : characters.slice(0, most).join("") + "…";
  }

  const letter = model.letter;
  const sr = (text) => h("span", { class: "sr" }, text);
  const yes = () => h("span", { class: "yes" }, "✓", sr(" yes"));
  const no = () => h("span", { class: "no" }, "–", sr(" no"));

  function address(slugs) {
    return slugs.length ? "index.html?rules=" + slugs.map(encodeURIComponent).join(",") : "index.html";
  }

  // A comparison

  function markWords(mark, held) {
    if (mark === "all") return "in all";
    if (mark === "differs") return "differs";
    const letters = held.map(letter).join(", ");
    return mark === "one" ? "only " + letters : letters;
  }

  const markCell = (mark, held) => h("td", { class: "mark" }, h("span", { class: mark }, markWords(mark, held)));

  function cells(row, rules) {
    return row.cells.map((cell, at) => {
      if (cell === null) {
        return h("td", { class: "lacks" }, row.excluded_by.includes(at) ? h("span", { class: "opposite" }, "⊘ the opposite") : no());
      }
      return h("td", { class: "has" },
        cell.text ? h("span", { class: "said" }, cut(cell.text, TEXT)) : yes(),
        cell.notes.map((note) => h("span", { class: "tag" }, cut(note, TEXT))),
        cell.stage === null ? null : h("a", {
          class: "disc", href: `${root}${rules[at].page}#s${cell.stage}`, "aria-label": `stage ${cell.stage} of ${letter(at)}`,
        }, cell.stage));
    });
  }

  // Runs of what has the same mark and the same rules: [the first ones, the rest], `most` at a time.
  function runs(list, mark, held, most) {
    const found = [];
    for (let at = 0; at < list.length;) {
      const holders = String(held(list[at]));
      let end = at;
      while (end < list.length && mark(list[end]) === mark(list[at]) && String(held(list[end])) === holders) end++;
      found.push([list.slice(at, Math.min(end, at + most)), list.slice(Math.min(end, at + most), end)]);
      at = end;
    }
    return found;
  }

  function foldedRow(mark, held, rules, words, texts) {
    return h("tr", { class: mark },
      h("th", { scope: "row" }, h("details", {}, h("summary", {}, words), h("pre", {}, h("code", {}, cut(texts.join("\n"), FOLDED))))),
      rules.map((_, rule) => h("td", { class: held.includes(rule) ? "has" : "lacks" }, held.includes(rule) ? yes() : no())),
      markCell(mark, held));
  }

  // The rows of a group, the rest of long runs of equal rows folded.
  function rowsOf(group, rules) {
    return runs(group.rows, (row) => row.mark, (row) => model.holders(row.cells), ROWS).map(([rows, rest]) => [
      rows.map((row) => h("tr", { class: row.mark },
        h("th", { scope: "row" },
          row.operator ? [h("span", { class: "op" }, cut(row.operator, TEXT)), " "] : null,
          row.name ? h("span", { class: "value" }, cut(row.name, TEXT)) : row.operator ? null : h("em", {}, "empty text")),
        cells(row, rules), markCell(row.mark, model.holders(row.cells)))),
      rest.length ? foldedRow(rest[0].mark, model.holders(rest[0].cells), rules, `${rest.length} more`,
        rest.map((row) => `${row.operator} ${row.name}`.replace(/^ +| +$/g, ""))) : null,
    ]);
  }

  function tableOf(section, rules) {
    const fields = section.id === "indicators" || section.id === "exclusions";
    return h("table", { class: `aligned of${rules.length}` },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, sr("What")), rules.map((_, at) => h("th", { scope: "col" }, letter(at))),
        h("th", { scope: "col", class: "mark" }, sr("Mark")))),
      runs(section.groups, (group) => group.mark, model.groupHolders, GROUPS).map(([groups, rest]) => [
        groups.map((group) => h("tbody", { class: group.mark },
          group.name || fields ? h("tr", { class: `${group.mark} group` },
            h("th", { scope: "rowgroup", colspan: rules.length + 1 },
              group.name ? h("code", {}, cut(group.name, TEXT)) : h("em", {}, "all fields"),
              group.name ? group.names.filter((name) => name !== group.name).map((name) => h("span", { class: "also" }, cut(name, TEXT) || "all fields")) : null),
            markCell(group.mark, model.groupHolders(group))) : null,
          rowsOf(group, rules))),
        rest.length ? h("tbody", { class: rest[0].mark }, foldedRow(rest[0].mark, model.groupHolders(rest[0]), rules, `${rest.length} more fields`,
          rest.flatMap((group) => group.rows.map((row) => `${group.name || "all fields"} ${row.operator} ${row.name}`.replace(/ +$/, ""))))) : null,
      ]));
  }

  function sectionOf(section, rules) {
    return h("section", { class: section.groups.every((group) => group.mark === "all") ? "same" : null },
      h("h2", { id: section.id }, h("a", { href: "#" + section.id }, TITLES[section.id])),
      notes[section.id] ? h("p", { class: "about" }, notes[section.id]) : null,
      h("div", { class: "wide", role: "region", tabindex: "0", "aria-label": TITLES[section.id] }, tableOf(section, rules)));
  }

  // The queries

  function shownLines(lines) {
    const near = lines.map(() => false);
    lines.forEach((line, at) => {
      if (line.kind === "same") return;
      for (let other = Math.max(0, at - CONTEXT); other < Math.min(lines.length, at + CONTEXT + 1); other++) near[other] = true;
    });
    const found = [];
    let skipped = 0, count = 0;
    lines.forEach((line, at) => {
      if (!near[at] || count >= LINES) { skipped++; return; }
      if (skipped) { found.push(skipped); skipped = 0; }
      found.push(line);
      count++;
    });
    if (skipped) found.push(skipped);
    return found;
  }

  function lineText(line) {
    if (line.marked === null) return [cut(line.text, TEXT)];
    const text = [...line.text];
    const [start, end] = line.marked;
    const long = text.length > TEXT;
    const first = long ? Math.max(0, start - 80) : 0;
    const last = long ? Math.min(text.length, Math.max(end, start + 1) + 80) : text.length;
    const middle = cut(text.slice(start, end).join(""), TEXT);
    return [
      (first ? "…" : "") + text.slice(first, start).join(""), middle ? h("mark", {}, middle) : "",
      text.slice(end, last).join("") + (last < text.length ? "…" : ""),
    ];
  }

  function difference(lines) {
    const signs = { same: ["", "both"], left: ["−", "only A"], right: ["+", "only B"] };
    return h("div", { class: "difference", role: "region", tabindex: "0", "aria-label": "Queries, line by line" }, h("table", {},
      h("thead", { class: "sr" }, h("tr", {}, ["A", "B", "In", "Line"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, shownLines(lines).map((line) => typeof line === "number"
        ? h("tr", { class: "skip" }, h("td", { colspan: "4" }, `${line} lines not shown`))
        : h("tr", { class: line.kind }, h("td", {}, line.left), h("td", {}, line.right),
          h("td", {}, signs[line.kind][0], sr(signs[line.kind][1])), h("td", {}, h("code", {}, lineText(line))))))));
  }

  function queries(page) {
    const rules = page.rules;
    const pairs = rules.flatMap((one, left) => rules.slice(left + 1).flatMap((other, after) => one.language === other.language
      ? [[`${letter(left)} and ${letter(left + 1 + after)}`, address([one.slug, other.slug])]] : []));
    let said;
    if (page.lines) {
      const gone = page.lines.filter((line) => line.kind === "left").length;
      const come = page.lines.filter((line) => line.kind === "right").length;
      said = gone || come
        ? [h("p", { class: "about" }, `${gone} lines only in A, ${come} only in B. Blanks at the ends of lines do not count.`), difference(page.lines)]
        : h("p", {}, "The texts of both queries are the same.");
    } else if (pairs.length && rules.length > 2) {
      said = h("p", {}, "Texts are set side by side for two rules of one language: ",
        pairs.map(([words, href], at) => [at ? ", " : "", h("a", { href }, words)]), ".");
    } else {
      said = h("p", {}, pairs.length ? "The licence of a rule does not allow us to show its text."
        : "The queries are in different languages, so their texts are not set side by side.");
    }
    return h("section", {}, h("h2", { id: "lines" }, h("a", { href: "#lines" }, "Queries, line by line")), said);
  }

  // The page

  function heads(rules) {
    const slugs = rules.map((rule) => rule.slug);
    return h("ol", { class: `heads of${rules.length}` }, rules.map((rule, at) => h("li", {}, h("span", { class: "letter" }, letter(at)),
      h("span", { class: "head" }, h("a", { href: root + rule.page }, h("bdi", {}, cut(rule.title, TEXT))),
        h("span", { class: "muted" }, cut([languages[rule.language] || rule.language, rule.platform, rule.severity].filter(Boolean).join(" · "), TEXT))),
      rules.length > 1 ? h("a", { class: "drop", href: address(slugs.filter((_, other) => other !== at)), "aria-label": `Leave out ${letter(at)}` }, "×") : null)));
  }

  function missingWords(missing) {
    return h("p", { class: "notice", role: "status" }, "No rule of this catalog has the slug or id ",
      missing.map((name, at) => [at ? ", " : "", h("code", {}, cut(name, TEXT))]), ".");
  }

  function render(page) {
    const parts = [];
    if (page.missing.length) parts.push(missingWords(page.missing));
    if (page.rules.length) parts.push(heads(page.rules));
    if (page.sections.length) {
      if (page.summary.length) parts.push(h("ul", { class: "summary" }, page.summary.map((said) => h("li", {}, cut(said, TEXT)))));
      parts.push(h("p", { class: "only" }, h("label", {}, h("input", { type: "checkbox", id: "only" }), " Show only what differs")));
      parts.push(page.sections.map((each) => sectionOf(each, page.rules)), queries(page));
    } else if (page.rules.length) {
      parts.push(h("p", {}, "Choose one more rule to compare with."));
    }
    place.replaceChildren(...parts.flat(Infinity));
    place.comparison = page;
    if (page.rules.length) document.title = `Compare rules: ${page.rules.map((rule) => rule.title).join(" · ")} · Detectionary`;
  }

  // Where rules lie, and what they say

  const loading = new Map();
  globalThis.detectionaryPlaces = (number, names) => loading.get(number).resolve(names);

  function fileOf(name) {
    let number = 0;
    for (const character of name) number = (number * 31 + character.codePointAt(0)) % 1000003;
    return number % PLACES;
  }

  function names(number) {
    if (!loading.has(number)) {
      const held = {};
      held.promise = new Promise((resolve, reject) => { held.resolve = resolve; held.reject = reject; });
      loading.set(number, held);
      const script = document.createElement("script");
      script.src = `${root}compare/places/${number}.js`;
      script.onerror = () => held.reject(new Error("no place"));
      document.head.append(script);
    }
    return loading.get(number).promise;
  }

  async function folderOf(name) {
    for (const key of ["/" + name, name.toLowerCase()]) {
      const found = await names(fileOf(key));
      if (Object.hasOwn(found, key)) return found[key];
    }
    return null;
  }

  // Numbers that a script cannot hold stay as they are written.
  function read(text) {
    return JSON.parse(text, (key, value, context) =>
      typeof value === "number" && !Number.isSafeInteger(value) && context && /^-?\d+$/.test(context.source) ? context.source : value);
  }

  async function compareThem(asked) {
    const folders = new Map();
    const missing = [];
    for (const name of asked) {
      const folder = await folderOf(name);
      if (folder === null) missing.push(name);
      else if (folders.size < MOST) folders.set(folder, name);
    }
    const places = [...folders.keys()].map((folder) => `rules/${folder}/index.html`);
    if (!places.length) {
      place.replaceChildren(missingWords(missing));
      return;
    }
    let pages;
    try {
      pages = await Promise.all(places.map(async (page) => {
        const answer = await fetch(root + page.split("/").map(encodeURIComponent).join("/").replace(/\.html$/, ".json"));
        if (!answer.ok) throw new Error(answer.statusText);
        return read(await answer.text());
      }));
    } catch (error) {
      place.replaceChildren(h("p", { class: "notice", role: "status" }, location.protocol === "file:"
        ? "Browsers do not let a page that is opened from disk read other files, so nothing can be compared here. The rules’ own pages:"
        : "The rules could not be read. Their own pages:"),
      h("ul", { class: "bullets" }, places.map((page, at) => h("li", {}, h("a", { href: root + page }, [...folders.values()][at])))));
      return;
    }
    render(model.compare(pages, places, languages, missing));
  }

  // A live site says what it compared, where it did not put it into the page already.
  async function askServer(asked) {
    try {
      const answer = await fetch(`${root}api/compare?rules=${asked.map(encodeURIComponent).join(",")}`);
      if (answer.ok) render(read(await answer.text()));
      else if (answer.status === 404) place.replaceChildren(missingWords(asked));
      else throw new Error(answer.statusText);
    } catch (error) {
      place.replaceChildren(h("p", { class: "notice", role: "status" }, "The server does not answer. Loading the page again asks it once more."));
    }
  }

  // Choosing

  const params = new URLSearchParams(location.search);
  const asked = [...new Set(params.getAll("rules").join(",").split(",").map((name) => name.trim()).filter(Boolean))];
  document.getElementById("rules").value = asked.join(",");
  if (asked.length > MOST) {
    document.getElementById("chosen").after(h("p", { class: "notice", role: "status" },
      `${asked.length} rules are named, and no more than ${MOST} are compared: the first ones.`));
  }
  if (asked.length && !place.querySelector(".heads, .notice[role]")) {
    place.replaceChildren(h("p", { class: "muted", role: "status" }, "Reading the rules …"));
    (live ? askServer : compareThem)(asked.slice(0, live ? MOST : asked.length));
  }

  const search = globalThis.detectionary && globalThis.detectionary.search;
  const pick = document.getElementById("pick");
  const field = document.getElementById("pick-text");
  const found = document.getElementById("pick-found");
  const said = document.getElementById("pick-said");
  if (!search || asked.length >= MOST) return;
  pick.hidden = false;
  let timer = 0, turn = 0;

  async function look() {
    const mine = ++turn;
    const text = field.value.trim();
    if (!text) { found.replaceChildren(); said.textContent = ""; return; }
    let answer;
    try { answer = await search({ text, filters: {}, sort: "relevance", offset: 0, limit: 10 }); }
    catch (error) { said.textContent = "The search does not answer."; return; }
    if (mine !== turn) return;
    const others = answer.rules.filter((rule) => !asked.includes(rule.slug));
    said.textContent = answer.total ? `${answer.total.toLocaleString("en")} rules found` : "No rule found";
    found.replaceChildren(...others.map((rule) => {
      const button = h("button", { type: "button" }, h("bdi", {}, rule.title),
        h("span", { class: "muted" }, [languages[rule.language] || rule.language, rule.platform].filter(Boolean).join(" · ")));
      button.addEventListener("click", () => { location.href = address([...asked, rule.slug]); });
      return h("li", {}, button);
    }));
  }
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 120); });
  field.addEventListener("keydown", (event) => {
    const buttons = [...found.querySelectorAll("button")];
    if (event.key === "ArrowDown" && buttons.length) { event.preventDefault(); buttons[0].focus(); }
    if (event.key === "Enter") { event.preventDefault(); clearTimeout(timer); look(); }
  });
  found.addEventListener("keydown", (event) => {
    const buttons = [...found.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && at + 1 < buttons.length) { event.preventDefault(); buttons[at + 1].focus(); }
    if (event.key === "ArrowUp") { event.preventDefault(); (buttons[at - 1] || field).focus(); }
  });
})();
