"""Critical values on the screen: their clock, the panel, the dialogs and the alarm on every page."""
