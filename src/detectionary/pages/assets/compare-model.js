// Rules side by side, from the JSON of their pages: what `pages/compare/context.py` and `pages/compare/lines.py` make on a
// live site. Keep them together; `tests/browser/test_compare.py` holds both to the same context.
(function () {
  "use strict";
  const MOST_CHANGES = 300;
  const RANKS = { all: 0, differs: 1, some: 2, one: 3 };

  // Texts are in the order of their characters, as in Python.
  function order(a, b) {
    const shorter = Math.min(a.length, b.length);
    let at = 0;
    while (at < shorter && a[at] === b[at]) at++;
    return at === shorter ? a.length - b.length : a.codePointAt(at) - b.codePointAt(at);
  }

  function orderLists(a, b) {
    for (let at = 0; at < Math.min(a.length, b.length); at++) if (a[at] !== b[at]) return a[at] - b[at];
    return a.length - b.length;
  }

  const cell = (text, stage = null, notes = []) => ({ text, stage: stage || null, notes });

  class Group {
    constructor(name, count) {
      this.name = name;
      this.count = count;
      this.names = new Set();
      this.rows = new Map();
    }

    row(key, operator, name, matters = false) {
      if (!this.rows.has(key)) {
        this.rows.set(key, { key, operator, name, cells: Array(this.count).fill(null), matters, opposite: [] });
      }
      return this.rows.get(key);
    }

    put(row, place, held) {
      if (row.cells[place] === null) row.cells[place] = held;
    }

    mark() {
      const held = new Set();
      const rows = [...this.rows.values()];
      for (const row of rows) for (const place of holders(row.cells)) held.add(place);
      if (held.size < this.count) return held.size === 1 ? "one" : "some";
      return rows.every((row) => markOf(row) === "all") ? "all" : "differs";
    }
  }

  function holders(cells) {
    return cells.flatMap((each, place) => (each === null ? [] : [place]));
  }

  function groupHolders(group) {
    return [...new Set(group.rows.flatMap((row) => holders(row.cells)))].sort();
  }

  function markOf(row) {
    const held = row.cells.filter((each) => each !== null);
    if (held.length < row.cells.length) return held.length === 1 ? "one" : "some";
    return row.matters && new Set(held.map((each) => each.text)).size > 1 ? "differs" : "all";
  }

  function section(id, groups, ordered = false) {
    const made = [];
    let count = 0;
    for (const group of groups) {
      const rows = [...group.rows.values()];
      if (!rows.length) continue;
      count = rows[0].cells.length;
      if (ordered) {
        rows.sort((a, b) => RANKS[markOf(a)] - RANKS[markOf(b)] || orderLists(holders(a.cells), holders(b.cells)) ||
          order(a.operator, b.operator) || order(a.name, b.name) || order(a.key, b.key));
      }
      made.push({
        name: group.name,
        names: group.names.size === 1 && group.names.has(group.name) ? [] : [...group.names],
        mark: group.mark(),
        rows: rows.map((row) => ({
          operator: row.operator, name: row.name, mark: markOf(row), cells: row.cells, excluded_by: row.opposite,
        })),
      });
    }
    if (ordered) {
      made.sort((a, b) => RANKS[a.mark] - RANKS[b.mark] || orderLists(groupHolders(a), groupHolders(b)) || order(a.name, b.name));
    }
    const rows = made.flatMap((group) => group.rows);
    return {
      id,
      in_all: rows.filter((row) => row.mark === "all").length,
      only: Array.from({ length: count }, (_, place) =>
        rows.filter((row) => row.mark === "one" && row.cells[place] !== null).length),
      groups: made,
    };
  }

  // Words, as in `pages/words.py`

  const KINDS = { CustomDetection: "Custom detection", Query: "Community query", Hunting: "Hunting query" };
  const TRIGGERS = { gt: "more than", lt: "fewer than", eq: "exactly", ne: "not" };
  const own = (table, key, otherwise) => (Object.hasOwn(table, key) ? table[key] : otherwise);

  function triggerWords(trigger) {
    const results = trigger.threshold === 1 ? "result" : "results";
    return `${own(TRIGGERS, trigger.operator, trigger.operator)} ${trigger.threshold} ${results}`;
  }

  function outcome(page) {
    if (!page.outcome) return null;
    const result = page.outcome.success === null ? "" : page.outcome.success ? "success" : "failure";
    return [result, page.outcome.codes.join(", ")].filter(Boolean).join(": ");
  }

  function scalar(value) {
    return value === null ? "null" : String(value);
  }

  const valueText = (value) => (Array.isArray(value) ? value.map(scalar).join(" to ") : scalar(value));

  // Facts and names

  function facts(pages, list, name = "") {
    const group = new Group(name, pages.length);
    for (const [label, text] of list) {
      pages.forEach((page, place) => {
        const said = text(page);
        if (said) group.put(group.row(label, "", label, true), place, cell(said));
      });
    }
    return group;
  }

  function names(pages, list) {
    const group = new Group("", pages.length);
    pages.forEach((page, place) => {
      for (const name of list(page)) {
        const row = group.row(name.toLowerCase(), "", name);
        group.put(row, place, cell(name === row.name ? "" : name));
      }
    });
    return group;
  }

  function filled(pages, name, fill) {
    const group = new Group(name, pages.length);
    pages.forEach((page, place) => fill(page, (key, operator, text, held, matters) =>
      group.put(group.row(key, operator, text, matters), place, held)));
    return group;
  }

  const tactics = (pages) => filled(pages, "Tactics", (page, put) => {
    for (const row of page.attack) put(row.tactic_id, row.tactic_id, row.tactic, cell(""));
  });

  const techniques = (pages) => filled(pages, "Techniques", (page, put) => {
    for (const row of page.attack) for (const each of row.techniques) put(each.id, each.id, each.name, cell(""));
  });

  function output(pages) {
    const group = new Group("", pages.length);
    pages.forEach((page, place) => {
      for (const made of page.output_fields) {
        const row = group.row(made.name.toLowerCase(), "", made.name);
        group.put(row, place, cell(made.name === row.name ? "" : made.name, made.stage, [made.source]));
      }
    });
    return group;
  }

  const entities = (pages) => filled(pages, "Entities", (page, put) => {
    for (const entity of page.alert.entities) {
      for (const [identifier, column] of Object.entries(entity.fields)) {
        const name = `${entity.type} ${identifier}`;
        put(name.toLowerCase(), "", name, cell(column), true);
      }
    }
    for (const asset of page.alert.impacted_assets) {
      const name = `${asset.type} asset`;
      put(`${name} ${asset.column}`.toLowerCase(), "", name, cell(asset.column));
    }
  });

  const details = (pages) => filled(pages, "Custom details", (page, put) => {
    for (const [name, column] of Object.entries(page.alert.custom_details)) {
      put(name.toLowerCase(), "", name, cell(column), true);
    }
  });

  function thresholds(pages) {
    const groups = new Map();
    pages.forEach((page, place) => {
      for (const test of page.thresholds) {
        const name = test.aggregate || test.name;
        const key = name.toLowerCase();
        if (!groups.has(key)) groups.set(key, new Group(name, pages.length));
        const group = groups.get(key);
        group.names.add(test.name);
        const text = valueText(test.value);
        group.put(group.row(`${test.operator} ${text}`, test.operator, text), place, cell(""));
      }
    });
    return [...groups.values()];
  }

  // Comparisons

  const fieldOf = (row) => row.canonical_field || row.field || "";

  function tests(row) {
    const words = row.quantifier === "all" ? `${row.operator} all` : row.operator;
    const notes = [...row.transforms, ...(row.implied ? ["implied"] : []), ...(row.context ? [row.context] : [])];
    const found = [];
    if (row.from !== null) found.push([`${row.operator} from ${row.from}`, words, `values of ${row.from}`, notes]);
    else if (!row.values.length) found.push([row.operator, words, "", notes]);
    for (const value of row.values) {
      const text = valueText(value.value);
      found.push([value.identity || `${row.operator} ${text}`, words, text, [...value.transforms, ...notes]]);
    }
    return found;
  }

  function comparisons(pages, rows, others) {
    const groups = new Map();
    pages.forEach((page, place) => {
      for (const each of page[rows]) {
        const key = fieldOf(each).toLowerCase();
        if (!groups.has(key)) groups.set(key, new Group(fieldOf(each), pages.length));
        const group = groups.get(key);
        group.names.add(each.field || "");
        for (const [identity, operator, text, notes] of tests(each)) {
          const row = group.row(identity, operator, text);
          const spelled = operator === row.operator && text === row.name ? "" : `${operator} ${text}`.trimEnd();
          group.put(row, place, cell(spelled, each.stage, notes));
        }
      }
    });
    pages.forEach((page, place) => {
      for (const each of page[others]) {
        const opposite = groups.get(fieldOf(each).toLowerCase());
        if (!opposite) continue;
        for (const [identity] of tests(each)) {
          const found = opposite.rows.get(identity);
          if (found && !found.opposite.includes(place)) found.opposite.push(place);
        }
      }
    });
    return [...groups.values()];
  }

  // What is said at once

  const letter = (place) => String.fromCharCode(65 + place);

  function summary(pages, sections) {
    const said = [];
    pages.forEach((one, left) => pages.slice(left + 1).forEach((other, after) => {
      const pair = `${letter(left)} and ${letter(left + 1 + after)}`;
      if (one.copies.some((copy) => copy.slug === other.slug)) said.push(`${pair} are copies: their queries say the same.`);
      else if (one.id.toLowerCase() === other.id.toLowerCase()) said.push(`${pair} have one id and different queries.`);
    }));
    for (const [id, singular, plural] of [["indicators", "indicator", "indicators"], ["exclusions", "exclusion", "exclusions"]]) {
      const found = sections.find((each) => each.id === id);
      if (!found) continue;
      const only = found.only.flatMap((count, place) => (count ? [`${count} only in ${letter(place)}`] : []));
      said.push([`${found.in_all || "No"} ${found.in_all === 1 ? singular : plural} in common`, ...only].join(", ") + ".");
    }
    if (pages.every((page) => page.actions.length)) said.push(...actions(pages));
    return said;
  }

  function actions(pages) {
    const others = pages.slice(1).map((page) => new Set(page.actions.map((action) => action.toLowerCase())));
    const common = pages[0].actions.filter((action) => others.every((theirs) => theirs.has(action.toLowerCase())));
    if (!common.length) return ["No action in common."];
    const more = common.length > 3 ? ` and ${common.length - 3} more` : "";
    const said = [`The same ${common.length === 1 ? "action" : "actions"}: ${common.slice(0, 3).join(", ")}${more}.`];
    const outcomes = new Set(pages.map(outcome));
    if (outcomes.size > 1) said.push("They watch different outcomes of it.");
    else if (!outcomes.has(null)) said.push("They watch the same outcome of it.");
    return said;
  }

  // The lines of two texts

  function linesOf(text) {
    const lines = text.split("\n").map((line) => line.replace(/[ \t\r]+$/, ""));
    while (lines.length && !lines[lines.length - 1]) lines.pop();
    return lines;
  }

  function comparedLines(left, right) {
    const before = linesOf(left), after = linesOf(right);
    const shorter = Math.min(before.length, after.length);
    let start = 0, end = 0;
    while (start < shorter && before[start] === after[start]) start++;
    while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
    const kinds = [
      ...Array(start).fill("same"),
      ...changes(before.slice(start, before.length - end), after.slice(start, after.length - end)),
      ...Array(end).fill("same"),
    ];
    const found = [];
    let atLeft = 0, atRight = 0;
    for (const kind of kinds) {
      const text = kind === "right" ? after[atRight] : before[atLeft];
      if (kind !== "right") atLeft++;
      if (kind !== "left") atRight++;
      found.push({
        kind, left: kind === "right" ? null : atLeft, right: kind === "left" ? null : atRight, text, marked: null,
      });
    }
    return marked(found);
  }

  function goesDown(reached, diagonal, steps) {
    const get = (key) => (reached.has(key) ? reached.get(key) : -1);
    return diagonal === -steps || (diagonal !== steps && get(diagonal - 1) < get(diagonal + 1));
  }

  function changes(before, after) {
    const most = Math.min(before.length + after.length, MOST_CHANGES);
    const reached = new Map([[1, 0]]);
    const history = [];
    for (let steps = 0; steps <= most; steps++) {
      history.push(new Map(reached));
      for (let diagonal = -steps; diagonal <= steps; diagonal += 2) {
        let x = goesDown(reached, diagonal, steps) ? reached.get(diagonal + 1) : reached.get(diagonal - 1) + 1;
        let y = x - diagonal;
        while (x < before.length && y < after.length && before[x] === after[y]) { x++; y++; }
        reached.set(diagonal, x);
        if (x >= before.length && y >= after.length) return wayBack(history, before.length, after.length);
      }
    }
    return [...before.map(() => "left"), ...after.map(() => "right")];
  }

  function wayBack(history, x, y) {
    const found = [];
    for (let steps = history.length - 1; steps >= 0; steps--) {
      const reached = history[steps];
      const diagonal = x - y;
      const down = goesDown(reached, diagonal, steps);
      const previous = down ? diagonal + 1 : diagonal - 1;
      const fromX = reached.get(previous), fromY = fromX - previous;
      while (x > Math.max(fromX, 0) && y > Math.max(fromY, 0)) { found.push("same"); x--; y--; }
      if (steps) { found.push(down ? "right" : "left"); x = fromX; y = fromY; }
    }
    const kinds = [];
    let coming = 0;
    for (const kind of [...found.reverse(), "same"]) {
      if (kind === "right") { coming++; continue; }
      if (kind === "same") { for (; coming; coming--) kinds.push("right"); }
      kinds.push(kind);
    }
    kinds.pop();
    return kinds;
  }

  function marked(lines) {
    let at = 0;
    while (at < lines.length) {
      let end = at;
      while (end < lines.length && lines[end].kind === lines[at].kind) end++;
      const count = end - at;
      const others = lines.slice(end, end + count);
      const beyond = lines[end + count];
      if (lines[at].kind === "left" && others.length === count && others.every((line) => line.kind === "right") &&
          !(beyond && beyond.kind === "right")) {
        for (let place = at; place < end; place++) pair(lines[place], lines[place + count]);
        end += count;
      }
      at = end;
    }
    return lines;
  }

  function pair(left, right) {
    const before = [...left.text], after = [...right.text];
    const shorter = Math.min(before.length, after.length);
    let start = 0, end = 0;
    while (start < shorter && before[start] === after[start]) start++;
    while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
    if ((start + end) * 2 < shorter) return;
    left.marked = [start, before.length - end];
    right.marked = [start, after.length - end];
  }

  // The whole

  function compare(pages, places, languages, missing) {
    const rules = pages.map((page, place) => ({
      id: page.id, slug: page.slug, title: page.title, language: page.language, platform: page.platform,
      severity: page.severity, repository: page.source.repository, path: page.source.path, accepted: page.accepted,
      page: places[place],
    }));
    if (pages.length < 2) return { rules, summary: [], sections: [], lines: null, missing };
    const joined = (list) => list.join(", ");
    const sections = [
      section("indicators", comparisons(pages, "indicators", "exclusions"), true),
      section("exclusions", comparisons(pages, "exclusions", "indicators"), true),
      section("time", [facts(pages, [
        ["Time window", (page) => page.time_window],
        ["Runs every", (page) => page.schedule && page.schedule.frequency],
        ["Trigger", (page) => page.trigger && triggerWords(page.trigger)],
        ["Time bins", (page) => joined(page.bins)],
        ["Group by", (page) => joined(page.group_by)],
      ]), ...thresholds(pages)]),
      section("sources", [names(pages, (page) => page.tables)]),
      section("actions", [facts(pages, [["Outcome watched", outcome]]), names(pages, (page) => page.actions)]),
      section("attack", [tactics(pages), techniques(pages)]),
      section("output", [output(pages)], true),
      section("alert", [facts(pages, [
        ["Title", (page) => page.alert.title],
        ["Description", (page) => page.alert.description],
        ["Severity from", (page) => page.alert.severity_column],
        ["Tactics from", (page) => page.alert.tactics_column],
        ["Event grouping", (page) => page.alert.event_grouping],
        ["Suppression", (page) => page.alert.suppression],
        ["Response actions", (page) => joined(page.alert.response_actions)],
      ]), entities(pages), details(pages)]),
      section("about", [facts(pages, [
        ["Language", (page) => own(languages, page.language, page.language)],
        ["Kind", (page) => own(KINDS, page.kind, page.kind)],
        ["Platform", (page) => page.platform],
        ["Severity", (page) => page.severity],
        ["Status", (page) => page.status],
        ["Author", (page) => page.author],
        ["Repository", (page) => page.source.repository],
        ["Licence", (page) => page.source.licence],
        ["Version", (page) => page.version],
        ["Third-party alert feed", (page) => page.third_party_feed],
        ["Syntax", (page) => (page.accepted ? "accepted" : "errors")],
      ])]),
    ].filter((each) => each.groups.length);
    const alike = pages.length === 2 && pages[0].language === pages[1].language && pages.every((page) => page.query);
    return {
      rules, summary: summary(pages, sections), sections,
      lines: alike ? comparedLines(pages[0].query, pages[1].query) : null, missing,
    };
  }

  globalThis.detectionaryCompare = { compare, letter, holders, groupHolders };
})();
