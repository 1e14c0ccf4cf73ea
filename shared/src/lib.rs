//! What two roles use today, and nothing else: configuration, the HTTP edge, and one file for each noun with its
//! type, its rules, its SQL and its tests.
//!
//! **Invariant:** this is the only crate that names sqlx, and it never calls out to anything but Postgres.

pub mod access;
pub mod admin_challenge;
pub mod admin_device;
pub mod admin_login;
pub mod admin_user;
pub mod agent;
pub mod agent_grant;
pub mod agent_key;
pub mod analysis;
pub mod analytics;
pub mod api_client;
pub mod attention;
pub mod audit;
pub mod authority;
pub mod caller_code;
pub mod clock;
pub mod config;
pub mod consent;
pub mod consistency;
pub mod curriculum;
pub mod db;
pub mod delivery;
pub mod disclosure;
pub mod erasure;
pub mod estimate;
pub mod evidence;
pub mod fact;
pub mod follow_up;
pub mod guardian;
pub mod http;
pub mod id;
pub mod introduction;
pub mod job;
pub mod learner;
pub mod login_step;
pub mod login_throttle;
pub mod mastery;
pub mod misconception;
pub mod model_call;
pub mod note;
pub mod organisation;
pub mod outage;
pub mod passkey;
pub mod phone;
pub mod retention;
pub mod saved_view;
pub mod second_factor;
pub mod secret;
pub mod server_message;
pub mod session;
pub mod sign;
mod slow_hash;
pub mod stats;
pub mod student;
pub mod student_context;
pub mod tally;
pub mod telemetry;
pub mod tool_call;
pub mod transcript;
pub mod tutoring;
pub mod vapi;
pub mod watermark;

pub use domain::plain_text;
