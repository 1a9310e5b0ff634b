"""A long table is read column by column to the same rows as row by row, and never where a row has something wrong."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ConfigDict, TypeAdapter

from billing_job.config.mapping_columns import Addresses, ClientRow, NumberRow, TrunkRow
from billing_job.core.files.csv_columns import plain_columns
from billing_job.core.files.csv_reader import Row, typed_rows
from billing_job.core.toml import Id, KeptAsWritten, PhoneNumber

HEAD = "number,did_number_id,trunk,valid_from,valid_to\n"
CLIENTS, PLANS = ("acme", "zeta"), ("standard",)


@pytest.mark.parametrize(
    ("model", "text", "is_plain"),
    [
        pytest.param(NumberRow, HEAD + "+31201234567,,trk_1,,\n0031201234568,7,trk_2,2026-10-05,\n", True, id="right"),
        pytest.param(NumberRow, "\ufeff Number ; TRUNK\n +31201234567 ; trk_1 \n", True, id="BOM, blanks, semicolons"),
        pytest.param(
            NumberRow, HEAD + "\n# ours\n +31201234567,,t,,\n , , , , \n  # x,,,,\n,7,t,,\n", True, id="comments"
        ),
        pytest.param(NumberRow, HEAD + "+31201234567,,t,2026-10-05,2026-10-06\n,7,t,,\n", True, id="an end"),
        pytest.param(NumberRow, HEAD + "+31201234567,,t,2026-10-05,2026-10-05\n", False, id="an end too early"),
        pytest.param(NumberRow, HEAD + "+31201234567,,t,2026-02-30,\n", False, id="no such day"),
        pytest.param(NumberRow, HEAD + "31.2,,t,,\n", False, id="a decimal"),
        pytest.param(NumberRow, HEAD + "+31201234567,, ,,\n", False, id="a cell that is required"),
        pytest.param(NumberRow, HEAD + "+31201234567,,t\n", False, id="a short row"),
        pytest.param(NumberRow, HEAD + "+31201234567,,t,,,x\n", False, id="a long row"),
        pytest.param(NumberRow, HEAD + '+31201234567,,"t,,\n', False, id="an open quote"),
        pytest.param(NumberRow, HEAD + "+31201234567;;t;;\n", False, id="another separator"),
        pytest.param(NumberRow, "number,trunk,number\n+31201234567,t,\n", False, id="a column twice"),
        pytest.param(NumberRow, "number,trunk,colour\n+31201234567,t,red\n", False, id="an unknown column"),
        pytest.param(NumberRow, "number\n+31201234567\n", False, id="a column that is required"),
        pytest.param(NumberRow, HEAD + '"+31201234567",,"t""1",,\n+31201234568,,"t\n2",,\n', True, id="quotes"),
        pytest.param(NumberRow, HEAD + "+31201234567,,t,,\n+31201234567\n,,u,,\n", False, id="a line too much"),
        pytest.param(
            NumberRow, HEAD + "+31\u0662\u0660\u0661\u0662\u0663\u0664,,t,,\n", False, id="digits that are not 0 to 9"
        ),
        pytest.param(NumberRow, "trunk,number\n1e5,+31201234567\n", False, id="an id that became a decimal"),
        pytest.param(NumberRow, "", False, id="nothing"),
        pytest.param(NumberRow, HEAD, True, id="no rows"),
        pytest.param(TrunkRow, "trunk,client_id\ntrk_1,acme\ntrk_2,zeta\n", True, id="known names"),
        pytest.param(TrunkRow, "trunk,client_id\ntrk_1,acme\ntrk_2,gone\n", False, id="an unknown name"),
        pytest.param(
            ClientRow,
            "client_id,name,country,email,einvoice\nacme,Acme,nl,a@b.example,XRechnung\nzeta,Zeta,UK,,\n",
            False,
            id="a client in a country that is none",
        ),
        pytest.param(
            ClientRow,
            "client_id,name,country,email,tax_treatment,payment_terms_days,plan,language,vat_id\n"
            "acme,Acme,nl,a@b.example; c@d.example,reverse_charge,30,standard,NL-be,NL 8614.55.772.B01\n"
            "zeta,Zeta,GB,,,,,,\n",
            True,
            id="clients",
        ),
    ],
)
def test_a_table_says_the_same_by_columns_as_by_rows(
    tmp_path: Path, model: type[Row], text: str, is_plain: bool
) -> None:
    """Whatever is read by columns has no problem and the same cells; what has a problem is left to the rows."""
    path = tmp_path / "table.csv"
    path.write_text(text)
    problems: list[str] = []
    rows = list(typed_rows(path, model, problems, clients=CLIENTS, plans=PLANS))
    plain = plain_columns(path, model, clients=CLIENTS, plans=PLANS)
    assert (plain is not None) is is_plain
    assert not (is_plain and problems)
    if plain is not None:
        assert list(plain.places) == [row.place for row, _ in rows]
        assert plain.cells == {name: [getattr(each, name) for _, each in rows] for name in model.model_fields}


KEPT = {"id": Id, "number": PhoneNumber, "addresses": Addresses, "client": ClientRow.__annotations__["client_id"]}


@pytest.mark.parametrize("kind", KEPT)
@settings(max_examples=30)
@given(data=st.data())
def test_a_cell_of_the_form_that_is_kept_is_right_and_kept(kind: str, data: st.DataObject) -> None:
    """A column of such cells is not checked, so each of them must be what its type makes of it."""
    (kept,) = (one for one in KEPT[kind].__metadata__ if isinstance(one, KeptAsWritten))
    cell = data.draw(
        st.from_regex(kept.pattern.replace("++", "+").replace("*+", "*").replace("}+", "}"), fullmatch=True)
    )
    kind_of_row = TypeAdapter(KEPT[kind], config=ConfigDict(regex_engine="python-re"))
    assert kind_of_row.validate_python(cell) == cell == cell.strip()
    assert "\n" not in cell
