from greenbutton.espi.findings import MAX_DETAILS, MAX_PLACES, Findings


def test_equal_oddities_at_one_place_are_one_finding() -> None:
    findings = Findings()
    findings.where = "a"
    findings.note("number.unreadable", "value")
    findings.note("number.unreadable", "value", times=4)
    findings.note("number.unreadable", "cost")
    assert [(one.where, one.detail.split()[0], one.count) for one in findings] == [
        ("a", "value", 5),
        ("a", "cost", 1),
    ]


def test_beyond_so_many_places_the_place_is_left_out() -> None:
    findings = Findings()
    for place in range(MAX_PLACES * 3):
        findings.where = str(place)
        findings.note("number.unreadable", "value")
    *_, last = findings
    assert len(findings) == MAX_PLACES + 1
    assert (last.where, last.count) == (None, MAX_PLACES * 2)


def test_findings_stay_few_however_many_different_things_a_document_says() -> None:
    findings = Findings()
    for number in range(MAX_DETAILS * 3):
        findings.note("enum.unknown", "uom", value=str(number))
    assert len(findings) == MAX_DETAILS + 1
    assert sum(one.count for one in findings) == MAX_DETAILS * 3
