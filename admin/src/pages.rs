//! One file per page. The handler fetches data, and `render` is a pure function.

pub(crate) mod account;
pub(crate) mod analytics;
pub(crate) mod audit;
pub(crate) mod calendar;
pub(crate) mod calls;
pub(crate) mod clients;
pub(crate) mod connect;
pub(crate) mod connections;
pub(crate) mod consents;
pub(crate) mod curriculum;
pub(crate) mod erasures;
pub(crate) mod follow_ups;
pub(crate) mod jobs;
pub(crate) mod organisation;
pub(crate) mod overview;
pub(crate) mod review;
pub(crate) mod search;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod student;
pub(crate) mod students;
pub(crate) mod today;
pub(crate) mod tools;
pub(crate) mod users;
pub(crate) mod webhooks;
