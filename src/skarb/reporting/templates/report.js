// Search and sort in tables; without this script the page shows the same rows.
addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details")) one.open = true; });
for (const input of document.querySelectorAll("[data-find]")) {
  const rows = [...document.getElementById(input.dataset.find).tBodies[0].rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const note = input.parentElement.querySelector("[data-found]");
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase().split(/\s+/);
    let shown = 0;
    rows.forEach((row, place) => {
      row.hidden = !wanted.every((word) => texts[place].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    note.textContent = input.value ? note.dataset.found.replace("#", String(shown)) : "";
  });
}
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const turn = (head, place) => {
    const up = head.getAttribute("aria-sort") === "descending";
    heads.forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = (row) => row.cells[place].dataset.v ?? row.cells[place].textContent;
    const order = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (a.cells[place].dataset.v === undefined) return x.localeCompare(y);
      return BigInt(x) < BigInt(y) ? -1 : BigInt(x) > BigInt(y) ? 1 : 0;
    };
    const rows = [...table.tBodies[0].rows].sort(order);
    table.tBodies[0].append(...(up ? rows : rows.reverse()));
  };
  heads.forEach((head, place) => {
    head.tabIndex = 0;
    head.addEventListener("click", () => turn(head, place));
    head.addEventListener("keydown", (event) => { if (event.key === "Enter") turn(head, place); });
  });
}
