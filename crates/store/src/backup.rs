//! Backup: written below.
