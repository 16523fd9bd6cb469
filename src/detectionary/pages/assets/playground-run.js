// The playground's runs: the rule on the server's sample logs, its evaluations, rows left after each stage, alerts, rows.
(function () {
  "use strict";
  var ground = window.playground, id = ground.id, make = ground.make, count = ground.count, state = ground.state;
  var button = id("run"), pane = id("result");
  var running = null, wanted = false; // wanted: as soon as the text is read

  function when(text) { return text ? text.replace("T", " ").replace(/(\.\d+)?Z$/, "") : ""; }
  function shown(value) {
    if (value === null) return make("span", "null", "null");
    return document.createTextNode(typeof value === "string" ? value : JSON.stringify(value));
  }

  // What can be run

  function rule() { return state.answer && state.answer.rules[state.shown]; }
  function reason() {
    if (!state.tables.length) return "This server has no sample logs: detectionary serve --logs PATH … gives it some.";
    if (!ground.area.value.trim()) return logs();
    var chosen = rule();
    if (!chosen || state.sent !== ground.area.value) return logs();
    if (!chosen.runnable) return "Only Kusto rules can be run so far; this one is read as another language.";
    return logs();
  }
  function logs() {
    return "Sample logs: " + state.tables.map(function (table) { return table.name + " " + count(table.rows, "row", "rows"); }).join(", ") + ".";
  }
  function update() {
    var chosen = rule();
    var can = state.tables.length > 0 && chosen && chosen.runnable && ground.area.value.trim();
    button.disabled = !running && !can;
    button.textContent = running ? "Stop" : "Run";
    id("at").disabled = !state.tables.length;
    id("logs").textContent = reason();
    if (!wanted || state.sent !== ground.area.value) return;
    wanted = false;
    run();
  }

  function run(at) {
    if (running) { running.abort(); return; }
    if (typeof at !== "string" && state.tables.length && state.sent !== ground.area.value && ground.area.value.trim()) { wanted = true; return; }
    if (button.disabled) return;
    var stopping = new AbortController();
    running = stopping;
    update();
    ground.turn(id("tab-run"), false);
    pane.setAttribute("aria-busy", "true");
    pane.replaceChildren(make("p", "empty", "Running …"));
    var moment = typeof at === "string" ? at : id("at").value.trim();
    var asked = Object.assign(ground.request(), { rule: state.shown, at: moment || null });
    ground.ask("/run", asked, stopping.signal).then(function (answer) {
      if (typeof at === "string" && state.evaluations) answer.evaluations = state.evaluations;
      else state.evaluations = answer.evaluations;
      pane.replaceChildren(result(answer));
    }).catch(function (error) {
      pane.replaceChildren(make("p", "empty", stopping.signal.aborted ? "Stopped." : "Not run: " + error.message + "."));
    }).finally(function () {
      running = null;
      pane.removeAttribute("aria-busy");
      update();
    });
  }

  // The result

  function result(answer) {
    var all = make("div", "ran");
    all.setAttribute("role", "status");
    all.append(make("p", "verdict", verdict(answer)));
    if (answer.at) all.append(make("p", "", span(answer)));
    if (answer.evaluations.length > 1) all.append(times(answer));
    if (answer.findings.length) {
      var found = make("ol", "said");
      found.append.apply(found, answer.findings.slice(0, 40).map(ground.finding));
      all.append(found);
    }
    if (answer.alerts.length) {
      all.append(make("h2", "", count(answer.alert_count, "alert", "alerts")));
      answer.alerts.forEach(function (each) { all.append(alert(each)); });
      if (answer.alert_count > answer.alerts.length) all.append(make("p", "muted", "… and " + (answer.alert_count - answer.alerts.length) + " more alerts."));
    }
    if (answer.stages.length) all.append(make("h2", "", "Rows left after each stage"), funnel(answer));
    if (answer.stages_note) all.append(make("p", "muted", "Not everything is counted: " + answer.stages_note + "."));
    if (answer.outcome === "rows") {
      all.append(make("h2", "", count(answer.row_count, "row", "rows")));
      if (answer.row_count) all.append(grid(answer));
      if (answer.row_count > answer.rows.length) all.append(make("p", "muted", "The first " + answer.rows.length + " are shown; the alerts are about all of them."));
      if (answer.cut_values) all.append(make("p", "muted", count(answer.cut_values, "value is", "values are") + " not shown whole: they end in “…”."));
    }
    return all;
  }
  function verdict(answer) {
    if (answer.outcome === "refused") return "Not run: the query is refused.";
    if (answer.outcome === "failed") return "Stopped.";
    if (answer.outcome === "other") return "Not run.";
    var rows = count(answer.row_count, "row", "rows");
    if (answer.alert_count) return count(answer.alert_count, "alert", "alerts") + " from " + rows + ".";
    return answer.row_count ? "No alert: the trigger does not hold for " + rows + "." : "No alert: no row is left.";
  }
  function span(answer) {
    var text = (answer.outcome === "refused" ? "It would be evaluated at " : "Evaluated at ") + when(answer.at) + " UTC over " + (answer.window_start ? "what came since " + when(answer.window_start) : "all records before") + ".";
    if (answer.tables_absent.length) text += " The logs hold no record of " + answer.tables_absent.join(", ") + ".";
    if (answer.tables_left_out.length) text += " " + answer.tables_left_out.join(", ") + ": left out, its records stand in the query's other tables.";
    return text;
  }
  function times(answer) {
    var holder = make("div"), raising = answer.evaluations.filter(function (each) { return each.triggered; }).length;
    var words = "By its schedule the rule is evaluated " + answer.evaluations.length + " times while records come in; " + (raising ? raising + " of them " + (raising === 1 ? "raises" : "raise") + " an alert." : "none raises an alert.");
    if (answer.evaluations_note) words += " Shown are " + answer.evaluations_note + ".";
    holder.append(make("p", "muted", words));
    var group = make("div", "times");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Evaluations");
    answer.evaluations.forEach(function (each) {
      var one = make("button", "", when(each.at) + " · " + count(each.rows, "row", "rows") + (each.triggered ? " · alert" : ""));
      one.type = "button";
      one.setAttribute("aria-pressed", String(each.at === answer.at));
      one.addEventListener("click", function () { run(each.at); });
      group.append(one);
    });
    holder.append(group);
    return holder;
  }

  function head(table, names) {
    var row = make("tr");
    names.forEach(function (name) {
      var cell = make("th", name[1] || "", name[0]);
      cell.scope = "col";
      row.append(cell);
    });
    table.createTHead().append(row);
    return table.createTBody();
  }
  function funnel(answer) {
    var table = make("table", "funnel");
    var body = head(table, [["Stage"], ["Line"], ["Rows", "number"], ["", "share"]]);
    table.tHead.rows[0].lastChild.append(make("span", "sr", "Share of the most"));
    var most = Math.max.apply(null, answer.stages.map(function (each) { return each.rows || 0; }).concat(1));
    var gone = answer.stages.find(function (each) { return each.rows === 0; });
    answer.stages.forEach(function (each) {
      var row = make("tr", each === gone ? "last-rows" : "");
      var name = make("th", "");
      name.scope = "row";
      var link = make("button", "", each.operator);
      link.type = "button";
      link.addEventListener("click", function () { ground.go(each.line, 1, 10000); });
      name.append(make("span", "disc", String(each.number)), " ", link);
      if (each === gone) name.append(make("span", "tag", each.number === 1 ? "no record" : "no row is left from here"));
      row.append(name, make("td", "", String(each.line)), make("td", "number", each.rows === null ? "not counted" : each.rows.toLocaleString("en")), bar(each.rows, most));
      body.append(row);
    });
    return table;
  }
  function bar(rows, most) {
    var cell = make("td", "share"), space = "http://www.w3.org/2000/svg";
    var image = document.createElementNS(space, "svg"), part = document.createElementNS(space, "rect");
    image.setAttribute("aria-hidden", "true");
    image.setAttribute("viewBox", "0 0 100 10");
    image.setAttribute("preserveAspectRatio", "none");
    part.setAttribute("width", String(rows ? Math.max(1, 100 * rows / most) : 0));
    part.setAttribute("height", "10");
    image.append(part);
    cell.append(image);
    return cell;
  }

  function alert(each) {
    var card = make("article", "raised " + (each.severity || ""));
    card.append(make("h3", "", each.title));
    var chips = make("ul", "chips");
    chips.append(make("li", "chip severity " + (each.severity || ""), each.severity || "no severity"));
    each.tactics.map(function (name) { return name.replace(/([a-z])([A-Z])/g, "$1 $2"); }).concat(each.techniques).forEach(function (name) { chips.append(make("li", "chip", name)); });
    card.append(chips);
    if (each.description) card.append(make("p", "description", each.description));
    var facts = make("dl");
    fact(facts, "Events", [when(each.start_time) + " to " + when(each.end_time) + " (" + count(each.result_count, "result", "results") + ")"]);
    each.entities.forEach(function (entity) {
      fact(facts, entity.type, Object.keys(entity.fields).filter(function (name) { return entity.fields[name] !== null; }).map(function (name) { return [name, entity.fields[name]]; }));
    });
    Object.keys(each.custom_details).forEach(function (name) { fact(facts, name, each.custom_details[name]); });
    card.append(facts);
    return card;
  }
  function fact(list, name, values) {
    var holder = make("dd");
    values.forEach(function (value) {
      var pair = make("span", "pair");
      if (Array.isArray(value)) pair.append(make("span", "muted", value[0]), " ", make("bdi", "", value[1]));
      else pair.append(make("bdi", "", value));
      holder.append(pair, " ");
    });
    list.append(make("dt", "", name), holder);
  }

  function grid(answer) {
    var box = make("div", "grid"), table = make("table");
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "Rows");
    var numbers = answer.columns.map(function (column) { return /^(int|long|real|decimal)$/.test(column.type); });
    var body = head(table, answer.columns.map(function (column, at) { return [column.name, numbers[at] ? "number" : ""]; }));
    Array.from(table.tHead.rows[0].cells).forEach(function (cell, at) { cell.append(make("span", "type", answer.columns[at].type)); });
    answer.rows.forEach(function (values) {
      var row = body.insertRow();
      values.forEach(function (value, at) {
        var cell = row.insertCell();
        if (numbers[at]) cell.className = "number";
        cell.append(shown(value));
      });
    });
    box.append(table);
    return box;
  }

  button.addEventListener("click", run);
  ground.area.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); if (!running) run(); }
  });
  id("at").addEventListener("keydown", function (event) { if (event.key === "Enter" && !running) run(); });
  ground.area.addEventListener("input", function () { wanted = false; });
  document.addEventListener("playground:ready", update);
  document.addEventListener("playground:changed", update);
  update();
})();
