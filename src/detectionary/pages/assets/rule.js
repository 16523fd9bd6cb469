// The page of a rule: copying, the list of contents that follows the reader, and the query's parts marked together
// with their lines: a stage and its lines, an indicator and its line, an output field and the stage that made it.
// The page works without: each of them is a link to the other.
(function () {
  "use strict";
  var body = document.getElementById("text");

  // Copying

  function text(what) {
    if (what === "link") return document.getElementById("permalink").href;
    if (what === "body") return body.textContent;
    return Array.from(body.querySelectorAll("li > code"), function (line) { return line.textContent; }).join("\n") + "\n";
  }
  document.querySelectorAll("button.copy").forEach(function (button) {
    if (!navigator.clipboard) return;
    if (button.dataset.copy !== "link" && !body) return;
    if (button.dataset.copy === "query" && !body.querySelector("li > code")) return;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    var label = button.textContent;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(text(button.dataset.copy)).then(
        function () { button.textContent = "Copied"; },
        function () { button.textContent = "Not allowed"; }
      ).then(function () {
        setTimeout(function () { button.textContent = label; }, 1600);
      });
    });
  });

  // Comparing with rules that were folded away: their links are made when they are seen.

  var pattern = document.querySelector("a.vs");
  document.querySelectorAll("details.more-others").forEach(function (details) {
    details.addEventListener("toggle", function () {
      if (!pattern) return;
      details.querySelectorAll("li").forEach(function (item) {
        var other = item.querySelector("a");
        var slug = other && /\/([^/]+)\/index\.html$/.exec(other.getAttribute("href"));
        if (!slug || item.querySelector(".vs")) return;
        var link = document.createElement("a");
        link.className = "vs";
        link.textContent = "compare";
        link.href = pattern.getAttribute("href").replace(/,[^,]*$/, "," + slug[1]);
        link.setAttribute("aria-label", "Compare with " + other.textContent);
        item.append(" ", link);
      });
    });
  });

  // The list of contents

  var links = new Map();
  var contents = document.querySelector(".contents");
  document.querySelectorAll(".contents a").forEach(function (link) {
    var heading = document.getElementById(link.hash.slice(1));
    if (heading) links.set(heading, link);
  });
  var marked = null;
  function follow() {
    var current = null;
    links.forEach(function (link, heading) {
      if (current === null || heading.getBoundingClientRect().top < 150) current = link;
    });
    // At the end of the page its last sections may be too short to come up to the top.
    if (current && scrollY > 0 && innerHeight + scrollY >= document.documentElement.scrollHeight - 4) current = Array.from(links.values()).pop();
    if (current === marked) return;
    if (marked) marked.removeAttribute("aria-current");
    marked = current;
    if (!current) return;
    current.setAttribute("aria-current", "true");
    // On narrow screens the list is one line that scrolls sideways.
    if (contents.scrollWidth > contents.clientWidth) contents.scrollLeft = current.offsetLeft - contents.clientWidth / 3;
  }
  var waiting = false;
  addEventListener("scroll", function () {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(function () { waiting = false; follow(); });
  }, { passive: true });
  follow();

  // Parts of the query and their lines

  var lines = body ? Array.from(body.children) : [];
  var first = body ? body.start : 1;
  var parts = new Map(); // element of a stage or a let: its lines
  var holders = new Map(); // line: the parts that it belongs to
  document.querySelectorAll("li[data-line], .binding[data-line]").forEach(function (part) {
    var at = part.dataset.line - first;
    var own = lines.slice(at, at + Number(part.dataset.count || 1));
    parts.set(part, own);
    own.forEach(function (line) {
      if (!holders.has(line)) holders.set(line, []);
      holders.get(line).push(part);
    });
  });
  if (!parts.size) return;

  var lit = [];
  var peek = document.createElement("aside");
  peek.className = "peek";
  peek.hidden = true;
  peek.setAttribute("aria-hidden", "true");
  document.body.append(peek);

  function light(element, name) {
    element.classList.add(name);
    lit.push([element, name]);
  }
  function clear() {
    lit.forEach(function (pair) { pair[0].classList.remove(pair[1]); });
    lit = [];
    peek.hidden = true;
  }
  function seen(element) {
    var place = element.getBoundingClientRect();
    var inside = element.parentElement === body ? body.getBoundingClientRect() : { top: 0, bottom: innerHeight };
    return place.bottom > Math.max(60, inside.top) && place.top < Math.min(innerHeight, inside.bottom);
  }

  // The part that a row is about: where its first link to a stage leads, directly or by the output field that it names.
  function partOf(row) {
    var slot = row.querySelector("a.slot");
    if (slot) {
      var field = document.getElementById(slot.hash.slice(1));
      return field ? partOf(field) : null;
    }
    var link = row.querySelector('a[href^="#s"], a[href^="#let-"]');
    var found = link && document.getElementById(link.hash.slice(1));
    return found && parts.has(found) ? found : null;
  }

  // What the pointer or the focus is on: [source, parts, lines, the line that matters most]
  function target(element) {
    var line = element.closest(".code > li");
    if (line) return holders.has(line) ? [line, holders.get(line), [], null] : null;
    var slot = element.closest("a.slot");
    var row = slot ? document.getElementById(slot.hash.slice(1)) : element.closest(".comparisons tr, .fields tr");
    if (row) {
      var part = partOf(row);
      var own = row.dataset.line ? lines[row.dataset.line - first] : null;
      if (!part && !own) return null;
      return [slot || row, part ? [part] : [], part ? parts.get(part) : [own], own];
    }
    var held = element.closest(".stages > li[data-line], .lets > li[data-line], .binding[data-line]");
    return held && parts.has(held) ? [held, [held], parts.get(held), null] : null;
  }

  function words(part) {
    var operator = part.querySelector(".operator");
    if (operator) return "Stage " + part.id.slice(1) + ": " + operator.textContent;
    var name = part.querySelector("h3 code");
    return name ? "Let " + name.textContent : "Let";
  }

  // Rows of the tables that a part of the query gave rise to, in words.
  function made(part) {
    var found = [];
    document.querySelectorAll('.comparisons tr a[href="#' + part.id + '"], .fields tr a[href="#' + part.id + '"]').forEach(function (link) {
      var row = link.closest("tr");
      var name = row.querySelector("td code");
      if (!name) return;
      var kind = row.closest(".fields") ? "makes " : row.closest("section").querySelector("h2").id === "exclusions" ? "excludes by " : "filters ";
      var said = kind + name.textContent;
      if (found.indexOf(said) < 0) found.push(said);
    });
    return found;
  }

  function showPeek(title, pre, list) {
    peek.replaceChildren();
    var heading = document.createElement("p");
    heading.textContent = title;
    peek.append(heading);
    if (pre) peek.append(pre);
    if (list.length) {
      var ul = document.createElement("ul");
      list.slice(0, 8).forEach(function (said) {
        var item = document.createElement("li");
        item.textContent = said;
        ul.append(item);
      });
      if (list.length > 8) {
        var more = document.createElement("li");
        more.textContent = "and " + (list.length - 8) + " more";
        ul.append(more);
      }
      peek.append(ul);
    }
    peek.hidden = false;
  }

  var current = null;
  function show(element) {
    var found = target(element);
    if (found && current === found[0]) return;
    clear();
    current = found && found[0];
    if (!found) return;
    found[1].forEach(function (part) {
      light(part, "on");
      parts.get(part).forEach(function (line) { light(line, "on"); });
    });
    found[2].forEach(function (line) { light(line, "on"); });
    if (found[3]) light(found[3], "here");
    if (found[0].tagName === "TR") light(found[0], "on");
    if (!matchMedia("(hover: hover)").matches) return;
    if (found[0].parentElement === body) {
      var part = found[1][found[1].length - 1];
      if (!seen(part)) showPeek(words(part), null, made(part));
      return;
    }
    var shown = found[3] ? [found[3]] : found[2];
    if (!shown.length || shown.some(seen)) return;
    var pre = document.createElement("pre");
    shown.slice(0, 8).forEach(function (line) {
      line.childNodes.forEach(function (node) {
        if (node.nodeName !== "A") pre.append(node.cloneNode(true));
      });
    });
    if (shown.length > 8) pre.append("…");
    var where = lines.indexOf(shown[0]) + first;
    showPeek((found[1][0] ? words(found[1][0]) + ", " : "") + "line " + where, pre, []);
  }

  var timer = 0;
  document.addEventListener("mouseover", function (event) {
    if (!(event.target instanceof Element) || event.target.closest(".peek")) { clearTimeout(timer); return; }
    clearTimeout(timer);
    timer = setTimeout(function () { show(event.target); }, 60);
  });
  document.addEventListener("focusin", function (event) { if (event.target instanceof Element) show(event.target); });
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") { clear(); current = null; } });

  // A click on a line that is no link, and selects nothing, goes to its stage.
  if (body) body.addEventListener("click", function (event) {
    var line = event.target.closest(".code > li");
    if (!line || !holders.has(line) || event.target.closest("a") || String(getSelection())) return;
    var held = holders.get(line);
    location.hash = held[held.length - 1].id;
  });

  // The lines of the part that the address names stay marked where they are.
  function arrived() {
    var element = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (element) { current = null; show(element); peek.hidden = true; }
  }
  addEventListener("hashchange", arrived);
  arrived();
})();
