"""Addresses for programs that combine apps: DICOMweb.

Who may use an address, and how errors are answered, is the same for all of them and lives lower, so that every app can
offer addresses of its own: `from yingheng.tenancy.api_access import api, by_method, refusal`.
"""
