"""The commands that need the kiosk alone: doctor, verify, bench."""
