// The browse page's filters: facets with counts, searched within where they are long, and the filters that hold.
(function () {
  "use strict";
  const own = globalThis.detectionary.page = globalThis.detectionary.page || {};
  const SHOWN = 6, MORE = 60, LONG = 30;
  const held = {};
  let panel = null, change = null, asked = null;

  const same = (one, other) => one.toLowerCase() === other.toLowerCase();

  // `changed(facet, names)` is called with what is chosen then.
  own.facets = function (element, changed) {
    panel = element;
    change = changed;
  };

  // The facets that the server wrote: of each the first values.
  own.written = function () {
    return Array.from(panel.querySelectorAll("details.facet"), (facet) => ({
      facet: facet.dataset.facet, title: facet.dataset.title, values: Number(facet.dataset.values),
      counts: Array.from(facet.querySelectorAll("li"), (line) => {
        const title = line.querySelector("bdi").textContent, name = line.dataset.name ?? title;
        return { key: name.toLowerCase(), name: name, title: title, rules: Number(line.querySelector(".count").textContent.replaceAll(",", "")) };
      }),
    }));
  };

  own.showFacets = function (facets, request) {
    asked = request;
    for (const facet of facets) {
      const chosen = asked.filters[facet.facet] || [];
      const part = held[facet.facet] || (held[facet.facet] = make(facet));
      part.facet = facet;
      part.all = null;
      part.box.hidden = facet.values === 0 && !chosen.length;
      fill(part);
    }
  };

  function make(facet) {
    const before = panel.querySelector('details[data-facet="' + facet.facet + '"]');
    const part = { facet: facet, most: SHOWN, all: null };
    part.number = own.make("span", { class: "count" });
    part.list = own.make("ul");
    part.within = own.make("input", { type: "search", class: "within", placeholder: "Find", "aria-label": "Find in " + facet.title, autocomplete: "off", spellcheck: "false", oninput: () => fill(part) });
    part.more = own.make("button", { type: "button", class: "more-values", onclick: () => more(part) });
    part.typed = own.make("button", { type: "button", class: "more-values", hidden: true });
    part.note = own.make("p", { class: "rest muted", role: "status" });
    part.box = own.make("details", { class: "facet", "data-facet": facet.facet, open: before ? before.open : false },
      own.make("summary", {}, own.make("span", { text: facet.title }), " ", part.number), part.within, part.list, part.typed, part.more, part.note);
    if (before) before.replaceWith(part.box); else panel.append(part.box);
    return part;
  }

  async function more(part) {
    const first = part.list.children.length;
    part.most = part.most < MORE ? MORE : Infinity;
    if (part.most === Infinity) await all(part);
    fill(part);
    const next = part.list.children[first];
    if (next) next.querySelector("input").focus();
  }

  async function all(part) {
    if (part.facet.counts.length >= part.facet.values) return;
    const request = asked;
    const values = await globalThis.detectionary.values(part.facet.facet, request);
    if (request === asked) part.all = values;
  }

  async function fill(part) {
    const facet = part.facet, sought = part.within.value.trim().toLowerCase();
    const chosen = asked.filters[facet.facet] || [];
    part.number.textContent = chosen.length ? chosen.length + (facet.values ? " of " + own.grouped(facet.values) : " chosen") : own.grouped(facet.values);
    part.within.hidden = facet.values <= LONG && !sought;
    part.within.placeholder = "Find among " + own.grouped(facet.values);
    const complete = () => part.all || facet.counts.length >= facet.values;
    if (sought && !complete()) {
      part.note.textContent = "…";
      await all(part);
      if (part.facet !== facet || part.within.value.trim().toLowerCase() !== sought) return;
    }
    const counts = (part.all || facet.counts).concat(missing(facet, chosen));
    const isChosen = (count) => chosen.some((name) => same(name, count.name) || same(name, count.key));
    const wanted = sought ? counts.filter((count) => count.title.toLowerCase().includes(sought) || count.name.toLowerCase().includes(sought)) : counts;
    const most = sought ? MORE : part.most;
    const shown = wanted.filter((count, at) => at < most || isChosen(count));
    if (!sought) shown.sort((one, other) => isChosen(other) - isChosen(one));
    // Who ticks with the keyboard goes on from there.
    const held = part.list.contains(document.activeElement) ? document.activeElement.closest("label").title : null;
    part.list.replaceChildren(...shown.map((count) => value(part, count, isChosen(count))));
    const again = held === null ? null : Array.from(part.list.querySelectorAll("label")).find((label) => label.title === held);
    if (again) again.querySelector("input").focus({ preventScroll: true });
    const total = sought ? wanted.length : facet.values;
    typed(part, sought, counts, chosen);
    part.more.hidden = Boolean(sought) || shown.length >= total;
    part.more.textContent = part.most < MORE && total > MORE ? "Show " + MORE : "Show all " + own.grouped(total);
    part.note.textContent = sought ? (shown.length ? (shown.length < total ? own.grouped(total) + " fit, the first " + shown.length + " are shown" : "") : "None has “" + part.within.value.trim() + "”") : "";
  }

  // A value may have names of which the list shows one: a field as rules spell it, an action by its operation.
  function typed(part, sought, counts, chosen) {
    const name = part.within.value.trim();
    part.typed.hidden = !sought || counts.some((count) => same(count.name, name)) || chosen.some((each) => same(each, name));
    part.typed.textContent = "Filter by “" + name + "” as it is typed";
    part.typed.onclick = () => change(part.facet.facet, chosen.concat(name));
  }

  // What is chosen and none of the rules left has
  function missing(facet, chosen) {
    return chosen.filter((name) => !facet.counts.some((count) => same(name, count.name) || same(name, count.key)))
      .map((name) => ({ key: name, name: name, title: own.titleOf(facet.facet, name), rules: 0 }));
  }

  function value(part, count, chosen) {
    const box = own.make("input", { type: "checkbox", onchange: () => {
      const names = (asked.filters[part.facet.facet] || []).filter((name) => !same(name, count.name) && !same(name, count.key));
      change(part.facet.facet, box.checked ? names.concat(count.name) : names);
    } });
    box.checked = chosen;
    return own.make("li", {}, own.make("label", { title: count.title }, box, own.make("bdi", { text: count.title }), own.make("span", { class: "count", text: own.grouped(count.rules) })));
  }

  // What values are called, as far as any answer has said it.
  const titles = new Map();
  own.titleOf = (facet, name) => titles.get(facet + " " + name.toLowerCase()) || name;
  own.titles = (facets) => {
    for (const facet of facets) for (const count of facet.counts) titles.set(facet.facet + " " + count.name.toLowerCase(), count.title);
    return own.titleOf;
  };

  const NAMES = { value: "Value", id: "Id" };
  // The filters that hold, each a link to the page without it.
  own.showChosen = function (list, answer, titles, link) {
    const heading = (name) => NAMES[name] || (answer.facets.find((facet) => facet.facet === name) || { title: name }).title;
    const parts = [];
    for (const [facet, names] of Object.entries(answer.filters)) {
      for (const name of names) {
        const left = names.filter((each) => each !== name);
        const text = heading(facet) + ": " + titles(facet, name);
        parts.push(own.make("li", {}, link({ [facet]: left }, text, "chip", "Remove the filter " + text)));
      }
    }
    if (parts.length > 1) parts.push(own.make("li", {}, link(null, "Remove all", "clear")));
    list.replaceChildren(...parts);
    list.hidden = parts.length === 0;
  };
})();
