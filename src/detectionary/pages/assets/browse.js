// The browse page: reads the request from the address, shows the answer, and keeps the two together.
(function () {
  "use strict";
  const { request, params, search, page } = globalThis.detectionary;
  const { make, grouped } = page;
  const at = (id) => document.getElementById(id);
  const form = at("ask"), field = at("q"), found = at("found"), results = at("results"), chosen = at("chosen");
  const sort = at("sort"), fold = at("fold"), side = at("side"), done = at("done");
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
      if (mine === turn) failed(error);
    } finally {
      clearTimeout(slow);
    }
  }

  // The rules of another question must not stand below this one.
  function failed(error) {
    found.replaceChildren(make("b", { text: "This could not be searched." }), " " + error.message);
    page.showChosen(chosen, { filters: asked.filters, facets: written }, page.titleOf, unchosen);
    clear();
  }

  function clear() {
    table.hidden = true;
    for (const old of results.querySelectorAll(".pager, .empty")) old.remove();
  }

  const unchosen = (changes, text, look, label) => link(other({ filters: changes ? without(changes) : {} }), text, look, label);

  function present(answer) {
    const titles = page.titles(answer.facets);
    const first = answer.offset + 1, last = answer.offset + answer.rules.length;
    found.replaceChildren(make("b", { text: grouped(answer.total) }), answer.total === 1 ? " rule" : " rules",
      answer.rules.length < answer.total && answer.rules.length ? make("span", { class: "muted", text: ", " + grouped(first) + " to " + grouped(last) }) : "");
    page.showFacets(answer.facets, asked);
    page.showChosen(chosen, answer, titles, unchosen);
    page.rows(table, answer, titles);
    clear();
    table.hidden = answer.rules.length === 0;
    results.append(page.pager(answer, (offset, text) => {
      const to = link({ ...asked, offset: offset }, text);
      to.addEventListener("click", () => { document.documentElement.scrollTop = 0; });
      return to;
    }));
    done.textContent = "Show " + grouped(answer.total) + (answer.total === 1 ? " rule" : " rules");
    fold.textContent = "Filters" + (chosen.children.length ? " (" + Object.values(answer.filters).flat().length + ")" : "");
    document.title = (answer.text || "Rules") + " · Detectionary";
    if (answer.total === 0) nothing(answer, titles);
    else if (answer.rules.length === 0) results.prepend(make("p", { class: "empty" }, "There is no rule at this place of the list. ", link({ ...asked, offset: 0 }, "Back to the first")));
  }

  // Nothing found: the code for that is fetched when it is needed.
  function nothing(answer, titles) {
    const mine = turn;
    const tell = () => page.empty(answer, { results, link, other, without, titles, stale: () => mine !== turn });
    if (page.empty) tell();
    else document.head.append(make("script", { src: form.dataset.empty, onload: tell }));
  }

  function without(changes) {
    const filters = {};
    for (const [facet, names] of Object.entries({ ...asked.filters, ...changes })) if (names.length) filters[facet] = names;
    return filters;
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

  // Where there is little room the filters lie over the page.
  function folded(open) {
    fold.setAttribute("aria-expanded", String(open));
    side.classList.toggle("open", open);
    (open ? done : fold).focus();
  }
  fold.addEventListener("click", () => folded(true));
  done.addEventListener("click", () => folded(false));
  side.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && side.classList.contains("open")) folded(false);
  });

  // The page as the server wrote it is the answer to nothing asked.
  side.classList.add("folds");
  fold.hidden = done.hidden = false;
  at("sorted").hidden = false;
  page.facets(at("facets"), (facet, names) => ask(other({ filters: without({ [facet]: names }) }), "pushState"));
  page.adopt(table);
  page.showPicked();
  const written = page.written();
  page.titles(written);
  page.showFacets(written, asked);
  for (const example of at("syntax").querySelectorAll("a")) {
    example.addEventListener("click", (event) => {
      event.preventDefault();
      ask({ ...request(new URL(example.href).searchParams), limit: asked.limit }, "pushState");
    });
  }
  if (String(params(asked))) {
    clear();
    found.textContent = "Searching …";
    show();
  }
})();
