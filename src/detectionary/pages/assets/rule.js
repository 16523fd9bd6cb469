// Copy buttons, and the section that is being read marked in the list of contents. The page works without.
(function () {
  "use strict";
  var body = document.getElementById("text");
  function text(what) {
    if (what === "body") return body.textContent;
    return Array.from(body.querySelectorAll("li > code"), function (line) { return line.textContent; }).join("\n") + "\n";
  }
  document.querySelectorAll("button.copy").forEach(function (button) {
    if (!body || !navigator.clipboard) return;
    if (button.dataset.copy === "query" && !body.querySelector("li > code")) return;
    button.hidden = false;
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

  var links = new Map();
  document.querySelectorAll(".contents a").forEach(function (link) {
    var heading = document.getElementById(link.hash.slice(1));
    if (heading) links.set(heading, link);
  });
  function mark() {
    var current = null;
    links.forEach(function (link, heading) {
      if (current === null || heading.getBoundingClientRect().top < 140) current = link;
    });
    links.forEach(function (link) {
      if (link === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  }
  var waiting = false;
  addEventListener("scroll", function () {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(function () { waiting = false; mark(); });
  }, { passive: true });
  mark();
})();
