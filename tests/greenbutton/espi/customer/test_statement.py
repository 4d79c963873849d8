from greenbutton.espi.customer.statement import Statement, StatementRef
from tests.greenbutton.espi.customer.documents import findings_in, read_one


def test_a_statement_names_its_documents() -> None:
    inner = (
        "<issueDateTime>1700000000</issueDateTime>"
        "<statementRef><fileName>a.pdf</fileName><mediaType>application/pdf</mediaType>"
        "<statementURL><![CDATA[https://example.com/a?b=1&c=2]]></statementURL></statementRef>"
        "<statementRef><mediaType>audio/midi</mediaType></statementRef>"
    )
    assert read_one("Statement", inner) == Statement(
        issue_date_time=1_700_000_000,
        statement_refs=(
            StatementRef("a.pdf", "application/pdf", "https://example.com/a?b=1&c=2"),
            StatementRef(media_type="audio/midi"),
        ),
    )
    assert [one.code for one in findings_in("Statement", inner)] == ["enum.unknown_word"]
