//! Journeys through the front door, over a real Postgres. One binary, so that it is linked once.
//!
//! `./dev test` runs them with a throw-away Postgres; alone they need `DATABASE_URL`. What needs more than that is
//! ignored by default and named after what it needs, such as `with_faktory`.

#![expect(clippy::unwrap_used, reason = "a journey that cannot go on has failed")]

mod agents;
mod alerts;
mod analytics;
mod api;
mod assistant;
mod assurance;
mod authority;
mod chaos;
mod client_credentials;
mod clients;
mod cohorts;
mod connections;
mod consents;
mod curriculum;
mod dashboard;
mod database_roles;
mod disclosures;
mod erasures;
mod fake_vapi;
mod first_call;
mod guardian_reports;
mod heat_map;
mod hostile;
mod introductions;
mod language_model;
mod logins;
mod mailbox;
mod marks;
mod merges;
mod migrations;
mod missing_reports;
mod odd_input;
mod office;
mod operations;
mod orders;
mod outgoing_webhooks;
mod overview;
mod passkeys;
mod processes;
mod provider_sign_in;
mod psql;
mod receiver;
mod recordings;
mod repair;
mod reports;
mod rolling;
mod scores;
mod search;
mod server;
mod service;
mod session_list;
mod several_calls;
mod signatures;
mod staff;
mod steering;
mod student_page;
mod student_sheet;
mod tidy;
mod today;
mod tool_choice;
mod tools;
mod vapi;
mod vapi_setup;
mod with_browser;
mod with_conformance_build;
mod with_faktory;
mod with_fuzzer;
mod with_model;
mod with_node;
mod with_pgbouncer;
mod with_schemathesis;
