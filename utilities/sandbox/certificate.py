"""The certificate that certified documents point at (FB 1); its number is invented, like all else."""

CERTIFICATE = "https://cert.greenbuttonalliance.org/certificate/0000SANDBOX"
