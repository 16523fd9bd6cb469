// Search, as pages ask for it. The static site has an index in parts, scripts of their own that also load from disk, and
// the code that reads them (search-engine.js) is loaded with them at the first search; the live site asks the server.
// Both give the same answers: see pages/browse/search.py.
(function () {
  "use strict";
  const script = document.currentScript;
  const root = script.dataset.root;
  const live = script.dataset.mode === "live";
  const LIMIT = 50, MOST = 200;
  const FACETS = ["language", "table", "field", "value", "technique", "tactic", "action", "severity", "platform",
    "repository", "kind", "status", "source", "author", "has", "feed", "parsed", "id"];
  const SORTS = ["relevance", "title", "severity", "language", "repository"];
  const BLANK = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;  // Python's

  // Requests and addresses

  const number = (text, otherwise) => /^[0-9]{1,9}$/.test(text) ? Number(text) : otherwise;

  function request(params) {
    const asked = { text: "", filters: {}, sort: "relevance", offset: 0, limit: LIMIT };
    for (const [name, value] of params) {
      if (name === "q") asked.text = value;
      else if (name === "sort") { if (SORTS.includes(value)) asked.sort = value; }
      else if (name === "offset") asked.offset = number(value, asked.offset);
      else if (name === "limit") asked.limit = Math.min(Math.max(number(value, asked.limit), 1), MOST);
      else if (FACETS.includes(name) && strip(value)) add(asked.filters, name, strip(value));
    }
    return asked;
  }

  function params(asked) {
    const found = new URLSearchParams();
    if (asked.text) found.append("q", asked.text);
    for (const [facet, names] of Object.entries(asked.filters)) for (const name of names) found.append(facet, name);
    if (asked.sort && asked.sort !== "relevance") found.append("sort", asked.sort);
    if (asked.offset) found.append("offset", asked.offset);
    if (asked.limit && asked.limit !== LIMIT) found.append("limit", asked.limit);
    return found;
  }

  function add(filters, facet, name) {
    filters[facet] = (Object.hasOwn(filters, facet) ? filters[facet] : []).concat(name);
  }

  function strip(text) {
    let start = 0, end = text.length;
    while (start < end && BLANK.test(text[start])) start++;
    while (end > start && BLANK.test(text[end - 1])) end--;
    return text.slice(start, end);
  }

  // Parts of the index

  let version = null;
  let loading = new Map();

  function shard(name, of, data) {
    const waiting = loading.get(name);
    if (!waiting || waiting.done) return;
    waiting.done = true;
    if (name === "index") version = of;
    if (of === version || name === "engine") waiting.resolve(data);
    else waiting.reject(new Stale());
  }

  class Stale extends Error {}

  const part = (name) => load(name, "search/" + name + ".js" + (name === "index" ? "" : "?v=" + version));

  function load(name, address) {
    if (loading.has(name)) return loading.get(name).promise;
    const entry = {};
    loading.set(name, entry);
    entry.promise = new Promise((resolve, reject) => {
      entry.resolve = resolve;
      entry.reject = reject;
      const element = document.createElement("script");
      element.src = root + address;
      const missing = () => {
        element.remove();
        if (entry.done) return;
        loading.delete(name);
        reject(name === "index" ? new Error("The search’s files are not there.") : new Stale());
      };
      element.onload = missing;  // one that loads has handed over its data before
      element.onerror = missing;
      document.head.append(element);
    });
    return entry.promise;
  }

  // A site that was made anew while its pages were open, or whose index comes from a cache: begin again once.
  async function steady(work) {
    try { return await work(); } catch (error) {
      if (!(error instanceof Stale)) throw error;
      loading = new Map();
      decoded = {};
      await load("index", "search/index.js?at=" + Date.now());
      return work();
    }
  }

  let decoded = {};
  async function once(name, make) {
    if (!decoded[name]) { const made = make(); decoded[name] = made; made.catch(() => { if (decoded[name] === made) delete decoded[name]; }); }
    return decoded[name];
  }

  const engine = () => once("engine", async () => {
    const make = await load("engine", (await part("index")).engine);
    return make({ part, once, strip, root, FACETS, BLANK, LIMIT });
  });
  const within = (work) => steady(async () => work(await engine()));

  // Answers

  async function ask(path, asked) {
    const response = await fetch(root + path + "?" + params(asked), { headers: { Accept: "application/json" } });
    if (response.ok) return response.json();
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.detail || problem.title || "The server answered " + response.status + ".");
  }

  async function allValues(facet, asked) {
    const from = (offset) => ask("api/facets/" + facet, { text: asked.text, filters: asked.filters, limit: MOST, offset: offset });
    const first = await from(0), further = [];
    for (let offset = MOST; offset < first.values; offset += MOST) further.push(from(offset));
    return first.counts.concat(...(await Promise.all(further)).map((each) => each.counts));
  }

  // On the live site hits in titles are marked by the words alone, whatever their accents: snippets are the server's.
  const CALLED = FACETS.concat("lang", "logsource", "repo", "tech");
  const bare = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/./gsu, (letter) => letter.toLowerCase());

  function markedPlainly(text, searched) {
    const asked = searched.replace(/"[^"]*"?|([a-z]+):("[^"]*"?|\S*)/gi, (all, name) => CALLED.includes((name || "").toLowerCase()) ? " " : all);
    const words = (asked.match(/[\p{L}\p{N}\p{M}]+\*?/gu) || []).map(bare);
    const hit = (word) => words.some((each) => each.endsWith("*") ? word.startsWith(each.slice(0, -1)) : each === word);
    return text.split(/([\p{L}\p{N}\p{M}]+)/u).filter(Boolean).map((piece) => [piece, hit(bare(piece))]);
  }

  globalThis.detectionary = Object.assign(globalThis.detectionary || {}, {
    live, root, request, params, shard,
    // The answer to a request.
    search: (asked) => live ? ask("api/search", asked) : within((made) => made.answer(asked, null)),
    // All values of a facet that the other filters leave, as `counts` of an answer.
    values: (facet, asked) => live ? allValues(facet, asked) : within(async (made) => (await made.answer(asked, facet)).facets[0].counts),
    coverage: (asked) => live ? ask("api/coverage", asked) : within((made) => made.coverage(asked)),
    // A title, or the place in a rule's text where the words are found, in pieces: [text, whether it is a hit].
    marked: async (text, searched) => live ? markedPlainly(text, searched) : within((made) => made.marked(text, searched)),
    snippet: async (rule, searched) => live ? rule.snippet : within((made) => made.snippet(rule, searched)),
    // How a search text is read: static sites only, for tests.
    question: (text, filters) => within((made) => made.question(text, filters)),
  });
})();
