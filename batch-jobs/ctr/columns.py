"""Avazu's columns, in the order of its training file."""

from __future__ import annotations

COLUMNS = (
    "id",
    "click",
    "hour",
    "C1",
    "banner_pos",
    "site_id",
    "site_domain",
    "site_category",
    "app_id",
    "app_domain",
    "app_category",
    "device_id",
    "device_ip",
    "device_model",
    "device_type",
    "device_conn_type",
    *(f"C{number}" for number in range(14, 22)),
)
# All columns except the row's id, which says nothing about its click, and the click, which is to be predicted.
FEATURE_COLUMNS = tuple(column for column in COLUMNS if column not in ("id", "click"))
