"""The month as a script of an afternoon does it: pandas, Jinja and WeasyPrint, one PDF a client, floats and all.

What it leaves out is what the program is for: exceptions, VAT cases, numbering, e-invoices, books, proofs, reruns.
"""

import sqlite3
import sys
from pathlib import Path

import pandas as pd
import weasyprint
from jinja2 import Template

PAGE = Template("""<!DOCTYPE html><html lang="en"><head><title>Invoice {{ number }}</title><style>
@page { size: A4; margin: 20mm } body { font-family: "Noto Sans"; font-size: 9pt } table { width: 100% }
td, th { text-align: left; border-bottom: .2mm solid #ccc; padding: 1mm 0 } .n { text-align: right }
</style></head><body><h1>Invoice {{ number }}</h1><p>{{ client }}</p><table>
<tr><th>Category</th><th>Number</th><th class="n">Quantity</th><th class="n">Amount</th></tr>
{% for line in lines %}<tr><td>{{ line.category }}</td><td>{{ line.reference_id }}</td>
<td class="n">{{ line.quantity }}</td><td class="n">{{ "%.2f" % line.charge }}</td></tr>{% endfor %}
</table><p class="n">Net {{ "%.2f" % net }}, VAT {{ "%.2f" % (net * 0.21) }}, total {{ "%.2f" % (net * 1.21) }}</p>
</body></html>""")
CATEGORIES = {"call": "Calls", "sms": "Messages", "renewal": "Number rental", "refund": "Refund"}
MARKUP = {"call": 1.25, "sms": 1.0, "renewal": 1.3, "refund": 1.0}


def main(folder: Path) -> None:
    """Bill config/ and billing.db of the folder into naive/."""
    with sqlite3.connect(folder / "billing.db") as connection:
        rows = pd.read_sql("SELECT type, micros, reference_type, reference_id FROM transactions", connection)
    numbers = pd.read_csv(folder / "config" / "numbers.csv", dtype=str)
    trunks = pd.read_csv(folder / "config" / "trunks.csv", dtype=str)
    clients = pd.read_csv(folder / "config" / "clients.csv", dtype=str)
    rows = rows.merge(numbers, left_on="reference_id", right_on="number", how="left")
    rows["trunk"] = rows["trunk"].fillna(rows["reference_id"])
    rows = rows.merge(trunks, on="trunk").merge(clients, on="client_id")
    rows["category"] = rows["type"].map(CATEGORIES)
    rows["charge"] = -rows["micros"] / 1_000_000 * rows["type"].map(MARKUP)
    out = folder / "naive"
    out.mkdir(exist_ok=True)
    for place, (_, mine) in enumerate(rows.groupby("client_id"), 1):
        lines = mine.groupby(["category", "reference_id"]).agg(quantity=("micros", "size"), charge=("charge", "sum"))
        number = f"INV-2026-{place:05d}"
        html = PAGE.render(
            number=number,
            client=mine["name"].iloc[0],
            lines=list(lines.reset_index().itertuples()),
            net=lines["charge"].sum(),
        )
        weasyprint.HTML(string=html).write_pdf(out / f"{number}.pdf")
        mine.to_csv(out / f"{number}.csv", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
