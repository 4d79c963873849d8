"""The certificate that certified documents point at (FB 1). Its number is invented."""

CERTIFICATE = "https://cert.greenbuttonalliance.org/certificate/0000SANDBOX"
