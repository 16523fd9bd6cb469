// The box on an overview that finds a list by its name: all names are fetched when it is first used.
(function () {
  "use strict";

  const MOST = 150;

  const form = document.getElementById("finder");
  const box = form && form.querySelector("input");
  const status = document.getElementById("found");
  const found = document.getElementById("found-names");
  const all = document.getElementById("all-names");
  if (!box || !status || !found || !all) return;

  const number = new Intl.NumberFormat("en");
  let names = null;
  let loading = false;

  // A script, since pages that are opened from disk can read nothing else.
  function load() {
    if (loading) return;
    loading = true;
    const script = document.createElement("script");
    script.src = form.dataset.source;
    script.onload = function () {
      names = globalThis.detectionaryNames.map(([title, file, rules]) => ({ title, file, rules, folded: title.toLowerCase() }));
      show();
    };
    script.onerror = function () {
      loading = false;
      status.textContent = "The list of names could not be read.";
    };
    document.head.append(script);
  }

  function row(name) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = encodeURI(name.file);
    link.textContent = name.title;
    const count = document.createElement("span");
    count.className = "count";
    count.textContent = number.format(name.rules);
    item.append(link, count);
    return item;
  }

  function show() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const asked = words.length > 0 && names !== null;
    all.hidden = asked;
    found.hidden = !asked;
    status.textContent = words.length > 0 && names === null ? "Reading the names …" : "";
    found.replaceChildren();
    if (!asked) return;
    const hits = names.filter((name) => words.every((word) => name.folded.includes(word)));
    // Names come with most rules first; those that begin with what is typed go before.
    const first = hits.filter((name) => name.folded.startsWith(words[0]));
    const rest = hits.filter((name) => !name.folded.startsWith(words[0]));
    const shown = first.concat(rest).slice(0, MOST);
    found.append(...shown.map(row));
    status.textContent =
      number.format(hits.length) + " of " + number.format(names.length) +
      (hits.length > shown.length ? ", the first " + shown.length + " shown" : "");
  }

  form.hidden = false;
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    const link = found.querySelector("a");
    if (link) link.click();
  });
  box.addEventListener("focus", load);
  box.addEventListener("input", function () {
    load();
    show();
  });
  if (box.value) load();
})();
