"use strict";
// The page is whole without this script; it sorts the lists, shortens them on a screen, and searches the documents.
(() => {
  const find = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const cents = (cell) => Number(cell.dataset.cents);

  // Cents to text; the wallet's have up to four places, to which sums of them are rounded: 0.1 + 0.2 is no amount.
  const amount = (value) => {
    const rest = Math.round((Math.abs(value) % 1) * 10000);
    const cents = Math.trunc(Math.abs(value)) + (rest === 10000 ? 1 : 0);
    const whole = Math.trunc(cents / 100).toLocaleString("en");
    const places = String(cents % 100).padStart(2, "0") + String(rest % 10000).padStart(4, "0").replace(/0+$/, "");
    return `${value < 0 ? "−" : ""}${whole}.${places}`;
  };

  for (const element of all("[data-script]")) element.hidden = false;

  // Lists

  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const textOf = (row, column) => row.cells[column].textContent;
  const numberOf = (row, column) => {
    const cell = row.cells[column];
    const value = "cents" in cell.dataset ? cents(cell) : Number.parseFloat(cell.textContent.replace("−", "-").replaceAll(",", ""));
    return Number.isNaN(value) ? -Infinity : value;
  };

  const sort = (table, head, direction) => {
    const column = head.cellIndex;
    const sign = direction === "ascending" ? 1 : -1;
    const compare =
      "number" in head.dataset
        ? (a, b) => sign * (numberOf(a, column) - numberOf(b, column) || 0)
        : (a, b) => sign * collator.compare(textOf(a, column), textOf(b, column));
    for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
    table.dispatchEvent(new Event("sorted"));
  };

  // The head stays plain text, for browsers print no buttons in heads that come again on every page; the button lies
  // over it.
  for (const table of all(".sortable")) {
    table.classList.add("sorts");
    for (const head of all("thead th:not([data-unsorted])", table)) {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-label", `Sort by ${head.textContent}`);
      head.append(button);
      const first = "number" in head.dataset ? "descending" : "ascending";
      const second = first === "ascending" ? "descending" : "ascending";
      button.addEventListener("click", () => sort(table, head, head.getAttribute("aria-sort") === first ? second : first));
    }
  }

  // What waits: the first rows of each remedy are on the screen, the others a button away; paper has all.
  const FEW = 8;
  for (const table of all(".short")) {
    const place = table.closest(".remedy");
    const more = find(".more", place);
    let whole = table.tBodies[0].rows.length <= FEW;
    const show = () => {
      [...table.tBodies[0].rows].forEach((row, at) => row.classList.toggle("later", !whole && at >= FEW));
      more.hidden = whole;
    };
    find("button", more).textContent = `Show all ${table.tBodies[0].rows.length.toLocaleString("en")}`;
    table.addEventListener("sorted", show);
    more.addEventListener("click", () => {
      whole = true;
      show();
      table.closest(".scroll").focus();
    });
    show();
  }

  // The list that can be searched: the first rows that match are on the screen, the others a button away; paper has all.
  const AT_FIRST = 100;
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const counted = (count) => count.toLocaleString("en");
  const list = find(".filtered");
  if (list) {
    const [search, kind, found, more] = ["#find", "#kind", "#found", "#more"].map((selector) => find(selector));
    const rows = [...list.tBodies[0].rows];
    const noun = rows.length === 1 ? "document" : "documents";
    const facts = new Map(
      rows.map((row) => [row, { words: plain(`${textOf(row, 0)} ${textOf(row, 1)}`), cents: all("td[data-cents]", row).map(cents) }]),
    );
    const sums = all("tfoot td[data-cents]", list);
    let whole = rows.length <= AT_FIRST;
    const show = () => {
      const wanted = plain(search.value).split(/\s+/).filter(Boolean);
      const fits = (row) =>
        (!kind.value || row.dataset.kind === kind.value) && wanted.every((word) => facts.get(row).words.includes(word));
      const hits = [];
      for (const row of list.tBodies[0].rows) {
        row.hidden = !fits(row);
        row.classList.toggle("later", !row.hidden && !whole && hits.length >= AT_FIRST);
        if (!row.hidden) hits.push(row);
      }
      sums.forEach((cell, place) => {
        const sum = hits.reduce((total, row) => total + facts.get(row).cents[place], 0);
        cell.textContent = amount(sum);
        cell.classList.toggle("minus", sum < 0);
      });
      const every = `${counted(rows.length)} ${noun}`;
      found.textContent = hits.length === rows.length ? every : `${counted(hits.length)} of ${every}`;
      more.parentElement.hidden = whole || hits.length <= AT_FIRST;
      more.textContent = `Show all ${counted(hits.length)}`;
    };
    search.addEventListener("input", show);
    kind.addEventListener("change", show);
    list.addEventListener("sorted", show);
    more.addEventListener("click", () => {
      const next = find(".later a", list);
      whole = true;
      show();
      next.focus();
    });
    show(); // a browser may have brought back what was typed before a reload
  }
})();
