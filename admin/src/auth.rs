//! The signed-in person. A handler that takes an [`Admin`] cannot run without a valid login.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRef, FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use secrecy::SecretString;
use storage::access::{Caller, Role, Scope};
use storage::admin_login::{self, AdminLogin};
use storage::db::Db;
use storage::id::{AdminUserId, SessionId};
use storage::nav_counts::{self, NavCounts};
use storage::outage::{self, Outage};
use storage::{admin_device, audit, authority, clock};

use crate::cookie;
use crate::fault::{Fault, MAX_FILES};
use crate::htmx::{self, Asked};
use crate::viewer::Viewer;

pub(crate) const LOGIN: &str = "/login";

/// A browser is recognised for a year after its last sign-in.
const DEVICE_SECONDS: u32 = 31_536_000;

/// Name of the login cookie. Over HTTPS the prefix binds it to this host, so that neighbouring hosts cannot set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionCookie {
    pub(crate) is_secure: bool,
}

impl SessionCookie {
    pub(crate) fn name(self) -> &'static str {
        if self.is_secure { "__Host-sid" } else { "sid" }
    }

    pub(crate) fn read(self, headers: &HeaderMap) -> Option<SecretString> {
        cookie::read(headers, self.name()).filter(|value| value.len() <= 128).map(SecretString::from)
    }

    pub(crate) fn set(self, value: &str) -> HeaderValue {
        cookie::set(self.name(), value, None, self.is_secure)
    }

    pub(crate) fn forget(self) -> HeaderValue {
        cookie::forget(self.name(), self.is_secure)
    }

    fn trip_name(self) -> &'static str {
        if self.is_secure { "__Host-trip" } else { "trip" }
    }

    /// Name of the cookie that a browser carries to the provider and back.
    pub(crate) fn trip(self, headers: &HeaderMap) -> Option<SecretString> {
        cookie::read(headers, self.trip_name()).filter(|value| value.len() <= 128).map(SecretString::from)
    }

    pub(crate) fn set_trip(self, value: &str) -> HeaderValue {
        cookie::set(self.trip_name(), value, None, self.is_secure)
    }

    pub(crate) fn forget_trip(self) -> HeaderValue {
        cookie::forget(self.trip_name(), self.is_secure)
    }

    fn device_name(self) -> &'static str {
        if self.is_secure { "__Host-device" } else { "device" }
    }

    /// Returns the id by which this browser is recognised, if it has one.
    pub(crate) fn device(self, headers: &HeaderMap) -> Option<SecretString> {
        cookie::read(headers, self.device_name()).filter(|value| value.len() <= 128).map(SecretString::from)
    }

    /// Returns the same id, but only if the user with that address has signed in with this browser before.
    pub(crate) async fn known_device(
        self,
        db: &Db,
        headers: &HeaderMap,
        email: &str,
    ) -> Result<Option<SecretString>, Fault> {
        let Some(device) = self.device(headers) else { return Ok(None) };
        let is_known = admin_device::is_known(db, &device, email).await?;
        Ok(is_known.then_some(device))
    }

    pub(crate) fn set_device(self, value: &str) -> HeaderValue {
        cookie::set(self.device_name(), value, Some(DEVICE_SECONDS), self.is_secure)
    }
}

/// Where a person sets up a second factor, if the organisation asks for one.
pub(crate) const SET_UP_PATH: &str = "/account/second-factor";

/// A new cookie that replaces the login's cookie during a request. [`crate::fault_page::show`] sends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Renewed(Arc<Mutex<Option<SecretString>>>);

impl Renewed {
    pub(crate) fn get(&self) -> Option<SecretString> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, cookie: SecretString) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cookie);
    }
}

/// A signed-in person, on this request.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "ids have one name everywhere")]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact about the person")]
pub(crate) struct Admin {
    pub(crate) admin_user_id: AdminUserId,
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) caller: Caller,
    pub(crate) csrf_token: String,
    /// When the person last authenticated, by password or at the provider.
    pub(crate) confirmed_at: DateTime<Utc>,
    /// When they last used a code or a passkey.
    pub(crate) factor_shown_at: Option<DateTime<Utc>>,
    pub(crate) has_app: bool,
    pub(crate) has_passkey: bool,
    /// Whether the organisation requires a second factor that this person has not set up yet.
    pub(crate) must_set_up: bool,
    pub(crate) school_zone: Tz,
    /// The person's own classes, of those that they see.
    pub(crate) classes: Vec<String>,
    /// Whether lists show all students instead.
    pub(crate) shows_all: bool,
    pub(crate) viewer: Viewer,
    /// The dependency that jobs are waiting for now. Every page shows it.
    pub(crate) outages: Vec<Outage>,
    /// Counts for the navigation. Empty for htmx fragments, which have no navigation.
    pub(crate) nav_counts: NavCounts,
}

impl Admin {
    pub(crate) fn has_second_factor(&self) -> bool {
        self.has_app || self.has_passkey
    }

    /// Requires a role that may add notes, change students and request analyses.
    pub(crate) fn may_write(&self) -> bool {
        self.caller.has(Scope::StudentsWrite).is_ok()
    }

    /// Returns the person's own classes, if lists show only these.
    pub(crate) fn own_classes(&self) -> Option<&[String]> {
        Some(&self.classes[..]).filter(|classes| !self.shows_all && !classes.is_empty())
    }

    /// Returns the caller of a list: it shows the person's own classes, unless they chose to see all.
    pub(crate) fn lens(&self) -> Caller {
        self.own_classes().map_or_else(|| self.caller.clone(), |classes| self.caller.narrowed_to(classes))
    }

    /// Requires a person who sees all students. Needed for data that belongs to no student.
    pub(crate) fn sees_all(&self) -> bool {
        self.caller.sees_all()
    }

    pub(crate) fn require_all(&self) -> Result<(), Fault> {
        if self.sees_all() {
            Ok(())
        } else {
            Err(Fault::Refused("This is for people who see all students. You see those of your cohorts."))
        }
    }

    /// Requires a role that may change settings and decide on failed jobs.
    pub(crate) fn may_manage(&self) -> bool {
        self.role == Role::Admin
    }

    pub(crate) fn require_write(&self) -> Result<(), Fault> {
        if self.may_write() {
            Ok(())
        } else {
            Err(Fault::Refused("Viewers can only read. Ask an admin for the role of a tutor."))
        }
    }

    /// Requires a role that may download files. Viewers may not.
    pub(crate) fn require_export(&self) -> Result<(), Fault> {
        if self.may_write() {
            Ok(())
        } else {
            Err(Fault::Refused("Tutors and admins may export. Ask an admin for the role of a tutor."))
        }
    }

    /// [`Self::require_export`], and counts one more file about students.
    pub(crate) async fn require_file(&self, db: &Db) -> Result<(), Fault> {
        self.require_export()?;
        let since = self.viewer.now - TimeDelta::hours(1);
        let n = audit::count_files(db, &self.caller, since).await?;
        if n < MAX_FILES { Ok(()) } else { Err(Fault::TooManyFiles) }
    }

    pub(crate) fn require_manage(&self) -> Result<(), Fault> {
        if self.may_manage() { Ok(()) } else { Err(Fault::Refused("Only admins may do this. Ask one of them.")) }
    }
}

impl<S> FromRequestParts<S> for Admin
where
    S: Send + Sync,
    Db: FromRef<S>,
    SessionCookie: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let mut admin = Self::signed_in(parts, state).await?;
        if admin.must_set_up && !is_of_set_up(parts.uri.path()) {
            return Err(lead_to(parts, SET_UP_PATH));
        }
        admin.open(parts, &Db::from_ref(state)).await.map_err(IntoResponse::into_response)?;
        Ok(admin)
    }
}

impl Admin {
    /// Returns the signed-in person, without a check of the student or session in the address.
    pub(crate) async fn signed_in<S>(parts: &Parts, state: &S) -> Result<Self, Response>
    where
        Db: FromRef<S>,
        SessionCookie: FromRef<S>,
    {
        let now = clock::now();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let session_cookie = SessionCookie::from_ref(state);
        let (db, failed) = (Db::from_ref(state), |error| Fault::from(error).into_response());
        let renewed = parts.extensions.get::<Renewed>().and_then(Renewed::get);
        let login = match renewed.or_else(|| session_cookie.read(&parts.headers)) {
            Some(cookie) => admin_login::find_login(&db, &cookie, now).await.map_err(failed)?,
            None => None,
        };
        let login = login.ok_or_else(|| sign_in_first(parts, session_cookie, &path))?;
        let mut admin = Self::new(login, &parts.headers, now);
        admin.outages = outage::list(&db).await.map_err(failed)?;
        if !Asked::from_headers(&parts.headers).is_htmx() {
            admin.nav_counts = nav_counts::get(&db, &admin.caller).await.map_err(failed)?;
        }
        Ok(admin)
    }

    /// Checks that a person who sees only some cohorts may see the student or session in the address. If not, the
    /// answer is the same as if it did not exist.
    async fn open(&mut self, parts: &mut Parts, db: &Db) -> Result<(), Fault> {
        if self.sees_all() {
            return Ok(());
        }
        // A route without parameters has nothing to check.
        let Ok(named) = RawPathParams::from_request_parts(parts, &()).await else { return Ok(()) };
        for (name, value) in &named {
            match name {
                "student_id" => {
                    let student_id = value.parse().map_err(|_| Fault::NotFound("student"))?;
                    self.caller = authority::open_student(db, &self.caller, student_id).await?;
                }
                "session_id" => self.open_session(db, value.parse().map_err(|_| Fault::NotFound("session"))?).await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// The same check for a session that is not named in the address.
    pub(crate) async fn open_session(&mut self, db: &Db, session_id: SessionId) -> Result<(), Fault> {
        self.caller = authority::open_session(db, &self.caller, session_id).await?;
        Ok(())
    }

    pub(crate) fn new(login: AdminLogin, headers: &HeaderMap, now: DateTime<Utc>) -> Self {
        let (caller, mut classes) = (login.user.caller(), login.user.classes);
        classes.retain(|class| caller.require_cohort(Scope::StudentsRead, Some(class)).is_ok());
        Self {
            admin_user_id: login.user.admin_user_id,
            caller,
            classes,
            shows_all: login.user.shows_all_classes,
            email: login.user.email,
            role: login.user.role,
            csrf_token: login.csrf_token,
            confirmed_at: login.confirmed_at,
            factor_shown_at: login.factor_shown_at,
            has_app: login.user.has_app,
            has_passkey: login.user.has_passkey,
            must_set_up: login.must_set_up,
            viewer: Viewer::of_school(headers, login.school_zone, now),
            school_zone: login.school_zone,
            outages: Vec::new(),
            nav_counts: NavCounts::default(),
        }
    }
}

/// Returns whether a path is open before a person has set up the second factor that their organisation requires.
fn is_of_set_up(path: &str) -> bool {
    let of = ["/account/two-step/start", "/account/two-step/confirm", SET_UP_PATH, "/logout"];
    of.contains(&path) || path == "/account/passkeys" || path.starts_with("/account/passkeys/")
}

/// Redirects the browser. If htmx asked for a fragment, it loads the other page instead of inserting it here.
fn lead_to(parts: &Parts, to: &str) -> Response {
    if Asked::from_headers(&parts.headers).is_htmx() {
        (StatusCode::UNAUTHORIZED, [(htmx::REDIRECT, to)]).into_response()
    } else {
        Redirect::to(to).into_response()
    }
}

/// Redirects to the login. After it, the browser returns to the page.
fn sign_in_first(parts: &Parts, session_cookie: SessionCookie, path: &str) -> Response {
    let next = if parts.method == Method::GET { path } else { "/" };
    let mut response = lead_to(parts, &login_url(next));
    response.headers_mut().insert(SET_COOKIE, session_cookie.forget());
    response
}

pub(crate) fn login_url(next: &str) -> String {
    if next == "/" { LOGIN.to_owned() } else { crate::link::to(LOGIN, &[("next", next)]) }
}

/// Returns the path to open after signing in. Only paths of this service are accepted.
pub(crate) fn safe_next(next: &str) -> &str {
    let is_ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(|c: char| c == '\\' || c.is_control())
        && next.len() <= 4_096;
    if is_ours { next } else { "/" }
}

#[cfg(test)]
impl Admin {
    pub(crate) fn sample(role: Role) -> Self {
        let admin_user_id = AdminUserId(uuid::Uuid::from_u128(1));
        let email = "dana.whitfield@example.org".to_owned();
        Self {
            admin_user_id,
            caller: Caller::admin(admin_user_id, email.clone(), role),
            email,
            role,
            csrf_token: "csrf_of_this_login".to_owned(),
            confirmed_at: Viewer::sample().now,
            factor_shown_at: None,
            has_app: false,
            has_passkey: false,
            must_set_up: false,
            viewer: Viewer::sample(),
            school_zone: Viewer::sample().zone,
            classes: Vec::new(),
            shows_all: false,
            outages: Vec::new(),
            nav_counts: NavCounts::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_a_page_of_ours_only() {
        assert_eq!(safe_next("/sessions?status=analyzed"), "/sessions?status=analyzed");
        for evil in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/\t/evil.example"] {
            assert_eq!(safe_next(evil), "/", "{evil:?}");
        }
    }

    #[test]
    fn the_cookie_is_bound_to_the_host_where_there_is_https() {
        let header = SessionCookie { is_secure: true }.set("x");
        assert_eq!(header, "__Host-sid=x; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(SessionCookie { is_secure: false }.name(), "sid");
    }

    #[test]
    fn who_must_set_up_a_second_factor_reaches_that_and_the_way_out() {
        for open in ["/account/second-factor", "/account/two-step/confirm", "/account/passkeys/ask-new", "/logout"] {
            assert!(is_of_set_up(open), "{open}");
        }
        for closed in
            ["/", "/account", "/account/two-step/stop", "/account/password", "/account/passkeysx", "/students"]
        {
            assert!(!is_of_set_up(closed), "{closed}");
        }
    }

    #[test]
    fn a_viewer_neither_writes_nor_manages() {
        let viewer = Admin::sample(Role::Viewer);
        assert!(!viewer.may_write() && viewer.require_write().is_err() && viewer.require_manage().is_err());
        let tutor = Admin::sample(Role::Tutor);
        assert!(tutor.may_write() && !tutor.may_manage());
        assert!(Admin::sample(Role::Admin).require_manage().is_ok());
    }
}
