"""
Reporting categories as pure functions: what a table says for what was typed, never a default for what was not.

One module for each table (``lung_rads``, ``c_lung_rads``, ``fleischner``, ``bi_rads``, ``pi_rads``); each result keeps
the version of the table, the key of the rule that decided and every input. The words lie in ``resources.categories``.
"""
