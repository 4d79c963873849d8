from dataclasses import dataclass

from greenbutton.espi.shape import TEXT, Field, Shape


@dataclass(frozen=True, slots=True)
class BatchList:
    """espi.xsd BatchList: the addresses that a notification names.

    Nobody signs it: an address in it is a key to look up, never one to fetch.
    """

    resources: tuple[str, ...] = ()


SHAPE = Shape(BatchList, Field("resources", "resources", TEXT, many=True))
read = SHAPE.read
write = SHAPE.write
