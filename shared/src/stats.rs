//! Read-only aggregates behind the dashboard.
