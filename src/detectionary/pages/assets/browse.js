// The browse page: reads the request from the address, shows the answer, and keeps the two together.
(function () {
  "use strict";
  const { request, params, search, values, page } = globalThis.detectionary;
  const { make, grouped } = page;
  const at = (id) => document.getElementById(id);
  const form = at("ask"), field = at("q"), found = at("found"), results = at("results"), chosen = at("chosen");
  const sort = at("sort"), fold = at("fold"), side = at("side");
  const table = results.querySelector("table");
  let asked = request(new URLSearchParams(location.search));
  let turn = 0;

  // What is asked, with a part of it other than it was; another question begins at its first rule.
  const other = (changes) => ({ ...asked, offset: 0, ...changes });
  const address = (wanted) => "?" + params(wanted);

  function ask(wanted, how) {
    asked = wanted;
    try { history[how](null, "", address(asked) === "?" ? location.pathname : address(asked)); } catch (error) { /* a page from disk keeps its address */ }
    return show();
  }

  function link(wanted, text, look, label) {
    return make("a", { href: address(wanted), class: look, "aria-label": label, text: text, onclick: (event) => {
      if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      ask(wanted, "pushState").then(() => { if (!document.activeElement || document.activeElement === document.body) field.focus({ preventScroll: true }); });
    } });
  }

  async function show() {
    const mine = ++turn;
    if (field.value.trim() !== asked.text.trim()) field.value = asked.text;
    sort.value = asked.sort;
    const slow = setTimeout(() => { if (mine === turn) found.textContent = "Searching …"; }, 250);
    try {
      const answer = await search(asked);
      if (mine === turn) present(answer);
    } catch (error) {
      if (mine === turn) found.replaceChildren(make("b", { text: "The search did not work." }), " " + error.message);
    } finally {
      clearTimeout(slow);
    }
  }

  function present(answer) {
    const titles = page.titleOf(answer.facets);
    const first = answer.offset + 1, last = answer.offset + answer.rules.length;
    found.replaceChildren(make("b", { text: grouped(answer.total) }), answer.total === 1 ? " rule" : " rules",
      answer.rules.length < answer.total && answer.rules.length ? make("span", { class: "muted", text: ", " + grouped(first) + " to " + grouped(last) }) : "");
    page.showFacets(answer.facets, asked);
    page.showChosen(chosen, answer, titles, (changes, text, look, label) => link(other(changes ? { filters: without(changes) } : { filters: {} }), text, look, label));
    page.rows(table, answer, titles);
    table.hidden = answer.rules.length === 0;
    for (const old of results.querySelectorAll(".pager, .empty")) old.remove();
    results.append(page.pager(answer, (offset, text) => {
      const to = link({ ...asked, offset: offset }, text);
      to.addEventListener("click", () => { document.documentElement.scrollTop = 0; });
      return to;
    }));
    fold.textContent = "Filters" + (chosen.children.length ? " (" + Object.values(answer.filters).flat().length + ")" : "");
    document.title = (answer.text || "Rules") + " · Detectionary";
    if (answer.total === 0) empty(answer, titles);
    else if (answer.rules.length === 0) results.prepend(make("p", { class: "empty" }, "There is no rule at this place of the list. ", link({ ...asked, offset: 0 }, "Back to the first")));
  }

  function without(changes) {
    const filters = {};
    for (const [facet, names] of Object.entries({ ...asked.filters, ...changes })) if (names.length) filters[facet] = names;
    return filters;
  }

  // Nothing found: what was asked, and what a little less would find.

  async function empty(answer, titles) {
    const mine = turn;
    const list = make("ul", { class: "ways" });
    const box = make("div", { class: "notice empty" }, make("p", {}, "No rule has all of this: ", ...said(answer, titles), "."), list);
    results.prepend(box);
    const ways = [];
    const words = answer.text.match(/(?:[^\s"]|"[^"]*"?)+/g) || [];
    if (words.length > 1 || (words.length && Object.keys(answer.filters).length)) {
      words.forEach((word, place) => ways.push(["without", word, other({ text: words.filter((_, each) => each !== place).join(" ") })]));
    }
    for (const [facet, names] of Object.entries(answer.filters)) {
      if (words.length || Object.keys(answer.filters).length > 1) ways.push(["without", heading(answer, facet) + ": " + names.map((name) => titles(facet, name)).join(" or "), other({ filters: without({ [facet]: [] }) })]);
    }
    words.forEach((word, place) => {
      const with_ = (text) => other({ text: words.map((each, here) => here === place ? text : each).join(" ") });
      if (/[\p{L}\p{N}]$/u.test(word) && !/[:"]/.test(word)) ways.push(["with", word + "*", with_(word + "*")]);
      if (word.includes('"') && !word.includes(":")) ways.push(["with", word.replaceAll('"', ""), with_(word.replaceAll('"', ""))]);
    });
    ways.push(...await meant(answer, words));
    for (const [how, text, wanted] of ways.slice(0, 12)) {
      const { total } = await search({ ...wanted, limit: 1 });
      if (mine !== turn) return;
      if (total) list.append(make("li", {}, link(wanted, how + " " + text), make("span", { class: "count", text: " " + grouped(total) + (total === 1 ? " rule" : " rules") })));
    }
    if (!list.children.length) list.append(make("li", {}, link({ text: "", filters: {}, sort: "relevance", offset: 0, limit: asked.limit }, "all rules")));
  }

  const heading = (answer, name) => (answer.facets.find((facet) => facet.facet === name) || { title: name }).title;

  function said(answer, titles) {
    const parts = answer.text.trim() ? [make("q", { text: answer.text.trim() })] : [];
    for (const [facet, names] of Object.entries(answer.filters)) {
      if (parts.length) parts.push(", ");
      parts.push(make("b", { text: heading(answer, facet) + ": " + names.map((name) => titles(facet, name)).join(" or ") }));
    }
    return parts;
  }

  // Names that are nearly those of facets or of their values.
  async function meant(answer, words) {
    const ways = [];
    const known = answer.facets.map((facet) => facet.facet).concat("value", "id", "lang", "repo");
    for (const [place, word] of words.entries()) {
      const [, name, rest] = /^([a-z]+):(.*)$/i.exec(word) || [];
      if (!name) continue;
      const change = (text) => other({ text: words.map((each, here) => here === place ? text : each).join(" ") });
      if (!known.includes(name.toLowerCase())) {
        const near = nearest(name, known);
        if (near) ways.push(["with", near + ":" + rest, change(near + ":" + rest)]);
      } else if (answer.facets.some((facet) => facet.facet === name.toLowerCase())) {
        const near = await nearestValue(name.toLowerCase(), rest.replaceAll('"', ""));
        if (near) ways.push(["with", name + ":" + near, change(name + ":" + (/\s/.test(near) ? '"' + near + '"' : near))]);
      }
    }
    for (const [facet, names] of Object.entries(answer.filters)) {
      if (!answer.facets.some((each) => each.facet === facet)) continue;
      for (const name of names) {
        const near = await nearestValue(facet, name);
        if (near) ways.push(["with", heading(answer, facet) + ": " + near, other({ filters: without({ [facet]: names.map((each) => each === name ? near : each) }) })]);
      }
    }
    return ways;
  }

  async function nearestValue(facet, name) {
    const all = await values(facet, { text: "", filters: {} });
    return all.some((each) => each.name.toLowerCase() === name.toLowerCase()) ? null : nearest(name, all.map((each) => each.name));
  }

  function nearest(name, names) {
    let best = null, least = Math.max(1, Math.floor(name.length / 3)) + 1;
    for (const each of names) {
      const away = distance(name.toLowerCase(), each.toLowerCase(), least);
      if (away < least) { least = away; best = each; }
    }
    return best;
  }

  function distance(one, two, most) {  // letters to change, add, remove
    if (Math.abs(one.length - two.length) >= most) return most;
    let row = Array.from({ length: two.length + 1 }, (_, place) => place);
    for (let here = 1; here <= one.length; here++) {
      const next = [here];
      for (let there = 1; there <= two.length; there++) {
        next.push(Math.min(row[there] + 1, next[there - 1] + 1, row[there - 1] + (one[here - 1] === two[there - 1] ? 0 : 1)));
      }
      row = next;
    }
    return row[two.length];
  }

  // Typing, keys, the address

  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (field.value !== asked.text) ask(other({ text: field.value }), "replaceState"); }, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    ask(other({ text: field.value }), "pushState");
  });
  sort.addEventListener("change", () => ask(other({ sort: sort.value }), "pushState"));
  addEventListener("popstate", () => {
    asked = request(new URLSearchParams(location.search));
    show();
  });

  const links = () => Array.from(results.querySelectorAll("tbody th a"));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const all = links(), place = all.indexOf(document.activeElement);
    const inField = document.activeElement === field;
    if (event.key === "ArrowDown" && inField && all.length) all[0].focus();
    else if (event.key === "ArrowDown" && place >= 0) (all[place + 1] || all[place]).focus();
    else if (event.key === "ArrowUp" && place >= 0) (all[place - 1] || field).focus();
    else if (event.key === "Home" && place >= 0) all[0].focus();
    else if (event.key === "End" && place >= 0) all[all.length - 1].focus();
    else if (event.key === "x" && place >= 0) all[place].closest("tr").querySelector(".pick input").click();
    else if (event.key === "Escape" && place >= 0) field.focus();
    else if (event.key === "Escape" && at("syntax").open) at("syntax").open = false;
    else if (event.key === "Escape" && inField) field.blur();
    else return;
    event.preventDefault();
  });

  fold.addEventListener("click", () => {
    const open = fold.getAttribute("aria-expanded") !== "true";
    fold.setAttribute("aria-expanded", String(open));
    side.classList.toggle("open", open);
  });

  // The page as the server wrote it is the answer to nothing asked.
  side.classList.add("folds");
  fold.hidden = false;
  at("sorted").hidden = false;
  page.facets(at("facets"), (facet, names) => ask(other({ filters: without({ [facet]: names }) }), "pushState"));
  page.adopt(table);
  page.showPicked();
  page.showFacets(page.written(), asked);
  for (const example of at("syntax").querySelectorAll("a")) {
    example.addEventListener("click", (event) => {
      event.preventDefault();
      ask({ ...request(new URL(example.href).searchParams), limit: asked.limit }, "pushState");
    });
  }
  if (String(params(asked))) show();
})();
