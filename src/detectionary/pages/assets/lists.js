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

  // From disk only a script can be read; from a server the file is read as data, whatever type it is sent as.
  function load() {
    if (loading) return;
    loading = true;
    (location.protocol === "file:" ? run() : read())
      .then(function (listed) {
        names = listed.map(([title, file, rules]) => ({ title, file, rules, folded: title.toLowerCase() }));
        show();
      })
      .catch(function () {
        loading = false;
        status.textContent = "The list of names could not be read.";
      });
  }

  function read() {
    return fetch(form.dataset.source).then(function (response) {
      if (!response.ok) throw new Error(String(response.status));
      return response.text();
    }).then((text) => JSON.parse(text.slice(text.indexOf("=") + 1).replace(/;\s*$/, "")));
  }

  function run() {
    return new Promise(function (resolve, reject) {
      const script = document.createElement("script");
      script.src = form.dataset.source;
      script.onload = () => resolve(globalThis.detectionaryNames);
      script.onerror = reject;
      document.head.append(script);
    });
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
