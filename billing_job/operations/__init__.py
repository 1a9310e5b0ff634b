"""What keeps the job running: doctor, reconcile, verify, backup, monitoring, demo."""
