// The playground's sheet: what is written is sent to this site's own server, which reads it and makes its page. One
// request is under way at a time; when its answer comes and the text has changed meanwhile, the next one goes.
(function () {
  "use strict";
  var root = document.currentScript.dataset.root;
  var api = root + "api/playground";
  var WAIT = 250; // milliseconds without a key before the text is sent
  var MOST_FINDINGS = 60;
  var KEY = "detectionary-playground";

  function id(name) { return document.getElementById("pg-" + name); }
  function make(name, className, text) {
    var element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }
  function count(number, one, many) { return number.toLocaleString("en") + " " + (number === 1 ? one : many); }

  var nothing = id("page").firstElementChild;
  var area = id("text"), marks = id("marks"), gutter = id("gutter"), sheet = id("sheet");
  var state = { name: "", repository: "", tables: [], limits: { request_bytes: 262144 }, answer: null, sent: "", shown: 0 };

  // Asking the server: an answer, or an Error with what the problem says

  function ask(path, body, signal) {
    var options = body === undefined ? {} : {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: signal
    };
    return fetch(api + path, options).then(function (response) {
      if (response.ok) return response.json();
      return response.json().catch(function () { return {}; }).then(function (problem) {
        var error = new Error(problem.detail || problem.title || "the server answered " + response.status);
        error.again = response.status === 503 ? Number(response.headers.get("Retry-After")) || 2 : 0;
        throw error;
      });
    });
  }

  // The sheet

  function lines() { return area.value.split("\n"); }

  // Offsets in the text for a finding's line, column and length, which count characters and not halves of them.
  function place(rows, line, column, length) {
    if (line === null || line > rows.length) return null;
    var start = 0;
    for (var row = 0; row < line - 1; row++) start += rows[row].length + 1;
    var characters = Array.from(rows[line - 1]);
    var from = characters.slice(0, column - 1).join("").length;
    var width = characters.slice(column - 1, column - 1 + Math.max(1, length)).join("").length;
    return { start: start + from, end: start + from + width, line: line };
  }
  function findings() {
    var answer = state.answer;
    if (!answer) return [];
    var found = answer.findings.slice();
    answer.rules.forEach(function (rule) { found = found.concat(rule.findings); });
    return found;
  }
  function draw() {
    var rows = lines(), levels = {}, places = [];
    if (state.answer && state.sent === area.value) {
      findings().forEach(function (each) {
        var at = place(rows, each.line, each.column, each.length);
        if (!at) return;
        if (levels[each.line] !== "error") levels[each.line] = each.level;
        places.push({ at: at, level: each.level });
      });
    }
    places.sort(function (one, other) { return one.at.start - other.at.start || other.at.end - one.at.end; });
    var pieces = [], end = 0;
    places.forEach(function (each) {
      if (each.at.start < end) return;
      var mark = make("mark", each.level, area.value.slice(each.at.start, each.at.end) || " ");
      pieces.push(area.value.slice(end, each.at.start), mark);
      end = each.at.end;
    });
    pieces.push(area.value.slice(end) + "\n");
    marks.replaceChildren.apply(marks, pieces);
    var numbers = [];
    rows.forEach(function (_row, at) {
      if (levels[at + 1]) numbers.push(make("b", levels[at + 1], String(at + 1)), "\n");
      else numbers.push((at + 1) + "\n");
    });
    gutter.replaceChildren.apply(gutter, numbers);
    follow();
  }
  function follow() {
    marks.scrollTop = gutter.scrollTop = area.scrollTop;
    marks.scrollLeft = area.scrollLeft;
  }
  function select(at) {
    area.focus();
    area.setSelectionRange(at.start, at.end);
    var height = parseFloat(getComputedStyle(area).lineHeight) || 20;
    area.scrollTop = Math.max(0, (at.line - 1) * height - area.clientHeight / 3);
    follow();
  }
  function go(line, column, length) {
    var at = place(lines(), line, column, length);
    if (at) select(at);
  }

  // What is said of the text

  function finding(each) {
    var item = make("li", each.level);
    var holder = each.line === null ? make("p") : make("button");
    if (each.line !== null) {
      holder.type = "button";
      holder.addEventListener("click", function () { go(each.line, each.column, each.length); });
    }
    holder.append(make("span", "where", each.line === null ? each.place || each.section : each.line + ":" + each.column));
    var words = make("span");
    words.append(make("span", "level", each.level), " " + each.message + " ", make("code", "muted", each.code));
    if (each.help) words.append(make("span", "help", each.help));
    holder.append(words);
    item.append(holder);
    return item;
  }
  function list(target, found) {
    var rank = { error: 0, warning: 1, note: 2 };
    var sorted = found.slice().sort(function (one, other) { return rank[one.level] - rank[other.level] || (one.line || 0) - (other.line || 0); });
    var items = sorted.slice(0, MOST_FINDINGS).map(finding);
    if (sorted.length > MOST_FINDINGS) items.push(make("li", "muted", "… and " + (sorted.length - MOST_FINDINGS) + " more"));
    target.replaceChildren.apply(target, items);
  }
  function say(text, trouble) {
    var status = id("status");
    status.classList.toggle("trouble", Boolean(trouble));
    if (status.textContent !== text) status.textContent = text;
  }
  function summary(answer) {
    if (!answer.rules.length) {
      if (answer.functions.length) return "No rule, but " + count(answer.functions.length, "function", "functions") + ": " + answer.functions.join(", ") + ".";
      return "No rule found in this text yet: " + (answer.ignored || "nothing that looks like one") + ". If it is a lone query, choose its language.";
    }
    var languages = Array.from(new Set(answer.rules.map(function (rule) { return title(rule.language); })));
    var text = (answer.rules.length + answer.more_rules > 1 ? answer.rules.length + answer.more_rules + " rules in " : "") + languages.join(", ");
    if (answer.guessed) text += ", told by the content";
    var errors = findings().filter(function (each) { return each.level === "error"; }).length;
    var others = findings().length - errors;
    text += errors ? ": " + count(errors, "error", "errors") : ": no errors";
    if (others) text += ", " + count(others, "other finding", "other findings");
    if (answer.more_rules) text += ". The first " + answer.rules.length + " are shown";
    return text + ".";
  }
  function title(language) {
    var option = id("language").querySelector('option[value="' + CSS.escape(language) + '"]');
    return option ? option.textContent : language;
  }

  // The page. The server escapes every text in it, and the policy of this site runs nothing in it; whatever is not a
  // plain part of a page is a fault of the server, and then nothing is shown.

  var FOREIGN = ["script", "style", "link", "meta", "base", "iframe", "frame", "object", "embed", "form", "template", "audio", "video"];
  var LEADING = ["href", "src", "action", "xlink:href"];
  function leads(address) {
    try { return ["http:", "https:"].includes(new URL(address, location.href).protocol); } catch (error) { return false; }
  }
  function plain(fragment) {
    return Array.from(fragment.querySelectorAll("*")).every(function (element) {
      if (FOREIGN.includes(element.localName)) return false;
      return Array.from(element.attributes).every(function (attribute) {
        if (attribute.name.startsWith("on") || ["style", "srcdoc", "formaction"].includes(attribute.name)) return false;
        return !LEADING.includes(attribute.name) || leads(attribute.value);
      });
    });
  }
  function show() {
    var pane = id("page"), answer = state.answer;
    var rule = answer && answer.rules[state.shown];
    if (!rule) { outlived(); return; }
    var parsed = new DOMParser().parseFromString(rule.html, "text/html");
    if (!plain(parsed)) {
      say("The server's page of this rule holds what no page of a rule holds; it is not shown. Please report this.", true);
      return;
    }
    var open = Array.from(pane.querySelectorAll("details[open] > summary"), function (each) { return each.textContent; });
    var note = make("p", "against", "The page that this rule would have in the catalog. Counts and neighbours are those of the catalog’s own rules, as it is now.");
    var nodes = Array.from(parsed.body.childNodes, function (node) { return document.importNode(node, true); });
    pane.replaceChildren.apply(pane, [note].concat(nodes));
    pane.querySelectorAll("details > summary").forEach(function (each) {
      if (open.includes(each.textContent)) each.parentElement.open = true;
    });
  }
  // The page that stands there is not of the text as it is now.
  function outlived() {
    var pane = id("page"), note = pane.querySelector(".against");
    if (!area.value.trim()) pane.replaceChildren(nothing);
    else if (note) {
      note.className = "against outlived";
      note.textContent = "The text as it is now holds no rule that could be read. This is the page of the one before.";
    }
  }
  function choose() {
    var rules = state.answer ? state.answer.rules : [];
    if (state.shown >= rules.length) state.shown = 0;
    id("which").hidden = rules.length < 2;
    var options = rules.map(function (rule, at) {
      var option = make("option", "", at + 1 + ": " + rule.title);
      option.value = String(at);
      return option;
    });
    id("rule").replaceChildren.apply(id("rule"), options);
    if (options.length) id("rule").value = String(state.shown);
  }

  // Sending the text

  var timer = 0, underWay = false;
  function soon() {
    clearTimeout(timer);
    timer = setTimeout(send, WAIT);
    draw();
    changed();
  }
  function request() {
    return { text: area.value, name: state.name, language: id("language").value || null, repository: state.repository };
  }
  function tooLarge() {
    return new Blob([JSON.stringify(request())]).size > state.limits.request_bytes;
  }
  function send() {
    if (underWay) return;
    var text = area.value;
    if (!text.trim()) {
      state.answer = null;
      say("");
      list(id("findings"), []);
      choose();
      show();
      changed();
      return;
    }
    if (tooLarge()) {
      say("The text is too large: " + Math.round(state.limits.request_bytes / 1024) + " kB are read at most.", true);
      outlived();
      return;
    }
    var asked = request();
    underWay = true;
    id("page").setAttribute("aria-busy", "true");
    var slow = setTimeout(function () { say("Reading …"); }, 700);
    ask("/parse", Object.assign({ html: true }, asked)).then(function (answer) {
      state.answer = answer;
      state.sent = text;
      say(summary(answer), false);
      list(id("findings"), findings());
      choose();
      show();
      draw();
    }).catch(function (error) {
      say("Not read: " + error.message + ".", true);
      if (error.again) timer = setTimeout(send, error.again * 1000);
    }).finally(function () {
      underWay = false;
      clearTimeout(slow);
      id("page").removeAttribute("aria-busy");
      changed();
      var now = request();
      if (JSON.stringify(now) !== JSON.stringify(asked)) send();
    });
  }
  function changed() {
    try { sessionStorage.setItem(KEY, JSON.stringify({ text: area.value, name: state.name, repository: state.repository, language: id("language").value })); } catch (error) { /* then it is gone with the page */ }
    document.dispatchEvent(new CustomEvent("playground:changed"));
  }
  function begin(text, from) {
    area.value = text;
    state.name = from.name || "";
    state.repository = from.repository || "";
    id("language").value = from.language || "";
    area.scrollTop = area.scrollLeft = 0;
    origin(from);
    clearTimeout(timer);
    draw();
    send();
  }
  function origin(from) {
    var line = id("origin");
    line.hidden = !from.title;
    line.replaceChildren();
    if (!from.title) return;
    line.append("Began as ");
    if (from.page) {
      var link = make("a", "", from.title);
      link.href = root + from.page;
      line.append(link, " of " + from.repository);
    } else line.append(from.title);
  }

  // Files

  function take(file) {
    if (!file) return;
    if (file.size > state.limits.request_bytes) {
      say("The file is too large: " + Math.round(state.limits.request_bytes / 1024) + " kB are read at most.", true);
      return;
    }
    file.text().then(function (text) { begin(text, { name: file.name, title: file.name }); });
  }

  // Ready

  function start(known) {
    state.tables = known.tables;
    state.limits = known.limits;
    known.languages.forEach(function (language) {
      var option = make("option", "", language.title);
      option.value = language.name;
      id("language").append(option);
    });
    known.examples.forEach(function (example, at) {
      var option = make("option", "", example.title + " (" + title(example.language) + ")");
      option.value = String(at);
      id("example").append(option);
    });
    id("example").addEventListener("change", function () {
      var example = known.examples[id("example").value];
      if (example) begin(example.text, { name: example.name, title: "the example " + example.name });
      id("example").value = "";
    });
    document.dispatchEvent(new CustomEvent("playground:ready"));
    var slug = new URLSearchParams(location.search).get("rule");
    if (slug) {
      ask("/rules/" + encodeURIComponent(slug)).then(function (rule) { begin(rule.text, { name: rule.name, title: rule.title, repository: rule.repository, page: rule.page }); })
        .catch(function (error) { say("The rule cannot be opened: " + error.message + ".", true); });
      return;
    }
    if (area.value) { soon(); return; } // the browser has kept it
    try {
      var kept = JSON.parse(sessionStorage.getItem(KEY) || "null");
      if (kept && typeof kept.text === "string" && kept.text) begin(kept.text, { name: kept.name, repository: kept.repository, language: kept.language });
    } catch (error) { /* nothing is kept */ }
  }

  id("text").addEventListener("input", function () { if (!area.value) { state.name = state.repository = ""; origin({}); } soon(); });
  area.addEventListener("scroll", follow);
  id("language").addEventListener("change", function () { send(); });
  id("rule").addEventListener("change", function () { state.shown = Number(id("rule").value); show(); changed(); });
  id("open").addEventListener("click", function () { id("file").click(); });
  id("file").addEventListener("change", function () { take(id("file").files[0]); id("file").value = ""; });
  ["dragenter", "dragover"].forEach(function (name) {
    sheet.addEventListener(name, function (event) { event.preventDefault(); sheet.classList.add("over"); });
  });
  ["dragleave", "drop"].forEach(function (name) {
    sheet.addEventListener(name, function (event) { event.preventDefault(); sheet.classList.remove("over"); });
  });
  sheet.addEventListener("drop", function (event) { take(event.dataTransfer.files[0]); });

  // The tabs

  var tabs = [id("tab-page"), id("tab-run")];
  function turn(tab, focus) {
    tabs.forEach(function (each) {
      var chosen = each === tab;
      each.setAttribute("aria-selected", String(chosen));
      each.tabIndex = chosen ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
    });
    if (focus) tab.focus();
  }
  tabs.forEach(function (tab, at) {
    tab.addEventListener("click", function () { turn(tab, false); });
    tab.addEventListener("keydown", function (event) {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") turn(tabs[1 - at], true);
    });
  });

  window.playground = { id: id, make: make, count: count, ask: ask, state: state, request: request, finding: finding, go: go, turn: turn, area: area };
  document.getElementById("bench").hidden = false;
  say("Asking the server what it can do …");
  ask("").then(function (known) { say(""); start(known); }).catch(function (error) { say("The server does not answer: " + error.message + ".", true); });
  draw();
})();
