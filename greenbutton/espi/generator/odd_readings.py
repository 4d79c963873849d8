"""What a meter may show other than what was used: the readings of one block, changed."""

from greenbutton.espi.enums import QualityOfReading
from greenbutton.espi.generator.part import Reading

# What a roof full of panels makes in each hour of a day, in raw units.
SUN = [
    *(0, 0, 0, 0, 0, 0, 0, 100, 500, 1_000, 1_500, 1_900),
    *(2_000, 1_900, 1_500, 1_000, 500, 100, 0, 0, 0, 0, 0, 0),
]

# The largest number of espi.xsd Int48.
MOST = 2**47 - 1


def negative(readings: list[Reading]) -> list[Reading]:
    return [
        _worth(reading, -reading.value) if number % 3 == 2 else reading
        for number, reading in enumerate(readings)
    ]


def net(readings: list[Reading]) -> list[Reading]:
    return [
        _worth(one, one.value - made) for one, made in zip(readings, sun(readings), strict=True)
    ]


def sun(readings: list[Reading]) -> list[int]:
    """What the sun gave during each reading."""
    return [SUN[_hour(one, readings)] * one.seconds // 3600 for one in readings]


def extreme(readings: list[Reading]) -> list[Reading]:
    return [
        reading._replace(value=MOST if number % 2 else -MOST, cost=MOST)
        for number, reading in enumerate(readings)
    ]


def times_of_use(readings: list[Reading]) -> list[Reading]:
    return [one._replace(tou=_time_of_use(_hour(one, readings))) for one in readings]


def critical_peaks(readings: list[Reading]) -> list[Reading]:
    return [one._replace(cpp=int(17 <= _hour(one, readings) < 20)) for one in readings]


def tiers(readings: list[Reading]) -> list[Reading]:
    return [
        reading._replace(tier=1 if number < len(readings) // 2 else 2)
        for number, reading in enumerate(readings)
    ]


def several_qualities(readings: list[Reading]) -> list[Reading]:
    also = int(QualityOfReading.ESTIMATED_BY_INTERPOLATION)
    return [one._replace(qualities=(*one.qualities, also)) for one in readings]


def estimated(readings: list[Reading]) -> list[Reading]:
    guess = (int(QualityOfReading.ESTIMATED_FROM_REFERENCE_DAY),)
    return [
        reading._replace(qualities=guess) if number % 4 == 3 else reading
        for number, reading in enumerate(readings)
    ]


def without_quality(readings: list[Reading]) -> list[Reading]:
    return [reading._replace(qualities=()) for reading in readings]


def with_gaps(readings: list[Reading]) -> list[Reading]:
    return [reading for number, reading in enumerate(readings) if number % 7 != 3]


def overlapping(readings: list[Reading]) -> list[Reading]:
    return [
        reading._replace(seconds=2 * reading.seconds) if number % 7 == 3 else reading
        for number, reading in enumerate(readings)
    ]


def repeated(readings: list[Reading]) -> list[Reading]:
    return [*readings, *readings[:2]]


def same_start(readings: list[Reading]) -> list[Reading]:
    begin = readings[0].start
    return [one._replace(start=begin, seconds=one.start + one.seconds - begin) for one in readings]


def newest_first(readings: list[Reading]) -> list[Reading]:
    return readings[::-1]


def _hour(reading: Reading, readings: list[Reading]) -> int:
    return (reading.start - readings[0].start) // 3600 % 24


def _time_of_use(hour: int) -> int:
    """1 off-peak, 2 mid-peak, 3 on-peak, as in an Ontario winter."""
    if 7 <= hour < 11 or 17 <= hour < 19:
        return 3
    return 2 if 11 <= hour < 17 else 1


def _worth(reading: Reading, value: int) -> Reading:
    """The reading with another value, at the same price."""
    price = (reading.cost or 0) // reading.value if reading.value else 0
    return reading._replace(value=value, cost=value * price)
