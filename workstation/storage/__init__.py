"""What this machine keeps: keys, drafts and the outbox, all encrypted."""
