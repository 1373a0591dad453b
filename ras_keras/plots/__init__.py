"""Pictures that more than one command draws."""
