"""Pages for people, in a browser: documentation, guide, personal links, statistics, mailbox."""
