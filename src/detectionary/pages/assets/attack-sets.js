// Sets of rules in the ATT&CK matrix: one filter, or two that are compared. Numbers come from `detectionary.coverage`
// of search.js, which comes when the first set is asked for. The address holds set A as everywhere, set B behind "b.".
(function () {
  "use strict";
  const matrix = globalThis.detectionaryMatrix;
  if (!matrix || matrix.sets.open) return;
  const { element, number, settings, parameters, techniques, tactics } = matrix;
  const FIRST = ["platform", "language", "repository", "severity", "status"];
  const FURTHER = ["kind", "tactic", "technique", "table", "source", "action", "field", "author", "has", "parsed", "feed"];
  const box = document.getElementById("sets");
  const told = document.getElementById("told");
  const show = document.getElementById("show");
  const legend = document.getElementById("legend");
  const layer = document.getElementById("layer");
  const before = { told: Array.from(told.childNodes), legend: Array.from(legend.querySelectorAll("p")).map((each) => each.hidden), layer: { href: layer.href, name: layer.download } };
  const buttons = { filter: document.getElementById("narrow"), compare: document.getElementById("compare") };
  const sets = { a: made("a", ""), b: made("b", "b.") };
  let mode = "";
  let asked = 0;
  let url = null;

  // The search, when it is first needed

  let loading = null;
  function search() {
    if (globalThis.detectionary && globalThis.detectionary.coverage) return Promise.resolve(globalThis.detectionary);
    loading = loading || new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = settings.search;
      script.dataset.root = settings.up;
      script.dataset.mode = settings.live;
      script.onload = () => globalThis.detectionary && globalThis.detectionary.coverage ? resolve(globalThis.detectionary) : reject(new Error("The search did not load."));
      script.onerror = () => reject(new Error("The search did not load."));
      document.head.append(script);
    });
    return loading;
  }

  // A set: its search text and filters, as parameters and as controls

  function made(name, prefix) {
    const chosen = new URLSearchParams();
    for (const [key, value] of parameters) {
      const own = key.startsWith("b.") ? "b." : "";
      if (own === prefix && key !== "compare" && !matrix.own.includes(key)) chosen.append(key.slice(prefix.length), value);
    }
    return { name, prefix, chosen, titles: new Map(), answer: null };
  }

  function control(set) {
    const group = element("fieldset", "", "set set-" + set.name);
    set.legend = element("legend");
    const text = element("label", "Search ");
    set.text = element("input");
    set.text.type = "search";
    set.text.placeholder = "words, field:EventName";
    set.text.autocomplete = "off";
    set.text.spellcheck = false;
    set.text.value = set.chosen.get("q") || "";
    text.append(set.text);
    set.first = element("span", "", "selects");
    const more = element("details");
    more.append(element("summary", "More filters"));
    set.further = element("span", "", "selects");
    more.append(set.further);
    set.chips = element("ul", "", "chips");
    set.chips.setAttribute("aria-label", "Chosen filters");
    set.number = element("p", "", "set-number");
    set.number.setAttribute("aria-live", "polite");
    group.append(set.legend, text, set.first, more, set.chips, set.number);
    set.group = group;
    let timer = 0;
    set.text.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (set.text.value.trim()) set.chosen.set("q", set.text.value); else set.chosen.delete("q");
        changed(set);
      }, 250);
    });
    return group;
  }

  function changed(set) {
    set.answer = null;
    keep();
    refresh();
  }

  function keep() {
    const own = Array.from(parameters).filter(([key]) => matrix.own.includes(key));
    for (const key of Array.from(parameters.keys())) parameters.delete(key);
    const on = mode === "compare" ? [sets.a, sets.b] : mode ? [sets.a] : [];
    for (const set of on) for (const [key, value] of set.chosen) parameters.append(set.prefix + key, value);
    if (mode === "compare" && !sets.b.chosen.toString()) parameters.append("compare", "1");
    for (const [key, value] of own) parameters.append(key, value);
    matrix.keep();
  }

  // A key that would change a closed list at once opens it instead: only what is chosen in it becomes a filter.
  function opensFirst(event) {
    const moves = event.key.startsWith("Arrow") || ["Home", "End", "PageUp", "PageDown"].includes(event.key);
    if (!this.showPicker || event.ctrlKey || event.metaKey || event.altKey || !(moves || (event.key.length === 1 && event.key !== " "))) return;
    event.preventDefault();
    try { this.showPicker(); } catch (error) { /* not in reach of the pointer or the keyboard now */ }
  }

  function choices(set, facets) {
    for (const facet of facets) set.titles.set(facet.facet, facet);
    for (const [place, names] of [[set.first, FIRST], [set.further, FURTHER]]) {
      const focused = place.contains(document.activeElement) ? document.activeElement.name : null;
      place.replaceChildren(...names.filter((name) => set.titles.has(name)).map((name) => {
        const facet = set.titles.get(name), select = element("select"), taken = set.chosen.getAll(name);
        select.name = name;
        select.setAttribute("aria-label", facet.title + ", set " + set.name.toUpperCase());
        select.append(element("option", facet.title));
        select.options[0].value = "";
        for (const count of facet.counts) {
          const option = element("option", count.title + " (" + number(count.rules) + ")");
          option.value = count.name;
          option.disabled = taken.includes(count.name);
          select.append(option);
        }
        select.addEventListener("keydown", opensFirst);
        select.addEventListener("change", () => {
          if (select.value) { set.chosen.append(name, select.value); changed(set); }
        });
        return select;
      }));
      if (focused && place.querySelector("[name=" + focused + "]")) place.querySelector("[name=" + focused + "]").focus();
    }
    chips(set);
  }

  function chips(set) {
    set.chips.replaceChildren(...Array.from(set.chosen).filter(([key]) => key !== "q").map(([key, value]) => {
      const item = element("li", "", "chip"), remove = element("button", "×");
      item.append(element("span", words(set, key, value)));
      remove.type = "button";
      remove.setAttribute("aria-label", "Remove " + words(set, key, value));
      remove.addEventListener("click", () => {
        const kept = Array.from(set.chosen).filter((pair) => pair[0] !== key || pair[1] !== value);
        for (const name of Array.from(set.chosen.keys())) set.chosen.delete(name);
        for (const pair of kept) set.chosen.append(pair[0], pair[1]);
        set.text.focus();
        changed(set);
      });
      item.append(remove);
      return item;
    }));
  }

  function words(set, key, value) {
    const facet = set.titles.get(key);
    const count = facet && facet.counts.find((each) => each.name.toLowerCase() === value.toLowerCase());
    return (facet ? facet.title : key) + ": " + (count ? count.title : value);
  }

  // A set in words: what its layer is called.
  function title(set) {
    const parts = [];
    if (set.chosen.get("q")) parts.push("“" + set.chosen.get("q").trim() + "”");
    const by = new Map();
    for (const [key, value] of set.chosen) if (key !== "q") by.set(key, (by.get(key) || []).concat(words(set, key, value)));
    for (const named of by.values()) parts.push(named[0] + named.slice(1).map((each) => " or " + each.slice(each.indexOf(": ") + 2)).join(""));
    return parts.join("; ") || "all rules";
  }

  // Numbers

  // Where the rules are listed that a number of a set counts, when filters can say it: two of one kind are alternatives.
  function browsing(set, kind, name) {
    const query = new URLSearchParams(set.chosen), typed = set.chosen.get("q") || "";
    const filtered = (facet) => query.has(facet) || new RegExp("(^|\\W)" + facet + ":", "i").test(typed);
    if (kind && filtered(kind)) return null;
    if (!filtered("feed")) query.append("feed", "no");
    if (kind) query.append(kind, name);
    return settings.up + "browse/index.html?" + query;
  }

  function linked(set, count, kind, name, about) {
    const text = (mode === "compare" && kind ? set.name.toUpperCase() + " " : "") + number(count);
    const href = count && browsing(set, kind, name);
    if (!href) return document.createTextNode(text);
    const link = element("a", text);
    link.href = href;
    link.setAttribute("aria-label", text + (count === 1 ? " rule, " : " rules, ") + about);
    return link;
  }

  const ofTechnique = (set, technique, count) => linked(set, count, "technique", technique.id, technique.id + " " + technique.name);
  const ofTactic = (set, tactic) => set.answer.tactics ? linked(set, set.answer.tactics[tactic.name] || 0, "tactic", tactic.name, tactic.name) : "–";

  async function fill(set) {
    const found = await search();
    const request = found.request(set.chosen);
    const counting = Object.assign({}, request, { limit: 1, facets: FIRST.concat(FURTHER) });
    const [answer, listed] = await Promise.all([found.coverage(request), found.search(counting)]);
    return () => { set.answer = answer; choices(set, listed.facets); };
  }

  async function refresh() {
    const turn = ++asked;
    const on = mode === "compare" ? [sets.a, sets.b] : [sets.a];
    on.forEach(chips);
    for (const set of on) if (!set.answer) set.number.textContent = "Counting…";
    box.setAttribute("aria-busy", "true");
    try {
      const done = await Promise.all(on.filter((set) => !set.answer).map(fill));
      if (turn !== asked || !mode) return;
      done.forEach((apply) => apply());
      draw();
    } catch (error) {
      if (turn === asked) on[0].number.textContent = error.message + " Filters need it; the matrix of all rules stays.";
    } finally {
      if (turn === asked) box.removeAttribute("aria-busy");
    }
  }

  function draw() {
    const a = sets.a, b = sets.b;
    for (const set of mode === "compare" ? [a, b] : [a]) {
      set.number.replaceChildren(linked(set, set.answer.total, "", "", title(set)), set.answer.total === 1 ? " rule" : " rules");
    }
    if (mode === "compare") drawCompared(a, b); else drawFiltered(a);
  }

  function covered(of) {
    const found = { techniques: 0, subs: 0, allTechniques: 0, allSubs: 0 };
    for (const technique of techniques.values()) {
      found[technique.sub ? "allSubs" : "allTechniques"] += 1;
      if (of(technique)) found[technique.sub ? "subs" : "techniques"] += 1;
    }
    return found;
  }

  function tell(...parts) {
    told.replaceChildren(...parts.map((part) => typeof part === "number" ? element("b", number(part)) : document.createTextNode(part)));
  }

  function drawFiltered(set) {
    matrix.paint(set.answer);
    matrix.each((cell) => cell.shown.replaceChildren(ofTechnique(set, cell.technique, cell.technique.count)));
    for (const tactic of tactics) tactic.rules.replaceChildren(ofTactic(set, tactic));
    const found = covered((technique) => technique.count > 0);
    const one = set.answer.total === 1, about = set.chosen.toString() ? " (" + title(set) + ")" : "";
    tell(set.answer.total, (one ? " rule" : " rules") + about + (one ? " covers " : " cover "), found.techniques, " of " + found.allTechniques + " techniques and ",
      found.subs, " of " + found.allSubs + " sub-techniques of ATT&CK Enterprise " + settings.version + ".");
    download(layerOf(set));
  }

  // Two sets in the same cells: a bar on the left for A, on the right for B, on both sides for both.
  const MARKS = { a: "only A", b: "only B", both: "both", none: "neither" };

  function drawCompared(a, b) {
    for (const technique of techniques.values()) {
      technique.a = (a.answer.techniques[technique.id] || [0, 0])[1];
      technique.b = (b.answer.techniques[technique.id] || [0, 0])[1];
      technique.count = technique.a + technique.b;
      technique.mark = technique.a ? (technique.b ? "both" : "a") : technique.b ? "b" : "none";
    }
    matrix.compare(true);
    matrix.each((cell) => {
      const technique = cell.technique;
      cell.item.className = "in-" + technique.mark;
      cell.shown.replaceChildren(...[[a, technique.a], [b, technique.b]].map(([set, count]) => {
        const holder = element("span");
        if (count) holder.append(ofTechnique(set, technique, count));
        return holder;
      }));
      if (technique.mark === "none") cell.shown.replaceChildren(element("span", "0"));
    });
    for (const tactic of tactics) {
      tactic.rules.replaceChildren(ofTactic(a, tactic), " / ", ofTactic(b, tactic));
      tactic.covered.textContent = tactic.cells.filter((cell) => cell.technique.a).length + " / " + tactic.cells.filter((cell) => cell.technique.b).length;
      for (const cell of tactic.cells) {
        if (cell.fold) cell.fold.firstElementChild.textContent = "A " + cell.subs.filter((sub) => sub.technique.a).length + " · B " + cell.subs.filter((sub) => sub.technique.b).length + " of " + cell.subs.length;
      }
    }
    matrix.filterCells();
    summary(a, b);
    download(layerOf(a, b));
  }

  function summary(a, b) {
    const of = { a: covered((each) => each.a), b: covered((each) => each.b), both: covered((each) => each.mark === "both"),
      onlyA: covered((each) => each.mark === "a"), onlyB: covered((each) => each.mark === "b"), none: covered((each) => each.mark === "none") };
    tell("A covers ", of.a.techniques, ", B covers ", of.b.techniques, ", both cover ", of.both.techniques, " of " + of.a.allTechniques +
      " techniques. A: " + title(a) + ". B: " + title(b) + ".");
    const table = element("table", "", "compared");
    const head = table.createTHead().insertRow();
    for (const name of ["", "A", "B", "Both", "Only A", "Only B", "Neither"]) {
      const cell = element(name ? "th" : "td", name);
      if (name) cell.scope = "col";
      head.append(cell);
    }
    const body = table.createTBody();
    for (const [name, key, all] of [["Techniques", "techniques", "allTechniques"], ["Sub-techniques", "subs", "allSubs"]]) {
      const row = body.insertRow(), label = element("th", name + " (" + of.a[all] + ")");
      label.scope = "row";
      row.append(label);
      for (const column of ["a", "b", "both", "onlyA", "onlyB", "none"]) row.append(element("td", number(of[column][key]), "number"));
    }
    comparison.replaceChildren(table, gaps("Gaps of A that B covers", "b", b), gaps("Gaps of B that A covers", "a", a));
    comparison.hidden = false;
  }

  function gaps(heading, mark, set) {
    const found = Array.from(techniques.values()).filter((technique) => technique.mark === mark).sort((x, y) => x.id < y.id ? -1 : 1);
    const part = element("details", "", "gaps"), list = element("ul");
    const tops = found.filter((technique) => !technique.sub).length, subs = found.length - tops;
    part.append(element("summary", heading + ": " + tops + (tops === 1 ? " technique, " : " techniques, ") + subs + (subs === 1 ? " sub-technique" : " sub-techniques")));
    part.open = open.has(mark);
    part.addEventListener("toggle", () => part.open ? open.add(mark) : open.delete(mark));
    for (const technique of found) {
      const item = element("li"), link = element("a", technique.id + " " + technique.name);
      link.href = technique.href;
      const count = element("span", "", "count");
      count.append(ofTechnique(set, technique, technique[set.name]));
      item.append(link, count);
      list.append(item);
    }
    part.append(list);
    return part;
  }
  const open = new Set();
  const comparison = element("div", "", "comparison");

  // Layers for the ATT&CK Navigator, as pages/attack/layers.py makes them.

  const COLOURS = ["#dfeaf3", "#bdd6ea", "#8fbadb", "#3577b0", "#1d6099", "#0d3f6d"];
  const PAIR = { a: ["#8fbadb", "only A"], b: ["#f0b98a", "only B"], both: ["#9fd3c2", "both A and B"] };

  function layerOf(a, b) {
    const named = b ? "A: " + title(a) + " against B: " + title(b) : title(a);
    const entries = [], tops = [];
    for (const technique of techniques.values()) if (!technique.sub) tops.push(technique.count);
    const scale = matrix.bounds(tops);
    const steps = scale.ends.map((end, at) => [scale.values.find((value) => value > (at ? scale.ends[at - 1] : 0)), end]);
    for (const technique of Array.from(techniques.values()).sort((x, y) => x.id < y.id ? -1 : 1)) {
      if (!technique.count) continue;
      entries.push(b ? {
        techniqueID: technique.id, score: { a: 1, b: 2, both: 3 }[technique.mark], color: PAIR[technique.mark][0],
        comment: "A: " + technique.a + ", B: " + technique.b,
        metadata: [{ name: "rules of A", value: String(technique.a) }, { name: "rules of B", value: String(technique.b) }], links: [],
      } : {
        techniqueID: technique.id, score: technique.count, color: COLOURS[matrix.level(technique.count, scale) - 1],
        comment: "", metadata: technique.sub || technique.own === technique.count || !technique.own ? [] : [{ name: "name the technique itself", value: String(technique.own) }], links: [],
      });
    }
    return { name: named, content: {
      name: "Detectionary: " + named,
      versions: { attack: settings.version.split(".")[0], navigator: "5.2.0", layer: "4.5" },
      domain: "enterprise-attack",
      description: b ? "Which techniques two sets of detection rules name. Score 1: only A, 2: only B, 3: both."
        : number(a.answer.total) + " rules: " + named + ". A technique’s score is the number of rules that name it or one of its sub-techniques.",
      sorting: b ? 0 : 3,
      layout: { layout: "side", showID: true, showName: true },
      hideDisabled: false,
      techniques: entries,
      gradient: b ? { colors: [PAIR.a[0], PAIR.b[0], PAIR.both[0]], minValue: 1, maxValue: 3 }
        : { colors: COLOURS, minValue: 1, maxValue: Math.max(2, steps.length ? steps[steps.length - 1][0] : 0) },
      legendItems: b ? Object.values(PAIR).map(([color, label]) => ({ label, color }))
        : steps.map(([least, most], at) => ({ label: (least === most ? number(least) : number(least) + " to " + number(most)) + (most === 1 ? " rule" : " rules"), color: COLOURS[at] })),
      metadata: [{ name: "rules", value: b ? a.answer.total + " (A), " + b.answer.total + " (B)" : String(a.answer.total) }, { name: "ATT&CK version", value: settings.version }],
      links: [],
    } };
  }

  function download(made) {
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(new Blob([JSON.stringify(made.content, null, 1)], { type: "application/json" }));
    layer.href = url;
    layer.download = "detectionary-" + made.name.toLowerCase().replace(/[^a-z0-9.]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 80) + ".json";
  }

  // From one mode to another

  const OPTIONS = {
    filter: [["", "all techniques"], ["covered", "only covered"], ["gaps", "only gaps"]],
    compare: [["", "all techniques"], ["a", "only in A"], ["b", "only in B"], ["both", "in both"], ["none", "in neither"]],
  };

  function options(kind) {
    const kept = parameters.get("show") || "";
    show.replaceChildren(...OPTIONS[kind].map(([value, text]) => { const made = element("option", text); made.value = value; return made; }));
    show.value = kept;
    if (show.selectedIndex < 0) { show.value = ""; matrix.keep("show", ""); }
  }

  const swap = element("button", "Swap A and B", "button quiet");
  swap.type = "button";
  swap.addEventListener("click", () => {
    const { chosen, answer, titles } = sets.a;
    Object.assign(sets.a, { chosen: sets.b.chosen, answer: sets.b.answer, titles: sets.b.titles });
    Object.assign(sets.b, { chosen, answer, titles });
    for (const set of [sets.a, sets.b]) {
      set.text.value = set.chosen.get("q") || "";
      choices(set, []);
    }
    keep();
    refresh();
  });
  const marks = element("ul", "", "marks");
  for (const [mark, text] of Object.entries(MARKS)) marks.append(element("li", text, "in-" + mark));

  function turn(wanted) {
    mode = mode === wanted ? "" : wanted;
    for (const [name, button] of Object.entries(buttons)) button.setAttribute("aria-expanded", String(name === mode));
    box.hidden = !mode;
    matrix.compare(null);
    options(mode === "compare" ? "compare" : "filter");
    const two = mode === "compare";
    document.getElementById("matrix").classList.toggle("two", two);
    sets.a.legend.textContent = two ? "A" : "Rules";
    sets.b.legend.textContent = "B";
    box.classList.toggle("two", two);
    sets.b.group.hidden = swap.hidden = comparison.hidden = !two;
    legend.classList.toggle("two", two);
    if (two) legend.prepend(marks); else marks.remove();
    keep();
    if (mode) { refresh(); return; }
    asked += 1;
    told.replaceChildren(...before.told);
    layer.href = before.layer.href;
    layer.download = before.layer.name;
    matrix.paint(null);
  }

  box.className = "sets";
  box.append(control(sets.a), swap, control(sets.b), comparison);
  matrix.sets.open = turn;
  turn(matrix.sets.mode || "filter");
})();
