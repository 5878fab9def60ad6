"""The files of the 3PL: tables and X12, as the specification and published samples have them, to the last branch."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.clock import NOON
from tests.contracts.features.upkeep import INTERCHANGE
from tests.contracts.features.warehouses import REQUEST

from doorstep.adapters.warehouses.file_3pl.wire import documents, reports, tables, x12
from doorstep.domain.connections.model import Part
from doorstep.domain.fulfillment.model.warehouse import (
    CartonLine,
    ShortLine,
    WarehouseShipment,
    WarehouseStatus,
    WarehouseUpdate,
)
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.model.reports import GoodsReport, ReportedUnits, StockReport
from doorstep.kernel import errors

AT = f"{NOON:%Y-%m-%dT%H:%M:%SZ}"
DAY = f"{NOON:%Y%m%d}"
# Published as a test of another parser: SE01 says 32, but there are 29 segments.
BROKEN_945 = (
    f"ST*945*0001~W06*F*01766655*{DAY}*1035**9116*4896833*001001~N1*CN*FOOD DISTRIBUTING INC*91*10333648~LX*1~"
    "W12*CC*72*72**CA**007117901645*UK*10071179016458*40550*799*G*L~N9*LI*1000~W03*240*15360*LB~SE*32*0001~"
)


def read(kind: str, *rows: str, **columns: str) -> list[object]:
    """What the rows of a CSV file report, through parts as they are stored."""
    content = io.BytesIO(("\r\n".join(rows) + "\r\n").encode())
    parts = list(tables.split(kind, content, columns=columns))
    return [each for part in parts for each in reports.parse(kind, part.body, warehouse="MAIN")]


def test_an_order_has_a_row_per_line_with_the_columns_of_the_connection() -> None:
    text = tables.order(REQUEST, service="express", columns={"sku": "Item"}).decode()
    header, row = text.splitlines()
    assert header.startswith("order_ref,line_ref,Item,quantity,ship_by,service,carrier,name")
    assert row.startswith(
        f"FO-7,1,GT-WH-02,2,{REQUEST.ship_by:%Y-%m-%dT%H:%M:%SZ},express,,Meera Iyer,,12 Lodhi Road,,New Delhi,DL"
    )
    assert (
        ",2,,express," in tables.order(replace(REQUEST, ship_by=None), service="express", columns={}).decode()
    )
    assert tables.cancel("FO-7", columns={}) == b"order_ref,reason\r\nFO-7,canceled\r\n"


def test_names_of_columns_are_pairs() -> None:
    assert tables.renamed("sku=Item, order_ref = Order No\nqty=Q") == {
        "sku": "Item",
        "order_ref": "Order No",
        "qty": "Q",
    }
    assert tables.renamed(" ") == {}
    for wrong in ("sku", "=x", "sku="):
        with pytest.raises(ValueError, match="ours=theirs"):
            tables.renamed(wrong)


def test_a_file_that_is_cut_off_or_has_other_columns_is_refused() -> None:
    cases = {
        b"order_ref,result\r\nFO-1,accep": "cut off",
        b"": "cut off",
        b"order_ref\r\nFO-1\r\n": "no column result",
        b"order_ref,result\r\nFO-1\r\n": "Row 1 has another number",
        b"order_ref,result\r\nFO-1,accepted,x\r\n": "Row 1 has another number",
        b"order_ref,result\r\n\xff,accepted\r\n": "not CSV in UTF-8",
    }
    for content, problem in cases.items():
        with pytest.raises(errors.Invalid, match=problem):
            list(tables.split("ack", io.BytesIO(content), columns={}))


def test_acknowledgements_are_of_whole_orders() -> None:
    found = read(
        "ack", "file,Order,line_ref,result,reason", "o.csv,FO-1,1,rejected,unknown sku",
        "o.csv,FO-1,2,rejected,another line of the order was rejected", "o.csv,FO-2,1,accepted,", "o.csv,FO-3,,duplicate,",
        order_ref="Order",
    )  # fmt: skip
    assert found == [
        WarehouseUpdate("FO-1", WarehouseStatus.REFUSED, reports.UNDATED, "unknown sku"),
        WarehouseUpdate("FO-2", WarehouseStatus.ACKNOWLEDGED, reports.UNDATED, ""),
        WarehouseUpdate("FO-3", WarehouseStatus.ACKNOWLEDGED, reports.UNDATED, ""),
    ]


def test_statuses_and_answers_to_cancels() -> None:
    header = "order_ref,status,at,note"
    rows = [f"FO-1,{status},{AT}," for status in ("received", "picking", "packed", "shipped", "canceled")]
    assert [each.status for each in read("status", header, *rows) if isinstance(each, WarehouseUpdate)] == [
        WarehouseStatus.ACKNOWLEDGED, WarehouseStatus.PICKING, WarehouseStatus.PACKED, WarehouseStatus.CANCELED,
    ]  # fmt: skip
    found = read(
        "cancels",
        "order_ref,result,reason,at",
        f"FO-1,too_late,packed,{AT}",
        "FO-2,unknown,,",
        "FO-3,canceled,,",
    )
    assert [(each.status, each.at) for each in found if isinstance(each, WarehouseUpdate)] == [
        (WarehouseStatus.TOO_LATE, NOON), (WarehouseStatus.CANCELED, reports.UNDATED),
        (WarehouseStatus.CANCELED, reports.UNDATED),
    ]  # fmt: skip
    for kind, rows in (
        ("status", [header, f"FO-1,lost,{AT},"]),
        ("cancels", ["order_ref,result", "FO-1,maybe"]),
        ("ack", ["order_ref,result", "FO-1,accepted in part"]),
    ):
        with pytest.raises(errors.Invalid, match="is not a"):
            read(kind, *rows)


SHIPMENTS = "shipment_ref,order_ref,line_ref,sku,quantity_ordered,quantity_shipped,carton,sscc,carrier,service,tracking_number,weight_grams,shipped_at,short_reason"


def test_shipments_are_put_together_wherever_their_rows_stand() -> None:
    found = read(
        "shipments", SHIPMENTS,
        f"S1,FO-1,1,A,3,1,1,004,UPS,std,1Z1,500,{AT},", f"S2,FO-2,1,A,1,1,1,,UPS,std,1Z9,,{AT},",
        f"S1,FO-1,1,A,3,1,2,005,UPS,std,1Z2,700,{AT},", f"S1,FO-1,1,A,3,0,,,,,,,{AT},damaged",
    )  # fmt: skip
    first, second = found
    assert isinstance(first, WarehouseShipment)
    assert isinstance(second, WarehouseShipment)
    assert [(each.external_id, each.tracking_number, each.weight_grams) for each in first.cartons] == [
        ("004", "1Z1", 500), ("005", "1Z2", 700),
    ]  # fmt: skip
    assert (first.shipped_at, first.short) == (NOON, (ShortLine("1", 1, is_damaged=True, reason="damaged"),))
    assert (second.cartons[0].external_id, second.cartons[0].lines) == ("S2/1", (CartonLine("1", 1),))
    with pytest.raises(errors.Invalid, match="is not a moment"):
        read("shipments", SHIPMENTS, "S1,FO-1,1,A,3,1,1,004,UPS,std,1Z1,500,,")
    with pytest.raises(errors.Invalid, match="not a number of units"):
        read("shipments", SHIPMENTS, f"S1,FO-1,1,A,3,x,1,004,UPS,std,1Z1,500,{AT},")


def stock(*rows: str, end: int | None = None) -> list[object]:
    last = [] if end is None else [f"#END,,{end},,{AT}"]
    return read("stock", "sku,condition,on_hand,reserved,as_of", *rows, *last)


def test_a_stock_file_is_one_complete_report_if_its_end_is_there() -> None:
    (found,) = stock(f"A,good,5,1,{AT}", f"A,damaged,2,0,{AT}", f"B,hold,1,0,{AT}", end=3)
    assert isinstance(found, StockReport)
    assert (found.location, found.as_of, found.is_complete) == ("MAIN", NOON, True)
    assert found.lines == (
        ReportedUnits("A", 5), ReportedUnits("A", 2, Condition.DAMAGED), ReportedUnits("B", 1, Condition.QUARANTINE),
    )  # fmt: skip
    assert stock(end=0) == []
    for rows, end in (([f"A,good,5,1,{AT}"], None), ([f"A,good,5,1,{AT}"], 2), ([], None)):
        with pytest.raises(errors.Invalid, match="no last row #END"):
            stock(*rows, end=end)
    with pytest.raises(errors.Invalid, match="not a condition"):
        stock(f"A,broken,5,1,{AT}", end=1)


def test_a_large_stock_file_is_cut_and_does_not_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "STOCK_ROWS", 1)
    found = stock(f"A,good,5,1,{AT}", f"B,good,6,1,{AT}", f"C,good,7,1,{AT}", end=3)
    reported = [each for each in found if isinstance(each, StockReport)]
    assert [(len(each.lines), each.is_complete) for each in reported] == [(2, False), (1, False)]
    assert len(stock(f"A,good,5,1,{AT}", f"B,good,6,1,{AT}", end=2)) == 1


def test_adjustments_and_receipts() -> None:
    found = read(
        "adjustments", "adjustment_ref,sku,condition,quantity,reason,at,note", f"A1,X,good,-2,lost,{AT},"
    )
    assert found == [StockReport("MAIN", "adjustment/A1", NOON, (ReportedUnits("X", -2),), is_change=True)]
    header = "receipt_ref,advice_ref,line_ref,sku,quantity_advised,quantity_received,quantity_damaged,received_at,closed"
    (goods,) = read(
        "receipts",
        header,
        f"R1,PO-9,1,X,5,5,2,{AT},yes",
        f"R1,PO-9,2,Y,1,1,1,{AT},yes",
        f"R1,PO-9,3,Z,1,1,,{AT},yes",
    )
    assert goods == GoodsReport(
        "MAIN", "receipt/R1", NOON,
        (ReportedUnits("X", 3), ReportedUnits("X", 2, Condition.DAMAGED), ReportedUnits("Y", 1, Condition.DAMAGED),
         ReportedUnits("Z", 1)),
        "PO-9", closes=True,
    )  # fmt: skip
    assert reports.moment(AT.removesuffix("Z")).tzinfo is UTC


def x12_of(*sets: str, group: str = "SW", number: int = 7) -> str:
    body = "".join(
        f"ST*{text.split('|')[0]}*{at:04d}~{text.split('|')[1]}SE*{text.count('~') + 2}*{at:04d}~"
        for at, text in enumerate(sets, 1)
    )
    envelope = INTERCHANGE[: INTERCHANGE.index("ST*945")].replace("GS*SW", f"GS*{group}")
    return f"{envelope}{body}GE*{len(sets)}*7~IEA*1*{number:09d}~"


def parsed(text: str) -> Iterator[object]:
    for part in documents.split(x12.read(text)):
        yield from documents.parse(part.topic, part.body, warehouse="MAIN")


def test_an_interchange_is_read_by_its_own_separators() -> None:
    found = x12.read(INTERCHANGE.replace("*", "|").replace("~", "\n"))
    (group,) = found.groups
    assert (found.control, group.code, group.control, found.must_be_acknowledged) == (
        "000000007",
        "SW",
        "7",
        True,
    )
    assert [(each.code, each.control, each.error, each.segments[0][2]) for each in group.sets] == [
        ("945", "0001", "", "FO-7")
    ]
    assert not x12.read(x12_of("997|AK1*OW*1~", group="FA")).must_be_acknowledged


def test_what_is_no_interchange_or_is_cut_off_is_refused() -> None:
    cases = {
        "": "does not begin", "ISA*00": "does not begin", INTERCHANGE[:-20]: "cut off",
        x12_of("945|W06*F~", number=8): "cut off",
        INTERCHANGE[:105] + "~" + "ST*945*1~IEA*1*000000007~": "before any group",
        INTERCHANGE.replace("*P*>", ">P>>"): "16 elements",
    }  # fmt: skip
    for text, problem in cases.items():
        with pytest.raises(errors.Invalid, match=problem):
            x12.read(text)


def test_broken_documents_are_rejected_by_our_997_and_are_dead_messages() -> None:
    start = INTERCHANGE[: INTERCHANGE.index("ST*945")]
    sets = f"{BROKEN_945}ST*945*0002~W06*F*FO-1~SE*3*0009~ST*945*0003~W06*F*FO-2~SE*3*0003~N9*ZZ~SE*1*1~ST*945*0004~W06*F~"
    interchange = x12.read(f"{start}{sets}GE*4*7~IEA*1*000000007~")
    ((_control, lines),) = x12.acknowledged(interchange)
    assert lines == [
        ["AK1", "SW", "7"], ["AK2", "945", "0001"], ["AK5", "R", "4"], ["AK2", "945", "0002"], ["AK5", "R", "3"],
        ["AK2", "945", "0003"], ["AK5", "A"], ["AK2", "945", "0004"], ["AK5", "R", "5"], ["AK9", "P", "4", "4", "1"],
    ]  # fmt: skip
    with pytest.raises(errors.Invalid, match=r"945 is broken \(code 4\)"):
        list(parsed(f"{start}{BROKEN_945}GE*1*7~IEA*1*000000007~"))
    verdicts = [
        x12.acknowledged(x12.read(text))[0][1][-1][1]
        for text in (INTERCHANGE, f"{start}{BROKEN_945}GE*1*7~IEA*1*000000007~")
    ]
    assert verdicts == ["A", "R"]


def test_an_order_is_a_940_that_our_reader_finds_sound() -> None:
    sets = [(documents.control_of("FO-7"), documents.order(REQUEST, service="express"))]
    content = x12.written(x12.Envelope("DEPOSITOR", "PARCEL3PL", 42, NOON), group="OW", code="940", sets=sets)
    text = content.decode()
    assert (text[105], len(text.split("~")[0])) == ("~", 105)
    (group,) = x12.read(text).groups
    (order,) = group.sets
    assert (group.code, group.control, order.control, order.error) == ("OW", "42", "00000007", "")
    assert order.segments == [
        ["W05", "N", "FO-7"], ["N1", "ST", "Meera Iyer"], ["N3", "12 Lodhi Road"], ["N4", "New Delhi", "DL", "110003", "IN"],
        ["PER", "IC", "", "TE", "+911100000000", "EM", "meera@example.in"], ["NTE", "WHI", "Ring twice"],
        ["G62", "10", f"{REQUEST.ship_by:%Y%m%d}"], ["W66", "CC", "M", "", "", "express"], ["LX", "1"],
        ["W01", "2", "EA", "", "VN", "GT-WH-02"], ["N9", "LI", "1"], ["W76", "2"],
    ]  # fmt: skip


def test_values_cannot_break_an_interchange_and_what_is_missing_is_left_out() -> None:
    to = replace(REQUEST.recipient, name="A*B~C>D\nE", company="ACME", phone="", email="")
    segments = documents.order(replace(REQUEST, recipient=to, note=" ", ship_by=None), service="standard")
    written = x12.written(x12.Envelope("A", "B", 1, NOON), group="OW", code="940", sets=[("", segments)])
    (order,) = x12.read(written.decode()).groups[0].sets
    assert (order.control, order.error) == ("0001", "")
    assert order.segments[1:3] == [["N1", "ST", "A B C D E"], ["N2", "ACME"]]
    assert {"PER", "NTE", "G62"}.isdisjoint(each[0] for each in order.segments)


def test_the_control_number_of_a_document_names_its_order_in_the_997() -> None:
    assert documents.control_of("FO-12", is_cancel=True) == "900000012"
    for wrong in ("FO-x", "FO-123456789", "FO-"):
        with pytest.raises(errors.Invalid, match="control number"):
            documents.control_of(wrong)
    text = x12_of(
        "997|AK1*OW*1~AK2*940*00000012~AK5*A~AK2*940*00000013~AK5*R*5~AK2*940*900000014~AK5*A~AK2*943*0001~AK5*A~AK5*A~",
        group="FA",
    )
    assert list(parsed(text)) == [
        WarehouseUpdate("FO-12", WarehouseStatus.ACKNOWLEDGED, reports.UNDATED, ""),
        WarehouseUpdate(
            "FO-13",
            WarehouseStatus.REFUSED,
            reports.UNDATED,
            "The warehouse rejects the document (997, code 5).",
        ),
    ]


def test_a_request_to_stop_that_is_rejected_is_a_dead_message() -> None:
    text = x12_of("997|AK1*OW*1~AK2*940*900000014~AK5*R*5~AK9*R*1*1*0~", group="FA")
    with pytest.raises(errors.Invalid, match=r"rejects the request to stop FO-14 \(997, code 5\)"):
        list(parsed(text))


def shipment(text: str) -> WarehouseShipment:
    (found,) = parsed(x12_of(f"945|{text}"))
    assert isinstance(found, WarehouseShipment)
    return found


HEAD = f"W06*F*FO-7*{DAY}*SH1~N1*SF*HOUSE*91*WH1~G62*11*{DAY}*W*{NOON:%H%M%S}~W27*M*UPSN*ground~"


def test_a_945_has_a_carton_per_loop_and_says_what_is_missing() -> None:
    found = shipment(
        f"{HEAD}LX*1~MAN*GM*004*CP*1Z1~W12*CP*3*1*1*EA**VN*A~N9*LI*1~N9*LT*L7~LX*2~MAN*CP*1Z2~W12*CP*3*1**EA**VN*A~N9*LI*1~"
        "W03*2*1*KG~"
    )
    assert [(each.external_id, each.carrier, each.service, each.tracking_number, each.lines) for each in found.cartons] == [
        ("004", "UPSN", "ground", "1Z1", (CartonLine("1", 1),)), ("SH1/2", "UPSN", "ground", "1Z2", (CartonLine("1", 1),)),
    ]  # fmt: skip
    assert (found.reference, found.shipped_at, found.short) == ("FO-7", NOON, (ShortLine("1", 1),))


def test_units_that_ship_short_stand_in_a_loop_without_a_carton_or_follow_from_the_counts() -> None:
    alone = shipment(f"{HEAD}LX*1~W12*CP*2*0*2*EA**VN*A~N9*LI*1~")
    assert (alone.cartons, alone.short) == ((), (ShortLine("1", 2),))
    counted = shipment(f"{HEAD}LX*1~MAN*GM*4~W12*CP*3*1**EA**VN*A~N9*LI*1~W12*CC*1*1**EA**VN*B~N9*LI*2~")
    assert counted.short == (ShortLine("1", 2),)
    without = shipment(f"W06*F*FO-7*{DAY}*SH1~G62*11*{DAY}~LX*1~MAN*GM*4~W12*CC*1*1**EA**VN*A~N9*LI*1~")
    assert (without.cartons[0].carrier, without.short) == ("", ())


def test_units_that_left_in_a_carton_without_a_number_are_shipped() -> None:
    found = shipment(f"{HEAD}LX*1~W12*CC*2*2**EA**VN*A~N9*LI*1~LX*2~W12*CP*3*0*3*EA**VN*B~N9*LI*2~")
    assert [(each.external_id, each.lines) for each in found.cartons] == [("SH1/1", (CartonLine("1", 2),))]
    assert found.short == (ShortLine("2", 3),)


def test_the_time_of_a_945_is_when_it_left() -> None:
    dates = f"W06*F*FO-7*{DAY}*SH1~G62*10*20200101~G62*11*{DAY}*W*{NOON:%H%M%S}~"
    assert shipment(f"{dates}LX*1~MAN*GM*4~W12*CC*1*1**EA**VN*A~N9*LI*1~").shipped_at == NOON


def test_a_944_is_goods_that_came() -> None:
    text = f"W17*F*{DAY}*RC1*PO-9~W07*5*EA**VN*A~N9*LI*1~W13*2*EA*01~W07*1*EA**VN*B~W14*6~"
    (found,) = parsed(x12_of(f"944|{text}"))
    day = datetime(NOON.year, NOON.month, NOON.day, tzinfo=UTC)
    assert found == GoodsReport(
        "MAIN", "receipt/RC1", day, (ReportedUnits("A", 3), ReportedUnits("A", 2, Condition.DAMAGED), ReportedUnits("B", 1)),
        "PO-9", closes=True,
    )  # fmt: skip


def test_documents_without_what_they_need_and_documents_that_are_not_read() -> None:
    for text in (
        "945|W06*F*FO-7~",
        "944|W07*1~",
        f"945|W06*F*FO-7*1*S~G62*11*{DAY}*W*99~",
        f"945|{HEAD}LX*1~W12*CC*x*1~",
    ):
        with pytest.raises(errors.Invalid):
            list(parsed(x12_of(text)))
    with pytest.raises(errors.Invalid, match="a document 856, which is not read"):
        list(parsed(x12_of("856|BSN*00~")))


def test_a_part_is_what_is_stored() -> None:
    part: Any = next(documents.split(x12.read(INTERCHANGE)))
    assert (type(part), part.topic) == (Part, "945")
