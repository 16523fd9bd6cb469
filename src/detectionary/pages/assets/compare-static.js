// The comparison on a static site: it reads the sheets of the rules that the address names, and shows what
// `templates/compare.html.j2` shows on a live site.
(function () {
  "use strict";
  const model = globalThis.detectionaryCompare;
  const place = document.getElementById("compared");
  const root = place.dataset.root;
  const languages = JSON.parse(place.dataset.languages);
  const MOST = 4, PLACES = Number(place.dataset.places);
  const AT_ONCE = 23000;  // bytes
  const ROWS = 12, GROUPS = 24, FOLDED = 4000, TEXT = 600, CONTEXT = 3, LINES = 400;

  const TITLES = {
    about: "About the rules", time: "Time and thresholds", sources: "Log sources", actions: "Actions",
    attack: "ATT&CK coverage", indicators: "Indicators", exclusions: "Exclusions", output: "Output fields", alert: "Alert",
  };
  const NOTES = JSON.parse(place.dataset.notes);

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

  // What orders or hides characters is left out, as on every page (`escape` in `pages/texts/code.py`).
  function shown(text) {
    return text.replace(/\r\n?/g, "\n").replace(/[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffc]/g, "")
      .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]/gu, "\ufffd");
  }

  // In code it is drawn (`escape_code`).
  function code(text) {
    const parts = text.replace(/\r\n?/g, "\n").split(/([\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffc\ufffe\uffff])/);
    return parts.map((part, at) => at % 2 ? h("span", { class: "u", "data-u": "U+" + part.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0") }) : part);
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
      NOTES[section.id] ? h("p", { class: "about" }, NOTES[section.id]) : null,
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
    if (line.marked === null) return code(cut(line.text, TEXT));
    const text = [...line.text];
    const [start, end] = line.marked;
    const long = text.length > TEXT;
    const first = long ? Math.max(0, start - 80) : 0;
    const last = long ? Math.min(text.length, Math.max(end, start + 1) + 80) : text.length;
    const middle = cut(text.slice(start, end).join(""), TEXT);
    return [
      code((first ? "…" : "") + text.slice(first, start).join("")), middle ? h("mark", {}, code(middle)) : "",
      code(text.slice(end, last).join("") + (last < text.length ? "…" : "")),
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
    if (page.rules.length) document.title = shown(`Compare rules: ${cut(page.rules.map((rule) => rule.title).join(" · "), TEXT)} · Detectionary`);
  }

  // Where rules lie, and what they say: scripts that hand over data, which pages from disk may load too

  const waiting = new Map();
  globalThis.detectionaryPart = (name, data) => { if (waiting.has(name)) waiting.get(name)(data); };

  function part(address, name = address) {
    return new Promise((resolve, reject) => {
      waiting.set(name, resolve);
      const script = document.createElement("script");
      script.src = root + address;
      script.onload = script.onerror = () => reject(new Error(address));  // one that loads has handed over its data before
      document.head.append(script);
    });
  }

  const parts = new Map();
  function once(address, name) {
    if (!parts.has(address)) parts.set(address, part(address, name));
    return parts.get(address);
  }

  function fileOf(name) {
    let number = 0;
    for (const character of name) number = (number * 31 + character.codePointAt(0)) % 1000003;
    return number % PLACES;
  }

  async function folderOf(name) {
    for (const key of ["/" + name, name.toLowerCase()]) {
      const found = (await once(`compare/places/${fileOf(key)}.js`)).find((each) => each[0] === key);
      if (found) return found[1];
    }
    return null;
  }

  async function compareThem(asked) {
    const folders = new Map();
    const missing = [];
    try {
      for (const name of asked) {
        const folder = await folderOf(name);
        if (folder === null) missing.push(name);
        else if (folders.size < MOST) folders.set(folder, name);
      }
      if (folders.size) await readAll([...folders.keys()], missing);
      else place.replaceChildren(missingWords(missing));
    } catch (error) {
      place.replaceChildren(h("p", { class: "notice", role: "status" }, folders.size ? "The rules could not be read. Their own pages:" : "The rules could not be read."),
        h("ul", { class: "bullets" }, [...folders].map(([folder, name]) => h("li", {}, h("a", { href: `${root}rules/${folder}/index.html` }, name)))));
    }
  }

  const bytesOf = (data) => new TextEncoder().encode(JSON.stringify(data)).length;

  // Many bytes are read when they are asked for, so that a page is light at first.
  async function readAll(folders, missing) {
    const firsts = await Promise.all(folders.map((folder) => part(`rules/${folder}/compare.js`)));
    const sheets = firsts.map(([rule, copies, sections, query]) => ({ rule, copies, sections, query }));
    const rules = sheets.map((sheet) => sheet.rule);
    const left = [];
    sheets.forEach((sheet, at) => {
      for (const [key, wanted] of [["sections", rules.length > 1], ["query", model.alike(rules)]]) {
        if (wanted && typeof sheet[key] === "number") left.push([sheet, key, `rules/${folders[at]}/compare-${key === "query" ? key : "rows"}.js`, sheet[key]]);
      }
    });
    const read = async () => {
      if (model.alike(rules)) model.lines = await once(place.dataset.lines, "lines");
      await Promise.all(left.map(async ([sheet, key, address]) => { sheet[key] = await part(address); }));
      render(model.compare(sheets, missing));
    };
    const bytes = left.reduce((sum, each) => sum + each[3], 0);
    if (!left.length || bytes + bytesOf(firsts) <= AT_ONCE) return read();
    const button = h("button", { type: "button", class: "button" }, "Compare them");
    const said = h("p", { class: "notice", role: "status" }, `These rules are long: ${Math.ceil(bytes / 1000).toLocaleString("en")} kB more are read to compare them. `, button);
    place.replaceChildren(...(missing.length ? [missingWords(missing)] : []), heads(rules), said);
    button.addEventListener("click", () => {
      said.replaceChildren("Reading the rules …");
      read().then(() => document.getElementById("only").focus({ preventScroll: true }), () => { said.replaceChildren("The rules could not be read. Loading the page again asks for them once more."); });
    });
  }

  model.start = compareThem;
})();
