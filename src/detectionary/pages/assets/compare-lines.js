// The lines of two texts side by side, on a static site: what `pages/compare/lines.py` makes on a live one. Keep the two
// together.
(function () {
  "use strict";
  const MOST_CHANGES = 300;

  function linesOf(text) {
    const lines = text.split("\n").map((line) => line.replace(/[ \t\r]+$/, ""));
    while (lines.length && !lines[lines.length - 1]) lines.pop();
    return lines;
  }

  function comparedLines(left, right) {
    const before = linesOf(left), after = linesOf(right);
    const shorter = Math.min(before.length, after.length);
    let start = 0, end = 0;
    while (start < shorter && before[start] === after[start]) start++;
    while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
    const kinds = [
      ...Array(start).fill("same"),
      ...changes(before.slice(start, before.length - end), after.slice(start, after.length - end)),
      ...Array(end).fill("same"),
    ];
    const found = [];
    let atLeft = 0, atRight = 0;
    for (const kind of kinds) {
      const text = kind === "right" ? after[atRight] : before[atLeft];
      if (kind !== "right") atLeft++;
      if (kind !== "left") atRight++;
      found.push({
        kind, left: kind === "right" ? null : atLeft, right: kind === "left" ? null : atRight, text, marked: null,
      });
    }
    return marked(found);
  }

  function goesDown(reached, diagonal, steps) {
    const get = (key) => (reached.has(key) ? reached.get(key) : -1);
    return diagonal === -steps || (diagonal !== steps && get(diagonal - 1) < get(diagonal + 1));
  }

  function changes(before, after) {
    const most = Math.min(before.length + after.length, MOST_CHANGES);
    const reached = new Map([[1, 0]]);
    const history = [];
    for (let steps = 0; steps <= most; steps++) {
      history.push(new Map(reached));
      for (let diagonal = -steps; diagonal <= steps; diagonal += 2) {
        let x = goesDown(reached, diagonal, steps) ? reached.get(diagonal + 1) : reached.get(diagonal - 1) + 1;
        let y = x - diagonal;
        while (x < before.length && y < after.length && before[x] === after[y]) { x++; y++; }
        reached.set(diagonal, x);
        if (x >= before.length && y >= after.length) return wayBack(history, before.length, after.length);
      }
    }
    return [...before.map(() => "left"), ...after.map(() => "right")];
  }

  function wayBack(history, x, y) {
    const found = [];
    for (let steps = history.length - 1; steps >= 0; steps--) {
      const reached = history[steps];
      const diagonal = x - y;
      const down = goesDown(reached, diagonal, steps);
      const previous = down ? diagonal + 1 : diagonal - 1;
      const fromX = reached.get(previous), fromY = fromX - previous;
      while (x > Math.max(fromX, 0) && y > Math.max(fromY, 0)) { found.push("same"); x--; y--; }
      if (steps) { found.push(down ? "right" : "left"); x = fromX; y = fromY; }
    }
    const kinds = [];
    let coming = 0;
    for (const kind of [...found.reverse(), "same"]) {
      if (kind === "right") { coming++; continue; }
      if (kind === "same") { for (; coming; coming--) kinds.push("right"); }
      kinds.push(kind);
    }
    kinds.pop();
    return kinds;
  }

  function marked(lines) {
    let at = 0;
    while (at < lines.length) {
      let end = at;
      while (end < lines.length && lines[end].kind === lines[at].kind) end++;
      const count = end - at;
      const others = lines.slice(end, end + count);
      const beyond = lines[end + count];
      if (lines[at].kind === "left" && others.length === count && others.every((line) => line.kind === "right") &&
          !(beyond && beyond.kind === "right")) {
        for (let place = at; place < end; place++) pair(lines[place], lines[place + count]);
        end += count;
      }
      at = end;
    }
    return lines;
  }

  function pair(left, right) {
    const before = [...left.text], after = [...right.text];
    const shorter = Math.min(before.length, after.length);
    let start = 0, end = 0;
    while (start < shorter && before[start] === after[start]) start++;
    while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
    if ((start + end) * 2 < shorter) return;
    left.marked = [start, before.length - end];
    right.marked = [start, after.length - end];
  }

  globalThis.detectionaryPart("lines", comparedLines);
})();
