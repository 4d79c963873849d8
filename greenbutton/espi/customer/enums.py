"""The words of customer.xsd's enumerations, with their meaning for people."""

from greenbutton.espi.enums import Word


class CustomerKind(Word):
    RESIDENTIAL = "residential", "residential"
    RESIDENTIAL_AND_COMMERCIAL = "residentialAndCommercial", "residential and commercial"
    RESIDENTIAL_AND_STREETLIGHT = "residentialAndStreetlight", "residential and streetlight"
    RESIDENTIAL_STREETLIGHT_OTHERS = (
        "residentialStreetlightOthers",
        "residential, streetlight or other",
    )
    RESIDENTIAL_FARM_SERVICE = "residentialFarmService", "residential farm service"
    COMMERCIAL_INDUSTRIAL = "commercialIndustrial", "commercial or industrial"
    PUMPING_LOAD = "pumpingLoad", "pumping load"
    WIND_MACHINE = "windMachine", "wind machine"
    ENERGY_SERVICE_SUPPLIER = "energyServiceSupplier", "energy service supplier"
    ENERGY_SERVICE_SCHEDULER = "energyServiceScheduler", "energy service scheduler"
    ENTERPRISE = "enterprise", "enterprise"
    REGIONAL_OPERATOR = "regionalOperator", "regional operator"
    SUBSIDIARY = "subsidiary", "subsidiary"
    INTERNAL_USE = "internalUse", "internal use"
    OTHER = "other", "other"


class SupplierKind(Word):
    UTILITY = "utility", "utility"
    RETAILER = "retailer", "retailer"
    OTHER = "other", "other"
    LSE = "lse", "load serving entity"
    MDMA = "mdma", "meter data management agent"
    MSP = "msp", "meter service provider"


class NotificationMethodKind(Word):
    CALL = "call", "telephone call"
    EMAIL = "email", "e-mail"
    LETTER = "letter", "letter"
    OTHER = "other", "other"
    IVR = "ivr", "recorded call"


class MeterMultiplierKind(Word):
    K_H = "kH", "watt-hours a revolution or pulse"
    TRANSFORMER_RATIO = "transformerRatio", "transformer ratio"
    K_R = "kR", "register multiplier"
    K_E = "kE", "test constant"
    CT_RATIO = "ctRatio", "current transformer ratio"
    PT_RATIO = "ptRatio", "potential transformer ratio"


class ProgramDateKind(Word):
    """Of a demand response programme."""

    CUST_DR_PROGRAM_ENROLLMENT_DATE = "CUST_DR_PROGRAM_ENROLLMENT_DATE", "enrolment"
    CUST_DR_PROGRAM_DE_ENROLLMENT_DATE = "CUST_DR_PROGRAM_DE_ENROLLMENT_DATE", "end of enrolment"
    CUST_DR_PROGRAM_TERM_DATE_REGARDLESS_FINANCIAL = (
        "CUST_DR_PROGRAM_TERM_DATE_REGARDLESS_FINANCIAL",
        "earliest end at any cost",
    )
    CUST_DR_PROGRAM_TERM_DATE_WITHOUT_FINANCIAL = (
        "CUST_DR_PROGRAM_TERM_DATE_WITHOUT_FINANCIAL",
        "earliest end without cost",
    )


class MediaType(Word):
    """Of a bill's document (IANA)."""

    JSON = "application/json", "JSON"
    PDF = "application/pdf", "PDF"
    XLS = "application/vnd.ms-excel", "Excel (xls)"
    ODS = "application/vnd.oasis.opendocument.spreadsheet", "OpenDocument spreadsheet"
    ODT = "application/vnd.oasis.opendocument.text", "OpenDocument text"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel (xlsx)"
    ZIP = "application/zip", "ZIP"
    GIF = "image/gif", "GIF"
    JPEG = "image/jpeg", "JPEG"
    PNG = "image/png", "PNG"
    CSV = "text/csv", "CSV"
    HTML = "text/html", "HTML"
    PLAIN = "text/plain", "plain text"
    RTF = "text/rtf", "RTF"
    XML = "text/xml", "XML"


class ServiceKind(Word):
    """The customer's side names services by words; the usage side by numbers."""

    ELECTRICITY = "electricity", "electricity"
    GAS = "gas", "gas"
    WATER = "water", "water"
    TIME = "time", "time"
    HEAT = "heat", "heat"
    REFUSE = "refuse", "refuse"
    SEWERAGE = "sewerage", "sewerage"
    RATES = "rates", "rates"
    TV_LICENCE = "tvLicence", "TV licence"
    INTERNET = "internet", "internet"
    OTHER = "other", "other"


class RevenueKind(Word):
    RESIDENTIAL = "residential", "residential"
    NON_RESIDENTIAL = "nonResidential", "non-residential"
    COMMERCIAL = "commercial", "commercial"
    INDUSTRIAL = "industrial", "industrial"
    IRRIGATION = "irrigation", "irrigation"
    STREET_LIGHT = "streetLight", "streetlight"
    OTHER = "other", "other"
