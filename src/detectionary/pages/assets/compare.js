// The page that compares rules: finds rules to add and, on a static site, loads what compares them; a server has done it.
(function () {
  "use strict";
  const place = document.getElementById("compared");
  const root = place.dataset.root;
  const languages = JSON.parse(place.dataset.languages);
  const MOST = 4;

  // Elements: data becomes text and attributes only, never markup.
  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function address(slugs) {
    return slugs.length ? "index.html?rules=" + slugs.map(encodeURIComponent).join(",") : "index.html";
  }

  function load(name, given) {
    return new Promise((resolve, reject) => {
      const script = h("script", { src: root + name });
      Object.assign(script.dataset, given);
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
  }

  // Choosing

  const params = new URLSearchParams(location.search);
  const asked = [...new Set(params.getAll("rules").join(",").split(",").map((name) => name.trim()).filter(Boolean))];
  document.getElementById("rules").value = asked.join(",");
  if (asked.length > MOST) {
    document.getElementById("chosen").after(h("p", { class: "notice", role: "status" },
      `${asked.length} rules are named, and no more than ${MOST} are compared: the first ones.`));
  }
  if (asked.length && place.dataset.live !== "yes") {
    place.replaceChildren(h("p", { class: "muted", role: "status" }, "Reading the rules …"));
    place.dataset.scripts.split(" ").reduce((before, name) => before.then(() => load(name)), Promise.resolve())
      .then(() => globalThis.detectionaryCompare.start(asked), () => {
        place.replaceChildren(h("p", { class: "notice", role: "status" }, "A script of this page could not be read. Loading the page again asks for it once more."));
      });
  }

  const pick = document.getElementById("pick");
  const field = document.getElementById("pick-text");
  const found = document.getElementById("pick-found");
  const said = document.getElementById("pick-said");
  if (asked.length >= MOST) return;
  pick.hidden = false;
  let timer = 0, turn = 0, loading = null;

  // The search's script comes when it is needed.
  async function search(text) {
    loading = loading || load(place.dataset.search, { root: root, mode: place.dataset.live === "yes" ? "live" : "static" });
    try { await loading; } catch (error) { loading = null; throw error; }
    return globalThis.detectionary.search({ text, filters: {}, sort: "relevance", offset: 0, limit: 10 });
  }

  async function look() {
    const mine = ++turn;
    const text = field.value.trim();
    if (!text) { found.replaceChildren(); said.textContent = ""; return; }
    let answer;
    try { answer = await search(text); }
    catch (error) { said.textContent = "The search does not answer."; return; }
    if (mine !== turn) return;
    const others = answer.rules.filter((rule) => !asked.includes(rule.slug));
    said.textContent = answer.total ? `${answer.total.toLocaleString("en")} ${answer.total === 1 ? "rule" : "rules"} found` : "No rule found";
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
