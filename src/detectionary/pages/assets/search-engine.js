// The static search: reads the parts of the index that pages/search/files.py writes. It finds the rules that the
// catalog's own search finds (catalog/search.py, catalog/browsing.py), and says the same of them.
globalThis.detectionary.shard("engine", null, function (tools) {
  "use strict";
  const { part, once, strip, root, FACETS, BLANK, LIMIT } = tools;
  const MOST_VALUES = 60;
  const SEVERITIES = ["critical", "high", "medium", "low", "informational"];

  function add(filters, facet, name) {
    filters[facet] = (Object.hasOwn(filters, facet) ? filters[facet] : []).concat(name);
  }

  // Numbers written as text: pages/search/codes.py

  const digit = new Uint8Array(128);
  for (let code = 0x23, value = 0; code < 0x7f; code++) if (code !== 0x5c) digit[code] = value++;

  // How many digits follow the first one, and what the smallest such number is.
  const MORE = Array.from({ length: 91 }, (_, first) => first < 64 ? 0 : first < 80 ? 1 : first < 88 ? 2 : first < 90 ? 3 : 5);
  const FROM = [0, 64, 1520, 67768, 0, 0], FIRST = [0, 64, 80, 88, 0, 90];

  function numbers(text) {
    const found = [];
    for (let at = 0; at < text.length;) {
      const first = digit[text.charCodeAt(at++)], more = MORE[first];
      let value = first - FIRST[more];
      for (let left = more; left > 0; left--) value = value * 91 + digit[text.charCodeAt(at++)];
      found.push(FROM[more] + value);
    }
    return found;
  }

  function rising(text) {
    const found = numbers(text);
    let last = -1;
    for (let at = 0; at < found.length; at++) last = found[at] += last + 1;
    return found;
  }

  // Characters: pages/search/values.py

  const ASCII = /^[\0-\x7f]*$/;
  const letters = (...texts) => texts.every((text) => ASCII.test(text)) ? null : once("letters", async () => {
    const tables = await part("letters");
    const map = ([steps, values]) => {
      const found = new Map(), all = Array.from(values);
      let code = 0;
      numbers(steps).forEach((step, at) => found.set(code += step, all[at]));
      return found;
    };
    return { kept: ranges(tables.kept), marks: ranges(tables.marks), alnum: ranges(tables.alnum), folded: map(tables.folded), cased: map(tables.cased) };
  });

  function ranges(text) {
    const found = [];
    let at = 0;
    for (const step of numbers(text)) found.push(at += step);
    return found;  // start, end, start, end, …
  }

  function within(list, code) {
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] <= code) low = middle + 1; else high = middle;
    }
    return low % 2 === 1;
  }

  const lower = (text) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase());

  function fold(text, tables) {  // Python's casefold
    if (ASCII.test(text)) return text.toLowerCase();
    let found = "";
    for (const character of text) found += tables.cased.get(character.codePointAt(0)) ?? lower(character);
    return found;
  }

  // The tokens of a text as SQLite's tokenizer makes them: [token, start, end], places in the text.
  function tokens(text, tables) {
    const found = [];
    let token = "", start = 0, at = 0;
    for (const character of text) {
      const code = character.codePointAt(0);
      let kept = null;
      if (code < 128) {
        if (/[0-9A-Za-z]/.test(character)) kept = character.toLowerCase();
      } else if (tables.folded.has(code)) kept = tables.folded.get(code);
      else if (within(tables.kept, code) || code >= 0xe0200) kept = character;
      else if (within(tables.marks, code) && token) kept = "";
      if (kept === null) {
        if (token) found.push([token, start, at]);
        token = "";
      } else {
        if (!token) start = at;
        token += kept;
      }
      at += character.length;
    }
    if (token) found.push([token, start, at]);
    return found;
  }

  // The question: catalog/search.py

  function parted(text, names) {
    const found = [];
    let word = { text: "", quoted: false, facet: null }, inside = false;
    for (const character of text + " ") {
      if (character === '"') {
        inside = !inside;
        word.quoted = true;
      } else if (BLANK.test(character) && !inside) {
        if (word.text) found.push(word);
        word = { text: "", quoted: false, facet: null };
      } else if (character === ":" && !word.quoted && word.facet === null && names(word.text.toLowerCase())) {
        word.facet = names(word.text.toLowerCase());
        word.text = "";
      } else word.text += character;
    }
    if (strip(word.text)) found.push(word);
    return found;
  }

  async function question(text, given) {
    const index = await part("index");
    const tables = await letters(text);
    const filters = {};
    for (const [facet, names] of Object.entries(given || {})) filters[facet] = names.slice();
    const name = (typed) => FACETS.includes(typed) ? typed : Object.hasOwn(index.facets, typed) ? index.facets[typed] : null;
    const words = [], phrases = [];
    for (const word of parted(text, name)) {
      if (word.facet !== null) {
        if (strip(word.text)) add(filters, word.facet, strip(word.text));
        continue;
      }
      const prefix = !word.quoted && word.text.endsWith("*");
      const bare = (prefix ? word.text.replace(/\*+$/, "") : word.text);
      const telling = Array.from(bare).some((character) => character.charCodeAt(0) < 128 && character.length === 1
        ? /[0-9A-Za-z]/.test(character) : within(tables.alnum, character.codePointAt(0)));
      if (!telling) continue;
      const plain = bare.replaceAll('"', '""').replaceAll("\0", "");
      words.push('"' + plain + '"' + (prefix ? "*" : ""));
      phrases.push({ tokens: tokens(plain, tables).map((each) => each[0]), prefix: prefix });
    }
    return { match: words.length ? words.join(" AND ") : null, filters: filters, phrases: phrases };
  }

  // Words

  function firstFile(starts, word) {  // the last file that begins at or before the word
    let low = 0, high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (above(starts[middle], word)) high = middle; else low = middle + 1;
    }
    return Math.max(0, low - 1);
  }

  function above(one, other) {  // by code points, as UTF-8 sorts; UTF-16 sorts U+E000 to U+FFFF after what is beyond
    if (one <= other && ASCII.test(one) && ASCII.test(other)) return false;
    const left = Array.from(one, (each) => each.codePointAt(0)), right = Array.from(other, (each) => each.codePointAt(0));
    for (let at = 0; at < left.length; at++) {
      if (at >= right.length) return true;
      if (left[at] !== right[at]) return left[at] > right[at];
    }
    return false;
  }

  // The texts that a kind of files ("words", "places") has for a word, or for all that begin with it.
  async function textsOf(kind, word, prefix) {
    const starts = (await part("index"))[kind];
    const numbers = [];
    for (let file = firstFile(starts, word); file < starts.length; file++) {
      if (numbers.length && !(prefix && starts[file].startsWith(word))) break;
      numbers.push(file);
    }
    const found = [];
    for (const [words, texts] of await Promise.all(numbers.map((file) => once(kind + file, async () => {
      const [words, texts] = await part(kind + "-" + file);
      return [words.split(" "), texts.split(" ")];
    })))) {
      if (!prefix) {
        const at = words.indexOf(word);
        if (at >= 0) found.push(texts[at]);
      } else words.forEach((each, at) => { if (each.startsWith(word)) found.push(texts[at]); });
    }
    return found;
  }

  // Where one phrase is found: places of rules, and how much it counts in each (0 to 1).
  async function found(phrase, index) {
    if (phrase.tokens.length === 0) return { places: [], counts: [] };
    return phrase.tokens.length === 1 ? foundWord(phrase, index) : foundPhrase(phrase, index);
  }

  async function foundWord(phrase, index) {
    const texts = await textsOf("words", phrase.tokens[0], phrase.prefix);
    const sums = new Float64Array(index.rules);
    const levels = Array.from({ length: 91 }, (_, level) => index.least * Math.exp((level + 0.5) / index.steps));
    for (const text of texts) {
      for (let at = 0, place = -1; at < text.length;) {
        const first = digit[text.charCodeAt(at++)], more = MORE[first];  // as in `numbers`
        let step = first - FIRST[more];
        for (let left = more; left > 0; left--) step = step * 91 + digit[text.charCodeAt(at++)];
        place += FROM[more] + step + 1;
        sums[place] += levels[digit[text.charCodeAt(at++)]];
      }
    }
    return counted(sums);
  }

  function counted(sums) {
    const places = [], counts = [];
    for (let place = 0; place < sums.length; place++) {
      if (sums[place]) { places.push(place); counts.push(sums[place] / (1 + sums[place])); }
    }
    return { places: places, counts: counts };
  }

  async function foundPhrase(phrase, index) {
    const last = phrase.tokens.length - 1;
    const lists = await Promise.all(phrase.tokens.map((token, at) => textsOf("places", token, phrase.prefix && at === last)));
    if (lists.some((list) => list.length === 0)) return { places: [], counts: [] };
    let stands = null;
    lists.map((list, at) => [list.reduce((sum, text) => sum + text.length, 0), list, at]).sort((a, b) => a[0] - b[0]).forEach(([, list, at]) => {
      if (stands !== null && stands.length === 0) return;
      const here = list.length === 1 ? rising(list[0]) : [].concat(...list.map(rising)).sort((a, b) => a - b);
      stands = stands === null ? here.map((place) => place - at) : both(stands, here, at);
    });
    return byRule(stands, index);
  }

  function both(stands, here, shift) {
    const kept = [];
    for (let one = 0, other = 0; one < stands.length && other < here.length;) {
      const difference = here[other] - shift - stands[one];
      if (difference === 0) { kept.push(stands[one]); one++; other++; }
      else if (difference < 0) other++;
      else one++;
    }
    return kept;
  }

  async function byRule(stands, index) {
    const layout = await once("layout", async () => {
      const sizes = numbers(await part("sizes")), columns = index.weights.length;
      const starts = new Float64Array(sizes.length + 1);
      for (let at = 0; at < sizes.length; at++) starts[at + 1] = starts[at] + sizes[at] + 1;
      const norms = new Float64Array(index.rules);
      const average = sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, index.rules);
      for (let place = 0; place < index.rules; place++) {
        let size = 0;
        for (let column = 0; column < columns; column++) size += sizes[place * columns + column];
        norms[place] = index.k1 * (1 - index.b + index.b * size / average);
      }
      return { starts: starts, norms: norms, columns: columns };
    });
    const sums = new Float64Array(index.rules);
    let cell = 0;
    for (const stand of stands) {
      while (layout.starts[cell + 1] <= stand) cell++;
      const place = Math.floor(cell / layout.columns);
      sums[place] += index.weights[cell % layout.columns] / layout.norms[place];
    }
    return counted(sums);
  }

  // Rules and facets

  const columns = () => once("columns", async () => {
    const [index, rules, facets] = await Promise.all([part("index"), part("rules"), part("facets")]);
    const folder = numbers(rules.folder), raw = numbers(rules.raw), order = numbers(rules.titles_order);
    const byTitle = new Uint32Array(index.rules);
    order.forEach((place, at) => { byTitle[place] = at; });
    const byName = {};
    for (const facet of facets) byName[facet.facet] = facetColumn(facet, index.rules);
    return { rules: rules, folder: folder, raw: raw, byTitle: byTitle, facets: facets.map((facet) => byName[facet.facet]), facet: byName, count: index.rules };
  });

  function facetColumn(facet, count) {
    const flat = numbers(facet.rules), starts = new Uint32Array(count + 1), own = [];
    for (let place = 0, at = 0; place < count; place++) {
      if (facet.many) for (let more = flat[at++]; more > 0; more--) own.push(flat[at++]);
      else if (flat[at++]) own.push(flat[at - 1] - 1);
      starts[place + 1] = own.length;
    }
    const of = facet.of ? numbers(facet.of) : null;
    return {
      facet: facet.facet, title: facet.title, names: facet.names, spelled: facet.spelled || facet.names,
      keys: facet.names.map((name, at) => facet.keys[at] ?? name.toLowerCase()),
      titles: facet.names.map((name, at) => facet.titles[at] ?? name),
      starts: starts, own: own, values: of ? own.map((each) => of[each]) : own,
    };
  }

  const valuesOf = (column, place) => {
    const found = [];
    for (let at = column.starts[place]; at < column.starts[place + 1]; at++) found.push(column.spelled[column.own[at]]);
    return found;
  };

  // A rule has one of the values that `accepted` says yes to.
  function mark(mask, column, accepted) {
    const yes = column.keys.map(accepted);
    for (let place = 0; place < mask.length; place++) {
      for (let at = column.starts[place]; at < column.starts[place + 1]; at++) if (yes[column.values[at]]) { mask[place] = 1; break; }
    }
  }

  async function having(mask, all, facet, name, index) {
    const key = fold(strip(name), await letters(name));
    const column = all.facet[facet];
    const same = (each) => each === key;
    switch (facet) {
      case "language": {
        const called = Object.hasOwn(index.languages, key) ? index.languages[key] : [key];
        return mark(mask, column, (each) => called.includes(each));
      }
      case "table":
      case "source":
        mark(mask, all.facet.table, same);
        return mark(mask, all.facet.source, same);
      case "field": {
        mark(mask, column, same);
        const spelled = await part("fields");
        const at = spelled.names.indexOf(key);
        if (at >= 0) for (const place of rising(spelled.rules[at])) mask[place] = 1;
        return undefined;
      }
      case "technique": {
        const current = Object.hasOwn(index.techniques, key) ? index.techniques[key].toLowerCase() : key;
        return mark(mask, column, (each) => each === current || each.startsWith(current + "."));
      }
      case "tactic": {
        const plain = (text) => text.replaceAll(" ", "").toLowerCase(), name = plain(key);
        const called = Object.hasOwn(index.tactics, name) ? index.tactics[name].map(plain) : [name];
        return mark(mask, column, (each) => called.includes(plain(each)));
      }
      case "action": return mark(mask, column, (each) => each === key || each.slice(each.indexOf("/") + 1) === key);
      case "repository": return mark(mask, column, (each) => each === key || each.endsWith("/" + key));
      default: return mark(mask, column, same);
    }
  }

  // Values and fields of one comparison, and ids: what the server asks its tables.
  async function exact(filters, all, index) {
    const values = filters.value || [], ids = filters.id || [];
    if (!values.length && !ids.length) return null;
    const kept = new Uint8Array(all.count);
    if (values.length) {
      const fields = (filters.field || []).map(lower);
      for (const value of values) {
        const key = fold(value, await letters(value));
        const rows = await part("values-" + crc32(key) % index.values);
        for (const [, ...compared] of rows.filter((row) => row[0] === key)) {
          for (const [field, fieldKey, places] of compared) {
            if (!fields.length || fields.includes(fieldKey) || fields.includes(field)) for (const place of rising(places)) kept[place] = 1;
          }
        }
      }
    } else kept.fill(1);
    if (ids.length) {
      const wanted = new Set(ids.map(lower));
      all.rules.ids.forEach((id, place) => { if (!wanted.has(lower(id))) kept[place] = 0; });
    }
    return kept;
  }

  function crc32(text) {
    let crc = -1;
    for (const byte of new TextEncoder().encode(text)) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return (crc ^ -1) >>> 0;
  }

  // What text and filters leave: for each rule a bit for every facet that it fails, and -1 where the text fails.
  async function select(asked) {
    const [index, all, wanted] = await Promise.all([part("index"), columns(), question(asked.text, asked.filters)]);
    const failing = new Int32Array(all.count);
    let scores = null;
    if (wanted.match !== null) {
      scores = new Float64Array(all.count);
      const hits = new Uint16Array(all.count);
      const phrases = await Promise.all(wanted.phrases.map((phrase) => found(phrase, index)));
      for (const { places, counts } of phrases) {
        const rarity = Math.log((all.count - places.length + 0.5) / (places.length + 0.5));
        const weight = (rarity > 0 ? rarity : 1e-6) * (index.k1 + 1);
        places.forEach((place, at) => { hits[place]++; scores[place] += weight * counts[at]; });
      }
      for (let place = 0; place < all.count; place++) if (hits[place] < phrases.length) failing[place] = -1;
    }
    const kept = await exact(wanted.filters, all, index);
    if (kept) kept.forEach((yes, place) => { if (!yes) failing[place] = -1; });
    const bits = {};
    let bit = 1;
    for (const [facet, names] of Object.entries(wanted.filters)) {
      if (!names.length || facet === "value" || facet === "id") continue;
      const mask = new Uint8Array(all.count);
      for (const name of names) await having(mask, all, facet, name, index);
      for (let place = 0; place < all.count; place++) if (!mask[place]) failing[place] |= bit;
      bits[facet] = bit;
      bit *= 2;
    }
    return { all: all, wanted: wanted, failing: failing, bits: bits, scores: scores };
  }

  // `only`: the one facet to count, with all its values; null: all facets, the first values of each.
  async function answer(asked, only) {
    const { all, wanted, failing, bits, scores } = await select(asked);
    const places = [];
    failing.forEach((fails, place) => { if (!fails) places.push(place); });
    sorted(places, asked.sort, all, scores);
    const offset = asked.offset || 0, limit = asked.limit || LIMIT;
    const facets = [];
    for (const column of all.facets) {
      if (only === null || only === column.facet) {
        facets.push(await counts(column, failing, ~(bits[column.facet] || 0), wanted.filters[column.facet] || [], only === null ? MOST_VALUES : Infinity));
      }
    }
    return {
      text: asked.text, filters: asked.filters, sort: asked.sort, total: places.length, offset: offset, limit: limit,
      rules: places.slice(offset, offset + limit).map((place) => rule(all, place)), facets: facets,
    };
  }

  async function counts(column, failing, others, chosen, most) {
    const found = new Uint32Array(column.names.length);
    for (let place = 0; place < failing.length; place++) {
      if ((failing[place] & others) !== 0 || failing[place] === -1) continue;
      for (let at = column.starts[place]; at < column.starts[place + 1]; at++) {
        const value = column.values[at];
        let again = false;  // a rule that spells a value in two ways has it once
        if (column.own !== column.values) for (let before = column.starts[place]; before < at; before++) again = again || column.values[before] === value;
        if (!again) found[value]++;
      }
    }
    const some = [];
    found.forEach((rules, at) => { if (rules) some.push(at); });
    some.sort((one, other) => found[other] - found[one] || one - other);
    const named = new Set();
    for (const name of chosen) named.add(fold(name, await letters(name)));
    const shown = some.filter((at, rank) => rank < most || named.has(column.keys[at]));
    return {
      facet: column.facet, title: column.title, values: some.length,
      counts: shown.map((at) => ({ key: column.keys[at], name: column.names[at], title: column.titles[at], rules: found[at] })),
    };
  }

  function sorted(places, sort, all, scores) {
    const slugs = all.rules.slugs;
    const first = (name, place) => { const column = all.facet[name]; return column.starts[place] < column.starts[place + 1] ? column.values[column.starts[place]] : -1; };
    if (sort === "relevance" && scores) {
      places.sort((one, other) => scores[other] - scores[one] || (lower(slugs[one]) < lower(slugs[other]) ? -1 : 1));
    } else if (sort === "relevance" || sort === "title") places.sort((one, other) => all.byTitle[one] - all.byTitle[other]);
    else if (sort === "severity") {
      const ranks = all.facet.severity.names.map((name) => { const rank = SEVERITIES.indexOf(name); return rank < 0 ? SEVERITIES.length : rank; });
      const rank = (place) => ranks[first("severity", place)] ?? SEVERITIES.length;
      places.sort((one, other) => rank(one) - rank(other) || one - other);
    } else if (sort === "repository") places.sort((one, other) => first("repository", one) - first("repository", other) || one - other);
  }

  function rule(all, place) {
    const one = (name) => valuesOf(all.facet[name], place)[0] ?? null;
    const { slugs, titles, ids, files, folders, pages, feeds } = all.rules;
    const slug = slugs[place], language = one("language"), file = files[place];
    const tables = valuesOf(all.facet.table, place), page = pages[place] || "rules/" + language + "/" + slug + "/index.html";
    return {
      id: ids[place], slug: slug, title: titles[place], language: language, platform: one("platform"),
      severity: one("severity"), status: one("status"), kind: one("kind"), repository: one("repository"),
      path: folders[all.folder[place]] + (file.startsWith(".") ? slug + file : file.startsWith("/") ? file.slice(1) : file),
      tactics: valuesOf(all.facet.tactic, place), techniques: valuesOf(all.facet.technique, place),
      tables: tables.length ? tables : valuesOf(all.facet.source, place), actions: valuesOf(all.facet.action, place),
      authors: valuesOf(all.facet.author, place), third_party_feed: feeds[place] ?? null,
      accepted: one("parsed") === "yes", page: page, snippet: [],
    };
  }

  async function covered(asked) {
    const { all, wanted, failing } = await select(asked);
    const column = all.facet.technique, forwarded = all.facet.feed;
    const named = (wanted.filters.feed || []).length > 0, techniques = {}, tactics = {};
    let total = 0;
    for (let place = 0; place < all.count; place++) {
      if (failing[place] || (!named && forwarded.keys[forwarded.values[forwarded.starts[place]]] === "yes")) continue;
      total++;
      const own = new Set(valuesOf(column, place)), whole = new Set(own);
      for (const id of own) whole.add(id.split(".")[0]);
      for (const id of whole) {
        const pair = techniques[id] = techniques[id] || [0, 0];
        pair[0] += own.has(id) ? 1 : 0;
        pair[1]++;
      }
      for (const name of valuesOf(all.facet.tactic, place)) tactics[name] = (tactics[name] || 0) + 1;
    }
    return { total: total, techniques: techniques, tactics: tactics };
  }

  // Hits in texts

  async function hits(text, phrases) {  // [start, end, which phrase] in the text, and its tokens
    const all = tokens(text, await letters(text)), found = [];
    for (let at = 0; at < all.length; at++) {
      phrases.forEach((phrase, which) => {
        const last = phrase.tokens.length - 1;
        const fits = phrase.tokens.every((token, more) => at + more < all.length &&
          (phrase.prefix && more === last ? all[at + more][0].startsWith(token) : all[at + more][0] === token));
        if (fits && last >= 0) found.push([all[at][1], all[at + last][2], which, at]);
      });
    }
    return { found: found, tokens: all };
  }

  function pieces(text, found, from, to) {
    const parts = [];
    let at = from;
    for (const [start, end] of found) {
      if (start < at || end > to) continue;
      if (start > at) parts.push([text.slice(at, start), false]);
      parts.push([text.slice(start, end), true]);
      at = end;
    }
    if (at < to) parts.push([text.slice(at, to), false]);
    return parts;
  }

  // A text in pieces, with whether each is a hit of the search text.
  async function marked(text, searched) {
    const { phrases } = await question(searched, {});
    return phrases.length ? pieces(text, (await hits(text, phrases)).found, 0, text.length) : [[text, false]];
  }

  const TOKENS = 24;
  // Where the words are found in the rule's own text; none when it is not there to be read, as from disk.
  async function snippet(of, searched) {
    const { phrases } = await question(searched, {});
    const all = await columns();
    const ending = all.rules.raws[all.raw[all.rules.slugs.indexOf(of.slug)]];
    if (!phrases.length || !ending || location.protocol === "file:") return [];
    const response = await fetch(root + of.page.replace(/index\.html$/, "rule." + ending));
    if (!response.ok) return [];
    const text = await response.text();
    const { found, tokens: words } = await hits(text, phrases);
    if (!found.length) return [];
    // The stretch with most of the words, and of those the first with several hits. The title is above it already.
    const lineOf = (at) => text.slice(text.lastIndexOf("\n", at) + 1, (text.indexOf("\n", at) + 1 || text.length + 1) - 1);
    const untold = found.filter((hit) => !lineOf(hit[0]).includes(of.title));
    const choice = untold.length ? untold : found;
    let best = choice[0], most = 0;
    for (const hit of choice) {
      const near = found.filter((other) => other[3] >= hit[3] && other[3] < hit[3] + TOKENS - 4);
      const worth = new Set(near.map((other) => other[2])).size * 4 + Math.min(3, near.length);
      if (worth > most) { most = worth; best = hit; }
    }
    // A few words before the hit, but none of the line before: there is another key of the rule.
    const line = text.lastIndexOf("\n", best[0]);
    let first = Math.max(0, best[3] - 4);
    while (words[first][1] <= line) first++;
    const last = Math.min(words.length, first + TOKENS) - 1;
    const parts = pieces(text, found, words[first][1], words[last][2]);
    if (first > 0) parts.unshift(["…", false]);
    if (last < words.length - 1) parts.push(["…", false]);
    return parts;
  }

  return { answer: answer, coverage: covered, question: question, marked: marked, snippet: snippet };
});
