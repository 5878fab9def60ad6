"""The third-party warehouse over real SFTP: orders in both formats, shipments, cancels, stock, and files that are late or broken."""

from __future__ import annotations

import asyncio
import csv
import io
import time

import asyncssh
import pytest
from tests.clock import NOON
from tests.partners import running

from doorstep_sandbox.parcel3pl import outbound, x12

HEADER = "order_ref,line_ref,sku,quantity,name,address1,city,region,postal_code,country"
ADDRESS = "Meera Nair,12 Lodhi Road,New Delhi,DL,110003,IN"
ISA = (
    "ISA*00*          *00*          *ZZ*DEPOSITOR      *ZZ*PARCEL3PL      *261201*0930*U*00401*{:09d}*0*P*>~"
)
GS = "GS*OW*DEPOSITOR*PARCEL3PL*20261201*0930*{}*X*004010~"


class Depositor:
    """Writes and reads files over SFTP, each time with a connection of its own."""

    def __init__(self, partners):
        self.partners = partners
        self.ready = partners.ready["parcel3pl"]

    def run(self, work, **login):
        async def connected():
            key = asyncssh.import_public_key(self.ready["host_key"])
            options = {"username": self.ready["username"], "password": self.ready["password"], **login}
            async with (
                asyncssh.connect(
                    self.ready["host"],
                    self.ready["port"],
                    known_hosts=([key], [], []),
                    config=None,
                    agent_path=None,
                    **options,
                ) as connection,
                connection.start_sftp_client() as sftp,
            ):
                return await work(sftp)

        return asyncio.run(connected())

    def put(self, name, text, *, directly=False):
        async def work(sftp):
            draft = f"/inbound/{name}" + ("" if directly else ".tmp")
            async with sftp.open(draft, "w", encoding="utf-8") as file:
                await file.write(text)
            if not directly:
                await sftp.posix_rename(draft, f"/inbound/{name}")

        self.run(work)
        self.partners.act("parcel3pl", "read")

    def names(self, kind, folder="outbound"):
        return sorted(
            name
            for name in self.partners.get("parcel3pl", "files")[folder]
            if name.startswith(f"{kind}_") and not name.endswith(".tmp")
        )

    def text(self, name, folder="outbound"):
        async def work(sftp):
            async with sftp.open(f"/{folder}/{name}", "r", encoding="utf-8") as file:
                return await file.read()

        return self.run(work)

    def rows(self, kind):
        found = [self.text(name) for name in self.names(kind) if name.endswith(".csv")]
        return [row for text in found for row in csv.DictReader(io.StringIO(text))]

    def orders(self, *lines, name="orders_20261201093000_1.csv"):
        self.put(name, "\r\n".join([HEADER, *lines, ""]))


@pytest.fixture
def depositor(partners):
    partners.act("parcel3pl", "script", reading=False)
    partners.act("parcel3pl", "stock", items=[{"sku": "DJ", "on_hand": 10}, {"sku": "GT", "on_hand": 1}])
    return Depositor(partners)


def interchange(number, *sets):
    body = "".join(
        f"ST*940*{at:04d}~{text}SE*{text.count('~') + 2}*{at:04d}~" for at, text in enumerate(sets, 1)
    )
    return ISA.format(number) + GS.format(number) + body + f"GE*{len(sets)}*{number}~IEA*1*{number:09d}~"


def set_940(order_ref, sku="DJ", quantity=2):
    return (
        f"W05*N*{order_ref}~N1*ST*Meera Nair~N3*12 Lodhi Road~N4*New Delhi*DL*110003*IN~PER*IC**TE*+919812345678*EM*m@example.com~"
        f"NTE*GFT*Happy birthday~G62*10*{NOON:%Y%m%d}~W66*CC*M***express*****UPSN~LX*1~W01*{quantity}*EA**VN*{sku}~N9*LI*7~W76*{quantity}~"
    )


def test_an_order_is_read_acknowledged_and_shipped(depositor, partners):
    depositor.orders(f"A-1,1,DJ,2,{ADDRESS}")
    assert depositor.rows("ack") == [
        {
            "file": "orders_20261201093000_1.csv",
            "order_ref": "A-1",
            "line_ref": "1",
            "result": "accepted",
            "reason": "",
        }
    ]
    assert depositor.names("orders", "archive") == ["orders_20261201093000_1.csv"]
    partners.act("parcel3pl", "pick", order_ref="A-1")
    partners.act("parcel3pl", "ship", order_ref="A-1", tracking_numbers=["1Z1"], carrier="UPS")
    (row,) = depositor.rows("shipments")
    assert list(row) == outbound.COLUMNS["shipments"].split()
    assert (row["quantity_ordered"], row["quantity_shipped"], row["carton"]) == ("2", "2", "1")
    assert (row["tracking_number"], len(row["sscc"]), row["short_reason"]) == ("1Z1", 18, "")
    assert [one["status"] for one in depositor.rows("status")] == ["received", "picking", "packed", "shipped"]
    assert partners.state("parcel3pl")["stock"]["DJ"] == {"good": 8, "damaged": 0, "hold": 0, "reserved": 0}


def test_a_short_line_has_a_row_of_its_own(depositor, partners):
    depositor.orders(f"A-1,1,DJ,1,{ADDRESS}", f"A-1,2,GT,3,{ADDRESS}")
    partners.act("parcel3pl", "ship", order_ref="A-1")
    rows = [
        (
            row["line_ref"],
            row["quantity_ordered"],
            row["quantity_shipped"],
            row["carton"],
            row["short_reason"],
        )
        for row in depositor.rows("shipments")
    ]
    assert rows == [("1", "1", "1", "1", ""), ("2", "3", "1", "1", ""), ("2", "3", "0", "", "out_of_stock")]


def test_cartons_split_a_line_and_carry_lots_and_serial_numbers(depositor, partners):
    depositor.orders(f"A-1,1,DJ,3,{ADDRESS}")
    cartons = [
        {"lines": [{"line_ref": "1", "quantity": 2, "serials": ["S1", "S2"]}], "weight_grams": 900},
        {"lines": [{"line_ref": "1", "quantity": 1, "lot": "L7"}]},
    ]
    partners.act("parcel3pl", "pick", order_ref="A-1")
    partners.act("parcel3pl", "pack", order_ref="A-1", cartons=cartons)
    partners.act("parcel3pl", "ship", order_ref="A-1")
    rows = depositor.rows("shipments")
    assert [(row["carton"], row["serial"], row["lot"]) for row in rows] == [
        ("1", "S1", ""),
        ("1", "S2", ""),
        ("2", "", "L7"),
    ]
    assert len({row["sscc"] for row in rows}) == len({row["tracking_number"] for row in rows}) == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"A-1,1,XX,1,{ADDRESS}", "unknown sku"),
        (f"A-1,1,DJ,0,{ADDRESS}", "quantity must be 1 or more"),
        (f"A-1,,DJ,1,{ADDRESS}", "line_ref must be unique within the order"),
        ("A-1,1,DJ,1,Meera Nair,,New Delhi,DL,110003,IN", "address1 is missing"),
        ("A-1,1,DJ,1,Meera Nair,12 Lodhi Road,New Delhi,DL,110003,India", "country must be two letters"),
        (f",1,DJ,1,{ADDRESS}", "order_ref is missing"),
    ],
)
def test_a_wrong_line_rejects_its_order(depositor, partners, line, reason):
    depositor.orders(line, f"A-2,1,DJ,1,{ADDRESS}")
    first, second = depositor.rows("ack")
    assert (first["result"], first["reason"], second["result"]) == ("rejected", reason, "accepted")
    assert list(partners.state("parcel3pl")["orders"]) == ["A-2"]


def test_one_wrong_line_rejects_the_others(depositor):
    depositor.orders(f"A-1,1,DJ,1,{ADDRESS}", f"A-1,2,XX,1,{ADDRESS}")
    assert [row["reason"] for row in depositor.rows("ack")] == [
        "another line of the order was rejected",
        "unknown sku",
    ]


def test_the_first_order_of_a_number_counts(depositor, partners):
    depositor.orders(f"A-1,1,DJ,1,{ADDRESS}")
    depositor.orders(f"A-1,1,DJ,5,{ADDRESS}", name="orders_20261201093000_2.csv")
    assert [row["result"] for row in depositor.rows("ack")] == ["accepted", "duplicate"]
    assert partners.state("parcel3pl")["stock"]["DJ"]["reserved"] == 1


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("orders_1_1.csv", "order_ref,sku\r\nA-1,DJ\r\n", "columns are missing: address1"),
        ("invoices_1_1.csv", "a\r\n1\r\n", "the name must be orders_"),
        ("orders_1_1.x12", "ISA*00~IEA*1*1~" + " " * 120, "the file is incomplete"),
    ],
)
def test_an_unreadable_file_goes_to_errors_with_its_reason(depositor, partners, name, text, reason):
    depositor.put(name, text)
    ends_at = time.monotonic() + 10
    while not depositor.names(name.partition("_")[0], "errors"):
        assert time.monotonic() < ends_at
        partners.act("parcel3pl", "read")
        time.sleep(0.1)
    assert depositor.text(f"{name}.reason.txt", "errors").startswith(reason)


def test_a_file_name_counts_once(depositor):
    for quantity in (1, 2):
        depositor.orders(f"A-{quantity},1,DJ,{quantity},{ADDRESS}")
    assert depositor.names("orders", "errors") == [
        "orders_20261201093000_1.csv",
        "orders_20261201093000_1.csv.reason.txt",
    ]


def test_a_file_without_its_end_is_not_read_yet(depositor, partners):
    depositor.put("orders_1_1.csv", f"{HEADER}\r\nA-1,1,DJ,1,Meera", directly=True)
    assert depositor.names("ack") == []
    depositor.put("orders_1_1.csv", f"{HEADER}\r\nA-1,1,DJ,1,{ADDRESS}\r\n", directly=True)
    assert depositor.rows("ack")[0]["result"] == "accepted"


def test_a_cancel_is_answered(depositor, partners):
    depositor.orders(f"A-1,1,DJ,1,{ADDRESS}", f"A-2,1,DJ,1,{ADDRESS}")
    partners.act("parcel3pl", "ship", order_ref="A-2")
    depositor.put("cancel_1_1.csv", "order_ref,reason\r\nA-1,\r\nA-2,\r\nA-3,\r\nA-1,\r\n")
    assert [(row["order_ref"], row["result"]) for row in depositor.rows("cancels")] == [
        ("A-1", "canceled"),
        ("A-2", "too_late"),
        ("A-3", "unknown"),
        ("A-1", "canceled"),
    ]
    assert partners.state("parcel3pl")["stock"]["DJ"]["reserved"] == 0


def test_the_warehouse_cancels_by_itself(depositor, partners):
    depositor.orders(f"A-1,1,DJ,1,{ADDRESS}")
    partners.act("parcel3pl", "cancel", order_ref="A-1", note="cannot be shipped there")
    assert depositor.rows("status")[-1]["note"] == "cannot be shipped there"
    with pytest.raises(AssertionError, match="canceled and cannot be picking"):
        partners.act("parcel3pl", "pick", order_ref="A-1")


def test_an_x12_order_is_acknowledged_and_shipped_in_x12(depositor, partners):
    depositor.put("orders_1_1.x12", interchange(1, set_940("B-1")))
    (ack,) = depositor.names("ack")
    found = x12.parse(depositor.text(ack))
    assert (found.groups[0].code, found.sender, found.receiver) == ("FA", "PARCEL3PL", "DEPOSITOR")
    assert found.groups[0].sets[0].segments == [
        ["AK1", "OW", "1"],
        ["AK2", "940", "0001"],
        ["AK5", "A"],
        ["AK9", "A", "1", "1", "1"],
    ]
    order = partners.state("parcel3pl")["orders"]["B-1"]
    assert (order["ship_by"], order["service"], order["carrier"]) == (f"{NOON:%Y-%m-%d}", "express", "UPSN")
    assert (order["gift_message"], order["phone"], order["lines"][0]["line_ref"]) == (
        "Happy birthday",
        "+919812345678",
        "7",
    )
    partners.act("parcel3pl", "ship", order_ref="B-1", tracking_numbers=["1Z2"])
    (advice,) = depositor.names("shipments")
    (one,) = x12.parse(depositor.text(advice)).groups[0].sets
    segments = {segment[0]: segment for segment in one.segments}
    assert (one.code, one.error, segments["W06"][2]) == ("945", "", "B-1")
    assert segments["MAN"][3:] == ["CP", "1Z2"]
    assert segments["W12"] == ["W12", "CC", "2", "2", "0", "EA", "", "VN", "DJ"]
    assert segments["W27"][1:3] == ["M", "UPSN"]


def test_a_945_says_what_ships_short(depositor, partners):
    depositor.put("orders_1_1.x12", interchange(1, set_940("B-1", "GT", 3), set_940("B-2", "GT", 1)))
    for reference in ("B-1", "B-2"):
        partners.act("parcel3pl", "ship", order_ref=reference)
    sets = [x12.parse(depositor.text(name)).groups[0].sets[0] for name in depositor.names("shipments")]
    lines = [segment for one in sets for segment in one.segments if segment[0] == "W12"]
    assert [line[1:5] for line in lines] == [["CP", "3", "1", "2"], ["CP", "1", "0", "1"]]


def test_a_wrong_set_is_rejected_by_the_997(depositor, partners):
    broken = interchange(1, set_940("B-1"), set_940("B-2")).replace("SE*14*0002", "SE*99*0002")
    depositor.put("orders_1_1.x12", broken)
    lines = x12.parse(depositor.text(depositor.names("ack")[0])).groups[0].sets[0].segments
    assert [line for line in lines if line[0] in {"AK5", "AK9"}] == [
        ["AK5", "A"],
        ["AK5", "R", "4"],
        ["AK9", "P", "2", "2", "1"],
    ]
    assert list(partners.state("parcel3pl")["orders"]) == ["B-1"]


def test_a_repeated_interchange_changes_nothing(depositor, partners):
    for number in (1, 2):
        depositor.put(f"orders_1_{number}.x12", interchange(5, set_940("B-1")))
    assert len(depositor.names("ack")) == 2
    assert partners.state("parcel3pl")["stock"]["DJ"]["reserved"] == 2


def test_an_x12_cancel(depositor):
    depositor.put("orders_1_1.x12", interchange(1, set_940("B-1")))
    depositor.put("cancel_1_1.x12", interchange(2, "W05*F*B-1~"))
    assert depositor.rows("cancels")[0]["result"] == "canceled"


def test_goods_are_received_against_an_advice(depositor, partners):
    depositor.put("advice_1_1.csv", "advice_ref,line_ref,sku,quantity\r\nP-1,1,DJ,5\r\n")
    line = {"line_ref": "1", "sku": "DJ", "quantity": 5, "damaged": 1, "lot": "L1"}
    partners.act("parcel3pl", "receive", advice_ref="P-1", lines=[line])
    (row,) = depositor.rows("receipts")
    assert list(row) == outbound.COLUMNS["receipts"].split()
    assert (row["quantity_advised"], row["quantity_received"], row["quantity_damaged"]) == ("5", "5", "1")
    partners.act("parcel3pl", "script", format="x12")
    partners.act("parcel3pl", "receive", lines=[{"sku": "NEW", "quantity": 2, "damaged": 1}])
    partners.act("parcel3pl", "script", format="csv")
    (name,) = [name for name in depositor.names("receipts") if name.endswith("x12")]
    segments = x12.parse(depositor.text(name)).groups[0].sets[0].segments
    assert [segment[0] for segment in segments] == ["W17", "W07", "W13", "W14"]


def test_adjustments_and_a_snapshot_of_the_stock(depositor, partners):
    changes = [
        {"sku": "DJ", "quantity": -1, "reason": "damaged"},
        {"sku": "DJ", "quantity": 1, "reason": "damaged", "condition": "damaged"},
    ]
    partners.act("parcel3pl", "adjust", changes=changes)
    assert [row["quantity"] for row in depositor.rows("adjustments")] == ["-1", "1"]
    partners.act("parcel3pl", "snapshot")
    rows = [(row["sku"], row["condition"], row["on_hand"]) for row in depositor.rows("stock")]
    assert rows == [("DJ", "good", "9"), ("DJ", "damaged", "1"), ("GT", "good", "1"), ("#END", "", "3")]


def test_files_come_late_twice_and_out_of_order(depositor, partners):
    partners.act("parcel3pl", "script", hold=True, duplicates=1, shuffle_seed=1)
    depositor.orders(f"A-1,1,DJ,1,{ADDRESS}")
    partners.act("parcel3pl", "ship", order_ref="A-1")
    assert partners.get("parcel3pl", "files")["outbound"] == []
    assert partners.act("parcel3pl", "release")["released"] == 10
    assert len({row["shipment_ref"] for row in depositor.rows("shipments")}) == 1
    assert len(depositor.names("shipments")) == 2


def test_a_file_grows_under_its_final_name(depositor, partners):
    partners.act("parcel3pl", "script", slow_seconds=0.4)
    partners.act("parcel3pl", "snapshot")
    sizes = set()
    ends_at = time.monotonic() + 10
    while "#END" not in (text := depositor.text(depositor.names("stock")[0])):
        sizes.add(len(text))
        assert time.monotonic() < ends_at
    assert sizes


def test_a_file_is_cut_off(depositor, partners):
    partners.act("parcel3pl", "script", cut_off_next=1)
    partners.act("parcel3pl", "snapshot")
    assert not depositor.text(depositor.names("stock")[0]).endswith("\n")


def test_login_by_key_and_wrong_logins(depositor, partners):
    key = asyncssh.generate_private_key("ssh-ed25519")
    other = {"password": None, "client_keys": [key]}

    async def work(sftp):
        return sorted(await sftp.listdir("/"))

    with pytest.raises(asyncssh.PermissionDenied):
        depositor.run(work, **other)
    partners.act("parcel3pl", "authorize_key", public_key=key.export_public_key("openssh").decode())
    assert set(depositor.run(work, **other)) >= {"archive", "errors", "inbound", "outbound"}
    with pytest.raises(asyncssh.PermissionDenied):
        depositor.run(work, password="guess", client_keys=None)


@pytest.mark.parametrize(("kind", "arrives"), [("timeout_after_work", True), ("refuse_before_work", False)])
def test_the_connection_breaks_while_a_file_is_renamed(depositor, partners, kind, arrives):
    partners.fail("parcel3pl", {"kind": kind, "method": "RENAME"})
    with pytest.raises((asyncssh.SFTPError, asyncssh.Error)):
        depositor.orders(f"A-1,1,DJ,1,{ADDRESS}")
    partners.act("parcel3pl", "read")
    assert bool(depositor.names("ack")) == arrives


def test_an_operation_is_refused(depositor, partners):
    partners.fail("parcel3pl", {"kind": "status_500", "method": "PUT"})
    with pytest.raises(asyncssh.SFTPFailure):
        depositor.orders(f"A-1,1,DJ,1,{ADDRESS}")


def test_it_looks_into_its_folder_by_itself(tmp_path):
    with running({"parcel3pl": {"folder": str(tmp_path), "poll_seconds": 0.02}}, ["parcel3pl"]) as partners:
        (tmp_path / "inbound" / "advice_1_1.csv").write_text("advice_ref,line_ref,sku,quantity\nP-1,1,DJ,5\n")
        ends_at = time.monotonic() + 10
        while not partners.get("parcel3pl", "files")["archive"]:
            assert time.monotonic() < ends_at
            time.sleep(0.02)


def test_a_public_sample_is_read_with_its_own_separators():
    text = interchange(1, set_940("B-1")).replace("*", "|").replace("~", "\n")
    found = x12.parse(text)
    assert (found.groups[0].sets[0].error, found.groups[0].sets[0].segments[0][1:]) == ("", ["N", "B-1"])


def test_a_pallet_number_has_gs1s_check_digit():
    number = outbound.sscc(1)
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(number[:-1]))
    assert (len(number), (total + int(number[-1])) % 10) == (18, 0)
