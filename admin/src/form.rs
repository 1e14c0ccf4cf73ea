//! Forms that a signed-in person posts. A form is read only if it carries the token of the login.

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use storage::admin_login::{self, Confirmed, FRESH};
use storage::db::{self, Db};
use storage::login_throttle::{self, By};
use storage::{admin_user, audit, clock, second_factor, secret};

use crate::auth::{Admin, Renewed, SessionCookie};
use crate::ceremony::{self, Purpose};
use crate::fault::{Confirmation, Fault};
use crate::fields::{CODE_FIELD, CSRF_FIELD, Fields, PASSKEY_FIELD, PASSWORD_FIELD};
use crate::hashing::with_permit;
use crate::webauthn::RelyingParty;

/// A posted form and its sender.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) admin: Admin,
    pub(crate) fields: Fields,
    /// The path that the form was sent to.
    path: String,
    /// The cookie of the request.
    cookie: SecretString,
    renewed: Renewed,
    relying_party: Option<RelyingParty>,
}

impl Posted {
    /// Returns the current cookie of the login. New challenges are bound to it.
    pub(crate) fn cookie(&self) -> SecretString {
        self.renewed.get().unwrap_or_else(|| self.cookie.clone())
    }

    /// Returns the cookie that the request brought. A challenge that was issued earlier is bound to it.
    pub(crate) fn cookie_before(&self) -> &SecretString {
        &self.cookie
    }

    /// Gives the login a new cookie. Call it after the change is stored.
    pub(crate) fn renew(&self, cookie: SecretString) {
        self.renewed.set(cookie);
    }

    /// Returns the current hash of a login that a page named by `login_hash`. This login may have a new cookie since.
    pub(crate) fn current_hash(&self, login_hash: Vec<u8>) -> Vec<u8> {
        if login_hash == secret::hash(self.cookie.expose_secret()) {
            secret::hash(self.cookie().expose_secret())
        } else {
            login_hash
        }
    }

    /// Requires a recent password, for acts that grant access or cannot be undone. The password was entered a moment
    /// ago, or comes with this form. If not, the fault asks for it and then continues with the same form. A passkey
    /// also counts.
    pub(crate) async fn require_fresh(&self, db: &Db) -> Result<(), Fault> {
        self.confirm(db, false).await
    }

    /// Requires a recent password and a recent second factor, for changes to second factors. A stolen password alone
    /// must not remove them.
    pub(crate) async fn require_factor(&self, db: &Db) -> Result<(), Fault> {
        self.confirm(db, self.admin.has_second_factor()).await
    }

    async fn confirm(&self, db: &Db, needs_factor: bool) -> Result<(), Fault> {
        let (admin, now) = (&self.admin, clock::now());
        let needs_password = now - admin.confirmed_at >= FRESH;
        let needs_code = needs_factor && admin.factor_shown_at.is_none_or(|at| now - at >= FRESH);
        if !needs_password && !needs_code {
            return Ok(());
        }
        let ask = |error| {
            let has_passkey = admin.has_passkey && self.relying_party.is_some();
            let (path, fields) = (self.path.clone(), self.fields.clone());
            Fault::Confirm(Box::new(Confirmation { path, fields, needs_password, needs_code, has_passkey, error }))
        };
        let (password, code) = (self.fields.raw(PASSWORD_FIELD), self.fields.text(CODE_FIELD));
        let answer = self.fields.raw(PASSKEY_FIELD);
        let is_whole = (!needs_password || !password.is_empty()) && (!needs_code || !code.is_empty());
        if (answer.is_empty() && !is_whole) || password.len() > 1024 {
            return Err(ask(None));
        }
        let mut counted = vec![By::Device(&admin.email, self.cookie.expose_secret())];
        if needs_code {
            counted.push(By::Code(admin.admin_user_id));
        }
        let begun = login_throttle::begin(db, &counted, now).await?;
        begun.map_err(|wait_seconds| Fault::TooMany { wait_seconds })?;
        let judged = if answer.is_empty() {
            self.judge_typed(db, needs_password.then_some(password), needs_code.then_some(code)).await?
        } else {
            self.judge_passkey(db, answer).await?
        };
        if let Err((detail, words)) = judged {
            let actor = format!("admin:{}", admin.email);
            audit::insert_attempt(db, &actor, "admin.confirm_failed", &detail, now).await?;
            return Err(ask(Some(words)));
        }
        login_throttle::succeeded(db, &counted).await?;
        let by_passkey = !answer.is_empty();
        let confirmed = Confirmed { by_password: needs_password || by_passkey, by_factor: needs_code || by_passkey };
        self.renew(admin_login::confirm_login(db, &self.cookie(), confirmed, now).await?);
        Ok(())
    }

    async fn judge_typed(&self, db: &Db, password: Option<&str>, code: Option<&str>) -> Result<Judged, Fault> {
        if let Some(password) = password {
            let (_, hash) = admin_user::find_user_by_email(db, &self.admin.email).await?.unzip();
            let password = SecretString::from(password);
            if !with_permit(move || admin_user::verify_password(&password, hash.flatten().as_deref())).await? {
                return Ok(Err((serde_json::json!({}), "The password is wrong.")));
            }
        }
        if let Some(code) = code {
            let mut tx = db::begin(db).await?;
            let shown = second_factor::check(&mut tx, self.admin.admin_user_id, code, clock::now()).await?;
            db::commit(tx).await?;
            if shown.is_none() {
                return Ok(Err((serde_json::json!({ "by": "code" }), "The code is wrong, or was already used.")));
            }
        }
        Ok(Ok(()))
    }

    async fn judge_passkey(&self, db: &Db, answer: &str) -> Result<Judged, Fault> {
        let party = self.relying_party.as_ref().ok_or(Fault::NotFound("page"))?;
        let (bound, of) = ((Purpose::Confirm, &self.cookie), Some(self.admin.admin_user_id));
        let shown = ceremony::accept(db, party, answer, bound, of, clock::now()).await?;
        Ok(shown
            .map(|_| ())
            .map_err(|refused| (serde_json::json!({ "by": "passkey", "why": refused.to_string() }), refused.words())))
    }
}

/// Returns nothing, or what is wrong: one text for the audit log, one for the page.
type Judged = Result<(), (serde_json::Value, &'static str)>;

impl<S> FromRequest<S> for Posted
where
    S: Send + Sync,
    Db: FromRef<S>,
    SessionCookie: FromRef<S>,
    Option<RelyingParty>: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let admin = Admin::from_request_parts(&mut parts, state).await?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let cookie = SessionCookie::from_ref(state).read(&parts.headers).unwrap_or_default();
        let renewed = parts.extensions.get::<Renewed>().cloned().unwrap_or_default();
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|_| Fault::TooLarge.into_response())?;
        let fields = match content_type.and_then(|content_type| multer::parse_boundary(content_type).ok()) {
            Some(boundary) => Fields::parse_parts(body, &boundary)
                .await
                .map_err(|why| Fault::Invalid(why.to_owned()).into_response())?,
            None => Fields::parse(&body),
        };
        let sent = SecretString::from(fields.raw(CSRF_FIELD));
        if secret::matches(&sent, &secret::hash(&admin.csrf_token)) {
            Ok(Self { admin, fields, path, cookie, renewed, relying_party: Option::from_ref(state) })
        } else {
            Err(Fault::Forged.into_response())
        }
    }
}
