"""Receiving over the DICOM network: what arrives is in the spool, durably, before it is acknowledged.

No Django and no database here: a receiver starts at once and goes on when everything behind it is down.

    config      where to listen, limits and time limits, TLS
    admission   who may send to which hospital (receiver.json)
    reasons     why something was refused or ended, as codes and in words
    log         one line for each association that ended or was refused
    reception   what every acceptor does with a visitor and with what it brings
    acceptor    the seam: an acceptor serves a listening socket
    thin        the acceptor that is used: our own PS3.8 upper layer
    fallback    the same by pynetdicom
    running     processes around an acceptor
"""
