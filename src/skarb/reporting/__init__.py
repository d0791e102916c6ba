"""Reporting: what was found, as pages and files that people read and keep.

A page is one file that opens from a disk, in daylight and at night, on a telephone and on paper; nothing in it is fetched from elsewhere.
"""
