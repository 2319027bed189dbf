"""The scheme and its banks in this process, as the tests of activation have them."""

from tests.functional.enrolment.conftest import keystore, more_settings, stage

__all__ = ["keystore", "more_settings", "stage"]
