// When nothing was found: what was asked, and what a little less or a little other would find.
(function () {
  "use strict";
  const { search, values, page } = globalThis.detectionary;
  const { make, grouped } = page;
  const MOST_WAYS = 12;

  // `tools`: links, and requests that differ from the one asked, of the page.
  page.empty = async function (answer, tools) {
    const list = make("ul", { class: "ways" });
    tools.results.prepend(make("div", { class: "notice empty" }, make("p", {}, "No rule has all of this: ", ...said(answer, tools.titles), "."), list));
    const words = answer.text.match(/(?:[^\s"]|"[^"]*"?)+/g) || [];
    const ways = [...less(answer, words, tools), ...wider(words, tools)];
    ways.push(...await meant(answer, words, tools));
    for (const [how, text, wanted] of ways.slice(0, MOST_WAYS)) {
      const { total } = await search({ ...wanted, limit: 1 });
      if (tools.stale()) return;
      if (total) list.append(make("li", {}, tools.link(wanted, how + " " + text), make("span", { class: "count", text: " " + grouped(total) + (total === 1 ? " rule" : " rules") })));
    }
    if (!list.children.length) list.append(make("li", {}, tools.link({ text: "", filters: {}, sort: "relevance", offset: 0, limit: answer.limit }, "all rules")));
  };

  const heading = (answer, name) => (answer.facets.find((facet) => facet.facet === name) || { title: name }).title;
  const changed = (words, place, text, tools) => tools.other({ text: words.map((each, here) => here === place ? text : each).filter(Boolean).join(" ") });

  function said(answer, titles) {
    const parts = answer.text.trim() ? [make("q", { text: answer.text.trim() })] : [];
    for (const [facet, names] of Object.entries(answer.filters)) {
      if (parts.length) parts.push(", ");
      parts.push(make("b", { text: heading(answer, facet) + ": " + names.map((name) => titles(facet, name)).join(" or ") }));
    }
    return parts;
  }

  // Without one of the words or filters
  function less(answer, words, tools) {
    const ways = [], facets = Object.entries(answer.filters);
    if (words.length + facets.length < 2) return ways;
    words.forEach((word, place) => ways.push(["without", word, changed(words, place, "", tools)]));
    for (const [facet, names] of facets) {
      ways.push(["without", heading(answer, facet) + ": " + names.map((name) => tools.titles(facet, name)).join(" or "), tools.other({ filters: tools.without({ [facet]: [] }) })]);
    }
    return ways;
  }

  // The beginning of a word in place of the word, the words in place of the phrase
  function wider(words, tools) {
    const ways = [];
    words.forEach((word, place) => {
      if (/[\p{L}\p{N}]$/u.test(word) && !/[:"]/.test(word)) ways.push(["with", word + "*", changed(words, place, word + "*", tools)]);
      const bare = word.replaceAll('"', "");
      if (word.includes('"') && !word.includes(":")) ways.push(["with", bare, changed(words, place, bare, tools)]);
    });
    return ways;
  }

  // Names that are nearly those of facets or of their values
  async function meant(answer, words, tools) {
    const ways = [];
    const facets = answer.facets.map((facet) => facet.facet);
    const known = facets.concat("value", "id", "lang", "repo");
    for (const [place, word] of words.entries()) {
      const [, name, rest] = /^([a-z]+):(.*)$/i.exec(word) || [];
      if (!name) continue;
      if (!known.includes(name.toLowerCase())) {
        const near = nearest(name, known);
        if (near) ways.push(["with", near + ":" + rest, changed(words, place, near + ":" + rest, tools)]);
      } else if (facets.includes(name.toLowerCase())) {
        const near = await nearestValue(name.toLowerCase(), rest.replaceAll('"', ""));
        if (near) ways.push(["with", name + ":" + near, changed(words, place, name + ":" + (/\s/.test(near) ? '"' + near + '"' : near), tools)]);
      }
    }
    for (const [facet, names] of Object.entries(answer.filters)) {
      for (const name of facets.includes(facet) ? names : []) {
        const near = await nearestValue(facet, name);
        if (near) ways.push(["with", heading(answer, facet) + ": " + near, tools.other({ filters: tools.without({ [facet]: names.map((each) => each === name ? near : each) }) })]);
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
})();
