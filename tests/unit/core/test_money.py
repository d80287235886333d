import pytest

from kiosk.core.money import AmountError, exponent, from_minor, to_minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.00", "USD", 1200), ("12", "USD", 1200), ("12.5", "EUR", 1250), ("0.01", "USD", 1), ("0", "USD", 0),
     ("1200", "JPY", 1200), ("5000", "KRW", 5000), ("1.234", "KWD", 1234), ("1.234", "BHD", 1234),
     ("2.5", "TND", 2500), ("1.2345", "CLF", 12345)],
)  # fmt: skip
def test_an_amount_is_counted_in_minor_units_of_its_currency(text: str, currency: str, minor: int) -> None:
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [("12.001", "USD", "USD has 2 decimals, '12.001' has 3"), ("1200.0", "JPY", "JPY has no decimals, '1200.0' has 1"),
     ("1.2345", "KWD", "KWD has 3 decimals, '1.2345' has 4")],
)  # fmt: skip
def test_more_decimals_than_the_currency_has_are_refused(text: str, currency: str, why: str) -> None:
    with pytest.raises(AmountError, match=f"^{why}$"):
        to_minor(text, currency)


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1,000.00", "1e3", "1.", ".5", "007", "٣", "12.00 ", "12.00\n", "NaN", "9999999999999"]
)
def test_only_plain_digits_are_an_amount(text: str) -> None:
    with pytest.raises(AmountError, match="plain digits"):
        to_minor(text, "USD")


@pytest.mark.parametrize("currency", ["usd", "US", "USDX", "$", ""])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(AmountError, match="three capital letters"):
        exponent(currency)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(1200, "USD", "12.00"), (5, "USD", "0.05"), (0, "USD", "0.00"), (-5, "USD", "-0.05"), (-1250, "EUR", "-12.50"),
     (1200, "JPY", "1200"), (0, "JPY", "0"), (1234, "KWD", "1.234"), (7, "KWD", "0.007")],
)  # fmt: skip
def test_minor_units_are_written_with_all_decimals(minor: int, currency: str, text: str) -> None:
    assert from_minor(minor, currency) == text
