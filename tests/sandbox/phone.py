"""A telephone for tests: `SMS_BACKEND=tests.sandbox.phone.receive`."""

received: list[tuple[str, str]] = []


def receive(number: str, text: str) -> None:
    received.append((number, text))


def be_out_of_reach(number: str, text: str) -> None:
    raise OSError("no signal")
