// The ATT&CK matrix: sub-techniques become links with the colours of the scale; what is shown, and how. Filters and
// comparisons are in attack-sets.js, which comes when one of them is wanted.
(function () {
  "use strict";
  var settings = document.currentScript.dataset;
  var matrix = document.getElementById("matrix");
  var tools = document.getElementById("tools");
  if (!matrix || !tools) return;
  var show = document.getElementById("show");
  var look = document.getElementById("cells");
  var unfold = document.getElementById("unfold");
  var parameters = new URLSearchParams(location.search);
  var OWN = ["show", "cells", "unfold"];
  var STEPS = 6;
  var techniques = new Map();
  var tactics = [];
  var counts = new Map();
  var compared = null;

  function number(value) { return value.toLocaleString("en"); }

  function element(tag, text, className) {
    var made = document.createElement(tag);
    if (text !== undefined && text !== "") made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  // The server sends a sub-technique as "12 Name" in a numbered list, whose number ends its id; once for all tactics.
  function read() {
    var lists = {};
    matrix.querySelectorAll("section").forEach(function (section) {
      var tactic = { name: section.dataset.tactic, id: section.id, rules: section.querySelector("p b"), covered: section.querySelector("p i"), cells: [] };
      section.querySelectorAll("ul > li").forEach(function (item) {
        var link = item.querySelector("a");
        var id = /(t\d{4})\.html$/.exec(link.getAttribute("href"))[1].toUpperCase();
        var cell = known(id, link, item, item.querySelector("b"));
        cell.subs = [];
        cell.fold = item.querySelector("details");
        cell.tactic = tactic;
        tactic.cells.push(cell);
        if (!cell.fold) return;
        var list = cell.fold.querySelector("ol");
        if (list) lists[id] = list.cloneNode(true);
        else cell.fold.replaceChildren(cell.fold.firstElementChild, list = lists[id].cloneNode(true));
        var last = 0;
        Array.from(list.children).forEach(function (sub) {
          var at = sub.textContent.indexOf(" ");
          var subId = id + "." + String(last = sub.value || last + 1).padStart(3, "0");
          var subLink = element("a", sub.textContent.slice(at + 1));
          subLink.href = link.getAttribute("href").replace(".html", subId.slice(5) + ".html");
          var shown = element("b", sub.textContent.slice(0, at));
          sub.replaceChildren(subLink, shown);
          cell.subs.push(known(subId, subLink, sub, shown));
        });
        if (list.dataset.own) {
          cell.own = element("li", "itself", "own");
          cell.own.append(element("b", list.dataset.own));
          list.prepend(cell.own);
        }
      });
      tactics.push(tactic);
    });
    counts.forEach(function (count, id) { techniques.get(id).rules = count; });
  }

  function known(id, link, item, shown) {
    var found = techniques.get(id);
    if (!found) techniques.set(id, found = { id: id, name: link.textContent, href: link.getAttribute("href"), sub: id.length > 5 });
    if (!counts.has(id)) counts.set(id, Number(shown.textContent.replace(/,/g, "")));
    return { technique: found, link: link, item: item, shown: shown };
  }

  // As `heat_steps` of pages/attack/matrix.py.
  function bounds(values) {
    var found = values.filter(Boolean).sort(function (a, b) { return a - b; });
    var ends = [];
    for (var step = 1; step <= STEPS && found.length; step++) {
      var end = found[Math.ceil(found.length * step / STEPS) - 1];
      if (ends[ends.length - 1] !== end) ends.push(end);
    }
    return { ends: ends, values: found };
  }

  function level(count, scale) {
    return count ? scale.ends.findIndex(function (end) { return count <= end; }) + 1 : 0;
  }

  function each(visit) {
    tactics.forEach(function (tactic) {
      tactic.cells.forEach(function (cell) {
        visit(cell);
        cell.subs.forEach(visit);
      });
    });
  }

  // Colours by numbers: `answer` is that of `detectionary.coverage`, null for all rules.
  function paint(answer) {
    compared = null;
    techniques.forEach(function (technique, id) {
      var pair = answer && answer.techniques[id];
      technique.count = answer ? (pair ? pair[1] : 0) : technique.rules;
      technique.own = answer ? (pair ? pair[0] : 0) : null;
    });
    var values = [];
    techniques.forEach(function (technique) { if (!technique.sub) values.push(technique.count); });
    var scale = bounds(values);
    each(function (cell) {
      cell.item.className = "h" + level(cell.technique.count, scale);
      cell.shown.textContent = cell.technique.count;
    });
    tactics.forEach(function (tactic) {
      tactic.cells.forEach(function (cell) {
        if (!cell.own) return;
        var list = cell.own.parentNode;
        cell.own.lastChild.textContent = cell.technique.own === null ? list.dataset.own : cell.technique.own;
      });
    });
    legend(scale);
    totals(answer);
    filterCells();
  }

  function legend(scale) {
    var list = document.querySelector("#legend ul");
    var least = 0;
    list.replaceChildren.apply(list, [[0, 0]].concat(scale.ends.map(function (end) {
      var first = scale.values.find(function (value) { return value > least; });
      least = end;
      return [first, end];
    })).map(function (step, at) {
      var item = element("li", "", "h" + at);
      item.append(element("b", step[0] === step[1] ? number(step[0]) : number(step[0]) + "–" + number(step[1])));
      return item;
    }));
  }

  function totals(answer) {
    tactics.forEach(function (tactic) {
      tactic.covered.textContent = tactic.cells.filter(function (cell) { return cell.technique.count; }).length;
      if (tactic.all === undefined) tactic.all = tactic.rules.textContent;
      var rules = answer ? (answer.tactics ? number(answer.tactics[tactic.name] || 0) : "–") : tactic.all;
      tactic.rules.textContent = rules;
      tactic.cells.forEach(function (cell) {
        if (!cell.fold) return;
        cell.fold.firstElementChild.textContent = cell.subs.filter(function (sub) { return sub.technique.count; }).length + "/" + cell.subs.length;
      });
    });
  }

  // Which cells are shown. A technique that is not wanted itself stays, pale, when one of its sub-techniques is.
  function wanted(technique) {
    var mark = technique.mark;
    switch (show.value) {
      case "covered": return compared ? mark !== "none" : technique.count > 0;
      case "gaps": return compared ? mark === "none" : technique.count === 0;
      case "": return true;
      default: return mark === show.value;
    }
  }

  function filterCells() {
    var some = show.value !== "";
    tactics.forEach(function (tactic) {
      tactic.cells.forEach(function (cell) {
        var below = 0;
        cell.subs.forEach(function (sub) {
          var kept = wanted(sub.technique);
          sub.item.hidden = !kept;
          if (kept) below += 1;
        });
        var itself = wanted(cell.technique);
        cell.item.hidden = !itself && !below;
        cell.item.classList.toggle("context", !itself && below > 0);
        if (cell.fold) {
          cell.fold.hidden = some && !below;
          cell.fold.open = unfold.getAttribute("aria-pressed") === "true" || (some && !itself && below > 0);
        }
        if (cell.own) cell.own.hidden = some || compared !== null;
      });
    });
  }

  function name() {
    var ids = look.value === "ids";
    matrix.classList.toggle("ids", ids);
    each(function (cell) {
      cell.link.textContent = ids ? (cell.technique.sub ? cell.technique.id.slice(5) : cell.technique.id) : cell.technique.name;
      if (ids) {
        cell.link.title = cell.technique.name;
        cell.link.setAttribute("aria-label", cell.technique.id + " " + cell.technique.name);
      } else {
        cell.link.removeAttribute("title");
        cell.link.removeAttribute("aria-label");
      }
    });
  }

  // The address keeps what is chosen; a page from disk may not change its address, and works without.
  function keep(name, value) {
    if (name) parameters.delete(name);
    if (value) parameters.append(name, value);
    var query = parameters.toString();
    try { history.replaceState(null, "", location.pathname + (query ? "?" + query : "") + location.hash); } catch (error) { /* from disk */ }
  }

  function sets(mode) {
    if (sets.open) { sets.open(mode); return; }
    sets.mode = mode;
    if (sets.waiting) return;
    sets.waiting = true;
    var style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = settings.style;
    var script = document.createElement("script");
    script.src = settings.sets;
    document.head.append(style, script);
  }

  read();
  globalThis.detectionaryMatrix = {
    settings: settings, parameters: parameters, techniques: techniques, tactics: tactics, element: element, number: number,
    each: each, paint: paint, keep: keep, filterCells: filterCells, sets: sets, own: OWN, bounds: bounds, level: level,
    compare: function (state) { compared = state; }
  };
  paint(null);
  tools.hidden = false;
  show.value = parameters.get("show") || "";
  if (show.selectedIndex < 0) show.value = "";
  look.value = parameters.get("cells") === "ids" ? "ids" : "";
  if (parameters.get("unfold")) unfold.setAttribute("aria-pressed", "true");
  unfold.textContent = parameters.get("unfold") ? "Fold all" : "Unfold all";
  if (look.value) name();
  if (show.value || parameters.get("unfold")) filterCells();
  show.addEventListener("change", function () { keep("show", show.value); filterCells(); });
  look.addEventListener("change", function () { keep("cells", look.value); name(); });
  unfold.addEventListener("click", function () {
    var open = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(open));
    unfold.textContent = open ? "Fold all" : "Unfold all";
    keep("unfold", open ? "1" : "");
    filterCells();
  });
  document.getElementById("narrow").addEventListener("click", function () { sets("filter"); });
  document.getElementById("compare").addEventListener("click", function () { sets("compare"); });
  if (Array.from(parameters.keys()).some(function (key) { return OWN.indexOf(key) < 0; })) {
    sets(Array.from(parameters.keys()).some(function (key) { return key === "compare" || key.slice(0, 2) === "b."; }) ? "compare" : "filter");
  }
})();
