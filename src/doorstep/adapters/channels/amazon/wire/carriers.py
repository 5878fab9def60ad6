"""Amazon's codes of carriers, as its shipment confirmations take them; any other carrier is `Other` with its name."""

from __future__ import annotations

OTHER = "Other"
CODES = (
    "AFL/Fedex", "Aramex", "Blue Package", "BlueDart", "Canada Post", "Chronopost", "City Link", "Delhivery", "Deutsche Post",
    "DHL", "DHL Global Mail", "DPD", "DTDC", "Fastway", "FedEx", "FEDEX_JP", "FedEx SmartPost", "First Flight", "GLS", "GO!",
    "Hermes Logistik Gruppe", "India Post", "JP_EXPRESS", "La Poste", "Lasership", "Newgistics", "NipponExpress", "NITTSU",
    "OnTrac", "OSM", "Overnite Express", "Parcelforce", "Parcelnet", "Poste Italiane", "Professional", "Royal Mail", "SAGAWA",
    "SagawaExpress", "SDA", "Smartmail", "Streamlite", "Target", "TNT", "UPS", "UPS Mail Innovations", "UPSMI", "USPS", "YAMATO",
    "YamatoTransport",
)  # fmt: skip
_BY_NAME = {"".join(letter for letter in code.casefold() if letter.isalnum()): code for code in CODES}


def code_of(carrier: str) -> str:
    """Amazon's code of a carrier, whatever its case and punctuation; `Other` for one that is not on the list."""
    return _BY_NAME.get("".join(letter for letter in carrier.casefold() if letter.isalnum()), OTHER)
