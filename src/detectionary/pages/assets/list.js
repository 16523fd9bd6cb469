// The filter of the index. Its data is fetched when it is first used; without scripts the pages and lists remain.
(function () {
  "use strict";
  var form = document.getElementById("filter");
  var table = document.getElementById("rules");
  var found = document.getElementById("found");
  var aside = ["facets", "pager"].map(function (id) { return document.getElementById(id); }).filter(Boolean);
  if (!form || !table) return;
  var first = table.tBodies[0];
  var facets = ["severity", "platform", "tactic", "table", "language", "kind", "repository"];
  var columns = { severity: 2, platform: 3, language: 4, kind: 5, repository: 6, tactic: 7, table: 8 };
  var data = null;
  var most = 200;
  form.hidden = false;

  function load(then) {
    if (data) return then();
    if (load.waiting) { load.waiting.push(then); return; }
    load.waiting = [then];
    var script = document.createElement("script");
    script.src = form.dataset.source;
    script.onload = function () {
      data = globalThis.detectionary;
      data.rules.forEach(function (rule) {
        var words = [rule[0], rule[1], rule[10], rule[11]];
        facets.forEach(function (facet) {
          [].concat(rule[columns[facet]]).forEach(function (number) { if (number >= 0) words.push(data.names[facet][number]); });
        });
        rule.words = words.join(" ").toLowerCase();
      });
      facets.forEach(function (facet) {
        var names = data.names[facet].map(function (name, number) { return [facet === "language" ? data.languages[name] : name, number]; });
        names.sort(function (a, b) { return a[0].localeCompare(b[0], "en"); });
        names.forEach(function (pair) {
          var option = document.createElement("option");
          option.value = data.names[facet][pair[1]];
          option.textContent = pair[0];
          form.elements[facet].append(option);
        });
      });
      load.waiting.forEach(function (each) { each(); });
    };
    document.head.append(script);
  }

  function cell(row, text) {
    var td = document.createElement("td");
    td.textContent = text;
    row.append(td);
    return td;
  }

  function names(facet, numbers) {
    return [].concat(numbers).filter(function (number) { return number >= 0; }).map(function (number) { return data.names[facet][number]; });
  }

  function row(rule) {
    var tr = document.createElement("tr");
    var title = cell(tr, "");
    var dot = document.createElement("span");
    var severity = names("severity", rule[2])[0] || "";
    dot.className = "dot " + severity;
    dot.title = severity || "no severity";
    var link = document.createElement("a");
    link.className = "name";
    link.href = form.dataset.root + rule[9];
    var text = document.createElement("bdi");
    text.textContent = rule[0];
    link.append(text);
    title.append(dot, link);
    cell(tr, names("platform", rule[3]).join(""));
    cell(tr, names("tactic", rule[7]).join(", "));
    var tables = names("table", rule[8]);
    var code = document.createElement("code");
    code.textContent = tables.slice(0, 2).join(", ") + (tables.length > 2 ? " +" + (tables.length - 2) : "");
    cell(tr, "").append(code);
    cell(tr, names("repository", rule[6]).join(""));
    var language = names("language", rule[4]).map(function (name) { return data.languages[name]; })[0] || "";
    var kind = names("kind", rule[5])[0] || "";
    cell(tr, language === kind ? kind : language + " · " + kind);
    return tr;
  }

  function wanted() {
    var asked = {};
    new FormData(form).forEach(function (value, name) { if (value) asked[name] = value; });
    return asked;
  }

  function show() {
    var asked = wanted();
    var any = Object.keys(asked).length > 0;
    aside.forEach(function (element) { element.hidden = any; });
    found.hidden = !any;
    try { history.replaceState(null, "", any ? "#" + new URLSearchParams(asked) : location.pathname); } catch (error) { /* a page from disk keeps its address */ }
    if (!any) { table.replaceChild(first, table.tBodies[0]); return; }
    var words = (asked.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    var tests = facets.filter(function (facet) { return asked[facet]; }).map(function (facet) {
      var number = data.names[facet].indexOf(asked[facet]);
      var column = columns[facet];
      return function (rule) { return Array.isArray(rule[column]) ? rule[column].includes(number) : rule[column] === number; };
    });
    var hits = data.rules.filter(function (rule) {
      return tests.every(function (test) { return test(rule); }) && words.every(function (word) { return rule.words.includes(word); });
    });
    var body = document.createElement("tbody");
    hits.slice(0, most).forEach(function (rule) { body.append(row(rule)); });
    table.replaceChild(body, table.tBodies[0]);
    found.textContent = hits.length === 1 ? "1 rule" : hits.length.toLocaleString("en") + " rules" + (hits.length > most ? ", the first " + most + " shown" : "");
  }

  var timer = 0;
  function soon() {
    clearTimeout(timer);
    timer = setTimeout(function () { load(show); }, 60);
  }
  form.addEventListener("input", soon);
  form.addEventListener("submit", function (event) { event.preventDefault(); load(show); });
  form.addEventListener("focusin", function () { load(function () {}); });
  if (location.hash.length > 1) {
    load(function () {
      new URLSearchParams(location.hash.slice(1)).forEach(function (value, name) { if (form.elements[name]) form.elements[name].value = value; });
      show();
    });
  }
})();
