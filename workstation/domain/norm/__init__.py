"""
The norm gate: what a report says against itself, its patient and its examination, before anybody signs it.

National quality indicator 3 (2024 edition): signed, conclusion agrees with the findings, no absent organ called
normal, no error of side, part, unit or number, no template residue, the right patient.
"""
