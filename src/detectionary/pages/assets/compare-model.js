// Rules side by side, on a static site: what `pages/compare/context.py` makes on a live one, from the same sheets
// (`pages/compare/sheet.py`). Keep the two together; `tests/browser/test_compare.py` holds both to the same context.
(function () {
  "use strict";
  const RANKS = { all: 0, differs: 1, some: 2, one: 3 };
  const OPPOSITES = { indicators: "exclusions", exclusions: "indicators" };

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

  // Sheets, as files have them

  function section([id, ordered, groups]) {
    return { id, ordered, groups: groups.map(([key, name, names, rows]) => ({ key, name, names, rows: rows.map(row) })) };
  }

  function row([name, operator, key, said = null, fact = 0, stage = null, notes = []]) {
    return { name, operator, key: key === 0 ? name.toLowerCase() : key, said, fact, stage, notes };
  }

  // Rows

  function put(merged, place, row) {
    const first = merged.first, cell = { text: row.said, stage: row.stage, notes: row.notes };
    if (row.said === null && row.fact) return;
    if (row.said === null) {
      const same = row.operator === first.operator && row.name === first.name;
      cell.text = same ? "" : [row.operator, row.name].filter(Boolean).join(" ");
    }
    merged.cells[place] = cell;
  }

  function holders(cells) {
    return cells.flatMap((each, place) => (each === null ? [] : [place]));
  }

  function groupHolders(group) {
    return [...new Set(group.rows.flatMap((row) => holders(row.cells)))].sort();
  }

  function markOf(merged) {
    const held = merged.cells.filter((each) => each !== null);
    if (held.length < merged.cells.length) return held.length === 1 ? "one" : "some";
    return merged.first.fact && new Set(held.map((each) => each.text)).size > 1 ? "differs" : "all";
  }

  // Groups and sections

  function merge(sheets, number) {
    const { id, ordered } = sheets[0].sections[number];
    const groups = new Map();
    sheets.forEach((sheet, place) => sheet.sections[number].groups.forEach((group) => {
      if (!groups.has(group.key)) groups.set(group.key, { name: group.name, names: new Set(), rows: new Map() });
      const merged = groups.get(group.key);
      for (const name of group.names) merged.names.add(name);
      for (const row of group.rows) {
        if (!merged.rows.has(row.key)) merged.rows.set(row.key, { first: row, cells: sheets.map(() => null), opposite: [] });
        put(merged.rows.get(row.key), place, row);
      }
    }));
    sheets.forEach((sheet, place) => groupsOf(sheet, OPPOSITES[id]).forEach((other) => {
      for (const row of groups.has(other.key) ? other.rows : []) {
        const found = groups.get(other.key).rows.get(row.key);
        if (found) found.opposite.push(place);
      }
    }));
    return compared(id, ordered, [...groups.values()], sheets.length);
  }

  const groupsOf = (sheet, id) => (sheet.sections.find((each) => each.id === id) || { groups: [] }).groups;

  function compared(id, ordered, groups, count) {
    const made = [];
    for (const group of groups) {
      const held = [...group.rows.values()].filter((merged) => holders(merged.cells).length);
      if (!held.length) continue;
      if (ordered) {
        held.sort((a, b) => RANKS[markOf(a)] - RANKS[markOf(b)] || orderLists(holders(a.cells), holders(b.cells)) ||
          order(a.first.operator, b.first.operator) || order(a.first.name, b.first.name) || order(a.first.key, b.first.key));
      }
      const rows = held.map((merged) => ({
        operator: merged.first.operator, name: merged.first.name, mark: markOf(merged), cells: merged.cells, excluded_by: merged.opposite,
      }));
      const having = groupHolders({ rows }).length;
      made.push({
        name: group.name,
        names: group.names.size === 1 && group.names.has(group.name) ? [] : [...group.names],
        mark: having < count ? (having === 1 ? "one" : "some") : rows.every((row) => row.mark === "all") ? "all" : "differs",
        rows,
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

  // What is said at once

  const letter = (place) => String.fromCharCode(65 + place);

  function summary(sheets, sections) {
    const said = [];
    sheets.forEach((one, left) => sheets.slice(left + 1).forEach((other, after) => {
      const pair = `${letter(left)} and ${letter(left + 1 + after)}`;
      if (one.copies.includes(other.rule.slug)) said.push(`${pair} are copies: their queries say the same.`);
      else if (one.rule.id.toLowerCase() === other.rule.id.toLowerCase()) said.push(`${pair} have one id and different queries.`);
    }));
    for (const [id, singular, plural] of [["indicators", "indicator", "indicators"], ["exclusions", "exclusion", "exclusions"]]) {
      const found = sections.find((each) => each.id === id);
      if (!found) continue;
      const only = found.only.flatMap((count, place) => (count ? [`${count} only in ${letter(place)}`] : []));
      said.push([`${found.in_all || "No"} ${found.in_all === 1 ? singular : plural} in common`, ...only].join(", ") + ".");
    }
    return said.concat(actions(sheets.map((sheet) => groupsOf(sheet, "actions"))));
  }

  function actions(sections) {
    const watched = sections.map(([, named]) => named.rows);
    if (!watched.every((rows) => rows.length)) return [];
    const others = watched.slice(1).map((rows) => new Set(rows.map((row) => row.key)));
    const common = watched[0].filter((row) => others.every((theirs) => theirs.has(row.key))).map((row) => row.name);
    if (!common.length) return ["No action in common."];
    const more = common.length > 3 ? ` and ${common.length - 3} more` : "";
    const said = [`The same ${common.length === 1 ? "action" : "actions"}: ${common.slice(0, 3).join(", ")}${more}.`];
    const outcomes = new Set(sections.map(([outcome]) => outcome.rows[0].said));
    if (outcomes.size > 1) said.push("They watch different outcomes of it.");
    else if (!outcomes.has(null)) said.push("They watch the same outcome of it.");
    return said;
  }

  // The whole: `sheets` have the rule, its copies, its sections as they are in files, and the query where it is asked for.
  function compare(sheets, missing) {
    const rules = sheets.map((sheet) => sheet.rule);
    if (sheets.length < 2) return { rules, summary: [], sections: [], lines: null, missing };
    const read = sheets.map((sheet) => ({ rule: sheet.rule, copies: sheet.copies, sections: sheet.sections.map(section) }));
    const sections = read[0].sections.map((_, number) => merge(read, number)).filter((each) => each.groups.length);
    const lines = alike(rules) && sheets.every((sheet) => sheet.query) ? own.lines(sheets[0].query, sheets[1].query) : null;
    return { rules, summary: summary(read, sections), sections, lines, missing };
  }

  // Whether the queries are set side by side.
  const alike = (rules) => rules.length === 2 && rules[0].language === rules[1].language;

  const own = globalThis.detectionaryCompare = { compare, alike, letter, holders, groupHolders };
})();
